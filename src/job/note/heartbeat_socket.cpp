#include "job/note/heartbeat_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/text/digest.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int places = 16;  // sessions of one job at a time that can be asked
constexpr std::size_t longest_line = 16U << 10U;
constexpr auto patience = 1s;

struct Address {
  sockaddr_un bytes{};
  socklen_t size = 0;
};

/// Abstract: the name begins with a zero byte, and there is no file.
Address address_of(const std::string& address, int place) {
  Address made;
  made.bytes.sun_family = AF_UNIX;
  const std::string name = "refgate-" + address.substr(0, 64) + "-" + std::to_string(place);
  std::memcpy(made.bytes.sun_path + 1, name.data(), name.size());
  made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return made;
}

bool is_same_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == ::geteuid();
}

bool wait_for(int socket, short events, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    if (left <= 0ms) return false;
    pollfd file{socket, events, 0};
    const int found =
        ::poll(&file, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

std::optional<std::string> read_line(int socket, Clock::time_point until) {
  std::string line;
  char buffer[1024];
  while (line.size() < longest_line && wait_for(socket, POLLIN, until)) {
    const ssize_t got = ::recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return std::nullopt;
    line.append(buffer, static_cast<std::size_t>(got));
    if (const std::size_t end = line.find('\n'); end != std::string::npos)
      return line.substr(0, end);
  }
  return std::nullopt;
}

bool write_line(int socket, std::string_view line, Clock::time_point until) {
  const std::string text = std::string(line) + "\n";
  std::string_view rest = text;
  while (!rest.empty() && wait_for(socket, POLLOUT, until)) {
    const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return rest.empty();
}

int open_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

void close_it(int& file) {
  if (file >= 0) ::close(std::exchange(file, -1));
}

}  // namespace

std::string heartbeat_address(const Environment& environment, const JobState& state) {
  std::string job;
  for (const char* name :
       {"RUNNER_TRACKING_ID", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"})
    job += environment.get(name) + "\n";
  return sha256_hex(job + state.folder());
}

std::string encode_question(const EndQuestion& question) {
  nlohmann::json words = {
      {"ask", "end"}, {"status", question.status}, {"within_ms", question.within.count()}};
  if (question.until) words["until"] = format_rfc3339(*question.until);
  put_spent(words, question.spent);
  return words.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::optional<EndQuestion> decode_question(std::string_view line) {
  constexpr std::int64_t longest_call_ms = 86'400'000;
  const auto words = nlohmann::json::parse(line, nullptr, false);
  if (!words.is_object() || words.value("ask", nlohmann::json()) != "end") return std::nullopt;
  const auto status = words.find("status");
  const auto within = words.find("within_ms");
  if (status == words.end() || !status->is_string() || within == words.end() ||
      !within->is_number_integer())
    return std::nullopt;
  const auto span = within->get<std::int64_t>();
  if (span <= 0 || span > longest_call_ms) return std::nullopt;
  EndQuestion question{status->get<std::string>(), std::chrono::milliseconds(span), std::nullopt,
                       spent_in(words)};
  if (const auto until = words.find("until"); until != words.end()) {
    if (!until->is_string()) return std::nullopt;
    question.until = parse_rfc3339(until->get<std::string>());
    if (!question.until) return std::nullopt;
  }
  return question;
}

HeartbeatSocket::HeartbeatSocket(const std::string& address) : listening_(open_socket()) {
  for (int place = 0; listening_ >= 0 && place < places; ++place) {
    const Address here = address_of(address, place);
    if (::bind(listening_, reinterpret_cast<const sockaddr*>(&here.bytes), here.size) == 0) {
      if (::listen(listening_, 8) == 0) return;
      break;
    }
    if (errno != EADDRINUSE) break;
  }
  close_it(listening_);
}

HeartbeatSocket::~HeartbeatSocket() {
  close_it(listening_);
  close_it(heard_);
}

std::optional<std::string> HeartbeatSocket::hear() {
  close_it(heard_);
  heard_ = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (heard_ < 0) return std::nullopt;
  if (is_same_user(heard_))
    if (auto line = read_line(heard_, Clock::now() + patience)) return line;
  close_it(heard_);
  return std::nullopt;
}

void HeartbeatSocket::answer(const std::string& line) {
  if (heard_ >= 0) write_line(heard_, line, Clock::now() + patience);
  close_it(heard_);
}

std::vector<std::string> ask_heartbeats(const std::string& address, const std::string& line,
                                        Clock::time_point deadline) {
  std::vector<std::string> answers;
  for (int place = 0; place < places && Clock::now() < deadline; ++place) {
    const Address there = address_of(address, place);
    int socket = open_socket();
    if (socket < 0) break;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&there.bytes), there.size) == 0 &&
        is_same_user(socket) && write_line(socket, line, deadline))
      if (auto answer = read_line(socket, deadline)) answers.push_back(std::move(*answer));
    close_it(socket);
  }
  return answers;
}

}  // namespace refgate
