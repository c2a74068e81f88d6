// Why no line of the record is published by the push that makes it true.
//
// A server applies the refs of one push one by one. Two rivals that both saw an empty ref both send
// their claim and, if it were in the same push, their `launch` note; the server refuses one claim
// and takes both notes, and the record would tell of a launch that never was. So a launch rides in
// the claim's outbox, which is one swap with the claim, and is published by the next push that
// follows it: the holder's `finish`, a takeover, or gc. `end` may go along with the swap that ends
// the claim, since it says what the holder did, which is true whoever holds the scope by then.

#include "state/claiming.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <vector>

#include "call/invocation.h"
#include "core/claim/outbox.h"
#include "core/event/scope.h"
#include "job/note/health_file.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// Rivals back off further each time they lose, up to a second.
Duration backoff(int round) { return std::min<Duration>(20ms * (1 << std::min(round, 6)), 1s); }

Claim decoded(const std::string& ref, const Stored& stored) {
  const auto file = stored.files.find(std::string(claim_file));
  if (file == stored.files.end())
    throw StoreError(StoreFailure::unreadable,
                     ref + " holds something that is no claim; it was left alone",
                     "if nobody needs it, delete it: git push <remote> --delete " + ref);
  auto claim = decode_claim(file->second);
  if (const auto* error = std::get_if<ClaimError>(&claim))
    throw StoreError(StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
                     error->kind == ClaimErrorKind::newer_version
                         ? ""
                         : "if nobody needs it, delete it: git push <remote> --delete " + ref);
  return std::get<Claim>(std::move(claim));
}

/// A claim that was never sent, or that the server answered with a refusal, is not the job's: its
/// note must not make `finish` look for it.
std::vector<SwapOutcome> swap_or_forget(Store& store, const std::vector<Change>& changes,
                                        const JobState& state, const std::string& nonce) {
  const auto pushes = store.traffic().pushes;
  try {
    return store.swap(changes);
  } catch (const StoreError& error) {
    if (store.traffic().pushes == pushes || error.failure() == StoreFailure::denied ||
        error.failure() == StoreFailure::read_only)
      state.remove(nonce);
    throw;
  }
}

/// True when the decision is a skip for the sake of a claim that may be dead for all that its time
/// says.
bool depends_on_holder(const Decision& decision, const std::optional<Claim>& claim) {
  return claim && claim->state != ClaimState::ended && decision.verdict == Verdict::skip &&
         (is_promise(decision.code) || decision.code == ReasonCode::queued);
}

/// The job's own news of its session begin with the claim.
void begin_health(const JobState& state, const Decision& decision, const std::string& ref,
                  BootTime sent) {
  const Claim& claim = *decision.next;
  if (claim.state != ClaimState::active) return;
  const HealthFile file(state, claim.claim_id);
  const auto renew = [&](Health& health) {
    health.lease = claim.limits.lease;
    health = renewed(std::move(health), sent, claim.renewed_at);
  };
  if (decision.code == ReasonCode::own && file.update(renew)) return;
  file.write(health_of(claim, ref, state.runner_job(), sent));
}

[[noreturn]] void refuse(const Store& store, const std::string& ref, const std::string& message) {
  throw StoreError(
      StoreFailure::denied,
      store.describe() + " refused to change " + ref + ": " + message + "; nothing was changed",
      "look for a push rule or a hook that forbids refs of this name, and try: refgate doctor");
}

}  // namespace

Snapshot claim_snapshot(const Claim& claim) {
  const Instant at = claim.ended_at.value_or(claim.renewed_at);
  return {{{std::string(claim_file), encode_claim(claim)}},
          "refgate: " + claim.session_key + " " + std::string(name_of(claim.state)),
          at};
}

Change note_change(const AuditEntry& line, const std::string& name_space) {
  return {entry_ref(line, name_space), std::nullopt,
          Snapshot{{{annotated_object(line.commit_sha), encode_entry(line) + "\n"}},
                   "refgate: " + std::string(name_of(line.kind)),
                   line.timestamp}};
}

namespace {

/// Of a push that is no more than a courtesy to the record.
constexpr Duration publishing_bound = 5s;

/// Which of the lines the server holds now. One push.
std::set<std::string> published_by(Store& store, std::span<const AuditEntry> lines,
                                   const std::string& name_space) {
  std::vector<Change> notes;
  for (const AuditEntry& line : lines)
    notes.push_back(note_change(line, name_space));
  std::set<std::string> taken;
  const auto overall = store.deadline();
  const auto clock = std::chrono::steady_clock::now();
  // Half of the time that there is, so that the swap itself has as much.
  store.set_deadline(
      std::min(clock + publishing_bound, clock + (std::max(overall, clock) - clock) / 2));
  try {
    const auto outcomes = store.swap(notes);
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].result != SwapResult::refused) taken.insert(lines[i].id);
  } catch (const StoreError&) {
    // Whatever it is, the swap of the claim will meet it too, or can do without the lines.
  }
  store.set_deadline(overall);
  return taken;
}

/// Of the lines that stood, those that the next claim carries on.
std::vector<AuditEntry> kept_of(const std::vector<AuditEntry>& standing, const Claim& next) {
  std::vector<AuditEntry> kept;
  for (const AuditEntry& line : standing)
    if (std::any_of(next.outbox.begin(), next.outbox.end(),
                    [&](const AuditEntry& carried) { return carried.id == line.id; }))
      kept.push_back(line);
  return kept;
}

}  // namespace

Claim with_room(Store& store, Claim next, const std::vector<AuditEntry>& standing,
                const std::string& name_space) {
  const unsigned level = outbox_level(next.outbox);
  if (level == 0 || (outbox_fits(next.outbox) && level <= outbox_level(standing))) return next;
  // Lines that this very swap makes true are never published before it.
  const std::vector<AuditEntry> older = kept_of(standing, next);
  if (older.empty()) return next;
  const std::set<std::string> taken = published_by(store, older, name_space);
  std::erase_if(next.outbox, [&](const AuditEntry& line) { return taken.contains(line.id); });
  leave_out_oldest(next, next.outbox.size() + taken.size() - older.size());
  return next;
}

std::string describe_left_out(std::size_t lines) {
  return std::to_string(lines) +
         (lines == 1 ? " older line of this work is" : " older lines of this work are") +
         " in no record: the server takes no notes, and the claim can carry no more";
}

SeenClaim read_claim(Store& store, const std::string& ref) {
  const auto read = store.read(std::span(&ref, 1));
  const auto found = read.find(ref);
  if (found == read.end()) return {};
  return {decoded(ref, found->second), found->second.version};
}

Acquired acquire(Store& store, const Request& request, const Policy& policy,
                 const std::string& name_space, const JobState& state, SeenClaim known,
                 const Informants& informants) {
  Request asking = request;
  SeenClaim seen = std::move(known);
  // Most scopes are new: without better knowledge the first push expects nothing, and finds out by
  // itself when there is something.
  ClaimNote blank;
  blank.ref = request.scope;
  blank.name_space = name_space;
  blank.remote = store.describe();
  blank.runner_job = state.runner_job();
  std::string asked_about;
  RunEnded answered = RunEnded::unknown;
  for (int round = 0;; ++round) {
    Surroundings around;
    if (informants.budgets) around.spent = informants.budgets(store);
    Decision decision = decide(seen.claim, asking, policy, now(), around);
    if (informants.holder_run && depends_on_holder(decision, seen.claim)) {
      if (asked_about != seen.claim->claim_id) answered = informants.holder_run(*seen.claim);
      asked_about = seen.claim->claim_id;
      around.holder_run = answered;
      decision = decide(seen.claim, asking, policy, now(), around);
    }
    if (decision.verdict == Verdict::skip) {
      state.remove(request.nonce);
      return {std::move(decision), std::nullopt, std::move(seen.claim)};
    }
    std::vector<AuditEntry> along;
    std::size_t left_out = 0;
    if (seen.claim && decision.code != ReasonCode::own) {
      decision.next = with_room(store, std::move(*decision.next), seen.claim->outbox, name_space);
      left_out = decision.next->left_out - seen.claim->left_out;
      along = kept_of(seen.claim->outbox, *decision.next);
    }
    ClaimNote note = blank;
    note.claim = *decision.next;
    // What is ours already can be ended by what is known of it; anything else may arrive after its
    // sender is dead.
    if (decision.code == ReasonCode::own) note.version = seen.version;
    note.unanswered = note.untold = decision.code != ReasonCode::own;
    note.expected = seen.version;
    state.save(note);

    std::vector<Change> changes{
        {request.scope, seen.version, claim_snapshot(*decision.next), true}};
    for (const AuditEntry& line : along)
      changes.push_back(note_change(line, name_space));
    const BootTime sent = boot_now();
    const SwapOutcome outcome = swap_or_forget(store, changes, state, request.nonce).front();
    if (outcome.result == SwapResult::swapped) {
      try {
        note.version = outcome.version;
        note.unanswered = false;
        state.save(note);
        begin_health(state, decision, request.scope, sent);
      } catch (const std::runtime_error&) {
        // The claim is won all the same: what was noted before the push is enough for `finish`, and
        // `health` says that it knows nothing.
      }
      return {std::move(decision), outcome.version, std::move(seen.claim), left_out};
    }
    if (outcome.result == SwapResult::refused) {
      state.remove(request.nonce);
      refuse(store, request.scope, outcome.message);
    }
    if (std::chrono::steady_clock::now() >= store.deadline())
      throw StoreError(
          StoreFailure::unreachable,
          store.describe() +
              " changed so fast that no verdict came within the deadline; nothing was claimed",
          "try again, or give more time with --deadline");
    if (round > 0) pause(store, backoff(round));
    seen = read_claim(store, request.scope);
    // A push whose reply was lost twice over may have made the claim after all.
    if (seen.claim && seen.claim->claim_id == request.nonce)
      asking.presented.push_back(request.nonce);
  }
}

Ended update_claim(Store& store, const std::string& ref, const std::string& claim_id,
                   const std::string& name_space, SeenClaim known,
                   const std::function<Claim(const Claim&)>& change, Publish publish,
                   std::vector<Change>* along) {
  for (int round = 0;; ++round) {
    if (!known.claim || !known.version) {
      known = read_claim(store, ref);
      if (!known.claim || known.claim->claim_id != claim_id)
        return {Ended::Result::not_ours, known.claim, {}};
      if (known.claim->state == ClaimState::ended)
        return {Ended::Result::already, known.claim, *known.claim};
    }
    const Claim next = with_room(store, change(*known.claim), known.claim->outbox, name_space);
    const std::size_t left_out = next.left_out - std::min(next.left_out, known.claim->left_out);
    std::vector<Change> changes{{ref, known.version, claim_snapshot(next), true}};
    for (const AuditEntry& line :
         publish == Publish::everything ? next.outbox : kept_of(known.claim->outbox, next))
      changes.push_back(note_change(line, name_space));
    const std::size_t own = changes.size();
    if (along != nullptr) changes.insert(changes.end(), along->begin(), along->end());
    auto outcomes = store.swap(changes);
    for (std::size_t i = outcomes.size(); i > own; --i)
      if (outcomes[i - 1].result == SwapResult::swapped)
        along->erase(along->begin() + static_cast<std::ptrdiff_t>(i - 1 - own));
    outcomes.resize(own);
    const SwapOutcome& outcome = outcomes.front();
    if (outcome.result == SwapResult::swapped) {
      const bool published =
          std::none_of(outcomes.begin(), outcomes.end(),
                       [](const SwapOutcome& each) { return each.result == SwapResult::refused; });
      return {Ended::Result::ended, next, next, outcome.version, published, false, left_out};
    }
    if (outcome.result == SwapResult::refused) refuse(store, ref, outcome.message);
    if (std::chrono::steady_clock::now() >= store.deadline())
      throw StoreError(StoreFailure::unreachable,
                       store.describe() +
                           " changed so fast that the claim could not be swapped within the "
                           "deadline; it stands as it was");
    if (round > 0) pause(store, backoff(round));
    known = {};
  }
}

int sweep(Store& store, const std::string& name_space, std::size_t most, Duration budget) {
  const auto overall = store.deadline();
  const auto end = std::min(overall, std::chrono::steady_clock::now() + budget);
  store.set_deadline(end);
  int gone = 0;
  try {
    const Instant at = now();
    std::vector<Change> notes;
    std::vector<Change> deletions;
    for (const auto& [ref, stored] : store.read_all(claims_prefix(name_space))) {
      const auto file = stored.files.find(std::string(claim_file));
      if (file == stored.files.end()) continue;
      const auto claim = decode_claim(file->second);
      if (!std::holds_alternative<Claim>(claim) || !is_expired(std::get<Claim>(claim), at))
        continue;
      const Claim& expired = std::get<Claim>(claim);
      for (const AuditEntry& line : expired.outbox)
        notes.push_back(note_change(line, name_space));
      if (expired.state != ClaimState::ended)
        notes.push_back(note_change(lost_line(expired, at), name_space));
      deletions.push_back({ref, stored.version, std::nullopt});
      if (deletions.size() == most) break;
    }
    if (!deletions.empty()) {
      // Lines first, and only what is safely there is forgotten: never in the push that makes it
      // safe.
      bool published = true;
      if (!notes.empty())
        for (const SwapOutcome& outcome : store.swap(notes))
          published = published && outcome.result != SwapResult::refused;
      if (published)
        for (const SwapOutcome& outcome : store.swap(deletions))
          gone += outcome.result == SwapResult::swapped ? 1 : 0;
    }
  } catch (const StoreError&) {
    // The next finish, or gc, will find the same refs.
  }
  store.set_deadline(overall);
  return gone;
}

}  // namespace refgate
