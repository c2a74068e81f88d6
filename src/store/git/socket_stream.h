#pragma once
// The TCP sockets that libgit2 talks through, plain or under its TLS.
//
// libgit2's own have no time limits in 1.5, wait about 40 ms on small writes because TCP_NODELAY is
// not set, and can be killed by SIGPIPE. Ours take their limits from the call that is under way on
// this thread.

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

namespace refgate {

/// The sockets of one connection to one place, kept from call to call.
class OpenSockets {
 public:
  /// True when there are sockets and the other side has closed none of them.
  bool alive() const;
  void add(int socket) { sockets_.insert(socket); }
  void remove(int socket) { sockets_.erase(socket); }

  /// The first place asked for is the only one ever allowed: what a redirect to another host, port
  /// or scheme would need is refused, because the Authorization header would go there too. (With a
  /// proxy the place is the proxy's.)
  bool allows(const std::string& host, const std::string& port);

 private:
  std::set<int> sockets_;
  std::string host_;
  std::string port_;
};

/// What the sockets of one call may do, and what became of it.
struct SocketCall {
  std::chrono::steady_clock::time_point deadline;
  OpenSockets* sockets = nullptr;

  std::uint64_t sent = 0;  ///< bytes, those included that are about to be sent
  std::uint64_t connects = 0;
  bool ended_by_peer = false;  ///< the other side closed the connection
  bool redirected = false;     ///< a redirect to another place was refused
  std::string failure;         ///< the first thing that went wrong on a socket, for people
};

/// Makes a call the one that sockets on this thread belong to.
class SocketCallScope {
 public:
  explicit SocketCallScope(SocketCall& call);
  ~SocketCallScope();
  SocketCallScope(const SocketCallScope&) = delete;
  SocketCallScope& operator=(const SocketCallScope&) = delete;

 private:
  SocketCall* former_;
};

/// The call of this thread; null outside of all.
const SocketCall* current_socket_call();

/// Registers the stream with libgit2. Throws StoreError when that fails.
void register_socket_stream();

}  // namespace refgate
