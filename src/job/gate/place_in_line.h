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
#include "job/gate/waiting_claim.h"
#include "job/note/job_state.h"
#include "job/verdict/told_wait.h"
#include "os/interruption.h"
#include "os/patience.h"
#include "state/claiming.h"
#include "state/queues.h"

namespace refgate {

/// Runs that who does not wait asks about.
inline constexpr std::size_t most_asked_at_once = 20;

/// Takes a ticket, and waits until it is one of the line's heads.
class PlaceInLine : public WaitingClaim {
 public:
  /// `acquired` holds the claim, in state `waiting`. Everything is referred to, and must live as
  /// long.
  PlaceInLine(const Asking& asking, const Acquired& acquired, const Line& line,
              const WaitEnds& ends);

  /// True once it had its place and others had the turn: from then on it was a wait.
  bool stands() const { return stands_; }
  std::size_t place() const { return place_; }
  /// Who was seen at the head of the line before it.
  const std::optional<Ticket>& head() const { return head_; }

 private:
  Step advance() override;
  Clock::time_point ends(Clock::time_point silent_since) const override;
  std::optional<Clock::time_point> due() const override;
  std::optional<Turn> gives_up() const override;
  Duration until_next_look(Instant at) override;
  void has_moved() override { patience_.again(); }
  void has_started() override;
  bool spent_meanwhile(Instant at);
  std::vector<std::string> refs_to_look_at() const;
  Queue without_gone(Queue queue, Instant at) const;
  Ticket ticket(Instant at) const;
  Step run(BootTime sent);
  void require_readable(const Queue& queue, const std::map<std::string, Stored>& read) const;
  bool watch_heads(const Queue& queue, const std::map<std::string, Stored>& read, Instant at);
  void pass_those_who_left(const Queue& queue, const std::map<std::string, Stored>& read);
  bool is_ahead() const;
  bool is_gone(const Ticket& ticket, const std::map<std::string, Stored>& read, Instant at);
  bool is_fenced_off(const Ticket& ticket, const SeenClaim& seen);
  bool its_run_has_ended(const Claim& head, Instant at);
  std::size_t place_in(const Queue& queue) const;
  bool is_shared(const Ticket& ticket, const std::map<std::string, Stored>& read);
  void tell_place(const Queue& queue);

  const Ordering& ordering_;
  const Line& line_;
  std::chrono::steady_clock::time_point until_;
  std::optional<std::chrono::steady_clock::time_point> due_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Patience patience_;
  std::set<std::string> watched_;  ///< the refs of the claims of the heads before it
  bool looked_at_all_ = false;     ///< at all tickets of the pool, once
  std::set<std::string> gone_;     ///< claims that were seen to be dead: none of them lives again
  std::set<std::string> shared_;   ///< claims of this very job that have a slot of the pool
  std::map<std::string, Instant> asked_;  ///< about which heads' runs, by claim, and when
  Instant asked_last_{};
  std::set<std::string> asked_now_;    ///< by this look
  bool asks_all_ = false;              ///< this look asks about each head that it meets
  bool is_last_look_ = false;          ///< it began when the wait was over
  std::optional<Instant> next_lapse_;  ///< when the first of the heads is lost, unless it renews
  std::size_t place_ = 0;              ///< among those that live; 0: not known yet
  bool stands_ = false;
  std::optional<Ticket> head_;
  ToldWait told_;
};

/// True when it is known that the job which asks made the claim.
bool is_of_this_job(const Claim& claim, const Request& request, const JobState& state);

/// A run never waits for itself: with the first of its jobs the others have their turn as well.
bool is_of_own_run(const Ticket& ticket, const Request& request);

/// For people, that the head of a line is the run which waits in it; or empty.
std::string of_own_run(const Ticket& head, const Request& request);

/// True when something stands there that is not understood: it counts as alive, since nobody can
/// say that it is not.
bool is_foreign(const std::map<std::string, Stored>& read, const std::string& ref);

/// Why nobody behind the ticket, whose claim is_foreign, may wait for it: it would be for ever.
StoreError unreadable_before(const Ticket& ticket, const std::map<std::string, Stored>& read,
                             const Line& line);

}  // namespace refgate
