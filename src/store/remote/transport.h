#pragma once
// What a remote store needs of the way to its server: look, fetch, push. HTTP and the git command
// are two such ways; what is made of their answers is the same for both (settle.h).

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "store/git/plan.h"
#include "store/store.h"
#include "store/wire/advertisement.h"
#include "store/wire/push_message.h"

namespace refgate {

using SteadyTime = std::chrono::steady_clock::time_point;

/// An exchange that did not end well: what people are told, and what may be done about it.
struct Failed {
  StoreFailure failure = StoreFailure::unreachable;
  std::string text;  ///< a sentence without its end: what was tried on which remote, and what came
  std::string hint;  ///< what to change; may be empty
  int http_status = 0;
  bool again = false;          ///< another try may go better
  bool untouched = false;      ///< a push that failed so was surely not carried out
  bool at_once = false;        ///< the connection was stale: another try needs no pause
  bool too_large = false;      ///< fewer changes at once may be taken
  bool may_want_look = false;  ///< the server may take the push after it was asked what it shows
  std::optional<StoreFailure> when_readable;  ///< what a failed push is when a look goes well
  bool foreign = false;                       ///< no push of ours can be carried out there
  bool moved = false;        ///< a ref was gone between a look and the fetch that followed it
  bool out_of_time = false;  ///< the deadline is over; other failures may be the cause
  std::optional<SteadyTime> not_before;  ///< the server asks to be left alone until then
};

/// A server may show other refs to those who read than to those who write: hidden ones, or replicas
/// that are behind. What it shows to those who write is what it compares with.
enum class Side { reading, writing };

class Transport {
 public:
  virtual ~Transport() = default;

  /// What the server shows now: at least all refs whose names begin with one of these. Throws
  /// Failed.
  virtual Advertisement look(std::span<const std::string> names, Side side,
                             SteadyTime deadline) = 0;

  /// What these refs hold, whose values a look has just shown; a value may be newer. Throws Failed.
  virtual std::map<std::string, Stored> fetch(const std::map<std::string, Version>& refs,
                                              SteadyTime deadline) = 0;

  /// Everything below a prefix, where that can be had more cheaply than by look and fetch.
  virtual std::optional<std::map<std::string, Stored>> fetch_all(const std::string& /*prefix*/,
                                                                 SteadyTime /*deadline*/) {
    return std::nullopt;
  }

  /// One push; the server compares what each change expects. `together`: all or nothing, where the
  /// server can. Throws Failed when there is no report.
  virtual PushReport push(std::span<const PlannedChange* const> changes, bool together,
                          SteadyTime deadline) = 0;

  /// False once it is known that this server applies the refs of a push one by one.
  virtual bool pushes_together() const = 0;

  virtual std::string describe() const = 0;  ///< the remote for people, without credentials
  virtual Traffic traffic() const = 0;
  virtual std::optional<ServerClock> server_clock() const { return std::nullopt; }
};

}  // namespace refgate
