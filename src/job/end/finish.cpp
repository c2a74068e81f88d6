#include <algorithm>
#include <optional>
#include <ostream>

#include "call/commands.h"
#include "core/claim/transition.h"
#include "core/words/brief.h"
#include "job/end/asked_end.h"
#include "job/end/broken_promises.h"
#include "job/end/ending.h"
#include "job/end/observing.h"
#include "job/end/session_cost.h"
#include "job/note/health_file.h"
#include "job/note/told_skip.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/record.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_for_others_bound = 5s;

/// Only what was not said at all is the success that a shell line means by `refgate finish`; what
/// was said and is empty (a step or job that is not there) is none.
std::string status_of(const Invocation& call) {
  if (call.flag("status")) return call.option("status");
  const auto& variables = call.environment.variables();
  const auto said = variables.find("REFGATE_STATUS");
  return said == variables.end() ? "success" : said->second;
}

std::string unknown_status(const std::string& status) {
  return (status.empty() ? std::string("the status is empty")
                         : "the status is \"" + status + "\", which GitHub does not know") +
         "; what was live is ended as cancelled, so that the next event does the work. Pass what "
         "came of it: steps.<id>.outcome, needs.<job>.result or job.status";
}

/// A session whose gate ran in another job of this run is ended by its id alone. Best effort.
void warn_of_claims_elsewhere(const Invocation& call, const Settings& settings, Store& store) {
  const std::string run_id = self_of(call, settings).run_id;
  if (run_id.empty()) return;
  const Within bound(store, look_for_others_bound);
  try {
    const Claims claims = read_claims(store, settings.name_space);
    for (const StoredClaim& stored : claims.claims) {
      const Claim& claim = stored.claim;
      if (claim.state == ClaimState::ended || claim.holder.run_id != run_id) continue;
      const std::string text = "job " + claim.holder.job + " of this run holds the session " +
                               claim.session_key +
                               ", and this step does not end it: no gate ran in this job. Give the "
                               "gate's output claim_id as claim-id (--claim-id)";
      call.err << "refgate: " << escape_for(Place::line, text) << "\n";
      call.out << annotation(call.environment, "warning", "refgate: a session is left live", text);
    }
  } catch (const StoreError&) {
    // Nothing was asked to be ended.
  }
}

/// The gate's output of that name; nullopt when it was not handed on.
std::optional<bool> own_failure_of(const Invocation& call) {
  const std::string said = call.option("own-failure", call.environment.get("REFGATE_OWN_FAILURE"));
  if (said.empty()) return std::nullopt;
  if (said != "true" && said != "false")
    throw UsageError("--own-failure is \"" + said +
                     "\", but must be true or false, as the gate's output own_failure is");
  return said == "true";
}

/// False where nothing was executed: then no agent has written a result, and none is missed.
bool may_have_cost(const Invocation& call, const Settings& settings, const JobState& state) {
  if (!meaning_of_status(status_of(call)).executed) return false;
  const auto notes = state.notes();
  const bool lives = std::any_of(notes.begin(), notes.end(),
                                 [](const ClaimNote& note) { return !note.is_over(); });
  const Holder caller = caller_of(call, settings);
  return lives || !settings.claim_id.empty() || !observations(state, caller).empty() ||
         told_skips(state, caller).empty();
}

/// A gate that was refused, for wrong words or by the store, has told nobody to skip.
std::string why_no_claim(const Invocation& call, const Settings& settings, const JobState& state) {
  if (!state.belongs_to_job()) return "it was told to skip, or no gate has given it a verdict";
  const auto skips = told_skips(state, caller_of(call, settings));
  if (skips.empty()) return "no gate has given it a verdict";
  const std::string reason = brief(skips.front().reason);
  // Told to skip for want of an answer, with no verdict behind it.
  if (reason.empty()) return "its gate came to no verdict, and nothing was launched";
  return "its gate said skip: " + escape_for(Place::line, reason);
}

/// Whether the job that calls may end well: a skip must not turn this run's own failure into
/// success.
class Judgement {
 public:
  Judgement(const Invocation& call, const Settings& settings, const JobState& state)
      : caller_(caller_of(call, settings)), handed_on_(own_failure_of(call)) {
    for (const ToldSkip& skip : told_skips(state, caller_))
      if (skip.own_failure) fail(skip.reason);
    if (handed_on_.value_or(false)) fail("its gate says so");
  }

  /// With the claim of another job: the gate's outputs may be those of an earlier attempt.
  void hear(const Ended& ended) {
    const Claim& claim = ended.claim;
    const bool earlier = ended.result == Ended::Result::already && is_own_failure(claim, caller_) &&
                         claim.holder.run_attempt < caller_.run_attempt;
    const bool judged_here = handed_on_ && ended.result == Ended::Result::ended &&
                             (ended.given_back || claim.outcome != ClaimOutcome::success);
    if (earlier)
      fail("attempt " + std::to_string(claim.holder.run_attempt) + " ended with " +
           std::string(name_of(claim.outcome)));
    else if (judged_here)
      fail(ended.given_back ? "nothing was executed"
                            : "it ended with " + std::string(name_of(claim.outcome)));
  }

  int tell(const Invocation& call) const {
    if (why_.empty()) return exit_done;
    const std::string text =
        "this run's own session did not end with success, so that this job does not either: " +
        why_;
    call.err << "refgate: " << escape_for(Place::line, text) << "\n"
             << annotation(call.environment, "error", "refgate: the work is not done", text);
    return exit_no;
  }

 private:
  void fail(const std::string& why) {
    if (why_.empty()) why_ = why;
  }

  Holder caller_;
  std::optional<bool> handed_on_;
  std::string why_;
};

/// Its heartbeats have told it to their record only.
void tell_not_cancelled(const Invocation& call, const JobState& state) {
  for (const ClaimNote& note : state.notes()) {
    const auto health = HealthFile(state, note.claim.claim_id).read();
    if (!health || health->not_cancelled.empty()) continue;
    const std::string text = "nobody wants this run's work any more (" +
                             (health->death ? health->death->text : std::string("it was ended")) +
                             "), and it could not be cancelled: " + health->not_cancelled;
    call.err << "refgate: " << escape_for(Place::line, text) << "\n";
    call.out << annotation(call.environment, "warning", "refgate: not cancelled", text);
  }
}

/// Nobody starts this work before that, and nothing else says so.
void tell_left_live(const Invocation& call, const Settings& settings, const JobState& state) {
  const Self self = self_of(call, settings);
  for (const ClaimNote& note : state.notes())
    if (!note.is_over() && note.runner_job == state.runner_job() && is_own(note.claim, self))
      call.err << "refgate: " << escape_for(Place::line, describe_left_live(note, self)) << "\n";
}

int finish(const Invocation& call, Settings settings) {
  const std::string status = status_of(call);
  const StatusMeaning meaning = meaning_of_status(status);
  const WorkEnd work = work_end_of(call, status);
  const JobState state(settings, call.environment);
  tell_not_cancelled(call, state);
  if (may_have_cost(call, settings, state)) settings.spent = spent_of(call, settings);
  Judgement judgement(call, settings, state);
  const auto done = [&](int status_of_end) {
    if (!meaning.known) throw UsageError(unknown_status(status));
    return status_of_end == exit_done ? judgement.tell(call) : status_of_end;
  };
  if (is_observing(call, settings, state)) {
    end_observations(call, settings, state, meaning.known ? status : "cancelled", call.out);
    const auto notes = state.notes();
    const bool claims = std::any_of(notes.begin(), notes.end(), [](const ClaimNote& note) {
      return note.claim.state != ClaimState::ended;
    });
    if (!claims && settings.claim_id.empty()) return done(exit_done);
  }
  if (const auto ended = finish_without_token(call, settings, state, work)) return done(*ended);
  const auto store = store_of(call, settings);
  std::vector<ClaimNote> notes = notes_of_job(settings, state, call.environment, store->describe());
  if (notes.empty() && settings.claim_id.empty()) {
    if (const auto ended = finish_without_note(call, settings, state, *store, work))
      return done(*ended);
    call.out << "Nothing was changed: this job holds no claim ("
             << why_no_claim(call, settings, state) << ")\n";
    if (call.environment.in_actions() && told_skips(state, caller_of(call, settings)).empty())
      warn_of_claims_elsewhere(call, settings, *store);
  }
  const std::string ref =
      notes.empty() && !settings.claim_id.empty() ? find_claim(call, settings, *store) : "";
  if (notes.empty() && !settings.claim_id.empty() && ref.empty())
    call.out << "Nothing was changed: no claim has that id\n";
  if (!ref.empty()) {
    ClaimNote note;
    note.ref = ref;
    note.name_space = settings.name_space;
    note.remote = store->describe();
    note.runner_job = state.runner_job();
    note.claim.claim_id = settings.claim_id;
    note.claim.session_key = ref;
    notes.push_back(std::move(note));
  }
  std::optional<StoreError> failed;
  for (const ClaimNote& note : notes) {
    if (note.is_over()) {
      call.out << "Session had ended before: " << escape_for(Place::line, note.claim.session_key)
               << " (" << name_of(note.claim.outcome) << "); nothing was changed\n";
      continue;
    }
    try {
      const Ended ended = end_session(call, settings, *store, note, work);
      const std::string& key =
          ended.claim.session_key.empty() ? note.claim.session_key : ended.claim.session_key;
      call.out << escape_for(Place::line, describe_end(ended, key)) << "\n";
      if (ended.left_out > 0) call.err << "refgate: " << describe_left_out(ended.left_out) << "\n";
      if (const std::string unwritten = describe_unpublished(ended); !unwritten.empty())
        call.err << "refgate: " << escape_for(Place::line, unwritten) << "\n";
      tell_end(call, ended, key, call.out);
      tell_broken_promises(call, describe_broken_promises(settings, *store, note, ended), call.out);
      if (!settings.claim_id.empty()) judgement.hear(ended);
    } catch (const StoreError& error) {
      // One claim that cannot be read must not keep the others alive.
      if (failed)
        report(call.err, error);
      else
        failed = error;
    }
  }
  if (failed) throw StoreError(*failed);
  if (!meaning.known) throw UsageError(unknown_status(status));
  return judgement.tell(call);
}

}  // namespace

int command_finish(const Invocation& call) {
  const Settings settings = settings_of(call);
  try {
    return finish(call, settings);
  } catch (const StoreError& error) {
    const JobState state(settings, call.environment);
    tell_left_live(call, settings, state);
    if (settings.policy.on_error == Fallback::fail && !is_observing(call, settings, state)) throw;
    report(call.err, error);
    return exit_done;
  }
}

}  // namespace refgate
