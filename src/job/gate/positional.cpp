// The positional commands of the original script: check, register, cleanup, audit. Any text is a
// commit and a run, as it is there.

#include <algorithm>
#include <ostream>

#include "call/commands.h"
#include "core/event/scope.h"
#include "core/text/json.h"
#include "core/words/shorten.h"
#include "job/end/ending.h"
#include "job/end/session_cost.h"
#include "job/gate/gating.h"
#include "job/gate/informants.h"
#include "job/subject/noted_claim.h"
#include "job/subject/own_claims.h"
#include "job/subject/subject.h"
#include "job/verdict/verdict.h"
#include "runner/runner.h"
#include "state/claiming.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t swept_by_cleanup = 20;
constexpr Duration sweep_budget = 1s;

/// The claim of this caller among its own notes, by what `matches` says. Outside of a job the
/// folder is the user's, and the session key and the run id that the caller names tell the notes
/// apart.
template <typename Predicate>
std::vector<ClaimNote> own_notes(const Settings& settings, const JobState& state,
                                 Predicate matches) {
  std::vector<ClaimNote> own;
  for (ClaimNote& note : state.notes())
    if (note.name_space == settings.name_space && note.runner_job == state.runner_job() &&
        matches(note))
      own.push_back(std::move(note));
  return own;
}

/// `check` without a run id: looks, and changes nothing.
int look(const Invocation& call, const Settings& settings, const Subject& subject) {
  Told told;
  std::optional<Trouble> trouble;
  int exit = exit_done;
  try {
    const auto store = store_of(call, settings);
    // Its answer is the original's, which knows of no slots.
    Settings asked = settings;
    asked.policy.slots.reset();
    const Informants informants = informants_of(call, subject, asked, *store, nullptr);
    Request asking = subject.request;
    const Acquired seen = consult(*store, {asking, asked.policy, settings.name_space, informants});
    told = told_of(seen.decision, subject.request, seen.holder);
    told.claim_id.clear();
  } catch (const StoreError& error) {
    const NoAnswer none = no_answer(call, settings.policy, subject.request, error);
    told = none.told;
    trouble = none.trouble;
    exit = none.exit;
    report(call.err, error);
  }
  told.as = TellAs::original_lines;
  tell(call, told, trouble);
  if (exit != exit_done) return exit;
  return told.verdict == Verdict::skip ? exit_no : exit_done;
}

}  // namespace

int command_check(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& run_id = call.arguments[3];
  Subject subject = positional_subject(
      call, settings, {call.arguments[0], call.arguments[1], call.arguments[2], run_id});
  int exit = exit_done;
  if (run_id.empty()) {
    exit = look(call, settings, subject);
  } else {
    subject.request.hold = true;
    const GateAnswer answer = gate(call, settings, subject, TellAs::original_lines);
    exit = answer.exit != exit_done          ? answer.exit
           : answer.verdict == Verdict::skip ? exit_no
                                             : exit_done;
  }
  // In Actions a red step would end the job before its clean-up.
  if (exit == exit_no && call.environment.in_actions() && !call.flag("exit-code")) return exit_done;
  return exit;
}

int command_register(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& key = call.arguments[0];
  const std::string& event = call.arguments[1];
  const std::string& workflow = call.arguments[2];
  const std::string& run_id = call.arguments[3];
  const std::string commit = commit_as_told(call.arguments[4]);
  Subject subject = positional_subject(call, settings, {event, workflow, commit, run_id});
  subject.request.session_key = key;
  const JobState state(settings, call.environment);
  const Ownership own = ownership_of(subject.ref, state, [&](const ClaimNote& note) {
    return note.name_space == settings.name_space && note.runner_job == state.runner_job() &&
           note.claim.holder.run_id == shortened(run_id, bounds::word);
  });
  subject.request.presented = own.presented;
  if (!own.ref.empty()) subject.request.scope = own.ref;

  const auto store = store_of(call, settings);
  // Of the holder's run, as `check` does; a budget or a pause was that one's to see.
  Informants informants;
  informants.holder_run = informants_of(call, subject, settings, *store, nullptr).holder_run;
  const Acquired acquired = acquire_with_note(
      *store, state, {subject.request, settings.policy, settings.name_space, informants},
      own.known);
  if (const auto text = disowned(subject.request, acquired.holder, now()))
    call.err << "refgate: " << escape_for(Place::line, *text) << "\n";
  if (acquired.decision.verdict == Verdict::skip) {
    call.out << "Session not registered: " << escape_for(Place::line, key) << " ("
             << name_of(acquired.decision.code) << ")\n";
    call.err << "refgate: " << escape_for(Place::line, acquired.decision.reason) << "\n";
    return exit_no;
  }
  const Claim& claim = *acquired.decision.next;
  state.mark_told(claim.claim_id);
  const nlohmann::json data = {
      {"session_key", key},         {"start_time", format_rfc3339(claim.claimed_at)},
      {"event_type", event},        {"workflow", workflow},
      {"run_id", run_id},           {"commit_sha", commit},
      {"claim_id", claim.claim_id}, {"generation", claim.generation}};
  call.out << "Session registered: " << escape_for(Place::line, key) << "\n"
           << shown_json(data, 2) << "\n";
  return exit_done;
}

int command_cleanup(const Invocation& call) {
  const Settings settings = settings_of(call);
  const std::string& key = call.arguments[0];
  const JobState state(settings, call.environment);
  const std::string run_id =
      settings.run_id.empty() ? call.environment.get("GITHUB_RUN_ID") : settings.run_id;
  const auto notes = own_notes(settings, state, [&](const ClaimNote& note) {
    if (!settings.claim_id.empty()) return note.claim.claim_id == settings.claim_id;
    return note.claim.session_key == shortened(key, bounds::name) && !note.is_over() &&
           (run_id.empty() || !call.environment.in_actions() ||
            note.claim.holder.run_id == shortened(run_id, bounds::word));
  });
  const auto store = store_of(call, settings);
  bool found = false;
  std::string why = "this job registered no session of that key, so that nothing was changed";
  for (const ClaimNote& note : notes) {
    const std::string status = note.job_status.empty() ? "success" : note.job_status;
    Settings told = settings;
    told.spent = note.spent;
    const Ended ended = end_session(call, told, *store, note, {status, std::nullopt});
    found = found || ended.result == Ended::Result::ended;
    why = describe_end(ended, key);
    tell_loss(call, describe_loss(ended), key, call.err);
  }
  const int gone = sweep(*store, settings.name_space, swept_by_cleanup, sweep_budget);
  call.out << "Session cleanup: " << (found ? "success" : "not_found") << "\n";
  if (notes.empty()) state.require_own_folder("nothing was cleaned up");
  if (!found) call.err << "refgate: " << escape_for(Place::line, why) << "\n";
  call.out << "Old sessions cleaned: " << gone << "\n";
  return exit_done;
}

int command_audit(const Invocation& call) {
  const Settings settings = settings_of(call);
  const auto& words = call.arguments;
  std::string executed = words[5];
  std::transform(executed.begin(), executed.end(), executed.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (executed != "true" && executed != "false")
    throw UsageError("executed is \"" + words[5] +
                     "\", but must be true or false; nothing was recorded");

  warn_of_commit(call, words[4]);
  AuditEntry line;
  line.session_key = words[0];
  line.timestamp = now();
  line.event_type = words[1];
  line.workflow = words[2];
  line.run_id = words[3];
  line.commit_sha = commit_as_told(words[4]);
  line.executed = executed == "true";
  line.job_status = words[6];
  line.kind = EntryKind::audit;
  line.spent = spent_of(call, settings);
  line.job = settings.job.empty() ? call.environment.get("GITHUB_JOB") : settings.job;
  line.actor = call.environment.get("GITHUB_ACTOR");
  // What this job knows of its attempt says nothing of another run.
  const Holder caller = caller_of(call, settings);
  const bool knows_attempt = !settings.run_attempt.empty() || line.run_id == caller.run_id;
  if (knows_attempt) line.run_attempt = caller.run_attempt;
  // Called twice, it says two things; a push that is tried again says the same thing.
  line.id = entry_id(fresh_nonce(), 0, EntryKind::audit);

  const JobState state(settings, call.environment);
  for (const ClaimNote& note : own_notes(settings, state, [&](const ClaimNote& n) {
         return n.claim.session_key == shortened(line.session_key, bounds::name) &&
                n.claim.holder.run_id == shortened(line.run_id, bounds::word) &&
                (!knows_attempt || n.claim.holder.run_attempt == line.run_attempt) && !n.is_over();
       })) {
    line.run_attempt = note.claim.holder.run_attempt;
    line.claim_id = note.claim.claim_id;
    line.generation = note.claim.generation;
    line.scope = note.ref;
    // `cleanup` is told no status; what the audit says is what came of the session.
    if (line.executed)
      state.update(line.claim_id, [&](ClaimNote& kept) {
        kept.job_status = line.job_status;
        kept.spent = line.spent;
        return true;
      });
  }
  const auto store = store_of(call, settings);
  const SwapOutcome outcome = push_once(*store, note_change(line, settings.name_space));
  if (outcome.result != SwapResult::swapped)
    throw StoreError(StoreFailure::denied, store->describe() + " refused the audit entry: " +
                                               outcome.message + "; it is not in the record");
  call.out << "Audit entry created:\n"
           << shown_json(nlohmann::json::parse(encode_entry(line)), 2) << "\n";
  return exit_done;
}

}  // namespace refgate
