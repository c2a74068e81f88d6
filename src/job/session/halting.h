#pragma once
// How a process group is brought to its end: asked, then told, then killed, within a bound.

#include <string>
#include <vector>

#include "core/claim/health.h"
#include "os/process/child_group.h"

namespace refgate {

class Halting {
 public:
  struct Step {
    int signal = 0;
    Duration after{};  ///< the step before
  };

  /// Cancelled from outside: the signal that came, and then within what a runner leaves a cancelled
  /// step (7.5 s) TERM and KILL, with time for the push that ends the claim. Source of the times:
  /// actions/runner, "ProcessInvoker" (SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL).
  static std::vector<Step> for_cancel(int signal);

  /// The session is lost: TERM, and after `kill_after` KILL.
  static std::vector<Step> for_loss(Duration kill_after);

  bool begun() const { return begun_; }
  void begin(std::vector<Step> steps, BootTime now);

  /// Sends what is due to the groups, and to whatever else has the session's mark.
  void advance(BootTime now, const std::vector<ChildGroup*>& groups, const std::string& mark);

  /// True when the last step was sent: nothing is waited for any more.
  bool done() const { return begun_ && steps_.empty(); }

  /// Until the next step; a long time when there is none.
  Duration next_in(BootTime now) const;

 private:
  std::vector<Step> steps_;
  BootTime due_{};
  bool begun_ = false;
};

}  // namespace refgate
