#pragma once
// git's smart HTTP: looks and fetches by git-upload-pack, pushes by git-receive-pack.

#include <optional>
#include <string>
#include <vector>

#include "store/http/http_client.h"
#include "store/http/http_errors.h"
#include "store/remote/transport.h"
#include "store/wire/pack_answer.h"
#include "store/wire/pkt_line.h"

namespace refgate {

class HttpTransport final : public Transport {
 public:
  HttpTransport(const std::string& url, HttpAddress address, const std::string& authorization,
                std::optional<Proxy> proxy);

  Advertisement look(std::span<const std::string> names, Side side, SteadyTime deadline) override;
  std::map<std::string, Stored> fetch(const std::map<std::string, Version>& refs,
                                      SteadyTime deadline) override;
  PushReport push(std::span<const PlannedChange* const> changes, bool together,
                  SteadyTime deadline) override;
  bool pushes_together() const override;

  std::string describe() const override { return name_; }
  Traffic traffic() const override { return {pushes_, client_.requests()}; }
  std::optional<ServerClock> server_clock() const override { return client_.server_clock(); }

 private:
  HttpDoing doing(bool writing, bool a_push) const;
  /// `type`: what git calls the answer ("upload-pack-result"). Throws Failed.
  HttpAnswer ask(const HttpRequest& request, const char* type, const HttpDoing& doing,
                 SteadyTime deadline, const std::function<void(std::string_view)>& receive = {});
  std::optional<Advertisement> look_by_prefix(std::span<const std::string> names,
                                              SteadyTime deadline);
  Advertisement look_at_all(Side side, SteadyTime deadline);
  void require_known_names(SteadyTime deadline);
  void fetch_pack(ProtocolVersion version, std::span<const git_oid> ids, SteadyTime deadline,
                  const std::function<void(std::string_view)>& receive);
  std::string push_capabilities(bool together) const;

  /// Without the token, which a server may repeat.
  std::string masked(std::string text) const;
  Failed masked(Failed failed) const;
  Failed nonsense(const std::string& what, const HttpDoing& doing) const;
  Failed nonsense(const WireError& error, const HttpDoing& doing) const;

  std::string name_;
  bool with_token_;
  std::vector<std::string> secrets_;  ///< what no message may repeat, though the server does
  HttpClient client_;
  std::uint64_t pushes_ = 0;
  ProtocolVersion version_ = ProtocolVersion::v2;  ///< of reading, until the server will not
  bool version_is_known_ = false;
  std::optional<Advertisement> push_side_;  ///< without refs: what receive-pack said that it can
};

}  // namespace refgate
