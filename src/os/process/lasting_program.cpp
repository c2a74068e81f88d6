#include "os/process/lasting_program.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "os/process/child_environment.h"

namespace refgate {
namespace {

constexpr const char* itself = "/proc/self/exe";

bool copy_all(int from, int to) {
  constexpr std::size_t at_once = 1 << 20;
  for (;;) {
    const ssize_t sent = ::sendfile(to, from, nullptr, at_once);
    if (sent == 0) return true;
    if (sent < 0 && errno != EINTR) return false;
  }
}

}  // namespace

LastingProgram::LastingProgram(std::string copy) : copy_(std::move(copy)) {
  if (copy_.empty()) return;
  ::unlink(copy_.c_str());
  const int from = ::open(itself, O_RDONLY | O_CLOEXEC);
  const int to = ::open(copy_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
  whole_ = from >= 0 && to >= 0 && copy_all(from, to);
  if (from >= 0) ::close(from);
  if (to >= 0) ::close(to);
}

LastingProgram::~LastingProgram() {
  if (!copy_.empty()) ::unlink(copy_.c_str());
}

int LastingProgram::spawn(pid_t& child, const posix_spawn_file_actions_t& files,
                          const posix_spawnattr_t& attributes, std::vector<std::string>& arguments,
                          std::vector<std::string>& variables) const {
  const auto start = [&](const char* path) {
    return ::posix_spawn(&child, path, &files, &attributes, exec_pointers(arguments).data(),
                         exec_pointers(variables).data());
  };
  if (whole_ && start(copy_.c_str()) == 0) return 0;
  return start(itself);
}

}  // namespace refgate
