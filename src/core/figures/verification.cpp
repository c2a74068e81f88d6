#include "core/figures/verification.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<DuplicateKind>, 3> kinds{
    {{DuplicateKind::unseparated, "unseparated"},
     {DuplicateKind::overlap, "overlap"},
     {DuplicateKind::within_memory, "within_memory"}}};

/// Beyond this, a lower generation is a new beginning after the claim was forgotten, and no clock
/// that is wrong.
constexpr Duration furthest_clock = std::chrono::hours(1);

/// What the record says of how one claim closed.
struct Closing {
  std::optional<Instant> earliest;
  std::optional<Instant> ended;  ///< by its holder
  bool lost = false;
  bool success = false;
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
  if (entry.kind != EntryKind::end) return;
  closing.ended = entry.timestamp;
  closing.success = entry.job_status == "success";
}

std::string run_of(const AuditEntry& entry) {
  return "run " + (entry.run_id.empty() ? "without an id" : entry.run_id);
}

std::optional<Duplicate> judge(const AuditEntry& a, const AuditEntry& b, const Closing& closing,
                               Duration skew) {
  const auto duplicate = [&](DuplicateKind kind, const std::string& why) {
    return Duplicate{kind, a, b, why};
  };
  if (b.reason_code == "forced") return std::nullopt;
  if (!closing.earliest)
    return duplicate(DuplicateKind::unseparated,
                     "nothing says that the session of " + run_of(a) + " was over");
  if (closing.lost && closing.ended && *closing.ended > b.timestamp + skew)
    return duplicate(DuplicateKind::overlap, run_of(a) + " was taken for lost, and ended " +
                                                 format_duration(*closing.ended - b.timestamp) +
                                                 " after " + run_of(b) + " had started");
  if (b.generation == a.generation + 1) return std::nullopt;
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

}  // namespace

std::string_view name_of(DuplicateKind kind) { return name_in(kinds, kind); }

Verification verify_launches(std::span<const ReadEntry> entries, Duration skew) {
  std::map<std::string, std::vector<const AuditEntry*>> scopes;
  std::map<ClaimKey, Closing> closings;
  std::set<ClaimKey> given_back;
  for (const ReadEntry& read : entries)
    if (read.entry.kind == EntryKind::given_back) given_back.insert(claim_of(read.entry));
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (given_back.contains(claim_of(entry))) continue;
    if (entry.kind == EntryKind::launch)
      scopes[scope_of(entry)].push_back(&entry);
    else if (closes(entry.kind))
      add(closings[claim_of(entry)], entry);
  }
  Verification result;
  result.scopes = scopes.size();
  for (auto& [scope, launches] : scopes) {
    put_in_order(launches);
    result.launches += launches.size();
    for (std::size_t i = 0; i < launches.size(); ++i) {
      result.forced += launches[i]->reason_code == "forced" ? 1 : 0;
      if (i == 0) continue;
      if (auto duplicate =
              judge(*launches[i - 1], *launches[i], closings[claim_of(*launches[i - 1])], skew))
        result.duplicates.push_back(std::move(*duplicate));
    }
  }
  std::stable_sort(result.duplicates.begin(), result.duplicates.end(),
                   [](const Duplicate& a, const Duplicate& b) {
                     return a.second.timestamp < b.second.timestamp;
                   });
  return result;
}

}  // namespace refgate
