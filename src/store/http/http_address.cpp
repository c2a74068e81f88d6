#include "store/http/http_address.h"

#include <mbedtls/base64.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "core/text/lower.h"
#include "core/text/origin.h"
#include "store/git/git_runtime.h"
#include "store/store.h"

namespace refgate {
namespace {

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct HostAndPort {
  std::string host;
  std::string port;  ///< empty when none is given
};

/// "host", "host:port", "[address]:port"; nullopt when the port is none.
std::optional<HostAndPort> split(std::string_view authority) {
  HostAndPort parts;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    parts.host = authority.substr(1, end - 1);
    authority.remove_prefix(end + 1);
    if (authority.empty()) return parts;
    if (!authority.starts_with(':')) return std::nullopt;
  } else {
    const auto colon = std::min(authority.find(':'), authority.size());
    parts.host = authority.substr(0, colon);
    authority.remove_prefix(colon);
    if (authority.empty()) return parts;
  }
  parts.port = authority.substr(1);
  if (!parts.port.empty() && !is_port(parts.port)) return std::nullopt;
  return parts;
}

std::string variable(const char* lower, const char* upper) {
  for (const char* name : {lower, upper}) {
    if (const char* value = std::getenv(name)) return value;
  }
  return {};
}

/// A list of hosts, domains with or without a leading dot, or "*"; each may have a port.
bool is_excepted(const HttpAddress& address) {
  const std::string list = variable("no_proxy", "NO_PROXY");
  const std::string host = lower(address.host);
  for (std::size_t start = 0; start < list.size();) {
    const auto end = std::min(list.find_first_of(", ", start), list.size());
    std::string entry = lower(std::string_view(list).substr(start, end - start));
    start = end + 1;
    if (entry == "*") return true;
    if (entry == host) return true;  // an IPv6 address without brackets has colons of its own
    const auto parts = split(entry);
    if (!parts || parts->host.empty()) continue;
    if (!parts->port.empty() && parts->port != address.port) continue;
    std::string_view domain = parts->host;
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty()) continue;
    if (host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.'))
      return true;
  }
  return false;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &byte) == 1) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

HttpAddress require_safe_address(const std::string& url, bool with_token) {
  const bool clear = url.starts_with("http://");
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    throw StoreError(StoreFailure::denied,
                     describe_remote(url) + " is not used: " + why + "; nothing was sent", hint);
  };
  if (!clear && !url.starts_with("https://"))
    refuse("it is no http:// or https:// address", "check --remote");
  if (std::ranges::any_of(
          url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; })) {
    refuse("it holds blanks or control characters", "check --remote");
  }
  const std::string_view rest = std::string_view(url).substr(url.find("://") + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) {
    refuse("it holds a user name or password",
           "leave them out, and give the token in REFGATE_TOKEN or GITHUB_TOKEN");
  }
  const auto origin = origin_of(url);
  if (!origin) refuse("its host cannot be told beyond doubt", "check --remote");
  if (clear && with_token && !origin->is_loopback())
    refuse("a token would cross the network in clear over http://", "use the https:// address");
  std::string_view path = rest.substr(authority.size());
  path = path.substr(0, path.find_first_of("?#"));
  while (path.ends_with('/'))
    path.remove_suffix(1);
  const std::string host = origin->host.starts_with('[')
                               ? origin->host.substr(1, origin->host.size() - 2)
                               : origin->host;
  return {!clear, host, std::to_string(origin->port), std::string(authority), std::string(path)};
}

std::optional<Proxy> proxy_for(const HttpAddress& address, bool with_token) {
  std::string given =
      address.tls ? variable("https_proxy", "HTTPS_PROXY") : variable("http_proxy", "HTTP_PROXY");
  if (given.empty()) given = variable("all_proxy", "ALL_PROXY");
  // Over plain http, which only this machine gets a token by, a proxy would read it.
  if (given.empty() || (with_token && !address.tls) || is_excepted(address)) return std::nullopt;
  const auto refuse = [&](const std::string& why) {
    throw StoreError(
        StoreFailure::denied,
        "the proxy " + describe_remote(given) + " is not used: " + why + "; nothing was sent",
        "check https_proxy, http_proxy and all_proxy, or name the host in no_proxy");
  };
  std::string_view rest = given;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (lower(rest.substr(0, scheme)) != "http") refuse("only http:// proxies are spoken to");
    rest.remove_prefix(scheme + 3);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  Proxy proxy;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    const auto colon = std::min(user.find(':'), user.size());
    proxy.authorization =
        basic_authorization(percent_decoded(user.substr(0, colon)),
                            percent_decoded(user.substr(std::min(colon + 1, user.size()))));
    rest.remove_prefix(at + 1);
  }
  const auto parts = split(rest);
  if (!parts || parts->host.empty()) refuse("it names no host");
  proxy.host = parts->host;
  proxy.port = parts->port.empty() ? "1080" : parts->port;
  return proxy;
}

std::string basic_authorization(const std::string& user, const std::string& password) {
  const std::string plain = user + ":" + password;
  std::string encoded(plain.size() * 2 + 8, '\0');
  std::size_t size = 0;
  if (mbedtls_base64_encode(reinterpret_cast<unsigned char*>(encoded.data()), encoded.size(), &size,
                            reinterpret_cast<const unsigned char*>(plain.data()),
                            plain.size()) != 0) {
    throw std::length_error("credentials of " + std::to_string(plain.size()) + " bytes");
  }
  encoded.resize(size);
  return "Basic " + encoded;
}

std::vector<std::string> secrets_of(const std::string& authorization) {
  constexpr std::string_view scheme = "Basic ";
  if (!authorization.starts_with(scheme)) return {};
  const std::string encoded = authorization.substr(scheme.size());
  std::string plain(encoded.size(), '\0');
  std::size_t size = 0;
  std::vector<std::string> secrets;
  if (mbedtls_base64_decode(reinterpret_cast<unsigned char*>(plain.data()), plain.size(), &size,
                            reinterpret_cast<const unsigned char*>(encoded.data()),
                            encoded.size()) == 0) {
    plain.resize(size);
    const std::size_t colon = plain.find(':');
    if (colon != std::string::npos && colon + 1 < plain.size())
      secrets.push_back(plain.substr(colon + 1));
  }
  if (const std::string bare = encoded.substr(0, encoded.find('=')); !bare.empty())
    secrets.push_back(bare);
  return secrets;
}

}  // namespace refgate
