#pragma once
// HTTP/1.1 to one place, over one connection that is kept from request to request.
//
// HTTP is read above TLS: what is true of http:// (interim answers, Retry-After, Date, connections
// that end) is true of https:// too. No redirect is ever followed, since the Authorization field
// would go along.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/http/http_address.h"
#include "store/http/http_message.h"
#include "store/http/stream.h"
#include "store/store.h"

namespace refgate {

struct HttpRequest {
  std::string method;
  std::string target;  ///< below the address's path: "/git-upload-pack"
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  ///< of a POST; sent with its length
  /// A request that may have been carried out although no answer came is not repeated here.
  bool changes = false;
};

struct HttpAnswer {
  HttpHead head;
  std::string body;  ///< bounded for others than 200; empty when it was handed on
  std::optional<std::chrono::milliseconds> asked_pause;
};

/// No answer, or none that is HTTP.
struct HttpFailed {
  std::string text;
  bool sent = false;         ///< a part of the request went out: the server may have acted on it
  bool certificate = false;  ///< the certificate was not accepted
  bool out_of_time = false;  ///< the call's deadline is over
  bool not_http = false;     ///< what came back is not HTTP
  bool stale = false;     ///< the connection had been kept, and ended before one byte of an answer
  std::string hint = {};  ///< what mends it, where that is known: trying again does not
};

class HttpClient {
 public:
  /// `authorization`: the value of the field, or empty.
  HttpClient(HttpAddress address, std::string authorization, std::optional<Proxy> proxy)
      : address_(std::move(address)),
        authorization_(std::move(authorization)),
        proxy_(std::move(proxy)) {}

  /// `receive` takes the body of an answer with status 200 as it comes. Throws HttpFailed, and what
  /// `receive` throws; then the connection is not used again.
  HttpAnswer ask(const HttpRequest& request, Stream::Time deadline,
                 const std::function<void(std::string_view)>& receive = {});

  std::uint64_t requests() const { return requests_; }
  const std::optional<ServerClock>& server_clock() const { return clock_; }

 private:
  HttpAnswer ask_once(const HttpRequest& request, Stream::Time deadline,
                      const std::function<void(std::string_view)>& receive, HttpFailed& progress);
  void connect(Stream::Time deadline);
  void open_tunnel(Stream::Time deadline);
  std::string head_of(const HttpRequest& request) const;
  HttpHead read_head(Stream& stream);
  HttpAnswer exchange(const HttpRequest& request,
                      const std::function<void(std::string_view)>& receive, HttpFailed& progress);
  void read_body(const HttpRequest& request, HttpAnswer& answer,
                 const std::function<void(std::string_view)>& receive);

  HttpAddress address_;
  std::string authorization_;
  std::optional<Proxy> proxy_;
  std::unique_ptr<Stream> stream_;
  std::string pending_;         ///< read, and not yet used
  bool keeps_nothing_ = false;  ///< this server ends connections without saying so
  std::uint64_t requests_ = 0;
  std::uint64_t received_ = 0;  ///< bytes
  std::string asked_;           ///< the last request's method and path
  int tries_ = 0;               ///< of that, one after the other, none of them answered well
  std::optional<ServerClock> clock_;
};

}  // namespace refgate
