#include <algorithm>
#include <exception>
#include <optional>
#include <ostream>

#include "call/commands.h"
#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/words/brief.h"
#include "job/end/asked_end.h"
#include "job/end/borne_out.h"
#include "job/end/broken_promises.h"
#include "job/end/ending.h"
#include "job/end/judgement.h"
#include "job/end/observing.h"
#include "job/end/session_cost.h"
#include "job/note/health_file.h"
#include "job/note/observation.h"
#include "job/note/told_skip.h"
#include "job/subject/misfit.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/claiming.h"

namespace refgate {
namespace {

/// Only what was not said at all is the success that a shell line means by `refgate finish`; what
/// was said and is empty (a step or job that is not there) is none.
std::string status_of(const Invocation& call) {
  if (call.flag("status")) return call.option("status");
  // A loose word is wrong usage, and can mean nothing else.
  if (!call.arguments.empty()) return call.arguments.front();
  // What a misspelt option was to say may be just that.
  if (!call.left_out.empty()) return {};
  const auto& variables = call.environment.variables();
  const auto said = variables.find("REFGATE_STATUS");
  return said == variables.end() ? "success" : said->second;
}

std::string unknown_status(const Invocation& call, const std::string& status, bool has_ended) {
  const std::string fault =
      !status.empty()         ? "the status is \"" + status + "\", which GitHub does not know"
      : call.left_out.empty() ? "the status is empty"
                              : call.left_out.front() + "; what came of it is not known";
  return fault +
         (has_ended ? "; what was live is ended as cancelled, so that the next event does the work"
                    : "; this step found nothing to end") +
         ". Pass what came of it: steps.<id>.outcome, needs.<job>.result or job.status";
}

/// What it cannot take is told, and the session is ended all the same: else it would hold others
/// back for as long as its lease.
std::string left_out(std::string fault) {
  static constexpr std::string_view refusal = "; nothing was asked";
  if (fault.ends_with(refusal)) fault.resize(fault.size() - refusal.size());
  return fault + "; it is left out";
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
std::string why_no_claim(const JobState& state, const std::vector<ToldSkip>& skips) {
  if (!state.belongs_to_job()) return "it was told to skip, or no gate has given it a verdict";
  if (skips.empty()) return "no gate has given it a verdict";
  const std::string reason = brief(skips.front().reason);
  // Told to skip for want of an answer, with no verdict behind it.
  if (reason.empty()) return "its gate came to no verdict, and nothing was launched";
  return "its gate said skip: " + escape_for(Place::line, reason);
}

/// What this job holds, by where the step asks.
struct Held {
  std::vector<ClaimNote> here;
  std::vector<ClaimNote> elsewhere;  ///< live, at another remote or in another namespace
};

Held held_by_job(const Invocation& call, const Settings& settings, const JobState& state,
                 const Store& store) {
  const std::string remote = store.describe();
  Held held{notes_of_job(settings, state, call.environment, remote), {}};
  for (ClaimNote& note : notes_of_elsewhere(settings, state, call.environment, remote))
    if (!note.is_over()) held.elsewhere.push_back(std::move(note));
  return held;
}

std::string describe_elsewhere(const Settings& settings, const Store& store,
                               const ClaimNote& note) {
  const bool other_remote = note.name_space == settings.name_space;
  return "the job's note of the session " + note.claim.session_key + " names " +
         (other_remote ? "the remote " + note.remote : "the namespace " + note.name_space) +
         ", and this step asks " +
         (other_remote ? store.describe() : "in the namespace " + settings.name_space);
}

[[noreturn]] void refuse_elsewhere(const std::string& what) {
  throw Misfit(what + ", and the claim is left to its lease",
               "give finish the same remote and namespace as the gate, as inputs or options");
}

/// Named before anything is sent: where the gate asked is not where this step asks. A session that
/// is here, too, is ended.
void tell_elsewhere(const Invocation& call, const Settings& settings, const Store& store,
                    const std::vector<ClaimNote>& elsewhere, bool is_here) {
  for (const ClaimNote& note : elsewhere) {
    const std::string text = describe_elsewhere(settings, store, note);
    if (!is_here) refuse_elsewhere(text + "; nothing was sent");
    call.err << "refgate: " << escape_for(Place::line, text) << "; it is left alone\n";
  }
}

/// Of the claim that the step names by its id, which is looked for here, whatever a note says of
/// its place; empty when there is none.
std::string find_named(const Invocation& call, const Settings& settings, Store& store,
                       const std::vector<ClaimNote>& elsewhere) {
  if (elsewhere.empty()) return find_claim(call, settings, store);
  const std::string text = describe_elsewhere(settings, store, elsewhere.front());
  std::string ref;
  try {
    ref = find_claim(call, settings, store);
  } catch (const StoreError& error) {
    refuse_elsewhere(text + " (" + error.what() + "); nothing was changed");
  }
  if (ref.empty()) refuse_elsewhere(text + ", where no claim has that id; nothing was changed");
  return ref;
}

/// The work that the step names and that its job was told to skip: its end is then of that alone,
/// and not of what the job does besides. Empty where it is of the whole job.
std::string skipped_work(const Invocation& call, const Settings& settings, const Hints& hints) {
  if (!hints.names_its_work || hints.told.empty() || !settings.claim_id.empty()) return {};
  const std::string ref = own_ref(call, settings);
  const bool told = std::find(hints.told.begin(), hints.told.end(), ref) != hints.told.end();
  return told ? ref : std::string();
}

/// Takes out the notes of the job's other work; true where one of them is live.
bool leave_other_work(const Invocation& call, const std::string& work,
                      std::vector<ClaimNote>& notes) {
  if (work.empty()) return false;
  bool is_live = false;
  std::erase_if(notes, [&](const ClaimNote& note) {
    if (is_door_of(work, note.ref)) return false;
    is_live = is_live || !note.is_over();
    if (!note.is_over())
      call.err << "refgate: " << escape_for(Place::line, note.claim.session_key)
               << " is other work of this job than this step names, and is left alone\n";
    return true;
  });
  return is_live;
}

/// Without a token only the heartbeats could be asked, which end whatever the job holds.
bool holds_other_work_alone(const Settings& settings, const JobState& state, const Hints& hints,
                            const std::string& work) {
  if (!hints.is_in(settings.name_space) || !settings.claim_id.empty()) return false;
  std::vector<ClaimNote> notes = state.notes();
  std::erase_if(notes, [&](const ClaimNote& note) {
    return note.is_over() || note.runner_job != state.runner_job();
  });
  return !notes.empty() && std::all_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.name_space != settings.name_space || (!work.empty() && !is_door_of(work, note.ref));
  });
}

/// By a swap of this call, on the claim that stood there.
bool is_proven(const Ended& ended) {
  return ended.result == Ended::Result::ended && ended.version && !ended.unclaimed;
}

void tell_ended(const Invocation& call, const Settings& settings, Store& store,
                const ClaimNote& note, const Ended& ended) {
  const std::string& key =
      ended.claim.session_key.empty() ? note.claim.session_key : ended.claim.session_key;
  call.out << escape_for(Place::line, describe_end(ended, key)) << "\n";
  if (ended.left_out > 0) call.err << "refgate: " << describe_left_out(ended.left_out) << "\n";
  if (const std::string unwritten = describe_unpublished(ended); !unwritten.empty())
    call.err << "refgate: " << escape_for(Place::line, unwritten) << "\n";
  tell_end(call, ended, key, call.out);
  tell_broken_promises(call, describe_broken_promises(settings, store, note, ended), call.out);
}

/// The ref of a live claim that has the id of `--claim-id`; empty when there is none.
std::string live_by_id(const Invocation& call, const Settings& settings, Store& store) {
  const std::string ref = find_claim(call, settings, store);
  if (ref.empty()) return {};
  const SeenClaim seen = read_claim(store, ref);
  const bool lives = seen.claim && seen.claim->claim_id == settings.claim_id &&
                     seen.claim->state != ClaimState::ended;
  return lives ? ref : std::string();
}

/// Of the claim that `--claim-id` names and no note is of.
ClaimNote note_of_id(const Settings& settings, const JobState& state, const Store& store,
                     const std::string& ref) {
  ClaimNote note;
  note.ref = ref;
  note.name_space = settings.name_space;
  note.remote = store.describe();
  note.runner_job = state.runner_job();
  note.claim.claim_id = settings.claim_id;
  note.claim.session_key = ref;
  return note;
}

/// What is over has to be borne out by the remote. A claim that the step itself names is asked for
/// there, whatever a note says.
std::vector<ClaimNote> take_over(std::vector<ClaimNote>& notes) {
  std::vector<ClaimNote> over;
  for (ClaimNote& note : notes)
    if (note.is_over()) over.push_back(note);
  std::erase_if(notes, [](const ClaimNote& note) { return note.is_over(); });
  return over;
}

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
void tell_left_live(const Invocation& call, const Settings& settings, const JobState& state,
                    const StoreError& error) {
  const Self self = self_of(call, settings);
  for (const ClaimNote& note : state.notes())
    if (!note.is_over() && note.runner_job == state.runner_job() && is_own(note.claim, self))
      call.err << "refgate: "
               << escape_for(Place::line, describe_left_live(note, self, error.may_be_done()))
               << "\n";
}

int finish(const Invocation& call, Settings settings, const WorkEnd& work,
           std::optional<bool> own_failure) {
  const std::string& status = work.status;
  const StatusMeaning meaning = meaning_of_status(status);
  const JobState state(settings, call.environment);
  tell_not_cancelled(call, state);
  if (may_have_cost(call, settings, state)) settings.spent = spent_of(call, settings);
  Judgement judgement(call, settings, state, own_failure);
  bool has_ended = false;
  const auto done = [&](int status_of_end) {
    if (!meaning.known) throw UsageError(unknown_status(call, status, has_ended));
    return status_of_end == exit_done ? judgement.tell(call) : status_of_end;
  };
  const std::vector<ToldSkip> skips = told_skips(state, caller_of(call, settings));
  Hints hints = hints_of(call, settings, state, skips);
  const std::string skipped = skipped_work(call, settings, hints);
  if (is_observing(call, settings, state)) {
    end_observations(call, settings, state, meaning.known ? status : "cancelled", call.out);
    has_ended = true;
    const auto all = state.notes();
    const bool claims = std::any_of(all.begin(), all.end(), [](const ClaimNote& note) {
      return note.claim.state != ClaimState::ended;
    });
    if (!claims && settings.claim_id.empty()) {
      hints.may_stay_unproven = true;
      if (may_ask(call, settings))
        look_at_remote(call, settings, state, *store_of(call, settings), hints);
      else
        look_without_token(call, settings, state, hints);
      return done(exit_done);
    }
  }
  if (!may_ask(call, settings) && holds_other_work_alone(settings, state, hints, skipped)) {
    look_without_token(call, settings, state, hints);
    call.out << "Nothing was changed: this job holds no claim of what this step names ("
             << why_no_claim(state, skips) << ")\n";
    return done(exit_done);
  }
  const auto look = [&] { return look_without_token(call, settings, state, hints); };
  if (const auto ended = finish_without_token(call, settings, state, work, look)) {
    has_ended = ended->asked && ended->exit == exit_done;
    return done(ended->exit);
  }
  const auto store = store_of(call, settings);
  Held held = held_by_job(call, settings, state, *store);
  std::vector<ClaimNote>& notes = held.here;
  const std::vector<ClaimNote>& elsewhere = held.elsewhere;
  const bool leaves_work = leave_other_work(call, skipped, notes) || !elsewhere.empty();
  const std::vector<ClaimNote> over = take_over(notes);
  if (settings.claim_id.empty())
    tell_elsewhere(call, settings, *store, elsewhere,
                   !notes.empty() || !over.empty() || hints.is_in(settings.name_space));
  if (notes.empty() && over.empty() && settings.claim_id.empty()) {
    hints.may_stay_unproven = !hints.refs.empty();
    // The heartbeats would end what is left alone.
    const auto ended = leaves_work ? std::optional<int>()
                                   : finish_without_note(call, settings, state, *store, work);
    has_ended = has_ended || ended == exit_done;
    if (ended.value_or(exit_done) != exit_done) return done(*ended);
    hints.tells_of_others = hints.refs.empty() && !ended;
    look_at_remote(call, settings, state, *store, hints);
    if (!ended) {
      state.require_own_folder("what it says of this job's claims is not read; nothing was ended");
      call.out << "Nothing was changed: this job holds no claim (" << why_no_claim(state, skips)
               << ")\n";
    }
    return done(exit_done);
  }
  if (notes.empty() && !settings.claim_id.empty()) {
    const std::string ref = find_named(call, settings, *store, elsewhere);
    if (ref.empty()) call.out << "Nothing was changed: no claim has that id\n";
    if (!ref.empty()) notes.push_back(note_of_id(settings, state, *store, ref));
  }
  std::exception_ptr failed;
  bool proven = !notes.empty() && over.empty();
  const auto end = [&](const ClaimNote& note) {
    Ended ended = end_session(call, settings, *store, note, work);
    // What the step names is ended where it stands, wherever a note says that it does.
    if (!settings.claim_id.empty() && !is_proven(ended) && ended.result != Ended::Result::already)
      if (const std::string ref = live_by_id(call, settings, *store); !ref.empty())
        ended = end_session(call, settings, *store, note_of_id(settings, state, *store, ref), work);
    has_ended = has_ended || ended.result == Ended::Result::ended || ended.unclaimed;
    tell_ended(call, settings, *store, note, ended);
    if (!settings.claim_id.empty()) judgement.hear(ended);
    if (is_proven(ended)) return;
    proven = false;
    hints.refs.push_back(note.ref);
  };
  for (const ClaimNote& note : notes) {
    try {
      end(note);
    } catch (const StoreError& error) {
      // One claim that cannot be read must not keep the others alive.
      if (failed)
        report(call.err, error);
      else
        failed = std::current_exception();
    }
  }
  if (failed) std::rethrow_exception(failed);
  for (const ClaimNote& note : over)
    hints.refs.push_back(note.ref);
  if (!proven && settings.claim_id.empty()) look_at_remote(call, settings, state, *store, hints);
  for (const ClaimNote& note : over)
    if (settings.claim_id.empty())
      call.out << "Session had ended before: " << escape_for(Place::line, note.claim.session_key)
               << " (" << name_of(note.claim.outcome) << "); nothing was changed\n";
  return done(exit_done);
}

int finish_or_report(const Invocation& call, const Settings& settings, const WorkEnd& work,
                     std::optional<bool> own_failure) {
  try {
    return finish(call, settings, work, own_failure);
  } catch (const Misfit& error) {
    // Waived by what the step itself says, and not by what lies in the job's folder.
    const JobState state(settings, call.environment);
    tell_left_live(call, settings, state, error);
    if (!settings.policy.observe) throw;
    report(call.err, error);
    return exit_done;
  } catch (const StoreError& error) {
    const JobState state(settings, call.environment);
    tell_left_live(call, settings, state, error);
    if (settings.policy.on_error == Fallback::fail && !is_observing(call, settings, state)) throw;
    report(call.err, error);
    return exit_done;
  }
}

}  // namespace

int command_finish(const Invocation& call) {
  std::vector<std::string> faults;
  const Settings settings = settings_of(call, faults);
  const std::optional<bool> own_failure = own_failure_of(call, faults);
  faults.insert(faults.end(), call.left_out.begin(), call.left_out.end());
  if (!call.arguments.empty())
    faults.push_back("\"" + brief(call.arguments.front()) +
                     "\" is one word too many; finish takes options only (--status)");
  const WorkEnd work = work_end_of(call, status_of(call), faults);
  for (std::string& fault : faults) {
    fault = left_out(std::move(fault));
    call.err << "refgate: " << escape_for(Place::line, fault) << "\n";
  }
  const int status = finish_or_report(call, settings, work, own_failure);
  if (status != exit_done || faults.empty()) return status;
  call.err << annotation(call.environment, "error", "refgate: wrong usage", faults.front());
  return exit_usage;
}

}  // namespace refgate
