// A gate that fails has given no verdict. When its failure does not end the job, the guards behind
// it decide by what an output is that nobody wrote.

#include <algorithm>
#include <string>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/lost_status.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

bool is_gate_command(const std::vector<std::string>& words) {
  const std::vector<std::string> command = launched_command(words);
  if (command.empty()) return false;
  const std::string_view name = std::string_view(command[0]).substr(command[0].rfind('/') + 1);
  if (name == "session_deduplicator.py") return true;
  if (name != "refgate" && !name.starts_with("refgate-linux-")) return false;
  return std::any_of(command.begin() + 1, command.end(), [](const std::string& word) {
    return word == "gate" || word == "check" || word == "run";
  });
}

/// A condition that is true when the gate's outputs are empty.
bool opens_on_empty(const Entry& condition, const GateView& seen) {
  if (!condition) return false;
  const Expression expression = parse_condition(condition.value.text());
  if (!expression.is_valid()) return false;
  const auto verdicts = seen.verdicts(expression);
  return !verdicts.empty() && guard_effect(expression, verdicts).on_unset == Truth::yes;
}

struct Neighbours {
  const Job* job = nullptr;
  const std::vector<Step>* steps = nullptr;
};

/// The first guard that opens when the gate fails; an absent node when all stay closed.
Entry opening_guard(const Subject& subject, const GateView& seen, const Neighbours& where) {
  for (const Step& step : *where.steps) {
    if (opens_on_empty(step.condition, seen)) return step.condition;
  }
  if (where.job == nullptr) return {};
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    if (gated.job != where.job) continue;
    for (const Job& job : subject.workflow->jobs) {
      if (opens_on_empty(job.condition, gated.view)) return job.condition;
    }
  }
  return {};
}

void check_gate(const Subject& subject, const Gate& gate, const GateView& seen,
                const Neighbours& where, Sink& sink) {
  if (gate.kind != GateKind::refgate && gate.kind != GateKind::positional) return;
  const Step& step = *gate.step;
  YamlNode place;
  std::string how;
  if (step.continue_on_error.value.boolean().value_or(false)) {
    place = step.continue_on_error.key;
    how = "`continue-on-error` lets the job go on when the gate fails";
  } else if (const Entry script = script_of(step)) {
    const std::string_view shell = where.job != nullptr
                                       ? subject.workflow->shell_of(*where.job, step)
                                       : step.shell.value.text();
    const std::string lost =
        lost_status(script.value.text(), step.run ? manner_of(shell) : own_manner, is_gate_command);
    if (lost.empty()) return;
    place = script.key;
    how = lost + " hides it when the gate fails";
  } else {
    return;
  }
  const Entry guard = opening_guard(subject, seen, where);
  auto report = sink.report(
      subject, place,
      how + (guard ? ", and then no verdict keeps the work from running: every duplicate pays; "
                     "leave it out, and say with `on-error: run` or `skip` what is to happen"
                   : ", so the job is green although nothing was asked and nothing will run; leave "
                     "it out, and say with `on-error: run` or `skip` what is to happen"));
  if (guard) {
    report.severity(Severity::error)
        .related(subject, guard.value, "this is true when the gate has said nothing");
  }
}

/// A job that may fail ends with success for the jobs that need it, and its outputs are empty then.
void check_job(const Subject& subject, const GatedJob& gated, Sink& sink) {
  const Gate& gate = gated.gates.front();
  const Entry& goes_on = gated.job->continue_on_error;
  if ((gate.kind != GateKind::refgate && gate.kind != GateKind::positional) || !goes_on ||
      !goes_on.value.boolean().value_or(false))
    return;
  for (const Job& job : subject.workflow->jobs) {
    if (&job == gated.job || !opens_on_empty(job.condition, gated.view)) continue;
    sink.report(subject, goes_on.key,
                "`continue-on-error` lets the jobs behind this one go on when the gate fails, and "
                "then no verdict keeps the work from running: every duplicate pays; leave it out, "
                "and say with `on-error: run` or `skip` what is to happen")
        .severity(Severity::error)
        .related(subject, job.condition.value, "this is true when the gate has said nothing");
    return;
  }
}

void check_all(const Subject& subject, const GatedSteps& gated, const Neighbours& where,
               Sink& sink) {
  for (const Gate& gate : gated.gates)
    check_gate(subject, gate, gated.view, where, sink);
}

}  // namespace

void check_gate_swallowed(const Subject& subject, Sink& sink) {
  if (subject.action != nullptr) {
    const std::vector<Step>& steps = subject.action->steps;
    check_all(subject, gates_in(steps, subject.project, subject.facts()), {nullptr, &steps}, sink);
    return;
  }
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    check_all(subject, gated.inside, {gated.job, &gated.job->steps}, sink);
    check_job(subject, gated, sink);
  }
}

}  // namespace refgate::lint
