#include "store/http/http_client.h"

#include <algorithm>
#include <array>

#include "os/trace.h"
#include "store/git/git_runtime.h"

namespace refgate {
namespace {

constexpr std::size_t longest_head = 64U << 10U;
constexpr std::size_t longest_refusal = 64U << 10U;  // of an answer that is not 200
constexpr std::size_t longest_body = 256U << 20U;
constexpr int most_interim = 100;

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

}  // namespace

/// Told without query, fields and bodies, any of which may hold what is secret.
HttpAnswer HttpClient::ask_once(const HttpRequest& request, Stream::Time deadline,
                                const std::function<void(std::string_view)>& receive,
                                HttpFailed& progress) {
  const std::string path = address_.path + request.target;
  const std::string asked = request.method + " " + path.substr(0, path.find_first_of("?#"));
  tries_ = asked == asked_ ? tries_ + 1 : 1;
  asked_ = asked;
  const std::uint64_t before = received_;
  const auto began = Stream::Time::clock::now();
  const auto told = [&](const std::string& outcome) {
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(Stream::Time::clock::now() - began);
    const std::size_t sent = progress.sent ? head_of(request).size() + request.body.size() : 0;
    return "request " + asked + ", try " + std::to_string(tries_) + ": " + outcome + ", " +
           std::to_string(sent) + " bytes sent, " + std::to_string(received_ - before) +
           " received, " + std::to_string(took.count()) + " ms";
  };
  try {
    if (!stream_) connect(deadline);
    stream_->set_deadline(deadline);
    HttpAnswer answer = exchange(request, receive, progress);
    trace([&] { return told("HTTP " + std::to_string(answer.head.status)); });
    if (answer.head.status >= 200 && answer.head.status < 300) asked_.clear();
    return answer;
  } catch (const StreamFailed& failed) {
    trace([&] { return told("no answer (" + failed.text + ")"); });
    throw;
  } catch (const HttpMessageError& failed) {
    trace([&] { return told(std::string("no HTTP (") + failed.what() + ")"); });
    throw;
  }
}

HttpAnswer HttpClient::ask(const HttpRequest& request, Stream::Time deadline,
                           const std::function<void(std::string_view)>& receive) {
  for (;;) {
    if (keeps_nothing_ || (stream_ && !stream_->alive())) stream_.reset();
    const bool kept = stream_ != nullptr;
    HttpFailed progress;
    try {
      return ask_once(request, deadline, receive, progress);
    } catch (const StreamFailed& failed) {
      progress.text = failed.text;
      progress.certificate = failed.certificate;
      progress.out_of_time = failed.out_of_time;
      progress.hint = failed.hint;
    } catch (const HttpMessageError& failed) {
      progress.text = failed.what();
      progress.not_http = true;
    } catch (...) {
      stream_.reset();
      throw;
    }
    stream_.reset();
    // A connection that the server ended while nobody looked: it says nothing of this request.
    progress.stale = kept && progress.stale && !progress.out_of_time;
    keeps_nothing_ = keeps_nothing_ || progress.stale;
    if (!progress.stale || request.changes) throw HttpFailed(progress);
  }
}

void HttpClient::connect(Stream::Time deadline) {
  pending_.clear();
  if (!proxy_) {
    stream_ = connect_to(address_.host, address_.port, deadline);
  } else {
    try {
      stream_ = connect_to(proxy_->host, proxy_->port, deadline);
      if (address_.tls) open_tunnel(deadline);
    } catch (StreamFailed& failed) {
      failed.text = "the proxy " + failed.text;
      throw;
    }
  }
  if (address_.tls) stream_ = wrap_in_tls(std::move(stream_), address_.host, deadline);
}

void HttpClient::open_tunnel(Stream::Time deadline) {
  const std::string place = bracketed(address_.host) + ":" + address_.port;
  std::string request = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n";
  if (!proxy_->authorization.empty())
    request += "Proxy-Authorization: " + proxy_->authorization + "\r\n";
  stream_->set_deadline(deadline);
  stream_->write(request + "\r\n");
  const std::string name = proxy_->host + ":" + proxy_->port;
  try {
    const HttpHead head = read_head(*stream_);
    if (head.status < 200 || head.status > 299)
      throw StreamFailed{name + " answered HTTP " + std::to_string(head.status) +
                         " when it was asked for a way to " + place};
  } catch (const HttpMessageError& error) {
    throw StreamFailed{name + " is none: " + error.what()};
  }
  pending_.clear();
}

std::string HttpClient::head_of(const HttpRequest& request) const {
  std::string target = address_.path + request.target;
  if (proxy_ && !address_.tls) target = "http://" + address_.authority + target;
  std::string head = request.method + " " + target + " HTTP/1.1\r\nHost: " + address_.authority +
                     "\r\nUser-Agent: git/2.0 (refgate)\r\nAccept-Encoding: identity\r\n";
  if (!authorization_.empty()) head += "Authorization: " + authorization_ + "\r\n";
  if (proxy_ && !address_.tls && !proxy_->authorization.empty())
    head += "Proxy-Authorization: " + proxy_->authorization + "\r\n";
  for (const auto& [name, value] : request.fields)
    head += name + ": " + value + "\r\n";
  if (request.method == "POST")
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return head + "\r\n";
}

HttpHead HttpClient::read_head(Stream& stream) {
  std::array<char, 16384> some{};
  for (int interim = 0; interim < most_interim; ++interim) {
    std::optional<std::size_t> end;
    while (!(end = end_of_head(pending_))) {
      if (pending_.size() > longest_head) throw HttpMessageError("the answer's head is too long");
      if (!pending_.empty() && !std::string_view("HTTP/1.").starts_with(pending_.substr(0, 7)))
        throw HttpMessageError("the answer is not HTTP");
      const std::size_t count = stream.read(some.data(), some.size());
      received_ += count;
      if (count == 0) throw StreamFailed{"the server hung up before the end of its answer"};
      pending_.append(some.data(), count);
    }
    const HttpHead head = parse_head(std::string_view(pending_).substr(0, *end));
    pending_.erase(0, *end);
    // RFC 9110, 15.2: any number of these may come before the answer.
    if (!head.is_interim()) return head;
  }
  throw HttpMessageError("the answer does not come to an end");
}

HttpAnswer HttpClient::exchange(const HttpRequest& request,
                                const std::function<void(std::string_view)>& receive,
                                HttpFailed& progress) {
  pending_.clear();
  progress.sent = true;
  ++requests_;
  std::optional<StreamFailed> unsent;
  try {
    stream_->write(head_of(request) + request.body);
  } catch (const StreamFailed& failed) {
    // A server that has heard enough may answer and close before it has read all.
    if (failed.out_of_time) throw;
    unsent = failed;
  }
  HttpAnswer answer;
  try {
    answer.head = read_head(*stream_);
  } catch (const StreamFailed&) {
    progress.stale = pending_.empty();
    if (unsent) throw *unsent;
    throw;
  }
  const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  if (const auto date = parse_http_date(answer.head.field("date")))
    clock_ = ServerClock{*date, now};
  answer.asked_pause = asked_pause(answer.head, now);
  read_body(request, answer, receive);
  return answer;
}

void HttpClient::read_body(const HttpRequest& request, HttpAnswer& answer,
                           const std::function<void(std::string_view)>& receive) {
  BodyReader reader(answer.head);
  const bool hand_on = receive && answer.head.status == 200;
  const std::size_t most = answer.head.status == 200 ? longest_body : longest_refusal;
  std::vector<char> some(32768);
  std::string part;
  for (;;) {
    std::string_view bytes = pending_;
    reader.feed(bytes, hand_on ? part : answer.body);
    pending_.erase(0, pending_.size() - bytes.size());
    if (hand_on && !part.empty()) {
      receive(part);
      part.clear();
    }
    if (reader.done() || request.method == "HEAD") break;
    if (answer.body.size() > most) {
      // Of a refusal only the first line is told.
      if (answer.head.status != 200) {
        stream_.reset();
        return;
      }
      throw HttpMessageError("the answer is longer than 256 MiB");
    }
    const std::size_t count = stream_->read(some.data(), some.size());
    received_ += count;
    if (count == 0) {
      if (reader.until_end()) break;
      throw StreamFailed{"the server hung up before the end of its answer"};
    }
    pending_.assign(some.data(), count);
  }
  if (!answer.head.keeps_connection || reader.until_end() || !pending_.empty()) stream_.reset();
}

}  // namespace refgate
