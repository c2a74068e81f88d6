#include "core/figures/lost_work.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/decision/decision.h"
#include "core/figures/launches.h"
#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<LostBecause>, 7> names{{{LostBecause::lease_passed, "lease_passed"},
                                                      {LostBecause::run_ended, "run_ended"},
                                                      {LostBecause::cancelled, "cancelled"},
                                                      {LostBecause::never_started, "never_started"},
                                                      {LostBecause::released, "released"},
                                                      {LostBecause::given_up, "given_up"},
                                                      {LostBecause::gone, "gone"}}};

constexpr std::array<EnumName<LostBecause>, 7> words{
    {{LostBecause::lease_passed, "its lease has passed"},
     {LostBecause::run_ended, "its run has ended"},
     {LostBecause::cancelled, "cancelled"},
     {LostBecause::never_started, "never started"},
     {LostBecause::released, "released by hand"},
     {LostBecause::given_up, "failed, and its successor gave up"},
     {LostBecause::gone, "its claim is gone"}}};

/// Said to whoever came while somebody else had the work, or was in line for it.
bool is_for_anothers_sake(const AuditEntry& skip) {
  return is_promise(skip.reason_code) || skip.reason_code == "queued" ||
         skip.reason_code == "wait_expired";
}

using Skips = std::vector<const AuditEntry*>;

/// By the scope that they were about.
std::map<std::string_view, Skips> skips_of(std::span<const ReadEntry> entries) {
  std::map<std::string_view, Skips> all;
  std::set<std::pair<std::string_view, RunAttempt>> known;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind != EntryKind::skip || entry.observed || entry.holder_run_id.empty() ||
        entry.scope.empty())
      continue;
    if (known.insert({entry.scope, run_attempt_of(entry)}).second)
      all[entry.scope].push_back(&entry);
  }
  return all;
}

std::optional<LostBecause> why_lost(const ScopeState& scope, const Skips& skips, Instant now) {
  const Claim& claim = *scope.claim;
  if (claim.state != ClaimState::ended) {
    if (is_lost(claim, now)) return LostBecause::lease_passed;
    return scope.run_ended ? std::optional(LostBecause::run_ended) : std::nullopt;
  }
  switch (claim.outcome) {
    case ClaimOutcome::none:
    case ClaimOutcome::success:
    case ClaimOutcome::limited:  // see due_work.h
      return std::nullopt;
    case ClaimOutcome::cancelled:
      return LostBecause::cancelled;
    case ClaimOutcome::lost:
      return LostBecause::lease_passed;
    case ClaimOutcome::released:
      return LostBecause::released;
    case ClaimOutcome::abandoned:
      return LostBecause::never_started;
    case ClaimOutcome::failure:
      break;
  }
  // A wait that ran out brings back what had failed before it.
  const bool for_a_successor = std::any_of(skips.begin(), skips.end(), [&](const AuditEntry* skip) {
    return is_for_anothers_sake(*skip) && skip->holder_run_id != claim.holder.run_id &&
           claim.ended_at && skip->timestamp > *claim.ended_at;
  });
  return for_a_successor ? std::optional(LostBecause::given_up) : std::nullopt;
}

/// Those that came since the claim was made, or since it ended where its successor gave up.
Skips skipped_for(const LostWork& lost, const Skips& skips) {
  Skips found;
  for (const AuditEntry* skip : skips) {
    const Claim& claim = *lost.claim;
    const bool for_it =
        lost.why == LostBecause::given_up
            ? skip->holder_run_id != claim.holder.run_id && skip->timestamp > *claim.ended_at
            : skip->timestamp + claim.limits.skew >= claim.claimed_at;
    if (for_it) found.push_back(skip);
  }
  return found;
}

/// Scopes that somebody was told to leave to another, of which nothing stands and no end is known.
void add_gone(std::map<std::string_view, Skips>&& skips, std::span<const ReadEntry> entries,
              std::vector<LostWork>& lost) {
  std::map<std::pair<std::string_view, std::uint64_t>, std::string_view> scope_of_claim;
  std::map<std::string_view, Instant> done;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind == EntryKind::launch)
      scope_of_claim[{entry.claim_id, entry.generation}] = entry.scope;
    if (entry.kind != EntryKind::end) continue;
    const StatusMeaning meaning = meaning_of_status(entry.job_status);
    if (!meaning.known || meaning.outcome == ClaimOutcome::cancelled ||
        meaning.outcome == ClaimOutcome::limited)
      continue;
    if (const auto scope = scope_of_claim.find({entry.claim_id, entry.generation});
        scope != scope_of_claim.end())
      done[scope->second] = entry.timestamp;
  }
  for (auto& [scope, entries_of_scope] : skips) {
    if (done.contains(scope)) continue;
    std::erase_if(entries_of_scope,
                  [](const AuditEntry* skip) { return !is_for_anothers_sake(*skip); });
    if (!entries_of_scope.empty())
      lost.push_back({std::string(scope), nullptr, LostBecause::gone, std::move(entries_of_scope)});
  }
}

Instant last_of(const LostWork& lost) {
  const Instant begun = lost.claim == nullptr ? Instant::min() : lost.claim->claimed_at;
  return lost.skipped.empty() ? begun : std::max(begun, lost.skipped.back()->timestamp);
}

}  // namespace

std::string_view name_of(LostBecause why) { return name_in(names, why); }
std::string_view words_of(LostBecause why) { return name_in(words, why); }

std::vector<LostWork> find_lost_work(std::span<const ScopeState> scopes,
                                     std::span<const ReadEntry> entries, Instant now) {
  std::map<std::string_view, Skips> skips = skips_of(entries);
  std::vector<LostWork> lost;
  for (const ScopeState& scope : scopes) {
    const auto found = skips.find(scope.ref);
    const Skips of_scope = found == skips.end() ? Skips{} : std::move(found->second);
    if (found != skips.end()) skips.erase(found);
    const auto why = why_lost(scope, of_scope, now);
    if (!why) continue;
    LostWork work{scope.ref, scope.claim, *why, {}};
    work.skipped = skipped_for(work, of_scope);
    lost.push_back(std::move(work));
  }
  add_gone(std::move(skips), entries, lost);
  std::stable_sort(lost.begin(), lost.end(), [](const LostWork& a, const LostWork& b) {
    return std::pair(!a.skipped.empty(), last_of(a)) > std::pair(!b.skipped.empty(), last_of(b));
  });
  return lost;
}

}  // namespace refgate
