#pragma once
// One connection to a smart HTTP remote in one direction, by libgit2, with what it has shown.

#include <git2.h>
#include <git2/sys/transport.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "store/git/git_handle.h"
#include "store/git/scratch.h"
#include "store/git/socket_stream.h"
#include "store/store.h"
#include "store/wire/advertisement.h"

namespace refgate {

/// An exchange that did not end well: what is known for deciding whether to try again, and for
/// telling people.
struct ExchangeFailed {
  std::string text;
  int http_status = 0;        ///< 0: no status, or 200
  bool certificate = false;   ///< the certificate was not accepted
  bool connection = false;    ///< the network or its time limits, not an answer
  bool request_sent = false;  ///< the server may have acted on it
  bool said_by_git = false;   ///< the server answered, with an error in git's own form
  bool redirect = false;      ///< the server pointed elsewhere; it has done nothing
};

/// One ref of a push.
struct PushUpdate {
  std::string ref;
  git_oid expected{};
  git_oid target{};
};

/// What came back from a push. A ref that is in neither map got no status, and nothing is known
/// about it.
struct PushReport {
  std::map<std::string, bool> accepted;        ///< true for each ref whose status was "ok"
  std::map<std::string, std::string> refused;  ///< ref → the server's reason
  std::string remarks;                         ///< what the server said besides
};

class HttpRemote {
 public:
  using Clock = std::chrono::steady_clock;

  HttpRemote(git_direction direction, std::string url, const std::string& authorization,
             Traffic& traffic);
  ~HttpRemote();
  HttpRemote(const HttpRemote&) = delete;
  HttpRemote& operator=(const HttpRemote&) = delete;

  /// One GET: what the remote shows now. Throws ExchangeFailed. For reading, the TCP connection is
  /// kept from call to call.
  const Advertisement& connect(Scratch& scratch, Clock::time_point deadline);

  /// No request: goes on as if the remote had shown no refs at all. A push that only creates refs
  /// may then be sent in one POST, since it is the server that compares; what the remote really
  /// holds is not known.
  void assume_nothing_is_there(Scratch& scratch, Clock::time_point deadline);
  /// True when `shown` was assumed.
  bool assumed() const { return assumed_; }

  /// True when there is an advertisement to build on and the connection under it still stands.
  bool connected() const;
  const Advertisement& shown() const { return shown_; }
  void disconnect();

  /// One POST. The remote must be connected and have shown `expected` of each; throws
  /// ExchangeFailed when there is no report.
  PushReport push(Scratch& scratch, std::span<const PushUpdate> updates,
                  Clock::time_point deadline);

  /// One POST: the commits of these ids without their history, as a pack. `receive` is called with
  /// its bytes. Throws ExchangeFailed.
  void fetch(std::span<const git_oid> ids, Clock::time_point deadline,
             const std::function<void(std::string_view)>& receive);

 private:
  struct Subtransport;
  struct Stream;
  struct AssumedListing;

  void connect_transport(Scratch& scratch, Clock::time_point deadline);
  git_remote_connect_options options();
  ExchangeFailed failure(int code, const SocketCall& call) const;
  static int make_transport(git_transport** result, git_remote* remote, void* payload);
  static int make_subtransport(git_smart_subtransport** result, git_transport* owner,
                               void* payload);

  git_direction direction_;
  std::string url_;
  std::string header_;
  char* headers_[1];
  Traffic& traffic_;
  OpenSockets sockets_;
  git_smart_subtransport_definition definition_{};
  Subtransport* subtransport_ = nullptr;  // owned by remote_'s transport
  std::string listing_;                   // the body of the last GET, as the server sent it
  Advertisement shown_;
  bool connected_ = false;
  bool assumed_ = false;
  RemoteHandle remote_;  // last: its end closes sockets
};

}  // namespace refgate
