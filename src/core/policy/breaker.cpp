#include "core/policy/breaker.h"

#include <algorithm>

namespace refgate {
namespace {

/// Of a workflow that did not end for so long, nobody remembers how it did.
constexpr Duration kept_for = std::chrono::days(30);
constexpr Duration skew = std::chrono::seconds(60);

/// Whether so many ended last, and all of them failed.
bool all_failed(const BreakerRecord& record, const Breaker& breaker) {
  if (record.ends.size() < breaker.failures) return false;
  return std::all_of(record.ends.end() - breaker.failures, record.ends.end(),
                     [](const LaunchEnd& end) { return end.failed; });
}

/// What a clock that is wrong has put further ahead than two clocks are apart counts as over.
bool has_passed(Instant at, const Breaker& breaker, Instant now) {
  return now >= at + breaker.span || at > now + skew;
}

bool is_over(const BreakerRecord& record, const Breaker& breaker, Instant now) {
  return has_passed(record.ends.back().at, breaker, now);
}

}  // namespace

std::optional<OpenBreaker> open_breaker(const BreakerRecord& record, const Breaker& breaker,
                                        Instant now) {
  if (breaker.failures == 0 || !all_failed(record, breaker)) return std::nullopt;
  const auto& [claim_id, last, failed, run] = record.ends.back();
  if (!is_over(record, breaker, now))
    return OpenBreaker{breaker, last + breaker.span, last, false, run};
  if (!record.probe || has_passed(record.probe->at, breaker, now)) return std::nullopt;
  return OpenBreaker{breaker, record.probe->at + breaker.span, last, true, run};
}

BreakerRecord with_launch(BreakerRecord record, const Breaker& breaker, const Probe& launch) {
  const bool is_probe = breaker.failures > 0 && all_failed(record, breaker) &&
                        is_over(record, breaker, launch.at) &&
                        (!record.probe || has_passed(record.probe->at, breaker, launch.at));
  if (is_probe) record.probe = launch;
  return record;
}

BreakerRecord with_end(BreakerRecord record, const std::string& claim_id, ClaimOutcome outcome,
                       Instant now, const std::string& run_id) {
  if (record.probe && record.probe->claim_id == claim_id) record.probe.reset();
  const bool failed = outcome == ClaimOutcome::failure;
  if (!failed && outcome != ClaimOutcome::success) return record;
  if (std::any_of(record.ends.begin(), record.ends.end(),
                  [&](const LaunchEnd& end) { return end.claim_id == claim_id; }))
    return record;
  if (record.ends.size() >= most_failures) record.ends.erase(record.ends.begin());
  record.ends.push_back({claim_id, now, failed, failed ? run_id : std::string()});
  return record;
}

BreakerRecord without_failures(BreakerRecord record) {
  record.ends.clear();
  record.probe.reset();
  return record;
}

bool is_forgettable(const BreakerRecord& record, Instant now) {
  return record.ends.empty() || now >= record.ends.back().at + kept_for;
}

}  // namespace refgate
