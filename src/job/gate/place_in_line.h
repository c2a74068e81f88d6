#pragma once
// A waiting claim on its way through a line: that of its group, or the one before a pool's slots.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "core/claim/health.h"
#include "core/claim/queue.h"
#include "job/gate/waiting.h"
#include "job/note/job_state.h"
#include "os/interruption.h"
#include "os/patience.h"
#include "state/claiming.h"
#include "state/queues.h"

namespace refgate {

enum class Turn {
  ours,
  not_yet,      ///< and it was not to be waited for
  full,         ///< the line takes nobody more
  expired,      ///< the wait is over
  interrupted,  ///< by a signal
  held_back,    ///< a budget was spent or the pool closed meanwhile, or a person has stopped it
  ended,        ///< the claim was ended or released meanwhile: whoever did so wants it not to run
  taken,        ///< the claim is somebody else's by now: decide again
};

/// Runs that who does not wait asks about.
inline constexpr std::size_t most_asked_at_once = 20;

class PlaceInLine {
 public:
  /// `acquired` holds the claim, in state `waiting`. Everything is referred to, and must live as
  /// long.
  PlaceInLine(const Asking& asking, const Acquired& acquired, const Line& line,
              std::chrono::steady_clock::time_point until);

  /// Takes a ticket and waits until it is one of the line's heads. Throws StoreError.
  Turn take_turn(const Interruption& interruption);

  /// Out of the line, and of those that it went through before, with the claim abandoned: in one
  /// push unless others come in between. What could not be given back is said.
  void leave(const std::string& why);

  std::size_t place() const { return place_; }
  /// Who was seen at the head of the line before it.
  const std::optional<Ticket>& head() const { return head_; }
  const Claim& claim() const { return claim_; }
  const std::optional<Version>& version() const { return version_; }
  const Decision& held_back() const { return held_back_; }
  /// How the claim came to its end, after Turn::ended.
  const std::string& ended() const { return ended_; }
  /// The run with a newer head of its branch that ended it, after Turn::ended; or empty.
  const std::string& superseded_by() const { return superseded_by_; }

 private:
  enum class Step { started, moved, waits, again, full, ended, taken, held_back };

  Step advance();
  bool spent_meanwhile(Instant at);
  std::vector<std::string> refs_to_look_at() const;
  bool stopped_meanwhile(const std::map<std::string, Stored>& read, const SeenQueue& seen,
                         Instant at);
  Queue without_gone(Queue queue, Instant at) const;
  Ticket ticket(Instant at) const;
  Claim started(Instant at) const;
  Claim waiting_again(Instant at) const;
  Claim renewed_if_due(Instant at) const;
  Step run(BootTime sent);
  void keep(const Claim& claim, const std::optional<Version>& version);
  Step adopt_what_stands();
  std::optional<Step> lost_meanwhile(const std::map<std::string, Stored>& read);
  Step how_lost(const std::optional<Claim>& stands);
  bool watch_heads(const Queue& queue, const std::map<std::string, Stored>& read, Instant at);
  void pass_those_who_left(const Queue& queue, const std::map<std::string, Stored>& read);
  bool is_ahead() const;
  bool is_gone(const Ticket& ticket, const std::map<std::string, Stored>& read, Instant at);
  bool is_fenced_off(const Ticket& ticket, const SeenClaim& seen);
  bool its_run_has_ended(const Claim& head, Instant at);
  bool is_of_own_run(const Ticket& ticket) const;
  void tell_place(const Queue& queue);
  void tell_waited(std::chrono::steady_clock::time_point began);

  const Invocation& call_;
  Store& store_;
  const Request& request_;
  const Ordering& ordering_;
  const Line& line_;
  const Settings& settings_;
  const JobState& state_;
  const Informants& informants_;
  const Acquired& acquired_;
  std::chrono::steady_clock::time_point until_;
  Claim claim_;    ///< as it stands at its ref
  Limits limits_;  ///< while it waits
  std::optional<Version> version_;
  std::set<std::string> watched_;  ///< the refs of the claims of the heads before it
  bool looked_at_all_ = false;     ///< at all tickets of the pool, once
  std::set<std::string> gone_;     ///< claims that were seen to be dead: none of them lives again
  std::map<std::string, Instant> asked_;  ///< about which heads' runs, by claim, and when
  Instant asked_last_{};
  std::optional<Instant> next_lapse_;  ///< when the first of the heads is lost, unless it renews
  std::size_t place_ = 0;              ///< among those that live; 0: not known yet
  std::optional<Ticket> head_;
  std::string told_;
  Decision held_back_;
  std::string ended_;
  std::string superseded_by_;
};

/// The claim that was read at a ref; nullopt when there is none, or none that is understood.
std::optional<Claim> claim_at(const std::map<std::string, Stored>& read, const std::string& ref);

/// True when something stands there that is not understood: it counts as alive, since nobody can
/// say that it is not.
bool is_foreign(const std::map<std::string, Stored>& read, const std::string& ref);

}  // namespace refgate
