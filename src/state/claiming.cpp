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
#include <functional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "call/invocation.h"
#include "core/claim/outbox.h"
#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/text/shell_word.h"
#include "state/doors.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

Claim decoded(const std::string& ref, const Stored& stored) {
  const auto file = stored.files.find(std::string(claim_file));
  if (file == stored.files.end())
    throw StoreError(
        StoreFailure::unreadable, ref + " holds something that is no claim; it was left alone",
        "if nobody needs it, delete it: git push <remote> --delete " + shell_word(ref));
  auto claim = decode_claim(file->second);
  if (const auto* error = std::get_if<ClaimError>(&claim))
    throw StoreError(
        StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
        error->kind == ClaimErrorKind::newer_version
            ? ""
            : "if nobody needs it, delete it: git push <remote> --delete " + shell_word(ref));
  return std::get<Claim>(std::move(claim));
}

/// True when the decision is a skip for the sake of a claim that may be dead for all that its time
/// says, or takes over one that may be alive, since nobody renews a window.
bool depends_on_holder(const Decision& decision, const std::optional<Claim>& claim) {
  if (!claim || claim->state == ClaimState::ended) return false;
  if (decision.verdict == Verdict::skip)
    return is_promise(decision.code) || decision.code == ReasonCode::queued;
  return decision.code == ReasonCode::takeover && claim->window_only;
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
  // Half of the time that there is, so that the swap itself has as much.
  const auto clock = std::chrono::steady_clock::now();
  const auto left = std::chrono::duration_cast<Duration>(std::max(store.deadline(), clock) - clock);
  const Within bound(store, std::min(publishing_bound, left / 2));
  try {
    const auto outcomes = push_once(store, notes);
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].result != SwapResult::refused) taken.insert(lines[i].id);
  } catch (const StoreError&) {
    // Whatever it is, the swap of the claim will meet it too, or can do without the lines.
  }
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
  // Lines that this very swap makes true, which stand last, are never published before it.
  const std::vector<AuditEntry> older = kept_of(standing, next);
  if (older.empty() || !outbox_has_grown(next.outbox, older.size())) return next;
  const std::set<std::string> taken = published_by(store, older, name_space);
  std::erase_if(next.outbox, [&](const AuditEntry& line) { return taken.contains(line.id); });
  leave_out_oldest(next, next.outbox.size() + taken.size() - older.size());
  return next;
}

std::string describe_left_out(std::uint64_t lines) {
  return std::to_string(lines) +
         (lines == 1 ? " older line of this work is" : " older lines of this work are") +
         " in no record: the server takes no notes, and the claim can carry no more";
}

std::string describe_unpublished(const Ended& ended) {
  const std::size_t lines = ended.unpublished.size();
  if (lines == 0) return {};
  return std::to_string(lines) + (lines == 1 ? " line" : " lines") +
         " of this session could not be written to the record (" +
         ended.unpublished.front().message + "); its claim carries " +
         (lines == 1 ? "it" : "them") + " on, until refgate gc can write " +
         (lines == 1 ? "it" : "them");
}

std::vector<AuditEntry> not_sent_yet(Claim& next, std::span<const AuditEntry> lines) {
  std::vector<AuditEntry> going;
  for (const AuditEntry& line : lines)
    if (next.sent.insert(line.id).second) going.push_back(line);
  std::set<std::string> carried;
  for (const AuditEntry& line : next.outbox)
    if (next.sent.contains(line.id)) carried.insert(line.id);
  next.sent = std::move(carried);
  return going;
}

SeenClaim read_claim(Store& store, const std::string& ref) {
  return read_claim_in(store.read(std::span(&ref, 1)), ref);
}

SeenClaim read_claim_in(const std::map<std::string, Stored>& read, const std::string& ref) {
  const auto found = read.find(ref);
  if (found == read.end()) return {};
  return {decoded(ref, found->second), found->second.version};
}

namespace {

/// Asked again when the answer is about another claim, and at most once about each.
class RunLookup {
 public:
  RunEnded of(const Claim& claim, const Informants& informants) {
    if (asked_about_ != claim.claim_id) answered_ = informants.holder_run(claim);
    asked_about_ = claim.claim_id;
    return answered_;
  }

 private:
  std::string asked_about_;
  RunEnded answered_ = RunEnded::unknown;
};

/// All that matters is gathered before it is decided; the holder's run is asked about only when the
/// answer would change something.
Decision decide_by(Store& store, const Question& question, const Request& asking,
                   const SeenClaim& seen, RunLookup& holder_run) {
  const Informants& informants = question.informants;
  Surroundings around;
  if (informants.governed) around = informants.governed(store);
  Decision decision = decide(seen.claim, asking, question.policy, now(), around);
  if (!informants.holder_run || !depends_on_holder(decision, seen.claim)) return decision;
  around.holder_run = holder_run.of(*seen.claim, informants);
  return decide(seen.claim, asking, question.policy, now(), around);
}

/// Refused as existing and not shown: a server may keep refs from those who read.
constexpr int most_unseen = 3;

[[noreturn]] void throw_hidden(const Store& store, const std::string& ref) {
  throw StoreError(StoreFailure::unreadable,
                   store.describe() + " refuses to make " + ref +
                       " because it exists, and does not show it to readers; nothing was claimed",
                   "the server hides refs below this prefix: choose another --namespace");
}

}  // namespace

Acquired acquire(Store& store, const Question& question, SeenClaim known,
                 const Watch<Decision>& watch) {
  // Where the caller claims is known by the look: what it keeps beside the claim goes by it.
  Request& asking = question.request;
  RunLookup holder_run;
  Acquired acquired;
  int unseen = 0;
  const auto look = [&] {
    SeenClaim seen = look_at_doors(store, asking, Meeting::mark);
    unseen = seen.version ? 0 : unseen + 1;
    if (unseen == most_unseen) throw_hidden(store, asking.scope);
    // A push whose reply was lost twice over may have made the claim after all.
    if (seen.claim && seen.claim->claim_id == asking.nonce)
      asking.presented.push_back(asking.nonce);
    return seen;
  };
  bool looked = false;
  const auto propose = [&](SeenClaim seen) {
    Decision decision = decide_by(store, question, asking, seen, holder_run);
    // The state of the work decides first, and what else is spent or closed is no reason not to
    // look at it.
    const bool unseen_work = decision.code == ReasonCode::budget ||
                             decision.code == ReasonCode::breaker ||
                             decision.code == ReasonCode::superseded ||
                             (decision.code == ReasonCode::limited && !seen.claim);
    if (unseen_work && !seen.version && !std::exchange(looked, true)) {
      seen = read_claim(store, asking.scope);
      decision = decide_by(store, question, asking, seen, holder_run);
    }
    acquired.holder = seen.claim;
    acquired.left_out = 0;
    Proposal<Decision> proposal{std::move(decision), {}, {}};
    Decision& made = proposal.answer;
    if (made.verdict == Verdict::skip) return proposal;
    if (seen.claim && made.code != ReasonCode::own) {
      made.next = with_room(store, std::move(*made.next), seen.claim->outbox, question.name_space);
      acquired.left_out = made.next->left_out - seen.claim->left_out;
      for (const AuditEntry& line :
           not_sent_yet(*made.next, kept_of(seen.claim->outbox, *made.next)))
        proposal.along.push_back(note_change(line, question.name_space));
    }
    proposal.changes.push_back({asking.scope, seen.version, claim_snapshot(*made.next), true});
    return proposal;
  };
  // Most scopes are new: without better knowledge the first push expects nothing, and finds out by
  // itself when there is something.
  std::optional<SeenClaim> guess;
  if (known.claim || !asking.look_first) guess = std::move(known);
  auto settled =
      transact<SeenClaim>(store, "no verdict came within the deadline; nothing was claimed",
                          {look, std::move(guess)}, propose, watch);
  acquired.decision = std::move(settled.answer);
  if (!settled.pushed()) return acquired;
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, asking.scope, *refused, "nothing was changed");
  acquired.version = settled.outcomes.front().version;
  if (question.informants.claimed) question.informants.claimed(store, acquired);
  return acquired;
}

Acquired consult(Store& store, const Question& question, SeenClaim known) {
  RunLookup holder_run;
  if (!known.claim) known = look_at_doors(store, question.request, Meeting::leave);
  Decision decision = decide_by(store, question, question.request, known, holder_run);
  return {std::move(decision), std::nullopt, std::move(known.claim)};
}

Ended update_claim(Store& store, ClaimAt at, const std::function<Claim(const Claim&)>& change,
                   Publish publish, std::vector<Change>* along) {
  std::vector<AuditEntry> lines;
  bool looked = at.looked;
  const auto look = [&] {
    looked = true;
    return read_claim(store, at.ref);
  };
  const auto propose = [&](const SeenClaim& seen) {
    Proposal<Ended> proposal;
    Ended& ended = proposal.answer;
    ended.seen = seen.claim;
    if (!seen.claim || seen.claim->claim_id != at.claim_id) return proposal;
    if (at.is_own && !at.is_own(*seen.claim)) {
      ended.result = Ended::Result::foreign;
      return proposal;
    }
    // Who says what stands there may mean a claim that has ended, to free its scope.
    if (looked && seen.claim->state == ClaimState::ended) {
      ended.result = Ended::Result::already;
      ended.claim = *seen.claim;
      return proposal;
    }
    Claim next = with_room(store, change(*seen.claim), seen.claim->outbox, at.name_space);
    lines = not_sent_yet(
        next, publish == Publish::everything ? next.outbox : kept_of(seen.claim->outbox, next));
    ended.result = Ended::Result::ended;
    ended.seen = ended.claim = next;
    ended.left_out = next.left_out - std::min(next.left_out, seen.claim->left_out);
    proposal.changes.push_back({at.ref, seen.version, claim_snapshot(next), true});
    for (const AuditEntry& line : lines)
      proposal.along.push_back(note_change(line, at.name_space));
    if (along != nullptr) proposal.along.insert(proposal.along.end(), along->begin(), along->end());
    return proposal;
  };
  std::optional<SeenClaim> guess;
  if (at.looked || (at.known.claim && at.known.version)) guess = std::move(at.known);
  auto settled = transact<SeenClaim>(
      store, "the claim could not be swapped within the deadline; it stands as it was",
      {look, std::move(guess)}, propose);
  if (!settled.pushed()) return std::move(settled.answer);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, at.ref, *refused, "nothing was changed");
  Ended ended = std::move(settled.answer);
  ended.version = settled.outcomes.front().version;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (settled.along[i].result == SwapResult::refused)
      ended.unpublished.push_back(settled.along[i]);
    else
      ended.published.insert(lines[i].id);
  }
  for (std::size_t i = settled.along.size(); i > lines.size(); --i)
    if (settled.along[i - 1].result == SwapResult::swapped)
      along->erase(along->begin() + static_cast<std::ptrdiff_t>(i - 1 - lines.size()));
  return ended;
}

namespace {

/// What a sweep reads of however many claims there are. Nothing in a name tells how old its claim
/// is, so they are any that follow one another: others sweep elsewhere.
constexpr std::size_t most_swept_over = 64;

std::vector<std::string> some_of(const std::map<std::string, Version>& names) {
  std::vector<std::string> all;
  for (const auto& [ref, version] : names)
    all.push_back(ref);
  if (all.size() <= most_swept_over) return all;
  const auto start = std::hash<std::string>()(fresh_nonce()) % all.size();
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(start), all.end());
  all.resize(most_swept_over);
  return all;
}

}  // namespace

int sweep(Store& store, const std::string& name_space, std::size_t most, Duration budget) {
  const Within bound(store, budget);
  int gone = 0;
  try {
    const Instant at = now();
    std::vector<Change> notes;
    std::vector<Change> deletions;
    const auto names = store.list(claims_prefix(name_space));
    if (names.empty()) return 0;
    for (const auto& [ref, stored] : store.read_listed(some_of(names))) {
      const auto file = stored.files.find(std::string(claim_file));
      if (file == stored.files.end()) continue;
      const auto claim = decode_claim(file->second);
      if (!std::holds_alternative<Claim>(claim) || !is_expired(std::get<Claim>(claim), at) ||
          has_doors(ref, names))
        continue;
      const Claim& expired = std::get<Claim>(claim);
      if (expired.left_out > 0) continue;
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
        for (const SwapOutcome& outcome : push_once(store, notes))
          published = published && outcome.result != SwapResult::refused;
      if (published)
        for (const SwapOutcome& outcome : push_once(store, deletions))
          gone += outcome.result == SwapResult::swapped ? 1 : 0;
    }
  } catch (const StoreError&) {
    // The next finish, or gc, will find the same refs.
  }
  return gone;
}

}  // namespace refgate
