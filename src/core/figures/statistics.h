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
/// end where there is one. A line that was written by hand (`audit`) counts only where no line of
/// the gate tells of the same session key and run.
struct Counts {
  std::uint64_t sessions = 0;
  std::uint64_t prevented = 0;           ///< callers that were told to skip: sessions saved
  std::uint64_t retries_suppressed = 0;  ///< of these: later attempts of a run, and what came after
                                         ///< a failure, too many attempts or a cooldown
  std::uint64_t early_exits = 0;         ///< of these: by the gate, before anything expensive
  std::uint64_t forced = 0;              ///< of the sessions
  std::uint64_t takeovers = 0;           ///< of the sessions
  std::map<std::string, std::uint64_t>
      closed;  ///< by "success", "failure", "cancelled", "lost", "released", "other"
  std::map<std::string, std::uint64_t> by_reason;  ///< the prevented, by reason code
  DurationCounts durations;

  std::uint64_t asked() const { return sessions + prevented; }
};

/// Calls about one session key, or one group.
struct Heat {
  std::string name;
  std::uint64_t sessions = 0;
  std::uint64_t prevented = 0;
  Instant last{};

  std::uint64_t asked() const { return sessions + prevented; }
};

/// The claims that stand now.
struct LiveCounts {
  std::uint64_t waiting = 0;
  std::uint64_t held = 0;
  std::uint64_t active = 0;
  std::uint64_t lost = 0;                       ///< not ended, and the lease has passed
  std::map<std::string, std::uint64_t> queued;  ///< waiting claims by group
};

struct Statistics {
  Counts total;
  std::map<std::string, Counts> by_day;  ///< "2026-11-22"
  std::map<std::string, Counts> by_workflow;
  std::map<std::string, Counts> by_event;
  std::uint64_t duplicates_allowed = 0;  ///< see verify_launches; must stay 0
  std::optional<Instant> first_activity;
  std::optional<Instant> last_activity;
  std::vector<Heat> sessions;  ///< by session key, the hottest first
  std::vector<Heat> groups;    ///< by group, for those that have one, the hottest first
  LiveCounts live;
  std::uint64_t lines = 0;
  std::uint64_t altered = 0;  ///< lines whose digest does not fit
};

/// Entries by time, each once; `claims` are all that stand; `skew` as in verify_launches.
Statistics count_record(std::span<const ReadEntry> entries, std::span<const Claim* const> claims,
                        Instant now, Duration skew);

/// "2026-11-22"
std::string dashed_day(Instant at);

}  // namespace refgate
