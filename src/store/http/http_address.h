#pragma once
// What an HTTP remote's URL must be before a token is sent there.

#include <string>

namespace refgate {

/// Throws StoreError (denied) for a URL that is not http:// or https://, holds user information or
/// control characters, or would carry a token in clear to another machine.
void require_safe_address(const std::string& url, bool with_token);

}  // namespace refgate
