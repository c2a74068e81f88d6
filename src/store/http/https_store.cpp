#include <algorithm>

#include "store/git/git_runtime.h"
#include "store/http/http_address.h"
#include "store/http/http_transport.h"
#include "store/http/stream.h"
#include "store/open.h"
#include "store/remote/remote_store.h"

namespace refgate {

std::unique_ptr<Store> open_https_store(const HttpsOptions& options) {
  const bool with_token = !options.authorization.empty();
  HttpAddress address = require_safe_address(options.url, with_token);
  if (std::ranges::any_of(options.authorization, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      })) {
    throw StoreError(StoreFailure::denied, "the token holds control characters; nothing was sent",
                     "check for a line break at its end");
  }
  start_git_runtime();
  if (address.tls) require_trusted_certificates();
  auto proxy = proxy_for(address, with_token);
  return make_remote_store(std::make_unique<HttpTransport>(options.url, std::move(address),
                                                           options.authorization, std::move(proxy)),
                           options.name_space);
}

std::string authorization_for_token(const std::string& token) {
  return basic_authorization("x-access-token", token);
}

}  // namespace refgate
