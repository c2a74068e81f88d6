// Nothing is asked before it is needed. A push says which capabilities it assumes (those that every
// server has), and a look asks for its prefixes in protocol version 2 without having been offered
// it. Servers that will not have it so are asked in the long way, by "info/refs", from then on.

#include "store/http/http_transport.h"

#include <algorithm>
#include <memory>
#include <set>

#include "core/text/lower.h"
#include "store/git/git_runtime.h"
#include "store/wire/fetched_pack.h"
#include "store/wire/pkt_line.h"

namespace refgate {
namespace {

constexpr std::size_t most_prefixes = 500;  // more than these, and everything is asked for at once

using Field = std::pair<std::string, std::string>;

Field type(const std::string& name) { return {"Content-Type", "application/x-git-" + name}; }
Field accept(const std::string& name) { return {"Accept", "application/x-git-" + name}; }
const Field version_2 = {"Git-Protocol", "version=2"};

/// Answers by which a server may say that it does not know protocol version 2.
bool may_want_another_version(const Failed& failed) {
  if (failed.failure == StoreFailure::unreadable && failed.http_status == 0) return true;
  return !failed.not_before && failed.http_status >= 400 && failed.http_status != 401 &&
         failed.http_status != 403 && failed.http_status != 404 && failed.http_status != 408 &&
         failed.http_status != 429 &&
         (failed.http_status < 500 || failed.http_status == 500 || failed.http_status == 501);
}

std::string without(std::string text, const std::string& secret) {
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
    text.replace(at, secret.size(), "***");
  return text;
}

}  // namespace

HttpTransport::HttpTransport(const std::string& url, HttpAddress address,
                             const std::string& authorization, std::optional<Proxy> proxy)
    : name_(describe_remote(url)),
      with_token_(!authorization.empty()),
      secrets_(secrets_of(authorization)),
      client_(std::move(address), authorization, std::move(proxy)) {}

/// Servers say what they like: in a status, a remark, a reason, a name of a type.
std::string HttpTransport::masked(std::string text) const {
  for (const std::string& secret : secrets_)
    text = without(std::move(text), secret);
  return text;
}

Failed HttpTransport::masked(Failed failed) const {
  failed.text = masked(std::move(failed.text));
  failed.hint = masked(std::move(failed.hint));
  return failed;
}

Failed HttpTransport::nonsense(const std::string& what, const HttpDoing& doing) const {
  return masked(describe_nonsense(what, doing));
}

Failed HttpTransport::nonsense(const WireError& error, const HttpDoing& doing) const {
  return masked(error.said_by_server() ? describe_refused(error.what(), doing)
                                       : describe_nonsense(error.what(), doing));
}

HttpDoing HttpTransport::doing(bool writing, bool a_push) const {
  return {name_, writing, a_push, with_token_};
}

HttpAnswer HttpTransport::ask(const HttpRequest& request, const char* type, const HttpDoing& doing,
                              SteadyTime deadline,
                              const std::function<void(std::string_view)>& receive) {
  HttpAnswer answer;
  try {
    answer = client_.ask(request, deadline, receive);
  } catch (const HttpFailed& failed) {
    throw masked(describe_silence(failed, doing));
  }
  if (answer.head.status != 200) {
    // Before it is shortened: half of a token is one, too.
    answer.body = masked(std::move(answer.body));
    HttpDoing asked = doing;
    asked.target = request.target;
    throw masked(describe_status(answer, asked, SteadyTime::clock::now()));
  }
  const std::string coding = lower(answer.head.field("content-encoding"));
  if (!coding.empty() && coding != "identity")
    throw masked(describe_encoded(clean_text(coding), doing));
  const std::string_view came = answer.head.field("content-type");
  if (!came.empty() && media_type(came) != std::string("application/x-git-") + type)
    throw nonsense("what came is " + clean_text(masked(std::string(came))), doing);
  return answer;
}

Advertisement HttpTransport::look_at_all(Side side, SteadyTime deadline) {
  const bool reads = side == Side::reading;
  const std::string service = reads ? "git-upload-pack" : "git-receive-pack";
  const HttpDoing reading = doing(side == Side::writing, false);
  const HttpAnswer answer =
      ask({.method = "GET", .target = "/info/refs?service=" + service},
          reads ? "upload-pack-advertisement" : "receive-pack-advertisement", reading, deadline);
  Advertisement shown;
  try {
    shown.parse(answer.body);
  } catch (const ForeignNames& error) {
    throw describe_foreign(error.what(), reading);
  } catch (const WireError& error) {
    throw nonsense(error, reading);
  }
  return shown;
}

/// A list without refs looks the same whatever a repository's objects are called. What a server can
/// is told without its refs, in protocol version 2.
void HttpTransport::require_known_names(SteadyTime deadline) {
  const HttpDoing reading = doing(false, false);
  const HttpAnswer answer =
      ask({.method = "GET", .target = "/info/refs?service=git-upload-pack", .fields = {version_2}},
          "upload-pack-advertisement", reading, deadline);
  constexpr std::string_view format = "object-format=";
  const auto at = answer.body.find(format);
  if (at != std::string::npos && answer.body.compare(at + format.size(), 4, "sha1") != 0)
    throw describe_foreign(ForeignNames().what(), reading);
}

/// nullopt when the server does not speak protocol version 2.
std::optional<Advertisement> HttpTransport::look_by_prefix(std::span<const std::string> names,
                                                           SteadyTime deadline) {
  const HttpRequest request{
      .method = "POST",
      .target = "/git-upload-pack",
      .fields = {type("upload-pack-request"), accept("upload-pack-result"), version_2},
      .body = ls_refs_request(names)};
  Advertisement shown;
  try {
    const HttpAnswer answer = ask(request, "upload-pack-result", doing(false, false), deadline);
    shown.parse_ls_refs(answer.body);
  } catch (const WireError& error) {
    if (version_is_known_) throw nonsense(error, doing(false, false));
    return std::nullopt;
  } catch (const Failed& failed) {
    if (version_is_known_ || !may_want_another_version(failed)) throw;
    return std::nullopt;
  }
  // The question names SHA-1, and git answers no other.
  version_is_known_ = true;
  return shown;
}

Advertisement HttpTransport::look(std::span<const std::string> names, Side side,
                                  SteadyTime deadline) {
  if (side == Side::writing) {
    Advertisement shown = look_at_all(side, deadline);
    push_side_ = shown.capabilities_only();
    return shown;
  }
  if (version_ == ProtocolVersion::v2) {
    static const std::vector<std::string> everything = {"refs/"};
    const bool too_many = names.size() > most_prefixes;
    if (auto shown =
            look_by_prefix(too_many ? std::span<const std::string>(everything) : names, deadline))
      return std::move(*shown);
  }
  Advertisement shown = look_at_all(side, deadline);
  if (shown.empty() && shown.capabilities().empty()) require_known_names(deadline);
  version_ = ProtocolVersion::v0;
  version_is_known_ = true;
  return shown;
}

void HttpTransport::fetch_pack(ProtocolVersion version, std::span<const git_oid> ids,
                               SteadyTime deadline,
                               const std::function<void(std::string_view)>& receive) {
  HttpRequest request{.method = "POST",
                      .target = "/git-upload-pack",
                      .fields = {type("upload-pack-request"), accept("upload-pack-result")},
                      .body = pack_request(version, ids)};
  if (version == ProtocolVersion::v2) request.fields.push_back(version_2);
  const HttpDoing reading = doing(false, false);
  PackAnswer answer(version, receive);
  try {
    ask(request, "upload-pack-result", reading, deadline,
        [&](std::string_view bytes) { answer.feed(bytes); });
  } catch (const WireError& error) {
    Failed failed = nonsense(error, reading);
    // A ref may have moved since the look that named its value.
    failed.moved = error.said_by_server();
    throw failed;
  }
  if (!answer.complete()) {
    throw describe_silence({.text = "the pack ended too early", .sent = true}, reading);
  }
}

std::map<std::string, Stored> HttpTransport::fetch(const std::map<std::string, Version>& refs,
                                                   SteadyTime deadline) {
  std::vector<git_oid> ids;
  std::set<std::string> named;
  for (const auto& [ref, version] : refs) {
    if (named.insert(version.id).second) ids.push_back(parse_oid(version.id).value());
  }
  auto pack = std::make_unique<FetchedPack>();
  const auto receive = [&](std::string_view bytes) { pack->append(bytes); };
  try {
    fetch_pack(version_, ids, deadline, receive);
  } catch (const Failed& failed) {
    // The values may be known from the writing side; whoever reads may have to be asked first, too.
    if (version_is_known_ || failed.moved || !may_want_another_version(failed)) throw;
    look_at_all(Side::reading, deadline);
    version_ = ProtocolVersion::v0;
    version_is_known_ = true;
    pack = std::make_unique<FetchedPack>();
    fetch_pack(version_, ids, deadline, receive);
  }
  pack->finish();
  std::map<std::string, Stored> found;
  for (const auto& [ref, version] : refs)
    found[ref] = {version, pack->files_of(parse_oid(version.id).value())};
  return found;
}

bool HttpTransport::pushes_together() const { return !push_side_ || push_side_->can("atomic"); }

std::string HttpTransport::push_capabilities(bool together) const {
  std::string capabilities;
  for (const char* name : {"report-status", "side-band-64k"}) {
    if (!push_side_ || push_side_->can(name)) capabilities += std::string(" ") + name;
  }
  if (together) capabilities += " atomic";
  return capabilities + " agent=refgate";
}

PushReport HttpTransport::push(std::span<const PlannedChange* const> changes, bool together,
                               SteadyTime deadline) {
  const HttpRequest request{.method = "POST",
                            .target = "/git-receive-pack",
                            .fields = {type("receive-pack-request"), accept("receive-pack-result")},
                            .body = push_request(changes, push_capabilities(together)),
                            .changes = true};
  const HttpDoing pushing = doing(true, true);
  const auto before = client_.requests();
  const auto count = [&] { pushes_ += client_.requests() - before; };
  try {
    const HttpAnswer answer = ask(request, "receive-pack-result", pushing, deadline);
    count();
    return parse_push_report(answer.body,
                             [this](std::string text) { return masked(std::move(text)); });
  } catch (const WireError& error) {
    throw nonsense(error, pushing);
  } catch (...) {
    if (client_.requests() != before) count();
    throw;
  }
}

}  // namespace refgate
