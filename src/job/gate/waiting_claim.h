#pragma once
// The caller's own claim while it waits, for its turn, for a slot or for its branch to be calm:
// renewed, started, given back, or found to be lost.

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/claim/health.h"
#include "job/gate/outage.h"
#include "job/gate/waiting.h"
#include "job/note/job_state.h"
#include "os/interruption.h"
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
  using Clock = std::chrono::steady_clock;

  /// `acquired` holds the claim, in state `waiting`. Everything is referred to, and must live as
  /// long.
  WaitingClaim(const Asking& asking, const Acquired& acquired);
  virtual ~WaitingClaim() = default;

  /// Looks again and again until something has come of it. Throws StoreError.
  Turn wait(const Interruption& interruption);

  /// The claim is abandoned, and leaves the lines that it went through: in one push unless others
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
  enum class Step { started, moved, waits, again, full, held_back, ended, taken };

  /// One look, and what it leads to.
  virtual Step advance() = 0;
  /// When a wait that has had no answer since `silent_since` is over.
  virtual Clock::time_point ends(Clock::time_point silent_since) const = 0;
  /// The call's deadline, for as long as it holds: until it is known that it is to be waited.
  virtual std::optional<Clock::time_point> due() const { return std::nullopt; }
  /// Asked after each look that came to nothing.
  virtual std::optional<Turn> gives_up() const { return std::nullopt; }
  virtual Duration until_next_look(Instant at) = 0;
  virtual void has_moved() {}
  virtual void has_started() {}
  void give_step_time();

  Claim started(Instant at) const;
  Claim waiting_again(Instant at) const;
  Claim renewed_if_due(Instant at) const;
  /// The session begins; its last news was sent then.
  void begin(BootTime sent) const;
  void keep(const Claim& claim, const std::optional<Version>& version);
  /// What stands at the claim's ref is the truth: Step::again with it, or how it was lost.
  Step adopt_what_stands();
  std::optional<Step> lost_meanwhile(const std::map<std::string, Stored>& read);
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
  Duration to_renewal(Instant at) const;
  /// The last moment at which an answer is of use: behind it the claim is lost.
  Clock::time_point last_moment() const;
  Step how_lost(const std::optional<Claim>& stands);

  std::string ended_;
  std::string superseded_by_;
  Outage outage_;
};

/// The claim that was read at a ref; nullopt when there is none, or none that is understood.
std::optional<Claim> claim_at(const std::map<std::string, Stored>& read, const std::string& ref);

}  // namespace refgate
