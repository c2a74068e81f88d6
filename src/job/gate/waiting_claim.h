#pragma once
// The caller's own claim while it waits, for its turn, for a slot or for its branch to be calm:
// renewed, started, given back, or found to be lost.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/claim/health.h"
#include "job/gate/waiting.h"
#include "job/note/job_state.h"
#include "state/claiming.h"

namespace refgate {

/// What came of one wait.
enum class Turn {
  ours,
  not_yet,      ///< and it was not to be waited for
  full,         ///< the line takes nobody more
  expired,      ///< the wait is over
  interrupted,  ///< by a signal
  held_back,    ///< a budget was spent, the pool closed or a newer head came meanwhile, or a person
                ///< has stopped it
  ended,        ///< the claim was ended or released meanwhile: whoever did so wants it not to run
  taken,        ///< the claim is somebody else's by now: decide again
};

class WaitingClaim {
 public:
  /// `acquired` holds the claim, in state `waiting`. Everything is referred to, and must live as
  /// long.
  WaitingClaim(const Asking& asking, const Acquired& acquired);

  /// Out of the lines that it went through, with the claim abandoned: in one push unless others
  /// come in between. What could not be given back is said.
  void leave(const std::string& why);

  const Claim& claim() const { return claim_; }
  const std::optional<Version>& version() const { return version_; }
  /// Why it may not start, after Turn::held_back.
  const Decision& held_back() const { return held_back_; }
  /// How the claim came to its end, after Turn::ended.
  const std::string& ended() const { return ended_; }
  /// The run with a newer head of its branch that ended it, after Turn::ended; or empty.
  const std::string& superseded_by() const { return superseded_by_; }

 protected:
  enum class Loss { ended, taken };

  Claim started(Instant at) const;
  Claim waiting_again(Instant at) const;
  Claim renewed_if_due(Instant at) const;
  /// So much later the claim is to be renewed.
  Duration to_renewal(Instant at) const;
  /// Gives the store time for one step: little, so that a signal is seen soon, and twice as much
  /// after each that got no answer, since a server may be slow.
  void give_step_time();
  void was_answered() { unanswered_ = 0; }
  /// After a step without an answer; true while it may be tried again: as long as the claim holds
  /// and, for one that `must_answer`, within the deadline.
  bool may_try_again(bool must_answer);

  /// The session begins; its last news was sent then.
  void begin(BootTime sent) const;
  void keep(const Claim& claim, const std::optional<Version>& version);
  /// What stands at the claim's ref is the truth: nullopt, and it is ours; or how it was lost.
  std::optional<Loss> adopt_what_stands();
  std::optional<Loss> lost_meanwhile(const std::map<std::string, Stored>& read);
  /// True when a person has stopped it, or its pool was closed; then held_back() says so.
  bool stopped_meanwhile(const std::map<std::string, Stored>& read, Instant at);

  const Invocation& call_;
  Store& store_;
  const Request& request_;
  const Settings& settings_;
  const JobState& state_;
  const Informants& informants_;
  const Acquired& acquired_;
  Claim claim_;    ///< as it stands at its ref
  Limits limits_;  ///< while it waits
  std::optional<Version> version_;
  Decision held_back_;

 private:
  Loss how_lost(const std::optional<Claim>& stands);

  std::string ended_;
  std::string superseded_by_;
  int unanswered_ = 0;  ///< steps, one after the other
  std::chrono::steady_clock::time_point step_began_{};
  std::chrono::steady_clock::time_point silent_since_{};  ///< where some were not answered
};

/// The claim that was read at a ref; nullopt when there is none, or none that is understood.
std::optional<Claim> claim_at(const std::map<std::string, Stored>& read, const std::string& ref);

}  // namespace refgate
