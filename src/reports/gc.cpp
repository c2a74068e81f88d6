// gc: completes what outboxes still hold, folds the notes of each day, and forgets what has
// expired. It may be killed anywhere and run twice at once: every step is a swap, and a thing is
// deleted only in a push after the one that made it safe was read back.

#include <algorithm>
#include <chrono>
#include <map>
#include <ostream>
#include <set>

#include "call/commands.h"
#include "core/claim/transition.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/count.h"
#include "results/result_store.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/doors.h"
#include "state/fold_record.h"
#include "state/ledgers.h"
#include "state/newest/newest_line.h"
#include "state/pause/pauses.h"
#include "state/queues.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration results_kept_for = std::chrono::days(30);
constexpr std::size_t most_results = 10'000;

/// What gc has to do, and what became of it.
struct Task {
  Store& store;
  const std::string& name_space;
  Instant at;
  bool dry_run;
  Duration keep;
};

struct Summary {
  FoldReport fold;
  std::size_t claims = 0;
  std::vector<std::string> others;    ///< "2 spent budgets"
  std::size_t unpublished = 0;        ///< lines that still stand in outboxes only
  std::vector<std::string> left_out;  ///< of which claims lines are in no record
};

/// Deletes what `expired` chose; in a dry run only counts.
std::size_t forget(const Task& task, const std::vector<Change>& deletions, Summary& summary) {
  if (task.dry_run) return deletions.size();
  return note_refusals(deletions, push_in_batches(task.store, deletions), "could not be deleted",
                       summary.fold.undone);
}

/// Whether a line that the claim wrote last would still be kept.
bool is_kept(const Claim& claim, const Task& task) {
  return task.at - task.keep < claim.ended_at.value_or(claim.lease_until);
}

/// Lines first: a claim is forgotten, and its outbox emptied, when the record holds what stood in
/// it.
void settle_claims(const Task& task, const Claims& claims,
                   const std::map<std::string, Version>& names, Summary& summary) {
  const auto is_published = [&](const AuditEntry& line) {
    return summary.fold.published.contains(line.id);
  };
  std::vector<Change> deletions;
  std::vector<Change> emptyings;
  for (const StoredClaim& stored : claims.claims) {
    const Claim& claim = stored.claim;
    const auto published = static_cast<std::size_t>(
        std::count_if(claim.outbox.begin(), claim.outbox.end(), is_published));
    const bool all = published == claim.outbox.size();
    const bool lost_told =
        claim.state == ClaimState::ended || is_published(lost_line(claim, task.at));
    if (!task.dry_run) summary.unpublished += claim.outbox.size() - published;
    if (claim.left_out > 0)
      summary.left_out.push_back(stored.ref + ": " + describe_left_out(claim.left_out));
    // Nothing else tells that lines are missing: for as long as they would have been kept.
    const bool tells = claim.left_out > 0 && is_kept(claim, task);
    if (all && is_expired(claim, task.at) && lost_told && !tells && !has_doors(stored.ref, names)) {
      deletions.push_back({stored.ref, stored.version, std::nullopt});
    } else if (published > 0) {
      // Else whoever touches the claim next would publish the line again, beside the folded one.
      Claim emptied = claim;
      std::erase_if(emptied.outbox, is_published);
      emptyings.push_back({stored.ref, stored.version, claim_snapshot(emptied)});
    }
  }
  summary.claims = forget(task, deletions, summary);
  if (!task.dry_run)
    note_refusals(emptyings, push_in_batches(task.store, emptyings),
                  "its published lines could not be taken out", summary.fold.undone);
}

void forget_ledgers(const Task& task, const std::map<std::string, Stored>& stored,
                    Summary& summary) {
  const Ledgers ledgers = ledgers_in(stored, task.name_space);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), ledgers.unreadable.begin(), ledgers.unreadable.end());
  std::vector<Change> deletions;
  for (const StoredLedger& one : ledgers.ledgers)
    if (is_expired(one.ledger, task.at)) deletions.push_back({one.ref, one.version, std::nullopt});
  summary.others.push_back(counted(forget(task, deletions, summary), "spent budget"));
}

void forget_queues(const Task& task, const std::map<std::string, Stored>& stored,
                   Summary& summary) {
  const Queues queues = queues_in(stored, task.name_space);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), queues.unreadable.begin(), queues.unreadable.end());
  std::vector<Change> deletions;
  for (const StoredQueue& one : queues.queues)
    if (is_forgettable(one.queue, task.at))
      deletions.push_back({one.ref, one.version, std::nullopt});
  summary.others.push_back(counted(forget(task, deletions, summary), "empty queue"));
}

/// A ticket counts as long as its claim stands: who lost it by time alone is passed, and ended, by
/// those who wait behind.
void forget_pools(const Task& task, const std::map<std::string, Stored>& stored,
                  const Claims& claims, Summary& summary) {
  const Queues pools = pools_in(stored, task.name_space);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), pools.unreadable.begin(), pools.unreadable.end());
  std::set<std::string> unreadable;
  for (const UnreadableRef& ref : claims.unreadable)
    unreadable.insert(ref.ref);
  std::set<std::string> live;
  for (const StoredClaim& one : claims.claims)
    if (one.claim.state != ClaimState::ended) live.insert(one.claim.claim_id);
  const auto is_gone = [&](const Ticket& ticket) {
    if (live.contains(ticket.claim_id) || unreadable.contains(ticket.claim_ref)) return false;
    // What was made after the names were listed is not among what was read.
    return stored.contains(ticket.claim_ref) || task.at > ticket.arrived_at + 1h;
  };
  std::vector<Change> deletions;
  for (const StoredQueue& one : pools.queues)
    if (is_forgettable_pool(one.queue, is_gone, task.at))
      deletions.push_back({one.ref, one.version, std::nullopt});
  if (const std::size_t gone = forget(task, deletions, summary); gone > 0)
    summary.others.push_back(counted(gone, "empty pool of slots", "empty pools of slots"));
}

void forget_pauses(const Task& task, const std::map<std::string, Stored>& stored,
                   Summary& summary) {
  const std::string ref = pause_ref(task.name_space);
  const StoredPauses pauses = stored_pauses_in(stored, ref);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), pauses.unreadable.begin(), pauses.unreadable.end());
  std::vector<Change> deletions;
  if (pauses.version && pauses.unreadable.empty() && pauses.standing(task.at).empty())
    deletions.push_back({ref, pauses.version, std::nullopt});
  if (const std::size_t gone = forget(task, deletions, summary); gone > 0)
    summary.others.push_back(
        counted(gone, "list of pauses that are over", "lists of pauses that are over"));
}

void forget_newest(const Task& task, const std::map<std::string, Stored>& stored,
                   Summary& summary) {
  const NewestLines lines = newest_lines_in(stored, task.name_space);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), lines.unreadable.begin(), lines.unreadable.end());
  std::vector<Change> deletions;
  for (const StoredNewest& one : lines.lines)
    if (is_forgettable(one.newest, task.at))
      deletions.push_back({one.ref, one.version, std::nullopt});
  if (const std::size_t gone = forget(task, deletions, summary); gone > 0)
    summary.others.push_back(
        counted(gone, "newest head of a quiet branch", "newest heads of quiet branches"));
}

/// Only where the names, which tell the time, say that there is something to do.
void forget_results(const Task& task, const std::map<std::string, Version>& names,
                    Summary& summary) {
  const std::string prefix = results_prefix(task.name_space);
  const Instant before = task.at - results_kept_for;
  const bool any = std::any_of(names.begin(), names.end(), [&](const auto& item) {
    if (!item.first.starts_with(prefix)) return false;
    const auto kept = time_of_result(std::string_view(item.first).substr(prefix.size()));
    return !kept || *kept < before;
  });
  PrunedResults pruned;
  if (any) pruned = prune_results(task.store, task.name_space, before, most_results, task.dry_run);
  auto& left_alone = summary.fold.left_alone;
  left_alone.insert(left_alone.end(), pruned.unreadable.begin(), pruned.unreadable.end());
  auto& undone = summary.fold.undone;
  undone.insert(undone.end(), pruned.undone.begin(), pruned.undone.end());
  summary.others.push_back(counted(pruned.gone, "old result"));
}

/// One look tells what there is; one reading has all records but results and notes.
void collect(const Task& task, Summary& summary) {
  const auto names = task.store.list("refs/" + task.name_space + "/");
  std::vector<std::string> wanted;
  const std::string results = results_prefix(task.name_space);
  for (const auto& [ref, version] : names)
    if (!ref.starts_with(results) && !is_scratch(ref, task.name_space)) wanted.push_back(ref);
  // Claims before notes: a line that leaves an outbox meanwhile is in what is read after it.
  const auto stored = wanted.empty() ? std::map<std::string, Stored>{} : task.store.read(wanted);
  const Claims claims = claims_in(stored, task.name_space);
  summary.fold.left_alone = claims.unreadable;
  FoldRequest request{task.at, true, {}, task.dry_run, task.keep};
  for (const StoredClaim& one : claims.claims) {
    request.lines.insert(request.lines.end(), one.claim.outbox.begin(), one.claim.outbox.end());
    if (is_expired(one.claim, task.at) && one.claim.state != ClaimState::ended)
      request.lines.push_back(lost_line(one.claim, task.at));
  }
  fold_record(task.store, task.name_space, request, summary.fold);
  settle_claims(task, claims, names, summary);
  forget_results(task, names, summary);
  forget_ledgers(task, stored, summary);
  forget_queues(task, stored, summary);
  forget_pools(task, stored, claims, summary);
  forget_pauses(task, stored, summary);
  forget_newest(task, stored, summary);
}

void tell(const Invocation& call, const Summary& summary, bool dry_run, const Traffic& traffic) {
  const char* published = dry_run ? "Would publish " : "Published ";
  call.out << published << counted(summary.fold.lines, "line")
           << (dry_run ? ", fold " : ", folded ") << counted(summary.fold.notes, "note") << " of "
           << counted(summary.fold.days, "day") << (dry_run ? ", forget " : ", forgot ")
           << counted(summary.claims, "expired claim");
  for (const std::string& other : summary.others)
    call.out << ", " << other;
  if (summary.fold.dropped_lines > 0)
    call.out << (dry_run ? "; would drop " : "; dropped ")
             << counted(summary.fold.dropped_lines, "line") << " of "
             << counted(summary.fold.dropped_days, "day")
             << (summary.fold.dropped_days == 1 ? " that is" : " that are") << " older than --keep";
  if (!summary.fold.left_alone.empty())
    call.out << "; " << counted(summary.fold.left_alone.size(), "ref")
             << (summary.fold.left_alone.size() == 1 ? " was" : " were") << " left alone";
  call.out << ". Pushes: " << traffic.pushes << "\n";
}

void name_what_was_not_done(const Invocation& call, const Summary& summary) {
  for (const UnreadableRef& ref : summary.fold.left_alone)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": "
             << escape_for(Place::line, ref.why) << "; it was left alone\n";
  for (const UnreadableRef& ref : summary.fold.undone)
    call.err << "refgate: " << escape_for(Place::line, ref.ref) << ": "
             << escape_for(Place::line, ref.why) << "\n";
  for (const std::string& told : summary.left_out)
    call.err << "refgate: " << escape_for(Place::line, told) << "\n";
  if (summary.unpublished > 0)
    call.err << "refgate: " << summary.unpublished
             << " lines are in claims only, and not published\n";
}

Duration keep_of(const Invocation& call) {
  const std::string value = call.option("keep", "1y");
  const auto keep = parse_duration(value);
  if (!keep || *keep < std::chrono::days(1))
    throw UsageError("--keep is \"" + value +
                     "\", but must be a span of at least a day, such as 90d or 1y");
  return *keep;
}

}  // namespace

int command_gc(const Invocation& call) {
  const Settings settings = settings_of(call);
  const bool dry_run = is_dry_run(call);
  const Duration keep = keep_of(call);
  const auto store = store_of(call, settings);
  Summary summary;
  try {
    collect({*store, settings.name_space, now(), dry_run, keep}, summary);
  } catch (const StoreError&) {
    name_what_was_not_done(call, summary);
    tell(call, summary, dry_run, store->traffic());
    throw;
  }
  name_what_was_not_done(call, summary);
  tell(call, summary, dry_run, store->traffic());
  return summary.fold.undone.empty() && summary.unpublished == 0 ? exit_done : exit_store;
}

}  // namespace refgate
