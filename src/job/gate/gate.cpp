#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ostream>
#include <utility>

#include "call/commands.h"
#include "core/claim/transition.h"
#include "core/decision/following.h"
#include "core/event/scope.h"
#include "job/end/ending.h"
#include "job/end/observing.h"
#include "job/gate/following.h"
#include "job/gate/gating.h"
#include "job/gate/informants.h"
#include "job/gate/pausing.h"
#include "job/gate/waiting.h"
#include "job/note/health_file.h"
#include "job/note/heartbeat_process.h"
#include "job/note/job_state.h"
#include "job/note/told_skip.h"
#include "job/subject/noted_claim.h"
#include "job/subject/subject.h"
#include "job/verdict/verdict.h"
#include "os/file/checked_output.h"
#include "os/last_words.h"
#include "runner/failure.h"
#include "runner/runner.h"
#include "state/claiming.h"
#include "state/doors.h"
#include "state/queues.h"
#include "state/server_clock.h"
#include "state/spending.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A skip's line is worth this much of the caller's time, and no failure.
constexpr Duration skip_line_bound = 3s;
/// Giving back what was won has what is left of the deadline, within these; the least of them where
/// the server has just not answered.
constexpr Duration give_back_bound = 5s;
constexpr Duration least_to_give_back = 1s;

void publish_skip(const Invocation& call, Store& store, const Settings& settings,
                  const AuditEntry& line) {
  if (settings.policy.audit_skips != AuditSkips::push) return;
  const Within bound(store, skip_line_bound);
  try {
    push_once(store, note_change(line, settings.name_space));
  } catch (const StoreError& error) {
    call.err << "refgate: this skip is not in the record: " << escape_for(Place::line, error.what())
             << "\n";
  }
}

Policy forced(Policy policy) {
  policy.force = true;
  return policy;
}

/// Whose claim it is, and where the job keeps it.
struct Winner {
  const Subject& subject;
  const Settings& settings;
  const JobState& state;
};

/// What was won is given back before anybody was told to run, and `skip` is told instead.
void give_up(Store& store, const Winner& winner, Acquired& acquired, Decision skip,
             std::string_view why) {
  const auto& [subject, settings, state] = winner;
  const Claim claim = *acquired.decision.next;
  update_claim(
      store,
      {subject.request.scope, claim.claim_id, settings.name_space, {claim, acquired.version}},
      [&](const Claim& held) { return abandon_claim(held, why, now()); }, Publish::everything);
  return_ticket(store, settings.name_space, claim);
  state.remove(claim.claim_id);
  HealthFile(state, claim.claim_id).remove();
  acquired.decision = std::move(skip);
}

/// The claim is won before its ledgers are entered, so that a crash in between costs nobody a
/// launch. When rivals of other scopes were faster, the claim is given up again.
void spend(Store& store, const Winner& winner, Acquired& acquired) {
  const auto& [subject, settings, state] = winner;
  if (!keeps_ledgers(settings.policy) || acquired.decision.verdict != Verdict::run) return;
  // What was told to run before is entered; a gate that was killed while it waited had not been.
  if (acquired.decision.code == ReasonCode::own &&
      !is_untold(state, acquired.decision.next->claim_id))
    return;
  const LedgerRefusal refused =
      enter_ledgers(store, settings.policy, budget_subjects(subject), settings.name_space,
                    acquired.decision.next->claim_id);
  if (!refused) return;
  Surroundings around;
  around.spent = refused.spent;
  around.breaker = refused.breaker;
  give_up(store, winner, acquired,
          decide(std::nullopt, subject.request, settings.policy, now(), around),
          refused.breaker ? "its workflow's breaker opened meanwhile"
                          : "its budget was spent meanwhile");
}

/// What a machine with such a clock claims is wrong for everybody else.
void warn_of_clock(const Invocation& call, const Store& store, Duration skew) {
  const auto difference = clock_difference(store.server_clock(), skew);
  if (!difference) return;
  const std::string text = *difference + "; " + clock_advice;
  call.err << "refgate: " << escape_for(Place::line, text) << "\n";
  // The verdict is told by then, and standard output with it.
  call.err << annotation(call.environment, "warning", "refgate: a clock is wrong", text);
}

/// The claim has the long lease until its first heartbeat is due, and the short one from then on: a
/// gate whose job ends before that (its session is in another job) keeps the long one.
void begin_heartbeats(const Invocation& call, const Settings& settings, const JobState& state,
                      const std::string& claim_id) {
  const auto health = HealthFile(state, claim_id).read();
  if (!health || beats_already(*health)) return;
  HeartbeatPlan plan;
  for (const ClaimNote& note : state.notes())
    if (note.claim.claim_id == claim_id) plan.note = note;
  plan.lease = beat_lease(settings.policy);
  plan.interval = plan.first_after = beat_interval(settings.policy);
  plan.cancels_run = settings.policy.on_lost == OnLost::cancel;
  try {
    require_room_for_heartbeats(settings.policy);
    start_heartbeats(settings, call.environment, state, plan, false);
  } catch (const std::exception& error) {
    call.err << "refgate: " << escape_for(Place::line, error.what()) << "; the claim holds for "
             << format_duration(health->lease) << " without them\n";
  }
}

/// Who asks, about which work, and how the answer is told.
struct Gating {
  const Invocation& call;
  const Settings& settings;
  const Subject& subject;
  TellAs as;
};

/// A token that may only read can still learn that the work is held or done; only when it would run
/// is there no claim to make.
GateAnswer gate_read_only(const Gating& gating, Store& store, const StoreError& refusal) {
  const auto& [call, given, subject, as] = gating;
  const Settings settings = as == TellAs::original_lines
                                ? given
                                : asking_in_line(given, ordering_of(given, subject, now()));
  const Informants informants =
      informants_of(call, subject, settings, store, newest_look(subject, settings));
  Request asking = subject.request;
  const JobState state(settings, call.environment);
  const Ordering none_in_line;
  const Ordered ordered =
      consult_or_follow({call, store, asking, none_in_line, settings, state, informants});
  const Acquired& seen = ordered.acquired;
  const bool skips = seen.decision.verdict == Verdict::skip;
  const Decision decision = settings.policy.observe ? observed(seen.decision) : seen.decision;
  const bool watched = skips && decision.verdict == Verdict::run;
  // What is the caller's already needs no claim to be made.
  if (skips || decision.code == ReasonCode::own) {
    Told told = told_of(decision, subject.request, seen.holder);
    told.observing = settings.policy.observe;
    told.would_skip = watched;
    told.red = settings.policy.follow && skips && !stands_for_done_work(decision, seen.holder);
    told.as = as;
    tell(call, told);
    GateAnswer answer{decision.verdict, told.red ? exit_no : exit_done};
    answer.interrupted_by = ordered.interrupted_by;
    answer.would_skip = told.would_skip;
    answer.code = decision.code;
    answer.own_failure = told.own_failure;
    answer.reason = told.reason;
    return answer;
  }
  NoAnswer answer = no_answer(call, settings.policy, subject.request, refusal);
  answer.told.as = as;
  tell(call, answer.told, answer.trouble);
  if (answer.exit != exit_done || !refusal.hint().empty()) report(call.err, refusal);
  GateAnswer none{answer.told.verdict, answer.exit};
  none.code = ReasonCode::read_only;
  return none;
}

/// What this job has noted of a claim that may stand.
bool may_stand(const JobState& state, const std::string& claim_id) {
  const auto notes = state.notes();
  return std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == claim_id && !note.is_over();
  });
}

std::string signal_name(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    case SIGQUIT:
      return "SIGQUIT";
    default:
      return "signal " + std::to_string(signal);
  }
}

/// What was waited for is given back, and told: now the signal has its way.
void end_by(const Invocation& call, const JobState& state, const std::string& claim_id,
            int signal) {
  if (signal == 0) return;
  call.out.flush();
  call.err << "refgate: " << signal_name(signal)
           << " came while it waited, and nothing was launched"
           << (may_stand(state, claim_id)
                   ? "; its claim could not be given back, and passes with its lease. To give it "
                     "back: refgate finish --claim-id " +
                         claim_id
                   : "; whatever it had claimed is given back. To make sure: refgate status")
           << "\n"
           << std::flush;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

namespace {

/// What this job was told to run without a claim that is known to be made, of this work: one job is
/// one session, so that there is one at most, and none beside a claim.
std::vector<ClaimNote> unclaimed_notes(const JobState& state, const Subject& subject) {
  std::vector<ClaimNote> notes = state.notes();
  std::erase_if(notes, [&](const ClaimNote& note) {
    return !note.unclaimed || note.is_over() || !is_door_of(subject.ref, note.ref) ||
           !state.belongs_to_job() || !is_of_job(note, subject.request.holder, state);
  });
  return notes;
}

void forget_unclaimed(const JobState& state, const Subject& subject, const std::string& claim_id) {
  for (const ClaimNote& note : unclaimed_notes(state, subject))
    if (note.claim.claim_id != claim_id) {
      state.remove(note.claim.claim_id);
      HealthFile(state, note.claim.claim_id).remove();
    }
}

/// A job that was told to run remembers it, whether or not its claim is known to be made.
void leave_note(const Settings& settings, const JobState& state, const Subject& subject,
                const Invocation& call) {
  const auto notes = state.notes();
  const bool asked = std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == subject.request.nonce;
  });
  if (asked) {
    state.update(subject.request.nonce, [](ClaimNote& note) {
      note.unclaimed = !note.version || note.claim.state == ClaimState::waiting;
      return note.take(PhaseStep::told);
    });
    return;
  }
  if (!unclaimed_notes(state, subject).empty()) return;
  ClaimNote note;
  note.ref = subject.ref;
  note.name_space = settings.name_space;
  note.remote = resolve_remote(settings, call.environment).address;
  note.runner_job = state.runner_job();
  note.unclaimed = true;
  Request begun = subject.request;
  begun.queue = begun.hold = false;
  note.claim = *decide(std::nullopt, begun, forced(settings.policy), now()).next;
  state.save(note);
}

/// Who runs without a claim, as `--on-error run` says, has nothing that could be lost.
void unclaimed_health(const Settings& settings, const JobState& state, const Subject& subject) {
  Claim claim;
  claim.claim_id = subject.request.nonce;
  claim.session_key = subject.request.session_key;
  claim.limits = {settings.policy.lease, settings.policy.skew, settings.policy.memory,
                  settings.policy.pr_lock_window};
  claim.claimed_at = claim.renewed_at = now();
  state.make_folder();
  Health health = health_of(claim, subject.ref, state.runner_job(), boot_now());
  health.unclaimed = true;
  HealthFile(state, claim.claim_id).write(health);
}

}  // namespace

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The store's error that is handled just now; nullopt: it is another's.
std::optional<StoreError> handled_error() {
  try {
    throw;
  } catch (const StoreError& error) {
    return error;
  } catch (...) {
    return std::nullopt;
  }
}

/// Until when the claim may be given back, after `error`, by a call with that deadline.
SteadyTime until_given_back(const std::optional<StoreError>& error, const Policy& policy,
                            SteadyTime deadline) {
  const bool is_silent = error && error->failure() == StoreFailure::unreachable;
  const Duration least =
      std::min(is_silent ? least_to_give_back : give_back_bound, policy.deadline);
  const SteadyTime at = std::chrono::steady_clock::now();
  return std::clamp(deadline, at + least, at + give_back_bound);
}

/// A claim that was won, and of which nobody could be told: the scope becomes as it was. What
/// cannot be given back now is given back by `finish`.
void give_back(const Invocation& call, const Settings& settings, Store& store,
               const std::string& claim_id, SteadyTime deadline) {
  const JobState state(settings, call.environment);
  const std::optional<StoreError> handled = handled_error();
  const SteadyTime end = until_given_back(handled, settings.policy, deadline);
  const bool is_sent_away = handled && handled->not_before() && *handled->not_before() > end;
  // This very call has won it, whatever run and job it was told that it is.
  Settings own = settings;
  own.claim_id = claim_id;
  for (const ClaimNote& note : state.notes()) {
    if (note.claim.claim_id != claim_id || note.phase == Phase::asked || note.is_over()) continue;
    if (is_sent_away) {
      call.err << "refgate: the claim was not given back, since the server asks to be left alone; "
                  "refgate finish does it\n";
      continue;
    }
    try {
      store.set_deadline(end);
      give_back_session(call, own, store, note);
      call.err << "refgate: the claim was given back, since its verdict could not be told\n";
    } catch (const std::exception& error) {
      call.err << "refgate: the claim could not be given back: "
               << escape_for(Place::line, error.what()) << "; refgate finish does it\n";
    }
  }
}

/// Throws what is handled on: as ClaimMayStand where that is so, and main is the one to tell it.
[[noreturn]] void throw_on(const JobState& state, const std::string& claim_id) {
  try {
    throw;
  } catch (const StoreError&) {
    throw;
  } catch (const OutputError& error) {
    if (error.error() == EPIPE || !may_stand(state, claim_id)) throw;
    throw ClaimMayStand(error.what(), exit_store);
  } catch (const std::exception& error) {
    if (!may_stand(state, claim_id)) throw;
    throw ClaimMayStand(std::string("internal error: ") + error.what(), exit_internal);
  }
}

}  // namespace

namespace {

/// A note that names what another holds is a fault that somebody should see, and no more.
void tell_disowned(const Invocation& call, const Request& request,
                   const std::optional<Claim>& stands) {
  if (const auto text = disowned(request, stands, now()))
    call.err << "refgate: " << escape_for(Place::line, *text) << "\n";
}

GateAnswer ask(const Invocation& call, const Settings& settings, Subject& subject, TellAs as) {
  const JobState state(settings, call.environment);
  const Ownership own = ownership_of(subject.ref, state, [&](const ClaimNote& note) {
    return state.belongs_to_job() && is_of_job(note, subject.request.holder, state);
  });
  subject.request.presented = own.presented;
  if (!own.ref.empty()) subject.request.scope = own.ref;
  if (!own.known.version && !own.presented.empty()) subject.request.look_first = true;
  subject.request.ledgers =
      ledgers_of(settings.policy, budget_subjects(subject), settings.name_space);
  subject.request.reserve = settings.policy.budgets.empty() ? Spent{} : settings.policy.reserve;
  subject.request.breaker = settings.policy.breaker.has_value();
  subject.request.asks_pause = asks_pause(settings);
  const Ordering ordering =
      as == TellAs::original_lines ? Ordering{} : ordering_of(settings, subject, now());
  const auto newest = newest_look(subject, settings);
  GateAnswer answer;
  std::optional<LastWords> last_words(
      "refgate: it was ended before it had an answer: nothing was launched, and whether something "
      "was claimed is not known. To give it back: refgate finish" +
      // Who follows another or waits asks with one id after the other.
      (settings.policy.follow || settings.policy.wait > Duration::zero()
           ? std::string()
           : " --claim-id " + subject.request.nonce) +
      "\n");
  const auto answer_without_store = [&](const StoreError& error) {
    NoAnswer none = no_answer(call, settings.policy, subject.request, error);
    none.told.as = as;
    last_words.reset();
    if (none.trouble) none.trouble->claim_may_stand = may_stand(state, subject.request.nonce);
    tell(call, none.told, none.trouble);
    report(call.err, error);
    answer.verdict = none.told.verdict;
    answer.exit = none.exit;
    answer.code = none.told.code;
    if (answer.verdict != Verdict::run) return;
    // What it may have won after all is ended with what comes of the work; and what ran without a
    // claim is recorded by the job's finish.
    try {
      leave_note(settings, state, subject, call);
      unclaimed_health(settings, state, subject);
    } catch (const std::runtime_error& failure) {
      call.err << "refgate: " << escape_for(Place::line, failure.what())
               << "; its end will not be recorded\n";
    }
  };
  try {
    const auto store = store_of(call, settings);
    const SteadyTime deadline = store->deadline();
    try {
      std::string won;
      try {
        const Informants informants = informants_of(call, subject, settings, *store, newest);
        Ordered ordered = acquire_or_follow(
            {call, *store, subject.request, ordering, settings, state, informants}, own.known);
        Acquired& acquired = ordered.acquired;
        tell_disowned(call, subject.request, acquired.holder);
        if (newest && acquired.decision.verdict == Verdict::run)
          if (const auto skip = superseded_meanwhile({call, subject, settings}, *newest))
            give_up(*store, {subject, settings, state}, acquired, *skip,
                    "a newer head of its branch came meanwhile");
        spend(*store, {subject, settings, state}, acquired);
        if (newest && acquired.decision.verdict == Verdict::run)
          end_outdated({call, subject, settings}, *store, *newest, acquired);
        if (settings.policy.observe) {
          const bool skips = acquired.decision.verdict == Verdict::skip;
          acquired.decision = observed(std::move(acquired.decision));
          answer.would_skip = skips && acquired.decision.verdict == Verdict::run;
        }
        Told told = told_of(acquired.decision, subject.request, acquired.holder);
        told.observing = settings.policy.observe;
        told.would_skip = answer.would_skip;
        told.red = settings.policy.follow && told.verdict == Verdict::skip &&
                   !stands_for_done_work(acquired.decision, acquired.holder);
        if (told.red) answer.exit = exit_no;
        told.group = ordered.group;
        told.position = ordered.position;
        told.head = ordered.head;
        told.line = ordered.line;
        if (told.head && !acquired.holder) {
          told.holder_run_id = told.head->run_id;
          told.holder_run_url = told.head->run_url;
        }
        if (subject.event.exempt && told.code == ReasonCode::first)
          told.reason += ": " + subject.event.exempt_because;
        told.as = as;
        if (acquired.decision.next) {
          state.mark_told(won = acquired.decision.next->claim_id);
          forget_unclaimed(state, subject, won);
        }
        last_words.reset();
        tell(call, told);
        won.clear();
        if (acquired.left_out > 0)
          call.err << "refgate: " << describe_left_out(acquired.left_out) << "\n";
        warn_of_clock(call, *store, settings.policy.skew);
        if (acquired.decision.line) publish_skip(call, *store, settings, *acquired.decision.line);
        answer.own_failure = told.own_failure;
        answer.reason = told.reason;
        answer.verdict = acquired.decision.verdict;
        answer.code = acquired.decision.code;
        if (acquired.decision.next) answer.claim_id = acquired.decision.next->claim_id;
        if (settings.policy.observe && answer.verdict == Verdict::run)
          leave_observation(settings, state, subject, answer.claim_id, answer.would_skip);
        if (acquired.decision.next && settings.policy.heartbeat)
          begin_heartbeats(call, settings, state, answer.claim_id);
        answer.interrupted_by = ordered.interrupted_by;
      } catch (...) {
        const std::string& claim_id = won.empty() ? subject.request.nonce : won;
        give_back(call, settings, *store, claim_id, deadline);
        throw_on(state, claim_id);
      }
    } catch (const StoreError& error) {
      if (error.failure() != StoreFailure::read_only) throw;
      state.remove(subject.request.nonce);
      last_words.reset();
      answer = gate_read_only({call, settings, subject, as}, *store, error);
    }
  } catch (const StoreError& error) {
    answer_without_store(error);
  }
  if (answer.verdict == Verdict::run)
    forget_skip(state, subject.ref);
  else
    note_skip(state, {subject.ref,
                      subject.request.holder,
                      answer.reason,
                      answer.own_failure,
                      {},
                      std::string(name_of(answer.code))});
  if (!settings.policy.observe || answer.verdict == Verdict::skip)
    forget_observation(state, subject.ref);
  else if (answer.claim_id.empty())
    leave_observation(settings, state, subject, {}, answer.would_skip);
  return answer;
}

}  // namespace

GateAnswer gate(const Invocation& call, const Settings& settings, Subject& subject, TellAs as) {
  const Policy& policy = settings.policy;
  if (!policy.observe && !policy.follow && as != TellAs::original_lines)
    return ask(call, settings, subject, as);
  Settings asking = settings;
  // Its outputs are those of the original, which know of none of them.
  if (as == TellAs::original_lines) {
    asking.policy.observe = asking.policy.follow = false;
    asking.policy.slots.reset();
    asking.policy.settle = Duration::zero();
  } else {
    asking = policy.observe ? observing(settings) : following(settings);
  }
  return ask(call, asking, subject, as);
}

int command_gate(const Invocation& call) {
  const Settings settings = settings_of(call);
  Subject subject = subject_of(call, settings);
  const GateAnswer answer = gate(call, settings, subject, TellAs::all_lines);
  end_by(call, JobState(settings, call.environment), subject.request.nonce, answer.interrupted_by);
  return answer.exit;
}

}  // namespace refgate
