#include "store/git/socket_stream.h"

#include <fcntl.h>
#include <git2.h>
#include <git2/sys/stream.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "store/git/git_runtime.h"
#include "store/git/resolve.h"
#include "store/store.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto resolve_limit = 10s;
constexpr auto connect_limit = 10s;
constexpr auto transfer_limit = 15s;        // for one read or write; the deadline bounds their sum
constexpr auto next_address_after = 250ms;  // RFC 8305, section 5
constexpr std::size_t most_kept = 64U << 10U;
constexpr auto farewell_limit = 1s;  // outside of any call: the end of a TLS session

thread_local SocketCall* current = nullptr;

struct Stream {
  git_stream base;  // the first member: libgit2 only knows this one
  int socket = -1;
  std::string host;
  std::string port;
  std::string status_line;  ///< the first bytes of the answer to what was last written
  OpenSockets* sockets = nullptr;
  std::string kept;  // written, not yet sent
};

Stream* self(git_stream* base) { return reinterpret_cast<Stream*>(base); }

std::string reason(int error) { return std::strerror(error); }

int failed(const Stream& stream, const std::string& what) {
  const std::string text = stream.host + ":" + stream.port + " " + what;
  if (current != nullptr && current->failure.empty()) current->failure = text;
  git_error_set_str(GIT_ERROR_NET, text.c_str());
  return -1;
}

Clock::time_point limit(Clock::duration own) {
  const auto now = Clock::now();
  if (current == nullptr) return now + farewell_limit;
  return std::min(current->deadline, now + own);
}

/// Milliseconds for poll, rounded up so that it does not spin; 0 when the time is over.
int left(Clock::time_point until) {
  const auto span = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(span.count(), 0, 3'600'000));
}

/// True when the socket is ready before `until`.
bool wait_for(int socket, short events, Clock::time_point until) {
  for (;;) {
    pollfd item{socket, events, 0};
    const int milliseconds = left(until);
    const int ready = poll(&item, 1, milliseconds);
    if (ready > 0) return true;
    if (ready == 0 && left(until) == 0) return false;
    if (ready < 0 && errno != EINTR) return true;  // the operation itself will say what is wrong
  }
}

std::string too_slow(const char* what) {
  const bool deadline = current != nullptr && Clock::now() >= current->deadline;
  return std::string(what) + (deadline ? " before the deadline" : " in time");
}

struct Attempt {
  int socket;
  bool settled;
};

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

int stream_connect(git_stream* base) {
  Stream& stream = *self(base);
  if (current != nullptr && current->sockets != nullptr &&
      !current->sockets->allows(stream.host, stream.port)) {
    current->redirected = true;
    return failed(stream, "was named by a redirect, which is not followed");
  }
  try {
    const auto addresses = resolve(stream.host, stream.port, limit(resolve_limit));
    int error = 0;
    const auto until = limit(connect_limit);
    stream.socket = connect_any(addresses, until, error);
    if (stream.socket < 0)
      return failed(stream, Clock::now() >= until ? too_slow("did not accept a connection")
                                                  : "refused: " + reason(error));
  } catch (const std::exception& error) {
    return failed(stream, error.what());
  }
  if (current != nullptr) {
    ++current->connects;
    stream.sockets = current->sockets;
    if (stream.sockets != nullptr) stream.sockets->add(stream.socket);
  }
  return 0;
}

/// libgit2 1.5 reads the query of a redirect without looking whether there is one, and the process
/// ends (net.c, remove_service_suffix). Redirects are not followed anyway, so their status line is
/// stopped before libgit2 sees it. Under TLS the bytes here are no text; there the static binary's
/// linker takes care (cmake/static_stubs.cpp).
bool begins_redirect(Stream& stream, std::string_view bytes) {
  constexpr std::string_view example = "HTTP/1.1 302";
  stream.status_line +=
      bytes.substr(0, example.size() - std::min(example.size(), stream.status_line.size()));
  const std::string& line = stream.status_line;
  return line.size() == example.size() && line.starts_with("HTTP/1.") && line[9] == '3' &&
         !line.ends_with("304");
}

/// Sends what is kept.
int flush(Stream& stream) {
  const auto until = limit(transfer_limit);
  const std::string kept = std::exchange(stream.kept, {});
  std::size_t done = 0;
  while (done < kept.size()) {
    if (Clock::now() >= until) return failed(stream, too_slow("did not take what was sent"));
    const ssize_t count = send(stream.socket, kept.data() + done, kept.size() - done, MSG_NOSIGNAL);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(stream.socket, POLLOUT, until);
    } else if (errno != EINTR) {
      return failed(stream, "broke the connection: " + reason(errno));
    }
  }
  return 0;
}

ssize_t stream_read(git_stream* base, void* data, size_t size) {
  Stream& stream = *self(base);
  if (flush(stream) < 0) return -1;
  const auto until = limit(transfer_limit);
  for (;;) {
    // Asked first, so that a peer that always has one more byte cannot outlast the deadline.
    if (Clock::now() >= until || !wait_for(stream.socket, POLLIN, until))
      return failed(stream, too_slow("did not answer"));
    const ssize_t count = recv(stream.socket, data, size, 0);
    if (count > 0) {
      if (!begins_redirect(stream, std::string_view(static_cast<const char*>(data),
                                                    static_cast<std::size_t>(count))))
        return count;
      if (current != nullptr) current->redirected = true;
      return failed(stream, "answered with a redirect, which is not followed");
    }
    if (count == 0) {
      if (current != nullptr) current->ended_by_peer = true;
      return 0;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      return failed(stream, "broke the connection: " + reason(errno));
  }
}

// A push is some forty writes of a few bytes. They are kept until an answer is waited for, so that
// they are one packet and not forty.
ssize_t stream_write(git_stream* base, const char* data, size_t size, int /*flags*/) {
  Stream& stream = *self(base);
  stream.status_line.clear();
  stream.kept.append(data, size);
  if (current != nullptr) current->sent += size;
  if (stream.kept.size() >= most_kept && flush(stream) < 0) return -1;
  return static_cast<ssize_t>(size);
}

int stream_close(git_stream* base) {
  Stream& stream = *self(base);
  if (stream.socket < 0) return 0;
  stream.kept.clear();  // half a request, or TLS's farewell: nobody needs it
  if (stream.sockets != nullptr) stream.sockets->remove(stream.socket);
  close(stream.socket);
  stream.socket = -1;
  return 0;
}

void stream_free(git_stream* base) {
  stream_close(base);  // libgit2's TLS does not close what lies below when its own farewell fails
  delete self(base);
}

int stream_new(git_stream** result, const char* host, const char* port) {
  // The structure has grown between versions of libgit2: everything that is not set here is zero.
  auto* stream = new Stream{};
  stream->host = host;
  stream->port = port;
  stream->base.version = GIT_STREAM_VERSION;
  stream->base.connect = stream_connect;
  stream->base.read = stream_read;
  stream->base.write = stream_write;
  stream->base.close = stream_close;
  stream->base.free = stream_free;
  *result = &stream->base;
  return 0;
}

}  // namespace

bool OpenSockets::alive() const {
  if (sockets_.empty()) return false;
  return std::ranges::all_of(sockets_, [](int socket) {
    // Not "readable": the end of a chunked answer may still lie there, unread.
    pollfd item{socket, POLLRDHUP, 0};
    return poll(&item, 1, 0) == 0;
  });
}

bool OpenSockets::allows(const std::string& host, const std::string& port) {
  if (host_.empty()) {
    host_ = host;
    port_ = port;
  }
  return host_ == host && port_ == port;
}

SocketCallScope::SocketCallScope(SocketCall& call) : former_(current) { current = &call; }
SocketCallScope::~SocketCallScope() { current = former_; }

const SocketCall* current_socket_call() { return current; }

void register_socket_stream() {
  git_stream_registration registration{};
  registration.version = GIT_STREAM_VERSION;
  registration.init = stream_new;
  if (git_stream_register(GIT_STREAM_STANDARD, &registration) < 0) {
    throw StoreError(StoreFailure::unreadable,
                     "libgit2 did not take a socket stream: " + last_git_error());
  }
}

}  // namespace refgate
