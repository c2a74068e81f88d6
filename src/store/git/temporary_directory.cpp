#include "store/git/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "store/git/git_runtime.h"
#include "store/store.h"

namespace refgate {

TemporaryDirectory::TemporaryDirectory() {
  int error = ENOENT;
  for (const char* place :
       {std::getenv("RUNNER_TEMP"), std::getenv("TMPDIR"), static_cast<char*>(nullptr)}) {
    std::string name =
        (place != nullptr && *place != '\0' ? std::string(place) : std::string("/tmp")) +
        "/refgate-XXXXXX";
    if (mkdtemp(name.data()) != nullptr) {  // mode 0700
      path_ = name;
      return;
    }
    error = errno;
  }
  throw StoreError(StoreFailure::unreachable,
                   std::string("no temporary directory could be made: ") + std::strerror(error) +
                       "; nothing was changed",
                   "let TMPDIR name a writable directory with free space");
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace refgate
