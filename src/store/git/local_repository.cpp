#include "store/git/local_repository.h"

#include <git2.h>

#include <algorithm>
#include <string_view>

#include "core/secrets/url_secrets.h"
#include "store/git/git_runtime.h"

namespace refgate {
namespace {

bool is_credential(std::string_view name, std::string_view value) {
  const bool includes = name.starts_with("include.") || name.starts_with("includeif.");
  const std::size_t scheme = value.find("://");
  return name.ends_with(".extraheader") ||
         (name.starts_with("credential.") && name.ends_with("helper") &&
          value.find("store") != std::string_view::npos) ||
         (includes && value.find("credentials") != std::string_view::npos) ||
         (name == "core.sshcommand" && value.find("-i ") != std::string_view::npos) ||
         (name.starts_with("remote.") && name.ends_with("url") &&
          scheme != std::string_view::npos && value.starts_with("http") &&
          may_hold_user(value.substr(scheme + 3)));
}

/// Of a configuration with what it includes.
void add_credentials(git_config* config, std::vector<std::string>& names) {
  git_config_iterator* entries = nullptr;
  if (git_config_iterator_new(&entries, config) < 0) return;
  git_config_entry* entry = nullptr;
  while (git_config_next(&entry, entries) == 0) {
    const std::string_view name = entry->name;
    // What the machine or its user says is no checkout's matter.
    if (entry->level >= GIT_CONFIG_LEVEL_LOCAL && entry->value != nullptr &&
        is_credential(name, entry->value) &&
        std::find(names.begin(), names.end(), clean_text(name)) == names.end())
      names.push_back(clean_text(name));
  }
  git_config_iterator_free(entries);
}

}  // namespace

std::vector<std::string> kept_credentials(const std::string& folder) {
  std::vector<std::string> names;
  git_libgit2_init();
  git_repository* repository = nullptr;
  if (git_repository_open_ext(&repository, folder.c_str(), 0, nullptr) == 0) {
    git_config* config = nullptr;
    if (git_repository_config(&config, repository) == 0) {
      add_credentials(config, names);
      git_config_free(config);
    }
    git_repository_free(repository);
  }
  git_libgit2_shutdown();
  return names;
}

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
