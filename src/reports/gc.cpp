// gc: completes what outboxes still hold, folds the notes of each day, and forgets what has
// expired. It may be killed anywhere and run twice at once: every step is a swap, and a thing is
// deleted only in a push after the one that made it safe was read back.

#include <algorithm>
#include <chrono>
#include <ostream>

#include "call/commands.h"
#include "core/claim/budget.h"
#include "core/event/scope.h"
#include "results/result_store.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/fold_record.h"
#include "state/queues.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration results_kept_for = std::chrono::days(30);
constexpr std::size_t most_results = 10'000;

/// Refs besides claims that are forgotten one day; each kind says how, and how many there were.
struct Expirable {
  const char* words;
  std::size_t (*forget)(Store& store, const std::string& name_space, Instant at, bool dry_run,
                        std::vector<UnreadableRef>& left_alone);
};

std::size_t forget_results(Store& store, const std::string& name_space, Instant at, bool dry_run,
                           std::vector<UnreadableRef>& left_alone) {
  PrunedResults pruned =
      prune_results(store, name_space, at - results_kept_for, most_results, dry_run);
  left_alone.insert(left_alone.end(), pruned.unreadable.begin(), pruned.unreadable.end());
  return pruned.gone;
}

std::size_t forget_ledgers(Store& store, const std::string& name_space, Instant at, bool dry_run,
                           std::vector<UnreadableRef>& left_alone) {
  std::vector<Change> deletions;
  for (const auto& [ref, stored] : store.read_all(budgets_prefix(name_space))) {
    const auto file = stored.files.find(std::string(ledger_file));
    const auto ledger =
        file == stored.files.end()
            ? ClaimError{ClaimErrorKind::broken, "it holds something that is no ledger"}
            : decode_ledger(file->second);
    if (const auto* error = std::get_if<ClaimError>(&ledger))
      left_alone.push_back({ref, error->message});
    else if (is_expired(std::get<Ledger>(ledger), at))
      deletions.push_back({ref, stored.version, std::nullopt});
  }
  if (dry_run) return deletions.size();
  const auto outcomes = push_in_batches(store, deletions);
  return static_cast<std::size_t>(std::count_if(
      outcomes.begin(), outcomes.end(),
      [](const SwapOutcome& outcome) { return outcome.result == SwapResult::swapped; }));
}

constexpr Expirable expirables[] = {
    {"old results", forget_results},
    {"spent budgets", forget_ledgers},
    {"empty queues", forget_queues},
};

struct Summary {
  FoldReport fold;
  std::size_t claims = 0;
  std::vector<std::pair<std::string, std::size_t>> others;
};

/// Lines first: a claim is forgotten, and its outbox emptied, when the record holds what stood in
/// it.
void settle_claims(Store& store, const Claims& claims, Instant at, bool dry_run, Summary& summary) {
  const auto is_published = [&](const AuditEntry& line) {
    return summary.fold.published.contains(line.id);
  };
  std::vector<Change> changes;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    const bool all = std::all_of(claim.outbox.begin(), claim.outbox.end(), is_published);
    const bool lost_told = claim.state == ClaimState::ended || is_published(lost_line(claim, at));
    if (all && is_expired(claim, at) && lost_told) {
      changes.push_back({stored.ref, stored.version, std::nullopt});
      ++summary.claims;
    } else if (std::any_of(claim.outbox.begin(), claim.outbox.end(), is_published)) {
      // Else whoever touches the claim next would publish the line again, beside the folded one.
      Claim emptied = claim;
      std::erase_if(emptied.outbox, is_published);
      changes.push_back({stored.ref, stored.version, claim_snapshot(emptied)});
    }
  }
  if (!dry_run) push_in_batches(store, changes);
}

void collect(Store& store, const Invocation& call, const std::string& name_space, bool dry_run,
             Summary& summary) {
  const Instant at = now();
  // Claims before notes: a line that leaves an outbox meanwhile is in what is read after it.
  const Claims claims = read_claims(store, name_space);
  summary.fold.left_alone = claims.unreadable;
  FoldRequest request{at, true, {}, dry_run};
  for (const StoredClaim& stored : claims.claims) {
    request.lines.insert(request.lines.end(), stored.claim.outbox.begin(),
                         stored.claim.outbox.end());
    if (is_expired(stored.claim, at) && stored.claim.state != ClaimState::ended)
      request.lines.push_back(lost_line(stored.claim, at));
  }
  fold_record(store, name_space, request, summary.fold);
  settle_claims(store, claims, at, dry_run, summary);
  for (const Expirable& kind : expirables)
    summary.others.emplace_back(
        kind.words, kind.forget(store, name_space, at, dry_run, summary.fold.left_alone));
  for (const UnreadableRef& ref : summary.fold.left_alone)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": "
             << escape_for(Place::line, ref.why) << "; it was left alone\n";
}

void tell(const Invocation& call, const Summary& summary, bool dry_run, const Traffic& traffic) {
  const char* published = dry_run ? "Would publish " : "Published ";
  const char* folded = dry_run ? " lines, fold " : " lines, folded ";
  const char* forgotten = dry_run ? " days, forget " : " days, forgot ";
  call.out << published << summary.fold.lines << folded << summary.fold.notes << " notes of "
           << summary.fold.days << forgotten << summary.claims << " expired claims";
  for (const auto& [words, count] : summary.others)
    call.out << ", " << count << " " << words;
  if (!summary.fold.left_alone.empty())
    call.out << "; " << summary.fold.left_alone.size() << " refs were left alone";
  call.out << ". Pushes: " << traffic.pushes << "\n";
}

}  // namespace

int command_gc(const Invocation& call) {
  const Settings settings = settings_of(call);
  const bool dry_run = call.flag("dry-run");
  const auto store = store_of(call, settings);
  Summary summary;
  try {
    collect(*store, call, settings.name_space, dry_run, summary);
  } catch (const StoreError&) {
    tell(call, summary, dry_run, store->traffic());
    throw;
  }
  tell(call, summary, dry_run, store->traffic());
  return exit_done;
}

}  // namespace refgate
