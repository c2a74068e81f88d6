#pragma once
// `--settle`: of a burst of heads the last one starts, once its branch has been calm for so long.
//
// That it is calm and that the session begins are one swap of the newest head: an arrival between
// the last look and the start comes first, and who started was the newest.

#include <optional>
#include <string>

#include "job/gate/waiting_claim.h"
#include "job/verdict/told_wait.h"
#include "state/newest/newest_line.h"

namespace refgate {

/// Waits until the head may start, or is no longer the newest.
class Debounce : public WaitingClaim {
 public:
  /// `acquired` holds the claim, in state `waiting`, which stands in the record of the newest head.
  /// `starts`: with the calm the claim becomes active; false: a line follows.
  Debounce(const Asking& asking, const Acquired& acquired, bool starts);

 private:
  Step advance() override;
  Clock::time_point ends(Clock::time_point silent_since) const override;
  Duration until_next_look(Instant at) override;
  bool is_let_in(const SeenNewest& seen) const;
  Step start(const SeenNewest& seen, Instant at);
  Step renew(Instant at);
  Step pushed(const Claim& wanted, const SwapOutcome& outcome);
  void tell(Instant until);

  const NewestPlace& place_;
  bool starts_;
  Instant latest_;  ///< by our own clock, whatever that of the head's first event said
  std::optional<Instant> calm_at_;
  ToldWait told_;
};

}  // namespace refgate
