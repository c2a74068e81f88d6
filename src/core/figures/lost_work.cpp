#include "core/figures/lost_work.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "core/claim/claim_line.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
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

/// Told to leave the work to another run, which had it or was in line for it. What a run decides
/// for the sake of its own sessions is told by its own colour.
bool is_for_anothers_sake(const AuditEntry& entry) {
  return entry.kind == EntryKind::skip && !entry.observed && !entry.scope.empty() &&
         !(entry.holder_run_id.empty() && entry.holder_claim_id.empty()) &&
         (entry.run_id.empty() || entry.run_id != entry.holder_run_id) &&
         (is_promise(entry.reason_code) || entry.reason_code == "queued");
}

/// How a claim that stands came to its end without work; nullopt: it lives, or did work.
std::optional<LostBecause> why_over(const ScopeState& scope, Instant now) {
  const Claim& claim = *scope.claim;
  if (claim.state != ClaimState::ended) {
    if (is_lost(claim, now)) return LostBecause::lease_passed;
    return scope.run_ended ? std::optional(LostBecause::run_ended) : std::nullopt;
  }
  switch (claim.outcome) {
    case ClaimOutcome::none:
    case ClaimOutcome::success:
    case ClaimOutcome::limited:  // see due_work.h
    case ClaimOutcome::failure:
      return std::nullopt;
    case ClaimOutcome::cancelled:
      // Nobody wants it any more.
      if (!claim.superseded_by.empty()) return std::nullopt;
      return LostBecause::cancelled;
    case ClaimOutcome::lost:
      return LostBecause::lease_passed;
    case ClaimOutcome::released:
      return LostBecause::released;
    case ClaimOutcome::abandoned:
      return LostBecause::never_started;
  }
  return std::nullopt;
}

/// What the record says of claims.
class Ends {
 public:
  explicit Ends(std::span<const ReadEntry> entries) {
    for (const ReadEntry& read : entries) {
      const AuditEntry& entry = read.entry;
      if (entry.claim_id.empty() || entry.observed) continue;
      if (entry.kind == EntryKind::end)
        take(entry, meaning_of_status(entry.job_status));
      else if (entry.kind == EntryKind::given_back)
        why_[entry.claim_id] = LostBecause::never_started;
      else if (entry.kind == EntryKind::release)
        why_[entry.claim_id] = entry.job_status == superseded_status
                                   ? std::nullopt
                                   : std::optional(LostBecause::released);
      else if (entry.kind == EntryKind::lost)
        why_.try_emplace(entry.claim_id, LostBecause::lease_passed);
    }
  }

  bool knows(std::string_view claim_id) const { return why_.contains(claim_id); }
  /// nullopt: its work was done, or failed.
  std::optional<LostBecause> why(std::string_view claim_id) const {
    return why_.find(claim_id)->second;
  }
  /// Its end, where it was executed to the end: success or failure.
  const AuditEntry* worked(std::string_view claim_id) const {
    const auto found = worked_.find(claim_id);
    return found == worked_.end() ? nullptr : found->second;
  }

 private:
  void take(const AuditEntry& entry, const StatusMeaning& meaning) {
    const bool cancelled = !meaning.known || meaning.outcome == ClaimOutcome::cancelled;
    // What is limited is neither worked on nor lost: see due_work.h.
    if (!cancelled && meaning.outcome != ClaimOutcome::limited) worked_[entry.claim_id] = &entry;
    why_[entry.claim_id] = cancelled ? std::optional(LostBecause::cancelled) : std::nullopt;
  }

  std::map<std::string_view, std::optional<LostBecause>> why_;
  std::map<std::string_view, const AuditEntry*> worked_;
};

/// What is to be done, and since when.
struct Need {
  std::string_view door;
  const std::vector<Cover>& covers;
  std::string_view event;
  Instant since;
};

/// A session that does the work, or has done it.
struct Doer {
  std::string_view door;
  std::vector<Cover> covers;
  std::string_view event;
  std::optional<Instant> done_at;  ///< nullopt: it lives
  Duration memory{};
  Duration pr_lock_window{};

  /// As in core/decision/doors.h, of a caller who asked when the need arose.
  bool does(const Need& need) const {
    if (is_job_door(door) && door != need.door) return false;
    if (!covers.empty() && !need.covers.empty() &&
        !std::includes(covers.begin(), covers.end(), need.covers.begin(), need.covers.end()))
      return false;
    if (!done_at) return true;
    const bool counterpart = are_push_and_pull_request(event, need.event);
    return need.since < *done_at + (counterpart ? pr_lock_window : memory);
  }
};

class Doers {
 public:
  Doers(std::span<const ScopeState> scopes, std::span<const ReadEntry> entries, const Ends& ends,
        Instant now) {
    for (const ScopeState& scope : scopes)
      if (!scope.claim->ambiguous) add(scope, now);
    const Launches launches(entries);
    for (const AuditEntry* launch : launches.by_gate())
      add(*launch, ends);
  }

  bool do_it(const Need& need) const {
    const auto found = by_first_door_.find(first_door_of(need.door));
    return found != by_first_door_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const Doer& doer) { return doer.does(need); });
  }

  /// The run that was told to skip has worked on this afterwards.
  bool answered_by_itself(const AuditEntry& skip) const {
    const auto own = worked_.find({first_door_of(skip.scope), skip.run_id});
    return !skip.run_id.empty() && own != worked_.end() && own->second > skip.timestamp;
  }

 private:
  void add(const ScopeState& scope, Instant now) {
    const Claim& claim = *scope.claim;
    const bool lives = claim.state != ClaimState::ended && !why_over(scope, now);
    if (!lives && claim.outcome != ClaimOutcome::success) return;
    by_first_door_[first_door_of(scope.ref)].push_back(
        {scope.ref, covers_in_line(claim.covers), claim.event,
         lives ? std::nullopt : claim.ended_at, claim.limits.memory, claim.limits.pr_lock_window});
  }

  void add(const AuditEntry& launch, const Ends& ends) {
    const AuditEntry* end = ends.worked(launch.claim_id);
    // What could not be told from another job stands for nobody.
    if (end == nullptr || launch.scope.empty() || launch.reason_code == "same_run") return;
    const std::string_view door = first_door_of(launch.scope);
    Instant& last = worked_[{door, launch.run_id}];
    last = std::max(last, end->timestamp);
    // One that was freed by hand is to be done again.
    if (meaning_of_status(end->job_status).outcome != ClaimOutcome::success ||
        ends.why(launch.claim_id))
      return;
    const Policy usual;
    by_first_door_[door].push_back({launch.scope, launch.covers, launch.event_type, end->timestamp,
                                    launch.memory.value_or(usual.memory), usual.pr_lock_window});
  }

  std::map<std::string_view, std::vector<Doer>> by_first_door_;
  std::map<std::pair<std::string_view, std::string_view>, Instant> worked_;
};

/// What became of the claims that skips were told for.
class Holders {
 public:
  Holders(std::span<const ScopeState> scopes, std::span<const ReadEntry> entries, const Ends& ends,
          Instant now)
      : ends_(ends), now_(now) {
    for (const ScopeState& scope : scopes)
      standing_[scope.ref] = &scope;
    for (const ReadEntry& read : entries)
      if (read.entry.kind == EntryKind::launch)
        launched_[{read.entry.scope, read.entry.generation}] = read.entry.claim_id;
  }

  const ScopeState* at(std::string_view ref) const {
    const auto found = standing_.find(ref);
    return found == standing_.end() ? nullptr : found->second;
  }

  std::optional<LostBecause> why(const AuditEntry& skip) const {
    const ScopeState* stands = at(skip.scope);
    const std::string_view id = id_of(skip, stands);
    if (stands != nullptr && stands->claim->claim_id == id) return why_over(*stands, now_);
    if (ends_.knows(id)) return ends_.why(id);
    // Its end was before what was read; else it left no line, since it had never begun.
    if (skip.reason_code == "already_done" || (id.empty() && stands != nullptr))
      return std::nullopt;
    if (stands == nullptr) return LostBecause::gone;
    return stands->claim->outcome == ClaimOutcome::failure ? LostBecause::given_up
                                                           : LostBecause::never_started;
  }

 private:
  /// Lines of earlier versions name a run and a generation.
  std::string_view id_of(const AuditEntry& skip, const ScopeState* stands) const {
    if (!skip.holder_claim_id.empty()) return skip.holder_claim_id;
    if (stands != nullptr && stands->claim->generation == skip.generation &&
        stands->claim->holder.run_id == skip.holder_run_id)
      return stands->claim->claim_id;
    const auto launched = launched_.find({skip.scope, skip.generation});
    return launched == launched_.end() ? std::string_view() : launched->second;
  }

  const Ends& ends_;
  Instant now_;
  std::map<std::string_view, const ScopeState*> standing_;
  std::map<std::pair<std::string_view, std::uint64_t>, std::string_view> launched_;
};

/// The last skip of each run about each door.
std::vector<const AuditEntry*> last_skips(std::span<const ReadEntry> entries) {
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> places;
  std::vector<const AuditEntry*> skips;
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (!is_for_anothers_sake(entry)) continue;
    const std::string_view who = entry.run_id.empty() ? entry.id : entry.run_id;
    const auto [place, is_new] = places.try_emplace({entry.scope, who}, skips.size());
    if (!is_new) skips[place->second] = nullptr;
    place->second = skips.size();
    skips.push_back(&entry);
  }
  std::erase(skips, nullptr);
  return skips;
}

Instant last_of(const LostWork& lost) {
  const Instant begun = lost.claim == nullptr ? Instant::min() : lost.claim->claimed_at;
  return lost.skipped.empty() ? begun : std::max(begun, lost.skipped.back().skip->timestamp);
}

/// Of the lines of one promise the first: its day is that of the line which takes it up.
std::map<std::string, const AuditEntry*> first_skips(std::span<const ReadEntry> entries) {
  std::map<std::string, const AuditEntry*> first;
  for (const ReadEntry& read : entries)
    if (is_for_anothers_sake(read.entry)) first.try_emplace(remade_id(read.entry), &read.entry);
  return first;
}

bool is_number(std::string_view run_id) {
  return !run_id.empty() && run_id.size() <= 20 &&
         run_id.find_first_not_of("0123456789") == std::string_view::npos;
}

/// False where the scope says that it is of another repository.
bool is_of(const AuditEntry& skip, std::string_view repository) {
  const std::string_view mark = ",@in=";
  const std::size_t at = skip.scope.find(mark);
  if (repository.empty() || at == std::string::npos) return true;
  const std::string_view in = std::string_view(skip.scope).substr(at + mark.size());
  return in.substr(0, in.find(',')) == encode_ref_component(repository);
}

AuditEntry remade_line(const BrokenPromise& broken) {
  AuditEntry line = *broken.skip;
  line.kind = EntryKind::remade;
  line.id = remade_id(line);
  // No session's line: who counts what was prevented passes over it.
  line.executed = true;
  line.job_status = "remade";
  line.reason_code.clear();
  line.reason = "Launched again, since the session that it was skipped for did not do the work: " +
                std::string(words_of(broken.why));
  line.until.reset();
  return line;
}

}  // namespace

std::string_view name_of(LostBecause why) { return name_in(names, why); }
std::string_view words_of(LostBecause why) { return name_in(words, why); }

std::vector<LostWork> find_lost_work(std::span<const ScopeState> scopes,
                                     std::span<const ReadEntry> entries, Instant now) {
  const Ends ends(entries);
  const Doers doers(scopes, entries, ends, now);
  const Holders holders(scopes, entries, ends, now);
  std::map<std::string_view, const AuditEntry*> remade;
  for (const ReadEntry& read : entries)
    if (read.entry.kind == EntryKind::remade) remade[read.entry.id] = &read.entry;

  std::map<std::string_view, std::vector<BrokenPromise>> broken;
  for (const AuditEntry* skip : last_skips(entries)) {
    const auto why = holders.why(*skip);
    if (!why || doers.answered_by_itself(*skip) ||
        doers.do_it({skip->scope, skip->covers, skip->event_type, skip->timestamp}))
      continue;
    const auto taken = remade.find(remade_id(*skip));
    broken[skip->scope].push_back({skip, *why, taken == remade.end() ? nullptr : taken->second});
  }

  std::vector<LostWork> lost;
  for (const ScopeState& scope : scopes) {
    const Claim& claim = *scope.claim;
    const auto why = why_over(scope, now);
    if (!why ||
        doers.do_it({scope.ref, covers_in_line(claim.covers), claim.event, claim.claimed_at}))
      continue;
    const auto skipped = broken.find(scope.ref);
    lost.push_back({scope.ref, &claim, *why, {}});
    if (skipped == broken.end()) continue;
    lost.back().skipped = std::move(skipped->second);
    broken.erase(skipped);
  }
  for (auto& [ref, skipped] : broken) {
    const LostBecause why = skipped.back().why;
    const ScopeState* stands = holders.at(ref);
    lost.push_back({std::string(ref),
                    why == LostBecause::given_up && stands != nullptr ? stands->claim : nullptr,
                    why, std::move(skipped)});
  }
  std::stable_sort(lost.begin(), lost.end(), [](const LostWork& a, const LostWork& b) {
    return std::pair(!a.skipped.empty(), last_of(a)) > std::pair(!b.skipped.empty(), last_of(b));
  });
  return lost;
}

std::vector<const AuditEntry*> skips_for(std::span<const ReadEntry> entries,
                                         std::string_view claim_id) {
  std::vector<const AuditEntry*> skips = last_skips(entries);
  std::erase_if(skips, [&](const AuditEntry* skip) { return skip->holder_claim_id != claim_id; });
  return skips;
}

std::string remade_id(const AuditEntry& skip) {
  std::string what = skip.scope;
  for (const Cover& pull : skip.covers)
    what += "\n" + pull.number + " " + pull.base;
  return entry_id(skip.holder_claim_id.empty() ? skip.holder_run_id : skip.holder_claim_id,
                  skip.generation, EntryKind::remade, what);
}

std::vector<Remaking> find_remakings(std::span<const LostWork> lost,
                                     std::span<const ReadEntry> entries,
                                     std::string_view repository, std::size_t most) {
  const auto first = first_skips(entries);
  std::vector<Remaking> remakings;
  for (const LostWork& work : lost) {
    // The last promise about each set of pull requests: what an earlier one was taken up with has
    // become this one's holder.
    std::map<std::vector<Cover>, const BrokenPromise*> last;
    for (const BrokenPromise& broken : work.skipped)
      if (is_number(broken.skip->run_id) && is_of(*broken.skip, repository))
        last[broken.skip->covers] = &broken;
    // What stands for all is done with any of them.
    if (last.size() > 1) last.erase(std::vector<Cover>{});
    for (const auto& [covers, broken] : last) {
      if (broken->remade != nullptr || remakings.size() == most) continue;
      const std::string id = remade_id(*broken->skip);
      const auto chosen =
          std::find_if(work.skipped.begin(), work.skipped.end(), [&](const BrokenPromise& each) {
            return is_number(each.skip->run_id) && remade_id(*each.skip) == id;
          });
      Remaking remaking{chosen->skip, remade_line(*chosen)};
      remaking.line.timestamp = first.find(id)->second->timestamp;
      remakings.push_back(std::move(remaking));
    }
  }
  return remakings;
}

}  // namespace refgate
