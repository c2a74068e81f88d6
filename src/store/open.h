#pragma once
// The stores there are. Each is opened for one namespace (store.h), and throws StoreError (denied)
// for one that is git's own ("heads", "tags", …) or that makes no legal ref name.

#include <memory>
#include <string>

#include "store/store.h"

namespace refgate {

/// In memory, for tests; several threads may share one.
std::unique_ptr<Store> open_memory_store(const std::string& name_space = "refgate");

/// A repository on this machine (bare, or with a work tree), by libgit2's local reference swap,
/// which compares under the ref's lock. Throws StoreError when there is no repository, or one that
/// this process may not use.
std::unique_ptr<Store> open_path_store(const std::string& path,
                                       const std::string& name_space = "refgate");

struct HttpsOptions {
  std::string url;  ///< http:// or https://, without user information
  std::string
      authorization;  ///< the whole value of the Authorization header, or empty to ask without
  std::string name_space = "refgate";
};

/// libgit2 over smart HTTP, from a scratch repository in memory.
std::unique_ptr<Store> open_https_store(const HttpsOptions& options);

/// The user's own `git` command, for ssh and for credentials that live in git's helpers. Throws
/// StoreError when there is no `git`.
std::unique_ptr<Store> open_command_store(const std::string& url,
                                          const std::string& name_space = "refgate");

/// "Basic …" for a token, as GitHub's git endpoint takes it (user x-access-token).
std::string authorization_for_token(const std::string& token);

}  // namespace refgate
