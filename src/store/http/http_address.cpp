#include "store/http/http_address.h"

#include <algorithm>
#include <string_view>

#include "core/text/origin.h"
#include "store/git/git_runtime.h"
#include "store/store.h"

namespace refgate {

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
  const auto origin = origin_of(url);
  if (!origin) refuse("its host cannot be told beyond doubt", "check --remote");
  if (clear && with_token && !origin->is_loopback())
    refuse("a token would cross the network in clear over http://", "use the https:// address");
}

}  // namespace refgate
