#include "store/git/local_repository.h"

#include <git2.h>

namespace refgate {

LocalRepository find_local_repository(const std::string& folder, const std::string& remote_name) {
  LocalRepository found;
  git_libgit2_init();
  git_repository* repository = nullptr;
  if (git_repository_open_ext(&repository, folder.c_str(), 0, nullptr) == 0) {
    found.git_dir = git_repository_commondir(repository);
    git_remote* remote = nullptr;
    if (git_remote_lookup(&remote, repository, remote_name.c_str()) == 0) {
      if (const char* url = git_remote_url(remote)) found.remote_url = url;
      git_remote_free(remote);
    }
    git_repository_free(repository);
  }
  git_libgit2_shutdown();
  return found;
}

}  // namespace refgate
