#pragma once
// What an HTTP remote's URL must be before a token is sent there, and its parts.

#include <optional>
#include <string>
#include <vector>

namespace refgate {

struct HttpAddress {
  bool tls = false;
  std::string host;  ///< an IPv6 address without its brackets
  std::string port;
  std::string authority;  ///< host and port as the URL has them: the Host field
  std::string path;       ///< begins with a slash, or is empty; does not end in one
};

/// Throws StoreError (denied) for a URL that is not http:// or https://, holds user information or
/// control characters, or would carry a token in clear to another machine.
HttpAddress require_safe_address(const std::string& url, bool with_token);

struct Proxy {
  std::string host;
  std::string port;
  std::string authorization;  ///< the value of Proxy-Authorization, or empty
};

/// By https_proxy or http_proxy, else all_proxy (the lower case counts before the upper), unless
/// no_proxy names the host: as curl and git read them. None over plain http with a token, which a
/// proxy would read. Throws StoreError (denied) for a proxy that is not spoken to by HTTP.
std::optional<Proxy> proxy_for(const HttpAddress& address, bool with_token);

/// "Basic …" of user and password.
std::string basic_authorization(const std::string& user, const std::string& password);

/// What a message must not repeat of such a value: the password, and its encoded form.
std::vector<std::string> secrets_of(const std::string& authorization);

}  // namespace refgate
