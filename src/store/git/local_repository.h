#pragma once
// What the repository that a person stands in says about remotes. Nothing is ever written to it.

#include <optional>
#include <string>
#include <vector>

namespace refgate {

struct LocalRepository {
  std::string git_dir;  ///< its .git (or bare) folder; empty when there is no repository here
  std::optional<std::string>
      remote_url;  ///< the URL of the remote asked for, with the user's insteadOf rules applied
};

/// Looks upwards from `folder`. Never throws: a repository that cannot be opened (ownership,
/// format) counts as none.
LocalRepository find_local_repository(const std::string& folder, const std::string& remote_name);

/// What in the configuration of the checkout at `folder` lets whoever runs there act with
/// somebody's credentials, each as the name of its setting; never a value. actions/checkout leaves
/// a header (http.<server>.extraheader), since its version 6 a file that is included (includeIf.…),
/// or a key (core.sshCommand).
std::vector<std::string> kept_credentials(const std::string& folder);

}  // namespace refgate
