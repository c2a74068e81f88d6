// metrics: the record and the live state as Prometheus text.

#include <algorithm>
#include <limits>
#include <ostream>

#include "call/commands.h"
#include "core/event/scope.h"
#include "core/figures/due_work.h"
#include "core/figures/metrics.h"
#include "reports/lost.h"
#include "results/result_store.h"
#include "state/ledgers.h"
#include "state/pause/pauses.h"
#include "state/record.h"
#include "view/claim_view.h"
#include "view/reading_options.h"

namespace refgate {
namespace {

constexpr unsigned names_by_default = 20;

std::uint64_t unfolded(const Store& store, const std::string& name_space) {
  const auto seen = store.last_seen(notes_prefix(name_space));
  if (!seen) return 0;
  return static_cast<std::uint64_t>(std::count_if(
      seen->begin(), seen->end(), [](const auto& item) { return !is_folded_note(item.first); }));
}

}  // namespace

int command_metrics(const Invocation& call) {
  const Settings settings = settings_of(call);
  const unsigned most_names = number_option(call, "top", names_by_default, 1);
  const auto store = store_of(call, settings);
  Foreseen next = claims_and_record(settings.name_space);
  next.whole.insert(next.whole.end(),
                    {pause_ref(settings.name_space), budgets_prefix(settings.name_space)});
  next.listed.push_back(results_prefix(settings.name_space));
  store->foresee(std::move(next));
  const Claims claims = read_claims(*store, settings.name_space);
  const StoredPauses pauses = read_pauses(*store, settings.name_space);
  const Ledgers ledgers = read_ledgers(*store, settings.name_space);
  const Results results =
      read_results(*store, settings.name_space, Instant::min(), Instant::max(), false);
  const Record record = read_record(*store, settings.name_space, claims);
  name_unreadable(call, claims.unreadable);
  name_unreadable(call, record.unreadable);
  name_left_out(call, claims);
  name_unreadable(call, results.unreadable);
  name_unreadable(call, pauses.unreadable);
  name_unreadable(call, ledgers.unreadable);
  const Instant at = now();
  const Statistics statistics =
      count_record(record.entries, claims.all(), at, settings.policy.skew);
  MetricsInput input{.statistics = statistics, .most_names = most_names};
  input.budget_left = left_of(ledgers, settings.name_space, at);
  input.paused = !pauses.standing(at).empty();
  std::vector<ScopeState> scopes;
  for (const StoredClaim& stored : claims.claims)
    scopes.push_back({stored.ref, &stored.claim, false});
  input.limited_due = find_limited_work(scopes, {}, at).due.size();
  input.promises_broken =
      count_broken(lost_by_record(claims, record.entries, settings.policy.memory, at));
  for (const StoredResult& result : results.results)
    ++input.results[{std::string(name_of(result.record.reason)), result.record.depth}];
  input.unreadable = claims.unreadable.size() + record.unreadable.size() +
                     results.unreadable.size() + pauses.unreadable.size() +
                     ledgers.unreadable.size();
  input.unfolded_notes = unfolded(*store, settings.name_space);
  call.out << metrics_text(input);
  return exit_done;
}

}  // namespace refgate
