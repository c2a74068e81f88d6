// One end of one session: by compare-and-swap on the claim that the remote holds, whatever the
// job's files say.

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>

#include "core/claim/transition.h"
#include "core/decision/budget.h"
#include "core/event/scope.h"
#include "core/governing/limited.h"
#include "job/end/ending.h"
#include "job/end/misfit.h"
#include "job/note/health_file.h"
#include "job/note/renewal.h"
#include "job/subject/own_claims.h"
#include "job/subject/subject.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/queues.h"
#include "state/record.h"
#include "state/spending.h"
#include "state/transact.h"

namespace refgate {
namespace {

/// The step's own piece of work, as far as its options and the runner's variables tell.
std::optional<Subject> own_subject(const Invocation& call, const Settings& settings) {
  try {
    return subject_of(call, settings);
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

[[noreturn]] void throw_misfit(const std::string& what) {
  throw Misfit(what + "; nothing was changed, and the claim is left to its lease",
               "if the session is to be ended from here, name it: --claim-id (input claim-id)");
}

/// 0 for anything but a number.
unsigned number_of(const std::string& text) {
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// One end of one note.
class Ending {
 public:
  Ending(const Invocation& call, const Settings& settings, Store& store, const ClaimNote& note)
      : call_(call),
        settings_(settings),
        store_(store),
        note_(note),
        state_(settings, call.environment),
        self_(self_of(call, settings)) {
    // Whatever a note says, a claim is ended below the namespace of the step.
    if (const auto why = misnamed(note.ref, settings.name_space)) throw_misfit(*why);
  }

  Ended give_back() {
    gives_back_ = true;
    return end({std::string(name_of(ClaimOutcome::cancelled)), std::nullopt});
  }

  Ended end(const WorkEnd& work) {
    if (may_be_on_the_wire())
      if (const auto closed = fence_off()) {
        ClaimNote done = note_;
        done.claim = *closed;
        done.take(PhaseStep::given_back);
        keep([&] {
          state_.save(done);
          note_end(state_, closed->claim_id);
        });
        return {Ended::Result::ended, *closed, *closed, std::nullopt};
      }
    const StatusMeaning meaning = meaning_of_status(work.status);
    const std::string status = meaning.known && meaning.executed
                                   ? work.status
                                   : std::string(name_of(ClaimOutcome::cancelled));
    // The provider's limit holds for all who share its pool of slots.
    std::optional<Instant> closes;
    if (meaning.outcome == ClaimOutcome::limited && !gives_back_)
      closes = limit_claim(note_.claim, work.until.value_or(now() + usual_limit), now()).until;
    const bool was_launched =
        !gives_back_ && note_.claim.state != ClaimState::waiting && meaning.executed;
    // What our last acknowledged swap left is what the ref should hold: no need to read it.
    ClaimAt at{note_.ref, note_.claim.claim_id, settings_.name_space, proven(note_, self_),
               [&](const Claim& claim) { return is_own(claim, self_); }};
    std::vector<Change> place;
    const bool departs = look_for_places(at, closes, place);
    const LedgerEnd how{settings_.spent, meaning.outcome};
    const bool settled = was_launched && settle_along(at, how, place);
    Claim launched;
    Claim stood;
    Ended ended = update_claim(
        store_, at,
        [&](const Claim& claim) {
          stood = claim;
          if (claim.state == ClaimState::waiting)
            return abandon_claim(claim, "its gate was ended while it waited", now());
          launched = claim;
          if (gives_back_)
            return abandon_claim(claim, "its gate could not tell its verdict", now());
          // What an earlier attempt had launched may have been executed, though this one left it
          // out.
          if (!meaning.executed && number_of(self_.run_attempt) <= claim.holder.run_attempt)
            return give_back_claim(claim, "nothing was executed", now());
          return with_cost(end_or_limit_claim(claim, meaning.outcome, status, work.until, now()),
                           settings_.spent);
        },
        Publish::everything, &place);
    if (ended.result == Ended::Result::foreign)
      throw_misfit("the job's note names the claim of " + describe_holder(*ended.seen, now()) +
                   ", which is not this job's");
    const auto is_ledger = [&](const Change& change) {
      return change.ref.starts_with(budgets_prefix(settings_.name_space));
    };
    const bool left_open = std::erase_if(place, is_ledger) > 0;
    const bool was_freed =
        ended.result == Ended::Result::already && (ended.claim.outcome == ClaimOutcome::released ||
                                                   ended.claim.outcome == ClaimOutcome::lost);
    // Others came in between, or its lines were not known before it was read.
    if (ended.result == Ended::Result::ended && (!place.empty() || !departs))
      leave_lines(stood, stood.state == ClaimState::waiting ? std::nullopt : closes);
    else if (was_freed || (ended.result == Ended::Result::already && was_launched &&
                           !ended.claim.superseded_by.empty()))
      leave_lines(ended.claim, closes);
    ended.unclaimed = ended.result == Ended::Result::not_ours && is_unclaimed();
    if (was_launched) settle_rest(ended, how, settled && !left_open);
    if (was_launched && (ended.result == Ended::Result::not_ours || was_freed))
      record_without_claim(ended, {status, work.until});
    keep([&] { bring_up_to_date(ended, launched); });
    return ended;
  }

 private:
  /// By a push of its own; what could not be done is said.
  void leave_lines(const Claim& claim, std::optional<Instant> closes) const {
    if (claim.claim_id != note_.claim.claim_id) return;
    const std::string why = return_ticket(store_, settings_.name_space, claim, closes);
    if (!why.empty())
      call_.err << "refgate: the place in line was not given back (" << escape_for(Place::line, why)
                << "); those behind pass over it\n";
  }

  /// What it cost takes the place of its reserve in the ledgers that the claim names, and how it
  /// ended counts for the breaker, in the push that ends it: which those are the remote says, and
  /// the note only whether to look. True when they go along.
  bool settle_along(ClaimAt& at, const LedgerEnd& how, std::vector<Change>& along) const {
    const bool told_by_id = !note_.version && !settings_.claim_id.empty();
    if (!told_by_id && !note_.claim.reserve.is_said() && !note_.claim.breaker) return false;
    Settling settling = look_to_settle(store_, at, note_.claim.ledgers, how);
    const std::optional<Claim>& claim = settling.seen.claim;
    if (!claim || claim->claim_id != at.claim_id || claim->state == ClaimState::ended) return false;
    at.known = std::move(settling.seen);
    along.insert(along.end(), settling.changes.begin(), settling.changes.end());
    return settling.complete;
  }

  /// The launch that the ledgers may still count as its reserve: the claim's, or that of one which
  /// was taken over before its job could say what it cost.
  std::optional<Displaced> unsettled(const Ended& ended) const {
    const auto of_claim = [&](const Claim& claim) -> std::optional<Displaced> {
      if (claim.claim_id != note_.claim.claim_id || claim.outcome == ClaimOutcome::abandoned ||
          (!claim.reserve.is_said() && !claim.breaker))
        return std::nullopt;
      return Displaced{claim.claim_id,   claim.holder,     claim.ledgers,
                       claim.generation, claim.claimed_at, claim.breaker};
    };
    switch (ended.result) {
      case Ended::Result::ended:
        return of_claim(ended.claim);
      case Ended::Result::already:
        return ended.claim.outcome == ClaimOutcome::released ||
                       ended.claim.outcome == ClaimOutcome::lost ||
                       !ended.claim.superseded_by.empty()
                   ? of_claim(ended.claim)
                   : std::nullopt;
      case Ended::Result::not_ours:
      case Ended::Result::foreign:
        break;
    }
    if (!ended.seen || !ended.seen->displaced) return std::nullopt;
    Claim before;
    before.claim_id = ended.seen->displaced->claim_id;
    before.holder = ended.seen->displaced->holder;
    // Whom the step names by its id is its own, whichever job asks.
    const bool own = before.claim_id == note_.claim.claim_id &&
                     (before.claim_id == settings_.claim_id || is_own(before, self_));
    return own ? ended.seen->displaced : std::nullopt;
  }

  /// By pushes of their own, what did not go along.
  void settle_rest(const Ended& ended, LedgerEnd how, bool all_settled) const {
    if (all_settled && ended.result == Ended::Result::ended) return;
    const auto launched = unsettled(ended);
    std::string trouble;
    // What others ended says nothing of its workflow.
    if (ended.result != Ended::Result::ended) how.outcome = ClaimOutcome::cancelled;
    if (launched)
      trouble = settle_launch(store_, settings_.name_space, *launched, how);
    else if (ended.result == Ended::Result::not_ours && !ended.unclaimed &&
             note_.claim.reserve.is_said())
      trouble = "its claim, which names its ledgers, is gone";
    if (!trouble.empty())
      call_.err << "refgate: "
                << (note_.claim.reserve.is_said()
                        ? "its budgets go on counting what this session had reserved ("
                        : "its workflow's breaker was not told of its end (")
                << escape_for(Place::line, trouble) << ")\n";
  }

  /// Its places in lines go with it, in the same push. The note tells whether to look for them, and
  /// the remote which they are. True when they are known.
  bool look_for_places(ClaimAt& at, std::optional<Instant> closes,
                       std::vector<Change>& along) const {
    const bool told_by_id = !note_.version && !settings_.claim_id.empty();
    if (!told_by_id && !has_places(note_.claim)) return false;
    try {
      Departure departure =
          look_to_depart(store_, note_.ref, settings_.name_space, {note_.claim, at.is_own, closes});
      at.known = std::move(departure.seen);
      at.looked = true;
      along = std::move(departure.changes);
      if (!departure.trouble.empty())
        call_.err << "refgate: " << escape_for(Place::line, departure.trouble) << "\n";
      return true;
    } catch (const StoreError&) {
      // The lines pass over it; ending the session is what counts.
      return false;
    }
  }

  /// Whether a push of the gate may arrive after its end: it was told of no answer, and so were
  /// those who run.
  bool may_be_on_the_wire() const {
    return note_.phase == Phase::asked ||
           (gives_back_ && note_.phase == Phase::told && !note_.version);
  }

  /// Told to run without a claim (`--on-error run`): whether a push of its gate arrived all the
  /// same is what the remote says.
  bool is_unclaimed() const {
    return note_.unclaimed && note_.phase == Phase::told && settings_.claim_id.empty();
  }

  /// After the push was acknowledged the job's own files are a courtesy: the session has ended,
  /// whatever the disk says.
  template <typename Write>
  void keep(Write write) {
    try {
      write();
    } catch (const std::runtime_error& error) {
      call_.err << "refgate: " << escape_for(Place::line, error.what())
                << "; the remote has it all the same\n";
    }
  }

  /// Whether the step may put something where no claim of its own stands: only at its own scope,
  /// and at the refs beside it.
  bool is_own_scope(const std::optional<Subject>& subject) const {
    if (!self_.in_actions) return true;
    return subject && (note_.ref == subject->ref || note_.ref.starts_with(subject->ref + ",@"));
  }

  /// The claim that this job would have at the scope now, made of what the step itself knows.
  Claim claim_here(const std::optional<Subject>& subject, const Claim& claim,
                   const std::optional<Claim>& seen = std::nullopt) const {
    Request request;
    if (self_.in_actions) {
      request = subject->request;
    } else {
      request.holder = claim.holder;
      request.event = claim.event;
      request.workflow = claim.workflow;
      request.commit = claim.commit;
      request.session_key = claim.session_key;
    }
    request.nonce = claim.claim_id;
    request.scope = note_.ref;
    Policy policy = settings_.policy;
    policy.force = true;
    return *decide(seen, request, policy, std::min(claim.claimed_at, now())).next;
  }

  /// A gate that was killed may have a push on the wire. Its job runs nothing more, so the ref is
  /// given, by a swap on the very value that the push expects, a claim that ended before it began:
  /// whatever arrives later is stale. nullopt when the ref has moved on.
  std::optional<Claim> fence_off() {
    const SeenClaim seen = read_claim(store_, note_.ref);
    if (seen.version != note_.expected) return std::nullopt;
    const bool may_live = seen.claim && seen.claim->state != ClaimState::ended &&
                          !is_lost(*seen.claim, now()) && seen.claim->holder.run_id != self_.run_id;
    if (may_live) return std::nullopt;
    const auto subject = own_subject(call_, settings_);
    if (!is_own_scope(subject))
      throw_misfit("the job's note names " + note_.ref +
                   ", where nothing of this job stands, and which is not what this step asks for");
    // Nothing was launched: whoever comes next may start, a re-run too, and only what others did
    // before is told.
    Claim closed = end_claim(claim_here(subject, note_.claim, seen.claim), ClaimOutcome::released,
                             "cancelled", now());
    closed.note = "its gate was ended before it had an answer";
    std::erase_if(closed.outbox,
                  [&](const AuditEntry& line) { return line.claim_id == note_.claim.claim_id; });
    const std::vector<AuditEntry> lines = not_sent_yet(closed, closed.outbox);
    std::vector<Change> changes{{note_.ref, note_.expected, claim_snapshot(closed), true}};
    for (const AuditEntry& line : lines)
      changes.push_back(note_change(line, settings_.name_space));
    if (push_once(store_, changes).front().result != SwapResult::swapped) return std::nullopt;
    return closed;
  }

  /// A session that was launched, and whose claim is gone, is somebody else's, or was never known
  /// to be made: what it did is in the record all the same, and where it had no claim and the scope
  /// is free its end is remembered.
  void record_without_claim(Ended& ended, const WorkEnd& work) {
    const auto subject = own_subject(call_, settings_);
    const Claim launched = as_launched(ended.seen);
    const std::string launch_id =
        entry_id(launched.claim_id, launched.generation, EntryKind::launch);
    const bool carried = ended.seen && carries(*ended.seen, launch_id);
    ended.unclaimed = ended.unclaimed && !carried;
    if (self_.in_actions && !subject) return;
    // Who followed an acknowledged claim is proof of it; else all of them are asked.
    const bool followed = carried || (ended.seen && note_.version);
    if (!followed && is_known_elsewhere())
      throw_misfit("the job's note has the id of a claim that stands elsewhere");
    Claim claim = claim_here(subject, launched);
    claim.generation = launched.generation;
    AuditEntry launch = claim.outbox.back();
    launch.generation = claim.generation;
    launch.id = launch_id;
    launch.reason_code = name_of(note_.unclaimed ? ReasonCode::unreachable : ReasonCode::first);
    launch.reason = "Told at its end: its claim was gone, or never known to be made";
    claim.outbox = {launch};
    claim = with_cost(end_or_limit_claim(claim, meaning_of_status(work.status).outcome, work.status,
                                         work.until, now()),
                      settings_.spent);
    if (may_be_remembered(ended.seen, launched) && is_own_scope(subject))
      if (auto done = remember(claim)) {
        ended.result = Ended::Result::ended;
        ended.claim = *std::move(done);
        ended.recorded = true;
        return;
      }
    std::vector<Change> lines;
    for (const AuditEntry& line : claim.outbox)
      if (line.id != launch_id) lines.push_back(note_change(line, settings_.name_space));
    const auto outcomes = push_once(store_, lines);
    ended.recorded = std::none_of(outcomes.begin(), outcomes.end(), [](const SwapOutcome& each) {
      return each.result == SwapResult::refused;
    });
    if (!carried) record_launch(launch);
  }

  /// The session's own claim, as far as the note and what followed it know.
  Claim as_launched(const std::optional<Claim>& seen) const {
    Claim claim = note_.claim;
    if (!seen || !seen->displaced || seen->displaced->claim_id != claim.claim_id) return claim;
    claim.holder = seen->displaced->holder;
    claim.generation = seen->displaced->generation;
    claim.claimed_at = seen->displaced->claimed_at;
    return claim;
  }

  /// Only the end of who never had a claim, and where nobody came after it: what another session
  /// left there tells more.
  bool may_be_remembered(const std::optional<Claim>& seen, const Claim& launched) const {
    return note_.unclaimed && !(seen && seen->claimed_at > launched.claimed_at);
  }

  /// The end was what had to be told. Its launch may be missing where its claim was deleted; that
  /// takes two readings, for which a cancelled step may not have the time.
  void record_launch(const AuditEntry& launch) {
    try {
      const Claims claims = read_claims(store_, settings_.name_space);
      if (is_in_record(claims, launch.id)) return;
      push_once(store_, {note_change(launch, settings_.name_space)});
    } catch (const StoreError& error) {
      call_.err << "refgate: the record may lack this session's launch ("
                << escape_for(Place::line, error.what()) << ")\n";
    }
  }

  /// Whether what stands at the scope came of the session's claim, with its outbox. A claim that
  /// was made where that was deleted knows nothing of it, whatever its generation is.
  bool carries(const Claim& seen, const std::string& launch_id) const {
    const std::string& claim_id = note_.claim.claim_id;
    return seen.claim_id == claim_id || (seen.displaced && seen.displaced->claim_id == claim_id) ||
           std::any_of(seen.outbox.begin(), seen.outbox.end(),
                       [&](const AuditEntry& line) { return line.id == launch_id; });
  }

  bool is_in_record(const Claims& claims, const std::string& launch_id) const {
    constexpr Duration margin = std::chrono::hours(1);
    const Period since_its_claim{std::min(note_.claim.claimed_at, now()) - margin, now() + margin};
    const Record record = read_record(store_, settings_.name_space, claims, since_its_claim);
    return std::any_of(record.entries.begin(), record.entries.end(),
                       [&](const ReadEntry& read) { return read.entry.id == launch_id; });
  }

  bool is_known_elsewhere() const {
    const Claims claims = read_claims(store_, settings_.name_space);
    return std::any_of(claims.claims.begin(), claims.claims.end(), [&](const StoredClaim& stored) {
      return stored.ref != note_.ref && stored.claim.claim_id == note_.claim.claim_id;
    });
  }

  /// The end of a session that ran without a claim, at a scope that nobody holds, as it stands
  /// there then; nullopt when it does not.
  std::optional<Claim> remember(const Claim& done) {
    const auto look = [&] { return read_claim(store_, note_.ref); };
    const auto propose = [&](const SeenClaim& seen) {
      Proposal<std::optional<Claim>> proposal{std::nullopt, {}, {}};
      if (seen.claim &&
          (seen.claim->state != ClaimState::ended || seen.claim->outcome == ClaimOutcome::success))
        return proposal;
      Claim next = done;
      if (seen.claim) {
        next.generation = seen.claim->generation + 1;
        next.outbox.insert(next.outbox.begin(), seen.claim->outbox.begin(),
                           seen.claim->outbox.end());
        next.sent = seen.claim->sent;
        next = with_room(store_, std::move(next), seen.claim->outbox, settings_.name_space);
      }
      const std::vector<AuditEntry> lines = not_sent_yet(next, next.outbox);
      proposal.changes.push_back({note_.ref, seen.version, claim_snapshot(next), true});
      proposal.answer = std::move(next);
      for (const AuditEntry& line : lines)
        proposal.along.push_back(note_change(line, settings_.name_space));
      return proposal;
    };
    const auto settled = transact<SeenClaim>(
        store_, "the end could not be remembered within the deadline", {look}, propose);
    return settled.refused() == nullptr ? settled.answer : std::nullopt;
  }

  void bring_up_to_date(Ended& ended, const Claim& launched) {
    const std::string& claim_id = note_.claim.claim_id;
    if (ended.result == Ended::Result::not_ours) {
      state_.remove(claim_id);
      if (ended.unclaimed) return note_end(state_, claim_id);
      HealthFile(state_, claim_id).update([&](Health& health) {
        health =
            died(std::move(health), {now(), ended.seen ? DeathCause::taken_over : DeathCause::gone,
                                     describe_end(ended, health.session_key)});
      });
      return;
    }
    const bool never_started =
        ended.claim.claim_id != claim_id || ended.claim.outcome == ClaimOutcome::abandoned;
    ended.given_back = ended.result == Ended::Result::ended && never_started;
    if (ended.given_back) take_back_launch(store_, launched, settings_.name_space);
    note_end(state_, claim_id);
    if (never_started) {
      // What stands there now may be the claim of somebody before us.
      state_.remove(claim_id);
      return;
    }
    ClaimNote done = note_;
    done.claim = ended.claim;
    done.version.reset();
    done.take(PhaseStep::ended);
    state_.save(done);
  }

  const Invocation& call_;
  const Settings& settings_;
  Store& store_;
  const ClaimNote& note_;
  JobState state_;
  Self self_;
  bool gives_back_ = is_untold(note_.phase);  ///< nothing was launched
};

}  // namespace

Ended end_session(const Invocation& call, const Settings& settings, Store& store,
                  const ClaimNote& note, const WorkEnd& work) {
  return Ending(call, settings, store, note).end(work);
}

Ended give_back_session(const Invocation& call, const Settings& settings, Store& store,
                        const ClaimNote& note) {
  return Ending(call, settings, store, note).give_back();
}

namespace {

std::string outcome_text(const Claim& claim) {
  return std::string(name_of(claim.outcome)) +
         (claim.until ? " until " + format_rfc3339(*claim.until).substr(0, 19) + "Z" : "");
}

}  // namespace

std::string describe_end(const Ended& ended, const std::string& session_key) {
  switch (ended.result) {
    case Ended::Result::ended:
      if (ended.given_back)
        return "Nothing was launched: " + session_key +
               " is given back, and its scope is as it was";
      return "Session ended: " + session_key + " (" + outcome_text(ended.claim) + ")" +
             (ended.unclaimed ? "; launched without a claim, remembered" : "");
    case Ended::Result::already:
      return "Session had ended before: " + session_key + " (" + outcome_text(ended.claim) +
             "); nothing was changed";
    case Ended::Result::not_ours:
    case Ended::Result::foreign:
      break;
  }
  const std::string launched = ended.unclaimed ? " was launched without a claim, and" : "";
  if (ended.unclaimed && !ended.seen)
    return "Nothing was changed: " + session_key + " was launched without a claim" +
           (ended.recorded ? "; what this session did is in the record" : "");
  return "Nothing was changed: " + session_key + launched +
         (ended.seen ? " is held by " + describe_holder(*ended.seen, now())
                     : " has no claim any more") +
         (ended.recorded ? "; what this session did is in the record" : "");
}

}  // namespace refgate
