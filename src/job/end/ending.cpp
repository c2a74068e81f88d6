// One end of one session: by compare-and-swap on the claim that the remote holds, whatever the
// job's files say.

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>

#include "core/claim/transition.h"
#include "core/governing/limited.h"
#include "core/policy/budget.h"
#include "job/end/ending.h"
#include "job/end/without_claim.h"
#include "job/note/health_file.h"
#include "job/note/renewal.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/queues.h"
#include "state/spending.h"

namespace refgate {
namespace {

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
      if (const auto closed = fence_off(self())) {
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
    const bool was_launched = is_launched(note_.claim) && meaning.executed;
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
          if (!gives_back_ && !is_launched(claim))
            return abandon_claim(claim, "its gate was ended while it waited", now());
          launched = started(claim);
          if (gives_back_)
            return abandon_claim(claim, "its gate could not tell its verdict", now());
          // What an earlier attempt had launched may have been executed, though this one left it
          // out.
          if (!meaning.executed && number_of(self_.run_attempt) <= claim.holder.run_attempt)
            return give_back_claim(claim, "nothing was executed", now());
          return with_cost(end_or_limit_claim(launched, meaning.outcome, status, work.until, now()),
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
      record_without_claim(self(), ended, {status, work.until});
    keep([&] { bring_up_to_date(ended, launched); });
    return ended;
  }

 private:
  /// Whether a session was begun with the claim: who waits has begun nothing, but where its gate
  /// was told to run all the same (`--on-error run`).
  bool is_launched(const Claim& claim) const {
    return !gives_back_ && (claim.state != ClaimState::waiting || note_.unclaimed);
  }

  EndOfNote self() const { return {call_, settings_, store_, note_, self_}; }

  Claim started(const Claim& claim) const {
    const bool late = !gives_back_ && claim.state == ClaimState::waiting;
    return late ? started_late(self(), claim) : claim;
  }

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
    if (is_behind(settling.seen, at.known)) return false;
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
      if (is_behind(departure.seen, at.known)) return false;
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

  /// Where reading lags behind what is written, or is not shown the claim, what our own last swap
  /// left is known better: the push that expects it is the test.
  static bool is_behind(const SeenClaim& seen, const SeenClaim& proven) {
    if (!proven.version) return false;
    if (!seen.claim) return true;
    return seen.version != proven.version && seen.claim->state != ClaimState::ended &&
           (seen.claim->generation < proven.claim->generation ||
            (seen.claim->claim_id == proven.claim->claim_id &&
             seen.claim->renewed_at < proven.claim->renewed_at));
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
