#pragma once
// Trying an exchange again, and telling people when that is over.

#include <chrono>
#include <string>

#include "os/backoff.h"
#include "store/remote/transport.h"

namespace refgate {

inline constexpr const char* nothing_changed = "nothing was changed";
/// After earlier pushes of the same call, some of which may stand.
inline constexpr const char* nothing_more_changed = "nothing more was changed";
inline constexpr const char* nothing_sent = "nothing was sent";
inline constexpr const char* not_known = "whether the refs were changed is not known";

/// `not_done` completes the sentence after a semicolon: "nothing was changed".
StoreError describe_failure(const Failed& failed, int tries, const std::string& not_done);

/// The pauses between the tries of one call: none before a stale connection is made anew, as long
/// as the server asks for, else growing with jitter.
class Patience {
 public:
  Patience(SteadyTime deadline, std::chrono::milliseconds first, std::chrono::milliseconds longest)
      : deadline_(deadline), backoff_(first, longest) {}

  /// False, without a pause, when the call is to end: because another try would not go better, the
  /// deadline would pass meanwhile, or, without a deadline, this was tried often enough.
  bool before_next(const Failed& failed, int tries);

  /// The same for a server that answered, and may answer differently a little later.
  bool before_next(int tries);

 private:
  SteadyTime deadline_;
  Backoff backoff_;
};

template <class Operation>
auto retrying(SteadyTime deadline, const char* not_done, const Operation& operation)
    -> decltype(operation()) {
  using namespace std::chrono_literals;
  Patience patience(deadline, 200ms, 5s);
  for (int tries = 1;; ++tries) {
    try {
      return operation();
    } catch (const Failed& failed) {
      if (!patience.before_next(failed, tries)) throw describe_failure(failed, tries, not_done);
    }
  }
}

}  // namespace refgate
