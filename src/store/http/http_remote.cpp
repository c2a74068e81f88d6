#include "store/http/http_remote.h"

#include <charconv>
#include <cstdio>
#include <cstring>

#include "store/git/git_runtime.h"
#include "store/wire/pack_answer.h"

namespace refgate {
namespace {

constexpr std::size_t longest_remark = 2000;

// The number in libgit2's "unexpected http status code: 503"; it has no other place for it.
// GIT_EAUTH stands for 401.
int http_status(int code, const git_error* error) {
  if (code == GIT_EAUTH) return 401;
  if (error == nullptr || error->klass != GIT_ERROR_HTTP || error->message == nullptr) return 0;
  const std::string_view text = error->message;
  const auto digits = text.find_last_not_of("0123456789");
  if (digits == std::string_view::npos || text.size() - digits - 1 != 3 ||
      text.find("status") == std::string_view::npos)
    return 0;
  int status = 0;
  std::from_chars(text.data() + digits + 1, text.data() + text.size(), status);
  return status;
}

}  // namespace

// libgit2's own HTTP subtransport, with a look at each request that passes: its first read (GET) or
// write (POST) sends it. There are no others: no credentials are ever answered to a 401, and
// redirects to elsewhere are not followed.
struct HttpRemote::Subtransport {
  git_smart_subtransport base{};
  git_smart_subtransport* inner = nullptr;
  HttpRemote* owner = nullptr;
};

struct HttpRemote::Stream {
  git_smart_subtransport_stream base{};
  git_smart_subtransport_stream* inner = nullptr;
  bool pushes = false;
  bool lists = false;
  bool counted = false;

  Subtransport& transport() const { return *reinterpret_cast<Subtransport*>(base.subtransport); }

  template <class Operation>
  int counting(const Operation& operation) {
    if (counted) return operation();
    counted = true;
    const SocketCall* call = current_socket_call();
    const auto before = call->sent;
    const int code = operation();
    // With TLS the handshake sends bytes too; it is what fails when the certificate is not
    // accepted.
    if (call->sent > before && code != GIT_ECERTIFICATE) {
      ++transport().owner->traffic_.exchanges;
      if (pushes) ++transport().owner->traffic_.pushes;
    }
    return code;
  }
};

/// What a repository without refs answers to "info/refs", without asking: the capabilities are the
/// few that every server has and that a push needs.
struct HttpRemote::AssumedListing {
  git_smart_subtransport_stream base{};
  std::size_t position = 0;

  static const std::string& text() {
    static const std::string answer = [] {
      const std::string ref = std::string(40, '0') + " capabilities^{}" + '\0' +
                              "report-status delete-refs ofs-delta\n";
      char size[5];
      std::snprintf(size, sizeof size, "%04zx", ref.size() + 4);
      return "001f# service=git-receive-pack\n0000" + std::string(size) + ref + "0000";
    }();
    return answer;
  }

  static git_smart_subtransport_stream* make(git_smart_subtransport* subtransport) {
    auto* made = new AssumedListing;
    made->base.subtransport = subtransport;
    made->base.read = [](git_smart_subtransport_stream* stream, char* buffer, size_t size,
                         size_t* count) {
      auto* self = reinterpret_cast<AssumedListing*>(stream);
      *count = text().copy(buffer, size, self->position);
      self->position += *count;
      return 0;
    };
    made->base.write = [](git_smart_subtransport_stream*, const char*, size_t) { return -1; };
    made->base.free = [](git_smart_subtransport_stream* stream) {
      delete reinterpret_cast<AssumedListing*>(stream);
    };
    return &made->base;
  }
};

HttpRemote::HttpRemote(git_direction direction, std::string url, const std::string& authorization,
                       Traffic& traffic)
    : direction_(direction),
      url_(std::move(url)),
      header_(authorization.empty() ? "" : "Authorization: " + authorization),
      traffic_(traffic) {
  headers_[0] = header_.data();
  definition_ = {make_subtransport, 1, this};
}

HttpRemote::~HttpRemote() = default;

git_remote_connect_options HttpRemote::options() {
  git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
  options.callbacks.transport = make_transport;
  options.callbacks.payload = this;
  // Over plain http, which only this machine gets a token by, a proxy would read it.
  const bool readable = !header_.empty() && !url_.starts_with("https://");
  options.proxy_opts.type = readable ? GIT_PROXY_NONE : GIT_PROXY_AUTO;
  options.follow_redirects = GIT_REMOTE_REDIRECT_NONE;
  if (!header_.empty()) options.custom_headers = {headers_, 1};
  return options;
}

int HttpRemote::make_transport(git_transport** result, git_remote* remote, void* payload) {
  return git_transport_smart(result, remote, &static_cast<HttpRemote*>(payload)->definition_);
}

int HttpRemote::make_subtransport(git_smart_subtransport** result, git_transport* owner,
                                  void* payload) {
  auto* made = new Subtransport;
  if (const int error = git_smart_subtransport_http(&made->inner, owner, nullptr); error < 0) {
    delete made;
    return error;
  }
  made->owner = static_cast<HttpRemote*>(payload);
  made->owner->subtransport_ = made;
  made->base.action = [](git_smart_subtransport_stream** stream, git_smart_subtransport* base,
                         const char* url, git_smart_service_t service) {
    auto* transport = reinterpret_cast<Subtransport*>(base);
    if (transport->owner->assumed_ && service == GIT_SERVICE_RECEIVEPACK_LS) {
      *stream = AssumedListing::make(base);
      return 0;
    }
    git_smart_subtransport_stream* inner = nullptr;
    if (const int error = transport->inner->action(&inner, transport->inner, url, service);
        error < 0)
      return error;
    auto* wrapped = new Stream;
    wrapped->inner = inner;
    wrapped->pushes = service == GIT_SERVICE_RECEIVEPACK;
    wrapped->lists = service == GIT_SERVICE_RECEIVEPACK_LS || service == GIT_SERVICE_UPLOADPACK_LS;
    wrapped->base.subtransport = base;
    wrapped->base.read = [](git_smart_subtransport_stream* s, char* buffer, size_t size,
                            size_t* count) {
      auto* self = reinterpret_cast<Stream*>(s);
      const int code =
          self->counting([&] { return self->inner->read(self->inner, buffer, size, count); });
      if (code == 0 && self->lists) self->transport().owner->listing_.append(buffer, *count);
      return code;
    };
    wrapped->base.write = [](git_smart_subtransport_stream* s, const char* buffer, size_t size) {
      auto* self = reinterpret_cast<Stream*>(s);
      return self->counting([&] { return self->inner->write(self->inner, buffer, size); });
    };
    wrapped->base.free = [](git_smart_subtransport_stream* s) {
      auto* self = reinterpret_cast<Stream*>(s);
      self->inner->free(self->inner);
      delete self;
    };
    *stream = &wrapped->base;
    return 0;
  };
  made->base.close = [](git_smart_subtransport* base) {
    auto* inner = reinterpret_cast<Subtransport*>(base)->inner;
    return inner->close(inner);
  };
  made->base.free = [](git_smart_subtransport* base) {
    auto* transport = reinterpret_cast<Subtransport*>(base);
    transport->owner->subtransport_ = nullptr;
    transport->inner->free(transport->inner);
    delete transport;
  };
  *result = &made->base;
  return 0;
}

ExchangeFailed HttpRemote::failure(int code, const SocketCall& call) const {
  const git_error* error = git_error_last();
  ExchangeFailed failed;
  failed.http_status = http_status(code, error);
  failed.certificate = code == GIT_ECERTIFICATE;
  failed.redirect = call.redirected;
  const bool tls = error != nullptr && error->klass == GIT_ERROR_SSL;
  failed.connection = failed.http_status == 0 && !failed.certificate && !call.redirected &&
                      (!call.failure.empty() || call.ended_by_peer || tls);
  if (!call.failure.empty()) {
    failed.text = clean_text(call.failure);
  } else if (call.ended_by_peer) {
    failed.text = "the server hung up before the end of its answer";
  } else {
    failed.text = last_git_error();
  }
  return failed;
}

bool HttpRemote::connected() const { return connected_ && sockets_.alive(); }

void HttpRemote::disconnect() {
  connected_ = false;
  SocketCall farewell{Clock::now() + std::chrono::seconds(1), &sockets_};
  const SocketCallScope scope(farewell);
  remote_.reset();
}

void HttpRemote::connect_transport(Scratch& scratch, Clock::time_point deadline) {
  connected_ = false;
  // A transport that is connected again keeps the refs of before, freed, when the server now shows
  // none (libgit2 1.5 to 1.7, smart.c). Reading does not look at them: it takes them from the
  // answer itself. Pushing does, and therefore gets a new transport, with a new connection.
  if (direction_ == GIT_DIRECTION_PUSH || !sockets_.alive()) disconnect();
  listing_.clear();
  shown_ = {};
  SocketCall call{deadline, &sockets_};
  const SocketCallScope scope(call);
  git_error_clear();
  if (!remote_ && git_remote_create_anonymous(out(remote_), scratch.repository(), url_.c_str()) < 0)
    throw failure(-1, call);
  const auto given = options();
  const int code = git_remote_connect_ext(remote_.get(), direction_, &given);
  if (code < 0) {
    auto failed = failure(code, call);
    failed.request_sent = call.sent > 0;
    throw failed;
  }
}

const Advertisement& HttpRemote::connect(Scratch& scratch, Clock::time_point deadline) {
  assumed_ = false;
  connect_transport(scratch, deadline);
  if (!shown_.parse(listing_)) {
    disconnect();
    throw ExchangeFailed{.text = "the list of refs is not what git would say",
                         .request_sent = true};
  }
  connected_ = true;
  return shown_;
}

void HttpRemote::assume_nothing_is_there(Scratch& scratch, Clock::time_point deadline) {
  assumed_ = true;
  connect_transport(scratch, deadline);
}

namespace {

struct PushPayload {
  std::span<const PushUpdate> updates;
  PushReport report;
};

int check_lease(const git_push_update** updates, size_t count, void* data) {
  const auto& wanted = static_cast<PushPayload*>(data)->updates;
  for (size_t i = 0; i < count; ++i) {
    for (const auto& update : wanted) {
      if (update.ref != updates[i]->dst_refname) continue;
      // In these versions `src` is the remote's value and `dst` the new one, the other way round
      // than documented; should that be put right one day, the new value tells which is which.
      const git_oid& current =
          git_oid_equal(&updates[i]->dst, &update.target) ? updates[i]->src : updates[i]->dst;
      if (git_oid_equal(&current, &update.expected)) continue;
      git_error_set_str(GIT_ERROR_CALLBACK, "the remote no longer shows the expected value");
      return GIT_EUSER;
    }
  }
  return 0;
}

int take_status(const char* ref, const char* status, void* data) {
  auto& report = static_cast<PushPayload*>(data)->report;
  if (status == nullptr) {
    report.accepted[ref] = true;
  } else {
    report.refused[ref] = clean_text(status);
  }
  return 0;
}

int take_remark(const char* text, int size, void* data) {
  auto& remarks = static_cast<PushPayload*>(data)->report.remarks;
  if (size > 0 && remarks.size() < longest_remark)
    remarks.append(text, static_cast<std::size_t>(size));
  return 0;
}

}  // namespace

PushReport HttpRemote::push(Scratch& scratch, std::span<const PushUpdate> updates,
                            Clock::time_point deadline) {
  PushPayload payload{updates, {}};
  std::vector<std::string> specs;
  for (const auto& update : updates) {
    const bool deletes = git_oid_is_zero(&update.target) != 0;
    // "+" only skips the local search for a common history, which these commits do not have; the
    // server still compares.
    specs.push_back(deletes ? ":" + update.ref
                            : "+" + scratch.ref_for(update.target) + ":" + update.ref);
  }
  std::vector<char*> pointers;
  for (auto& spec : specs)
    pointers.push_back(spec.data());
  const git_strarray list{pointers.data(), pointers.size()};

  git_push_options given = GIT_PUSH_OPTIONS_INIT;
  given.callbacks.push_negotiation = check_lease;
  given.callbacks.push_update_reference = take_status;
  given.callbacks.sideband_progress = take_remark;
  given.callbacks.payload = &payload;
  const auto base = options();
  given.proxy_opts = base.proxy_opts;
  given.follow_redirects = base.follow_redirects;
  given.custom_headers = base.custom_headers;

  SocketCall call{deadline, &sockets_};
  const SocketCallScope scope(call);
  git_error_clear();
  const int code = git_remote_upload(remote_.get(), &list, &given);
  if (code < 0) {
    auto failed = failure(code, call);
    failed.request_sent = call.sent > 0;
    connected_ = false;
    throw failed;
  }
  if (!payload.report.refused.empty() || payload.report.accepted.size() != updates.size()) {
    connected_ = false;  // what it showed is no longer true
  } else {
    // What was only assumed is nothing to build on.
    connected_ = !assumed_;
    for (const auto& update : updates)
      shown_.set(update.ref, update.target);
  }
  return std::move(payload.report);
}

void HttpRemote::fetch(std::span<const git_oid> ids, Clock::time_point deadline,
                       const std::function<void(std::string_view)>& receive) {
  SocketCall call{deadline, &sockets_};
  const SocketCallScope scope(call);
  git_error_clear();
  git_smart_subtransport_stream* raw = nullptr;
  int code =
      subtransport_->base.action(&raw, &subtransport_->base, url_.c_str(), GIT_SERVICE_UPLOADPACK);
  const auto free_stream = [](git_smart_subtransport_stream* used) { used->free(used); };
  std::unique_ptr<git_smart_subtransport_stream, decltype(free_stream)> stream(raw, free_stream);
  const std::string request = pack_request(ids);
  if (code == 0) code = stream->write(raw, request.data(), request.size());

  PackAnswer answer(receive);
  std::vector<char> buffer(65536);
  ExchangeFailed wrong;
  while (code == 0 && wrong.text.empty() && !answer.complete()) {
    std::size_t count = 0;
    code = stream->read(raw, buffer.data(), buffer.size(), &count);
    if (code == 0 && count == 0) wrong = {.text = "the answer ended too early", .connection = true};
    try {
      answer.feed({buffer.data(), count});
    } catch (const PackAnswerError& error) {
      wrong = {.text = error.what(), .said_by_git = true};
    }
  }
  if (code == 0 && wrong.text.empty()) return;
  ExchangeFailed failed = code == 0 ? wrong : failure(code, call);
  failed.request_sent = call.sent > 0;
  stream.reset();
  disconnect();
  throw failed;
}

}  // namespace refgate
