#include <algorithm>
#include <ostream>

#include "app/claiming.h"
#include "app/commands.h"
#include "app/gating.h"
#include "app/job_state.h"
#include "app/runner.h"
#include "app/subject.h"
#include "app/verdict.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A skip's line is worth this much of the caller's time, and no failure.
constexpr Duration skip_line_bound = 3s;

void publish_skip(const Invocation& call, Store& store, const Settings& settings, const AuditEntry& line) {
  if (settings.policy.audit_skips != AuditSkips::push) return;
  const auto overall = store.deadline();
  store.set_deadline(std::min(overall, std::chrono::steady_clock::now() + skip_line_bound));
  try {
    const Change change = note_change(line, settings.name_space);
    store.swap(std::span(&change, 1));
  } catch (const StoreError& error) {
    call.err << "refgate: this skip is not in the record: " << escape_for(Place::line, error.what()) << "\n";
  }
  store.set_deadline(overall);
}

/// A token that may only read can still learn that the work is held or done; only when it would run is there no claim to make.
GateAnswer gate_read_only(const Invocation& call, Store& store, const Subject& subject, const Settings& settings, const StoreError& refusal,
                          bool brief) {
  const SeenClaim seen = read_claim(store, subject.ref);
  const Decision decision = decide(seen.claim, subject.request, settings.policy, now());
  if (decision.verdict == Verdict::skip) {
    Told told = told_of(decision, subject.request, seen.claim);
    told.brief = brief;
    tell(call, told);
    return {Verdict::skip, exit_done};
  }
  NoAnswer answer = no_answer(settings.policy, subject.request, ReasonCode::read_only, refusal.what());
  answer.told.brief = brief;
  tell(call, answer.told);
  if (answer.exit != exit_done || !refusal.hint().empty()) report(call.err, refusal);
  return {answer.told.verdict, answer.exit};
}

}  // namespace

GateAnswer gate(const Invocation& call, const Settings& settings, Subject& subject, bool brief) {
  const JobState state(settings, call.environment);
  const Ownership own = ownership_of(subject.ref, settings, state,
                                     [&](const ClaimNote& note) { return state.belongs_to_job() && is_of_job(note, subject.request.holder, state); });
  subject.request.presented = own.presented;
  GateAnswer answer;
  const auto answer_without_store = [&](const StoreError& error) {
    NoAnswer none = no_answer(settings.policy, subject.request, code_of(error), error.what());
    none.told.brief = brief;
    tell(call, none.told);
    report(call.err, error);
    answer.verdict = none.told.verdict;
    answer.exit = none.exit;
  };
  try {
    const auto store = store_of(call, settings);
    try {
      const Acquired acquired = acquire(*store, subject.request, settings.policy, settings.name_space, state, own.known);
      Told told = told_of(acquired.decision, subject.request, acquired.holder);
      if (subject.event.exempt && told.code == ReasonCode::first) told.reason += ": " + subject.event.exempt_because;
      told.brief = brief;
      tell(call, told);
      if (acquired.decision.line) publish_skip(call, *store, settings, *acquired.decision.line);
      answer.verdict = acquired.decision.verdict;
    } catch (const StoreError& error) {
      if (error.failure() != StoreFailure::read_only) throw;
      state.remove(subject.request.nonce);
      answer = gate_read_only(call, *store, subject, settings, error, brief);
    }
  } catch (const StoreError& error) {
    answer_without_store(error);
  }
  return answer;
}

int command_gate(const Invocation& call) {
  const Settings settings = settings_of(call);
  Subject subject = subject_of(call, settings);
  return gate(call, settings, subject, false).exit;
}

}  // namespace refgate
