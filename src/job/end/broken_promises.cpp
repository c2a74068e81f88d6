#include "job/end/broken_promises.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include "core/figures/lost_work.h"
#include "runner/runner.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A cancelled step is killed soon, and its session has ended already.
constexpr Duration reading_bound = 2s;
constexpr std::size_t most_named = 5;
/// Whoever held on for longer was asked about for the last time in these.
constexpr Duration longest_look_back = std::chrono::days(1);

bool ended_without_work(const Ended& ended) {
  return ended.result == Ended::Result::ended &&
         (ended.given_back || ended.claim.outcome == ClaimOutcome::cancelled);
}

}  // namespace

std::string describe_broken_promises(const Settings& settings, Store& store, const ClaimNote& note,
                                     const Ended& ended) {
  if (!ended_without_work(ended)) return {};
  std::vector<const AuditEntry*> skips;
  Record record;
  try {
    const auto left =
        std::chrono::duration_cast<Duration>(store.deadline() - std::chrono::steady_clock::now());
    const Within bound(store, std::min(reading_bound, left));
    // By the clocks of those who were skipped.
    const Duration skew = std::min<Duration>(settings.policy.skew, 1h);
    const Instant at = now();
    const Instant since = std::max(note.claim.claimed_at - skew, at - longest_look_back);
    record = read_days(store, settings.name_space, {since, at + skew});
    skips = skips_for(record.entries, note.claim.claim_id);
  } catch (const StoreError&) {
    return {};
  }
  if (skips.empty()) return {};
  std::string runs;
  for (std::size_t i = 0; i < skips.size() && i < most_named; ++i)
    runs += (i == 0 ? "" : ", ") + skips[i]->run_id;
  if (skips.size() > most_named) runs += " and " + std::to_string(skips.size() - most_named);
  const bool one = skips.size() == 1;
  return (one ? "Run " : "Runs ") + runs + (one ? " was" : " were") +
         " told to skip for the sake of this session, which did not do the work. Re-run " +
         (one ? "it" : "one of them") +
         ", unless another event does it: refgate status --lost lists them";
}

void tell_broken_promises(const Invocation& call, const std::string& text, std::ostream& commands) {
  if (text.empty()) return;
  call.err << "refgate: " << escape_for(Place::line, text) << "\n";
  commands << annotation(call.environment, "warning", "refgate: others were skipped for it", text);
  append_summary(call.environment, "\n⚠️ " + escape_for(Place::markdown, text) + ".\n\n");
}

}  // namespace refgate
