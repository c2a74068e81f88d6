#pragma once
// The breaker of a workflow: while its last sessions have all failed, one at a time is let through.
// Its record lies in the workflow's ledger. Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/claim/claim.h"
#include "core/policy/policy.h"

namespace refgate {

/// The most failures that a breaker may ask for, and the most ends that are remembered.
inline constexpr unsigned most_failures = 20;

struct LaunchEnd {
  std::string claim_id;
  Instant at{};
  bool failed = false;      ///< else it ended with success: nothing else is an end here
  std::string run_id = {};  ///< of a failure, for people; or empty

  bool operator==(const LaunchEnd&) const = default;
};

/// The session that was let through.
struct Probe {
  std::string claim_id;
  Instant at{};

  bool operator==(const Probe&) const = default;
};

struct BreakerRecord {
  std::string workflow;         ///< its name, for who knows no file
  std::vector<LaunchEnd> ends;  ///< the latest last, in the order in which they were told
  std::optional<Probe> probe;

  bool operator==(const BreakerRecord&) const = default;
};

struct OpenBreaker {
  Breaker breaker;
  Instant until{};            ///< when it makes sense to ask again
  Instant last{};             ///< the last failure
  bool probing = false;       ///< the span is over, and one was let through
  std::string last_run = {};  ///< of the last failure; or empty

  bool operator==(const OpenBreaker&) const = default;
};

/// nullopt: a launch passes, perhaps as the one that is let through. A probe that has not ended
/// within the span counts as failed when it was let through.
std::optional<OpenBreaker> open_breaker(const BreakerRecord& record, const Breaker& breaker,
                                        Instant now);

/// The record with a launch that passes.
BreakerRecord with_launch(BreakerRecord record, const Breaker& breaker, const Probe& launch);

/// The record with the end of a session. Nothing but success and failure counts, and the same
/// session once; a probe that ends in another way leaves its place to the next.
BreakerRecord with_end(BreakerRecord record, const std::string& claim_id, ClaimOutcome outcome,
                       Instant now, const std::string& run_id = {});

/// The record without its failures: the next launch passes.
BreakerRecord without_failures(BreakerRecord record);

/// True when nothing of it counts any more.
bool is_forgettable(const BreakerRecord& record, Instant now);

}  // namespace refgate
