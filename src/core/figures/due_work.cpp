#include "core/figures/due_work.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/event/scope.h"
#include "core/figures/launches.h"
#include "core/governing/limited.h"

namespace refgate {
namespace {

bool answers_to(const Claim& other, const Claim& limited) {
  return other.covers.empty() ||
         (!limited.covers.empty() && std::includes(other.covers.begin(), other.covers.end(),
                                                   limited.covers.begin(), limited.covers.end()));
}

bool is_taken_up(const ScopeState& limited, std::span<const ScopeState> scopes) {
  const std::string_view first = first_door_of(limited.ref);
  return std::any_of(scopes.begin(), scopes.end(), [&](const ScopeState& other) {
    const Claim& claim = *other.claim;
    if (other.ref == limited.ref || !is_door_of(std::string(first), other.ref) ||
        is_job_door(other.ref) || claim.ambiguous || claim.outcome == ClaimOutcome::abandoned)
      return false;
    return claim.claimed_at >= limited.claim->claimed_at && answers_to(claim, *limited.claim);
  });
}

std::vector<const AuditEntry*> skipped_since(const ScopeState& limited,
                                             std::span<const ReadEntry> entries) {
  std::vector<const AuditEntry*> found;
  std::set<RunAttempt> known;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.kind == EntryKind::skip && !entry.observed && entry.scope == limited.ref &&
        entry.timestamp + limited.claim->limits.skew >= limited.claim->claimed_at &&
        known.insert(run_attempt_of(entry)).second)
      found.push_back(&entry);
  }
  return found;
}

}  // namespace

LimitedWork find_limited_work(std::span<const ScopeState> scopes,
                              std::span<const ReadEntry> entries, Instant now) {
  LimitedWork work;
  for (const ScopeState& scope : scopes) {
    if (!scope.claim->until || is_taken_up(scope, scopes)) continue;
    const Instant until = *scope.claim->until;
    if (now < until) {
      ++work.later;
      work.next = std::min(work.next.value_or(until), until);
    } else if (is_due(*scope.claim, now)) {
      work.due.push_back({scope.ref, scope.claim, skipped_since(scope, entries)});
    }
  }
  std::stable_sort(work.due.begin(), work.due.end(), [](const DueWork& a, const DueWork& b) {
    return *a.claim->until < *b.claim->until;
  });
  return work;
}

}  // namespace refgate
