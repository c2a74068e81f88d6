#include "job/end/without_claim.h"

#include <algorithm>
#include <ostream>

#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/governing/limited.h"
#include "job/subject/misfit.h"
#include "job/subject/subject.h"
#include "runner/runner.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

constexpr const char* same_work_hint = "give finish the share, identity and dimensions of the gate";

class WithoutClaim {
 public:
  explicit WithoutClaim(const EndOfNote& end) : end_(end) {}

  Claim started(const Claim& waiting) const {
    Claim next = waiting;
    next.state = ClaimState::active;
    next.outbox.push_back(
        launch_told_late(claim_here(own_subject(end_.call, end_.settings), waiting), waiting));
    return next;
  }

  std::optional<Claim> fence_off() const {
    const SeenClaim seen = read_claim(end_.store, end_.note.ref);
    if (seen.version != end_.note.expected) return std::nullopt;
    const bool may_live = seen.claim && seen.claim->state != ClaimState::ended &&
                          !is_lost(*seen.claim, now()) &&
                          seen.claim->holder.run_id != end_.self.run_id;
    if (may_live) return std::nullopt;
    const auto subject = own_subject(end_.call, end_.settings);
    if (!is_own_scope(subject))
      throw Misfit("this job's gate had no answer about " + end_.note.ref +
                       ", where nothing of this job stands; this step asks for other work, and "
                       "changed nothing. What was sent may still arrive, and passes with its lease",
                   same_work_hint);
    // Nothing was launched: whoever comes next may start, a re-run too, and only what others did
    // before is told.
    Claim closed = end_claim(claim_here(subject, end_.note.claim, seen.claim),
                             ClaimOutcome::released, "cancelled", now());
    closed.note = "its gate was ended before it had an answer";
    std::erase_if(closed.outbox, [&](const AuditEntry& line) {
      return line.claim_id == end_.note.claim.claim_id;
    });
    const std::vector<AuditEntry> lines = not_sent_yet(closed, closed.outbox);
    std::vector<Change> changes{{end_.note.ref, end_.note.expected, claim_snapshot(closed), true}};
    for (const AuditEntry& line : lines)
      changes.push_back(note_change(line, end_.settings.name_space));
    if (push_once(end_.store, changes).front().result != SwapResult::swapped) return std::nullopt;
    return closed;
  }

  void record(Ended& ended, const WorkEnd& work) const {
    const auto subject = own_subject(end_.call, end_.settings);
    const Claim launched = as_launched(ended.seen);
    const std::string launch_id =
        entry_id(launched.claim_id, launched.generation, EntryKind::launch);
    const bool carried = ended.seen && carries(*ended.seen, launch_id);
    ended.unclaimed = ended.unclaimed && !carried;
    if (end_.self.in_actions && !subject) return;
    // Who followed an acknowledged claim is proof of it; else all of them are asked.
    const bool followed = carried || (ended.seen && end_.note.version);
    if (!followed && is_known_elsewhere())
      throw_misfit("the job's note has the id of a claim that stands elsewhere");
    Claim claim = claim_here(subject, launched);
    claim.generation = launched.generation;
    const AuditEntry launch = launch_told_late(claim, launched);
    claim.outbox = {launch};
    claim = with_cost(end_or_limit_claim(claim, meaning_of_status(work.status).outcome, work.status,
                                         work.until, now()),
                      end_.settings.spent);
    if (end_.note.unclaimed && is_own_scope(subject)) {
      if (auto done = remember(claim)) {
        ended.result = Ended::Result::ended;
        ended.claim = *std::move(done);
        ended.recorded = true;
        return;
      }
    } else if (end_.note.unclaimed) {
      end_.call.err << "refgate: the end is not remembered at " +
                           escape_for(Place::line, end_.note.ref) +
                           ", since this step asks for other work than its gate: "
                    << same_work_hint << "\n";
    }
    std::vector<Change> lines;
    for (const AuditEntry& line : claim.outbox)
      if (line.id != launch_id) lines.push_back(note_change(line, end_.settings.name_space));
    const auto outcomes = push_once(end_.store, lines);
    ended.recorded = std::none_of(outcomes.begin(), outcomes.end(), [](const SwapOutcome& each) {
      return each.result == SwapResult::refused;
    });
    if (!carried) record_launch(launch);
  }

 private:
  /// Whether the step may put something where no claim of its own stands: only at its own scope,
  /// and at the refs beside it.
  bool is_own_scope(const std::optional<Subject>& subject) const {
    if (!end_.self.in_actions) return true;
    return subject && is_door_of(subject->ref, end_.note.ref);
  }

  /// The claim that this job would have at the scope now, made of what the step itself knows.
  Claim claim_here(const std::optional<Subject>& subject, const Claim& claim,
                   const std::optional<Claim>& seen = std::nullopt) const {
    Request request;
    if (end_.self.in_actions && subject) {
      request = subject->request;
    } else {
      request.holder = claim.holder;
      request.event = claim.event;
      request.workflow = claim.workflow;
      request.commit = claim.commit;
      request.session_key = claim.session_key;
    }
    request.queue = request.hold = false;
    request.nonce = claim.claim_id;
    request.scope = end_.note.ref;
    Policy policy = end_.settings.policy;
    policy.force = true;
    return *decide(seen, request, policy, std::min(claim.claimed_at, now())).next;
  }

  /// The launch line of `here`, as one of `claim`.
  AuditEntry launch_told_late(const Claim& here, const Claim& claim) const {
    AuditEntry launch = here.outbox.back();
    launch.generation = claim.generation;
    launch.id = entry_id(claim.claim_id, claim.generation, EntryKind::launch);
    launch.reason_code = name_of(end_.note.unclaimed ? ReasonCode::unreachable : ReasonCode::first);
    launch.reason = "Told at its end: its claim was gone, or never known to be made";
    return launch;
  }

  /// The session's own claim, as far as the note and what followed it know.
  Claim as_launched(const std::optional<Claim>& seen) const {
    Claim claim = end_.note.claim;
    if (!seen || !seen->displaced || seen->displaced->claim_id != claim.claim_id) return claim;
    claim.holder = seen->displaced->holder;
    claim.generation = seen->displaced->generation;
    claim.claimed_at = seen->displaced->claimed_at;
    return claim;
  }

  /// The end was what had to be told. Its launch may be missing where its claim was deleted; that
  /// takes two readings, for which a cancelled step may not have the time.
  void record_launch(const AuditEntry& launch) const {
    try {
      const Claims claims = read_claims(end_.store, end_.settings.name_space);
      if (is_in_record(claims, launch.id)) return;
      push_once(end_.store, {note_change(launch, end_.settings.name_space)});
    } catch (const StoreError& error) {
      end_.call.err << "refgate: the record may lack this session's launch ("
                    << escape_for(Place::line, error.what()) << ")\n";
    }
  }

  /// Whether what stands at the scope came of the session's claim, with its outbox. A claim that
  /// was made where that was deleted knows nothing of it, whatever its generation is.
  bool carries(const Claim& seen, const std::string& launch_id) const {
    const std::string& claim_id = end_.note.claim.claim_id;
    return seen.claim_id == claim_id || (seen.displaced && seen.displaced->claim_id == claim_id) ||
           std::any_of(seen.outbox.begin(), seen.outbox.end(),
                       [&](const AuditEntry& line) { return line.id == launch_id; });
  }

  bool is_in_record(const Claims& claims, const std::string& launch_id) const {
    constexpr Duration margin = std::chrono::hours(1);
    const Period since_its_claim{std::min(end_.note.claim.claimed_at, now()) - margin,
                                 now() + margin};
    const Record record =
        read_record(end_.store, end_.settings.name_space, claims, since_its_claim);
    return std::any_of(record.entries.begin(), record.entries.end(),
                       [&](const ReadEntry& read) { return read.entry.id == launch_id; });
  }

  bool is_known_elsewhere() const {
    const Claims claims = read_claims(end_.store, end_.settings.name_space);
    return std::any_of(claims.claims.begin(), claims.claims.end(), [&](const StoredClaim& stored) {
      return stored.ref != end_.note.ref && stored.claim.claim_id == end_.note.claim.claim_id;
    });
  }

  /// The end of a session that ran without a claim, at a scope that nobody holds, as it stands
  /// there then; nullopt when it does not.
  std::optional<Claim> remember(const Claim& done) const {
    const auto look = [&] { return read_claim(end_.store, end_.note.ref); };
    const auto propose = [&](const SeenClaim& seen) {
      Proposal<std::optional<Claim>> proposal{std::nullopt, {}, {}};
      // What another session left there after it tells more.
      if (seen.claim &&
          (seen.claim->state != ClaimState::ended || seen.claim->outcome == ClaimOutcome::success ||
           seen.claim->claimed_at > done.claimed_at))
        return proposal;
      Claim next = done;
      if (seen.claim) {
        next.generation = seen.claim->generation + 1;
        next.outbox.insert(next.outbox.begin(), seen.claim->outbox.begin(),
                           seen.claim->outbox.end());
        next.sent = seen.claim->sent;
        next = with_room(end_.store, std::move(next), seen.claim->outbox, end_.settings.name_space);
      }
      const std::vector<AuditEntry> lines = not_sent_yet(next, next.outbox);
      proposal.changes.push_back({end_.note.ref, seen.version, claim_snapshot(next), true});
      proposal.answer = std::move(next);
      for (const AuditEntry& line : lines)
        proposal.along.push_back(note_change(line, end_.settings.name_space));
      return proposal;
    };
    const auto settled = transact<SeenClaim>(
        end_.store, "the end could not be remembered within the deadline", {look}, propose);
    return settled.refused() == nullptr ? settled.answer : std::nullopt;
  }

  const EndOfNote& end_;
};

}  // namespace

[[noreturn]] void throw_misfit(const std::string& what) {
  throw Misfit(what + "; nothing was changed, and the claim is left to its lease",
               "if the session is to be ended from here, name it: --claim-id (input claim-id)");
}

Claim started_late(const EndOfNote& end, const Claim& waiting) {
  return WithoutClaim(end).started(waiting);
}

std::optional<Claim> fence_off(const EndOfNote& end) { return WithoutClaim(end).fence_off(); }

void record_without_claim(const EndOfNote& end, Ended& ended, const WorkEnd& work) {
  WithoutClaim(end).record(ended, work);
}

}  // namespace refgate
