#include "core/figures/verification.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/claim/claim.h"
#include "core/figures/launches.h"
#include "core/policy/policy.h"
#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<DuplicateKind>, 4> kinds{
    {{DuplicateKind::unseparated, "unseparated"},
     {DuplicateKind::overlap, "overlap"},
     {DuplicateKind::within_memory, "within_memory"},
     {DuplicateKind::told_to_skip, "told_to_skip"}}};

/// Beyond this, a lower generation is a new beginning after the claim was forgotten, and no clock
/// that is wrong.
constexpr Duration furthest_clock = std::chrono::hours(1);

/// What the record says of how one claim closed.
struct Closing {
  std::optional<Instant> earliest;
  std::optional<Instant> ended;    ///< by its holder
  std::optional<Instant> lost_at;  ///< as the last who took it for lost says
  bool lost = false;
  bool released = false;
  bool superseded = false;  ///< released by a newer head
  bool success = false;
  bool to_its_end = false;  ///< worked until it was done or had failed, and was not stopped
};

using ClaimKey = std::pair<std::string, std::uint64_t>;

ClaimKey claim_of(const AuditEntry& entry) { return {entry.claim_id, entry.generation}; }

std::string scope_of(const AuditEntry& entry) {
  return entry.scope.empty() ? entry.session_key + "\n" + entry.commit_sha : entry.scope;
}

bool closes(EntryKind kind) {
  return kind == EntryKind::end || kind == EntryKind::lost || kind == EntryKind::release;
}

void add(Closing& closing, const AuditEntry& entry) {
  closing.earliest =
      closing.earliest ? std::min(*closing.earliest, entry.timestamp) : entry.timestamp;
  closing.lost = closing.lost || entry.kind == EntryKind::lost;
  if (entry.kind == EntryKind::lost)
    closing.lost_at = std::max(closing.lost_at.value_or(entry.timestamp), entry.timestamp);
  closing.released = closing.released || entry.kind == EntryKind::release;
  closing.superseded = closing.superseded ||
                       (entry.kind == EntryKind::release && entry.job_status == superseded_status);
  if (entry.kind != EntryKind::end) return;
  closing.ended = entry.timestamp;
  closing.success = entry.job_status == "success";
  const StatusMeaning meaning = meaning_of_status(entry.job_status);
  closing.to_its_end =
      meaning.outcome == ClaimOutcome::success || meaning.outcome == ClaimOutcome::failure;
}

std::string run_of(const AuditEntry& entry) {
  return "run " + (entry.run_id.empty() ? "without an id" : entry.run_id);
}

/// Whether A was taken over by B while it worked, as the lines say by their order alone: B is the
/// next generation, so that it saw A's claim, and saw no end of it. Who takes over a live claim
/// says in the same moment that it is lost; and what B's decision had not seen stands after B's
/// launch, or even after its end. One that noticed, and stopped, did not.
bool worked_on(const AuditEntry& b, const Closing& closing, const Closing& end_of_b) {
  if (!closing.ended || !closing.to_its_end || (!closing.lost && !closing.released)) return false;
  return closing.lost_at == b.timestamp || *closing.ended > b.timestamp ||
         (end_of_b.ended && *closing.ended > *end_of_b.ended);
}

/// Two neighbours, and how each closed.
struct Neighbours {
  const AuditEntry& a;
  const AuditEntry& b;
  const Closing& closing;
  const Closing& end_of_b;
};

std::optional<Duplicate> judge(const Neighbours& neighbours, Duration skew) {
  const auto& [a, b, closing, end_of_b] = neighbours;
  const auto duplicate = [&](DuplicateKind kind, const std::string& why) {
    return Duplicate{kind, neighbours.a, neighbours.b, why};
  };
  if (b.reason_code == "forced") return std::nullopt;
  if (!closing.earliest)
    return duplicate(DuplicateKind::unseparated,
                     "nothing says that the session of " + run_of(a) + " was over");
  // The next generation was swapped in over an end that it saw; its clock need not agree.
  const bool saw_the_end = b.generation == a.generation + 1 && !closing.lost && !closing.released;
  if (closing.ended && *closing.ended > b.timestamp + skew && !saw_the_end)
    return duplicate(DuplicateKind::overlap,
                     run_of(a) + (closing.lost ? " was taken for lost, and" : "") + " ended " +
                         format_duration(*closing.ended - b.timestamp) + " after " + run_of(b) +
                         " had started");
  if (b.generation == a.generation + 1) {
    if (!worked_on(b, closing, end_of_b)) return std::nullopt;
    return duplicate(DuplicateKind::overlap,
                     run_of(a) +
                         (closing.lost         ? " was taken for lost"
                          : closing.superseded ? " was superseded by a newer head"
                                               : " was freed by hand") +
                         ", and ended after " + run_of(b) + " had taken over");
  }
  if (*closing.earliest > b.timestamp + skew)
    return duplicate(DuplicateKind::overlap, run_of(a) + " was over only " +
                                                 format_duration(*closing.earliest - b.timestamp) +
                                                 " after " + run_of(b) + " had started");
  if (closing.success && a.memory && b.reason_code != "retry_allowed" &&
      b.timestamp + skew < *closing.ended + *a.memory)
    return duplicate(DuplicateKind::within_memory,
                     run_of(a) + " had done it, which is remembered for " +
                         format_duration(*a.memory) + ", and its claim was gone when " + run_of(b) +
                         " started");
  return std::nullopt;
}

/// By time; but a launch goes before the one of the next generation when its clock says it was a
/// little later.
void put_in_order(std::vector<const AuditEntry*>& launches) {
  std::stable_sort(launches.begin(), launches.end(), [](const AuditEntry* a, const AuditEntry* b) {
    return std::pair(a->timestamp, a->generation) < std::pair(b->timestamp, b->generation);
  });
  for (std::size_t i = 1; i < launches.size(); ++i) {
    const AuditEntry& late = *launches[i];
    std::size_t at = i;
    while (at > 0 && launches[at - 1]->generation > late.generation)
      --at;
    const bool has_its_place = at == i || launches[at]->generation != late.generation + 1 ||
                               late.timestamp - launches[at]->timestamp > furthest_clock;
    const bool taken = at > 0 && launches[at - 1]->generation == late.generation;
    if (has_its_place || taken) continue;
    std::rotate(launches.begin() + static_cast<std::ptrdiff_t>(at),
                launches.begin() + static_cast<std::ptrdiff_t>(i),
                launches.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

/// Nobody's duplicate: each was asked for by itself.
bool is_exempt(const AuditEntry& entry) {
  return entry.event_type == "schedule" || entry.event_type == "workflow_dispatch" ||
         entry.event_type == "repository_dispatch";
}

/// How a launch ended, whoever tells of it. A line by hand is written when its work is over.
Closing closing_of(const AuditEntry& entry, const std::map<ClaimKey, Closing>& closings) {
  if (entry.kind == EntryKind::audit) {
    const StatusMeaning meaning = meaning_of_status(entry.job_status);
    const bool failed = meaning.known && meaning.outcome != ClaimOutcome::success;
    Closing closing;
    closing.earliest = closing.ended = entry.timestamp;
    closing.success = !failed;
    return closing;
  }
  const auto found = closings.find(claim_of(entry));
  return found == closings.end() ? Closing{} : found->second;
}

std::optional<Duplicate> judge_by_hand(const AuditEntry& a, const AuditEntry& b,
                                       const Closing& closing, bool told_to_skip) {
  if (is_exempt(a) || is_exempt(b)) return std::nullopt;
  if (told_to_skip)
    return Duplicate{DuplicateKind::told_to_skip, a, b,
                     run_of(b) + " was told to skip, and was executed all the same"};
  if (b.reason_code == "forced" || b.reason_code == "retry_allowed") return std::nullopt;
  if (!closing.earliest)
    return Duplicate{DuplicateKind::unseparated, a, b,
                     "nothing says that the session of " + run_of(a) + " was over"};
  if (closing.ended && *closing.ended > b.timestamp)
    return Duplicate{DuplicateKind::overlap, a, b,
                     run_of(a) + " ended after " + run_of(b) + " was recorded"};
  const Duration memory = a.memory.value_or(Policy{}.memory);
  if (!closing.success || b.timestamp > *closing.ended + memory) return std::nullopt;
  return Duplicate{DuplicateKind::within_memory, a, b,
                   run_of(a) + " had done it when " + run_of(b) + " was executed too"};
}

/// The pairs of which at least one is told by hand alone.
void pair_by_hand(const Launches& launches, const std::map<ClaimKey, Closing>& closings,
                  std::vector<Duplicate>& duplicates) {
  std::map<WorkKey, std::vector<const AuditEntry*>> works;
  for (const AuditEntry* entry : launches.by_hand())
    works[work_of(*entry)].push_back(entry);
  for (const AuditEntry* entry : launches.by_gate())
    if (const auto found = works.find(work_of(*entry)); found != works.end())
      found->second.push_back(entry);
  for (auto& [work, entries] : works) {
    std::stable_sort(entries.begin(), entries.end(), [](const AuditEntry* a, const AuditEntry* b) {
      return a->timestamp < b->timestamp;
    });
    for (std::size_t i = 1; i < entries.size(); ++i) {
      const AuditEntry& a = *entries[i - 1];
      const AuditEntry& b = *entries[i];
      if (a.kind != EntryKind::audit && b.kind != EntryKind::audit) continue;
      const bool told_to_skip = b.kind == EntryKind::audit && launches.was_told_to_skip(b);
      if (auto duplicate = judge_by_hand(a, b, closing_of(a, closings), told_to_skip))
        duplicates.push_back(std::move(*duplicate));
    }
  }
}

}  // namespace

std::string_view name_of(DuplicateKind kind) { return name_in(kinds, kind); }

Verification verify_launches(std::span<const ReadEntry> entries, Duration skew, Instant since,
                             Instant until) {
  const Launches launches(entries);
  std::map<std::string, std::vector<const AuditEntry*>> scopes;
  std::map<ClaimKey, Closing> closings;
  for (const AuditEntry* entry : launches.by_gate())
    scopes[scope_of(*entry)].push_back(entry);
  for (const ReadEntry& read : entries)
    if (closes(read.entry.kind) && !read.entry.observed && !launches.is_given_back(read.entry))
      add(closings[claim_of(read.entry)], read.entry);

  const auto counts = [&](const AuditEntry& entry) {
    return since <= entry.timestamp && entry.timestamp <= until;
  };
  Verification result;
  for (const ReadEntry& read : entries)
    if (read.entry.kind == EntryKind::skip && read.entry.observed && counts(read.entry))
      result.observed.push_back(read.entry);
  std::vector<Duplicate> duplicates;
  std::set<WorkKey> works;
  for (auto& [scope, launched] : scopes) {
    put_in_order(launched);
    bool any = false;
    for (std::size_t i = 0; i < launched.size(); ++i) {
      const AuditEntry& entry = *launched[i];
      if (counts(entry)) {
        any = true;
        ++result.launches;
        result.forced += entry.reason_code == "forced" ? 1 : 0;
        works.insert(work_of(entry));
      }
      if (i == 0) continue;
      const AuditEntry& before = *launched[i - 1];
      const Neighbours neighbours{before, entry, closings[claim_of(before)],
                                  closings[claim_of(entry)]};
      if (auto duplicate = judge(neighbours, skew)) duplicates.push_back(std::move(*duplicate));
    }
    result.scopes += any ? 1 : 0;
  }
  for (const AuditEntry* entry : launches.by_hand()) {
    if (!counts(*entry)) continue;
    ++result.launches;
    result.scopes += works.insert(work_of(*entry)).second ? 1 : 0;
  }
  pair_by_hand(launches, closings, duplicates);
  std::erase_if(duplicates, [&](const Duplicate& duplicate) { return !counts(duplicate.second); });
  std::stable_sort(duplicates.begin(), duplicates.end(),
                   [](const Duplicate& a, const Duplicate& b) {
                     return a.second.timestamp < b.second.timestamp;
                   });
  result.duplicates = std::move(duplicates);
  return result;
}

}  // namespace refgate
