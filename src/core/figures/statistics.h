#pragma once
// What the record and the live claims come to, in numbers. Pure.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/claim/claim.h"
#include "core/figures/costs.h"
#include "core/record/audit.h"
#include "core/text/time.h"

namespace refgate {

/// How long sessions took, by their `end` lines.
struct DurationCounts {
  std::vector<Duration> sorted;
  Duration sum{};

  std::size_t count() const { return sorted.size(); }
  /// The nearest rank: the least of them that is not less than `percent` of all. Zero when there is
  /// none.
  Duration percentile(unsigned percent) const;
};

/// A session is counted by its launch, and closed once however many lines say so: by its holder's
/// end where there is one. A line that was written by hand (`audit`) counts once a run and attempt,
/// and only where no line of the gate tells of them (see Launches). What was given back is no
/// session.
struct Counts {
  std::uint64_t sessions = 0;
  std::uint64_t prevented = 0;  ///< duplicates: callers that were told to skip because the work is
                                ///< being done or has been done; sessions saved
  std::uint64_t held_back = 0;  ///< callers that were told to skip although nobody has done the
                                ///< work: after a failure, too often, not their turn, no budget
  std::uint64_t observed = 0;   ///< callers that ran, since they were only watched, where enforcing
                                ///< would have told them to skip; no sessions of their own
  std::uint64_t observed_duplicates = 0;  ///< of these: the work was being done or had been done
  std::uint64_t retries_suppressed = 0;   ///< of these two: later attempts of a run, and what came
                                          ///< after a failure, too many attempts or a cooldown
  std::uint64_t early_exits = 0;          ///< of these two: by the gate, before anything expensive
  std::uint64_t forced = 0;               ///< of the sessions
  std::uint64_t takeovers = 0;            ///< of the sessions
  std::map<std::string, std::uint64_t>
      closed;  ///< by "success", "failure", "limited", "cancelled", "lost", "released", "other"
  std::map<std::string, std::uint64_t> by_reason;            ///< the prevented, by reason code
  std::map<std::string, std::uint64_t> held_back_by_reason;  ///< likewise
  std::map<std::string, std::uint64_t> observed_by_reason;   ///< likewise
  DurationCounts durations;
  CostCounts costs;  ///< of all that ran and is over, what was only observed too

  std::uint64_t asked() const { return sessions + prevented + held_back + observed; }
};

/// What the saved sessions would have taken, were each as long as the median session of its
/// workflow that ended: an estimate.
struct SavedTime {
  Duration time{};
  std::uint64_t sessions = 0;  ///< those that it is known for: their workflow had an end
  std::uint64_t measured = 0;  ///< those that ran and ended, from which it is estimated

  bool is_known() const { return sessions > 0; }
};

/// What the saved sessions would have cost, each as much as the mean of those of its workflow that
/// said it: an estimate.
struct SavedCost {
  Usd cost;
  std::uint64_t sessions = 0;  ///< those that it is known for
  std::uint64_t measured = 0;  ///< those that said a cost, from which it is estimated

  bool is_known() const { return sessions > 0; }
};

/// Calls about one session key, or one group.
struct Heat {
  std::string name;
  std::uint64_t sessions = 0;
  std::uint64_t prevented = 0;
  std::uint64_t held_back = 0;
  std::uint64_t observed = 0;
  Instant last{};

  std::uint64_t asked() const { return sessions + prevented + held_back + observed; }
};

/// The sessions that share a pool of slots.
struct PoolCounts {
  std::uint64_t in_use = 0;
  std::uint64_t waiting = 0;
};

/// The claims that stand now.
struct LiveCounts {
  std::uint64_t waiting = 0;
  std::uint64_t held = 0;
  std::uint64_t active = 0;
  std::uint64_t lost = 0;                       ///< not ended, and the lease has passed
  std::map<std::string, std::uint64_t> queued;  ///< waiting claims by group
  std::map<std::string, PoolCounts> pools;      ///< those that name a pool of slots, by its name
};

struct Statistics {
  Counts total;
  std::map<std::string, Counts> by_day;  ///< "2026-11-22"
  std::map<std::string, Counts> by_workflow;
  std::map<std::string, Counts> by_event;
  std::map<std::string, Counts> by_actor;
  std::uint64_t duplicates_allowed = 0;  ///< see verify_launches; must stay 0
  std::optional<Instant> first_activity;
  std::optional<Instant> last_activity;
  std::vector<Heat> sessions;  ///< by session key, the hottest first
  std::vector<Heat> groups;    ///< by group, for those that have one, the hottest first
  LiveCounts live;
  std::uint64_t lines = 0;
  std::uint64_t altered = 0;   ///< lines whose digest does not fit
  std::uint64_t left_out = 0;  ///< lines that the claims say are in no record: counted nowhere
};

/// Entries by time, each once; `claims` are all that stand; `skew` as in verify_launches. Lines
/// before `since` are not counted: they are there so that the second of two launches is known for a
/// duplicate, and a line by hand for one that is told already.
Statistics count_record(std::span<const ReadEntry> entries, std::span<const Claim* const> claims,
                        Instant now, Duration skew, Instant since = Instant::min());

SavedTime saved_time(const Statistics& statistics);
SavedCost saved_cost(const Statistics& statistics);

/// Likewise, what enforcing would have saved of what was only watched.
SavedTime time_to_be_saved(const Statistics& statistics);
SavedCost cost_to_be_saved(const Statistics& statistics);

/// "2026-11-22"
std::string dashed_day(Instant at);

}  // namespace refgate
