// Sockets with time limits. Each operation has one of its own, and all of them together that of the
// call, which even one byte a second cannot stretch.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "store/http/resolve.h"
#include "store/http/stream.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto resolve_limit = 10s;
constexpr auto connect_limit = 10s;
constexpr auto transfer_limit = 15s;        // for one read or write; the deadline bounds their sum
constexpr auto next_address_after = 250ms;  // RFC 8305, section 5

std::string reason(int error) { return std::strerror(error); }

/// Milliseconds for poll, rounded up so that it does not spin; 0 when the time is over.
int left(Clock::time_point until) {
  const auto span = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(span.count(), 0, 3'600'000));
}

/// True when the socket is ready before `until`.
bool wait_for(int socket, short events, Clock::time_point until) {
  for (;;) {
    pollfd item{socket, events, 0};
    const int ready = poll(&item, 1, left(until));
    if (ready > 0) return true;
    if (ready == 0 && left(until) == 0) return false;
    if (ready < 0 && errno != EINTR) return true;  // the operation itself will say what is wrong
  }
}

/// Starts a connection; -1 with errno when it fails at once.
int start_connect(const Address& address) {
  const int socket = ::socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return -1;
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) == 0 ||
      errno == EINPROGRESS)
    return socket;
  const int error = errno;
  close(socket);
  errno = error;
  return -1;
}

/// The first of the addresses that answers: each next one is tried a little later or as soon as one
/// has failed, all of them stay in the race.
int connect_any(const std::vector<Address>& addresses, Clock::time_point until, int& error) {
  std::vector<pollfd> racing;
  std::size_t next = 0;
  int winner = -1;
  error = ETIMEDOUT;
  while (winner < 0 && (next < addresses.size() || !racing.empty()) && Clock::now() < until) {
    if (next < addresses.size()) {
      const int socket = start_connect(addresses[next++]);
      if (socket < 0) {
        error = errno;
        continue;
      }
      racing.push_back({socket, POLLOUT, 0});
    }
    const auto wake =
        next < addresses.size() ? std::min(until, Clock::now() + next_address_after) : until;
    if (poll(racing.data(), racing.size(), left(wake)) <= 0) continue;
    for (auto& item : racing) {
      if (item.revents == 0 || winner >= 0) continue;
      int result = 0;
      socklen_t size = sizeof result;
      getsockopt(item.fd, SOL_SOCKET, SO_ERROR, &result, &size);
      if (result == 0) {
        winner = item.fd;
      } else {
        error = result;
        close(item.fd);
        item.fd = -1;
      }
    }
    std::erase_if(racing, [](const pollfd& item) { return item.fd < 0; });
  }
  for (const auto& item : racing) {
    if (item.fd != winner) close(item.fd);
  }
  return winner;
}

class SocketStream final : public Stream {
 public:
  SocketStream(int socket, std::string place, Time deadline)
      : socket_(socket), place_(std::move(place)), deadline_(deadline) {}
  ~SocketStream() override { close(socket_); }
  SocketStream(const SocketStream&) = delete;
  SocketStream& operator=(const SocketStream&) = delete;

  void set_deadline(Time deadline) override { deadline_ = deadline; }

  void write(std::string_view bytes) override {
    auto until = limit();
    while (!bytes.empty()) {
      if (Clock::now() >= until) too_slow("did not take what was sent");
      const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count >= 0) {
        bytes.remove_prefix(static_cast<std::size_t>(count));
        until = limit();
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_for(socket_, POLLOUT, until);
      } else if (errno != EINTR) {
        broken();
      }
    }
  }

  std::size_t read(char* into, std::size_t size) override {
    const auto until = limit();
    for (;;) {
      // Asked first, so that a peer that always has one more byte cannot outlast the deadline.
      if (Clock::now() >= until || !wait_for(socket_, POLLIN, until)) too_slow("did not answer");
      const ssize_t count = recv(socket_, into, size, 0);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) broken();
    }
  }

  bool alive() const override {
    // Not "readable": what is left of an answer may still lie there, unread.
    pollfd item{socket_, POLLRDHUP, 0};
    return poll(&item, 1, 0) == 0;
  }

 private:
  Time limit() const { return std::min(deadline_, Clock::now() + transfer_limit); }

  [[noreturn]] void too_slow(const std::string& what) const {
    const bool over = Clock::now() >= deadline_;
    throw StreamFailed{place_ + " " + what + (over ? " before the deadline" : " in time"), false,
                       over};
  }
  [[noreturn]] void broken() const {
    throw StreamFailed{place_ + " broke the connection: " + reason(errno)};
  }

  int socket_;
  std::string place_;
  Time deadline_;
};

}  // namespace

std::unique_ptr<Stream> connect_to(const std::string& host, const std::string& port,
                                   Stream::Time deadline) {
  const std::string place = host + ":" + port;
  const auto limit = [&](Clock::duration own) { return std::min(deadline, Clock::now() + own); };
  try {
    const auto addresses = resolve(host, port, limit(resolve_limit));
    int error = 0;
    const auto until = limit(connect_limit);
    const int socket = connect_any(addresses, until, error);
    if (socket >= 0) return std::make_unique<SocketStream>(socket, place, deadline);
    const bool late = Clock::now() >= until;
    const bool over = Clock::now() >= deadline;
    throw StreamFailed{place + (late ? std::string(" did not accept a connection ") +
                                           (over ? "before the deadline" : "in time")
                                     : " refused: " + reason(error)),
                       false, over};
  } catch (const std::exception& error) {
    throw StreamFailed{place + " " + error.what(), false, Clock::now() >= deadline};
  }
}

}  // namespace refgate
