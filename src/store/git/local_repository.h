#pragma once
// What the repository that a person stands in says about remotes. Nothing is ever written to it.

#include <optional>
#include <string>

namespace refgate {

struct LocalRepository {
  std::string git_dir;  ///< its .git (or bare) folder; empty when there is no repository here
  std::optional<std::string>
      remote_url;  ///< the URL of the remote asked for, with the user's insteadOf rules applied
};

/// Looks upwards from `folder`. Never throws: a repository that cannot be opened (ownership,
/// format) counts as none.
LocalRepository find_local_repository(const std::string& folder, const std::string& remote_name);

}  // namespace refgate
