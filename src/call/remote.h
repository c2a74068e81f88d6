#pragma once
// Which remote holds the state, with which credentials, and by which store.

#include <memory>
#include <stdexcept>
#include <string>

#include "call/settings.h"
#include "runner/environment.h"
#include "store/store.h"

namespace refgate {

/// Wrong usage or input: exit status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Remote {
  enum class Kind { path, https, command };
  Kind kind = Kind::path;
  std::string address;   ///< a path, or a URL without user information
  std::string token;     ///< for https; may be empty
  std::string withheld;  ///< why a token that is there does not go to this address, in one
                         ///< sentence; empty when it does, or when there is none
};

/// `--remote` or REFGATE_REMOTE: a URL, a path, or the name of a remote; by default the repository
/// of the run in Actions, else `origin`, else the repository one stands in.
///
/// The token is REFGATE_TOKEN, else GITHUB_TOKEN, and belongs to the origin that was named beside
/// it: that of GITHUB_SERVER_URL (https://github.com), or of a URL that the step itself gave. An
/// address that git's configuration, a --config file or a variable of an earlier step gave gets it
/// only when its origin is the server's. Else the git command asks with the user's own credentials,
/// outside of Actions; there nobody does. Throws UsageError, and StoreError (denied) for a token
/// that would go astray.
Remote resolve_remote(const Settings& settings, const Environment& environment);

/// For the refs of this namespace alone (store.h). Throws StoreError.
std::unique_ptr<Store> open_store(const Remote& remote, const std::string& name_space);

}  // namespace refgate
