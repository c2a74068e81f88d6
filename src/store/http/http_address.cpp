#include "store/http/http_address.h"

#include <algorithm>
#include <string_view>

#include "store/git/git_runtime.h"
#include "store/store.h"

namespace refgate {
namespace {

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  // 127.0.0.0/8 in dotted form; a name such as 127.example.org is not in it.
  return host.starts_with("127.") &&
         std::ranges::all_of(host, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

}  // namespace

void require_safe_address(const std::string& url, bool with_token) {
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
  const auto port = authority.starts_with('[') ? authority.find("]:") : authority.find(':');
  const std::string_view host = authority.substr(
      0, port == std::string_view::npos ? port : port + (authority.starts_with('[') ? 1 : 0));
  if (host.empty()) refuse("it names no host", "check --remote");
  if (clear && with_token && !is_loopback(host))
    refuse("a token would cross the network in clear over http://", "use the https:// address");
}

}  // namespace refgate
