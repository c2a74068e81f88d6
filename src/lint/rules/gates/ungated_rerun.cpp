// "Re-run failed jobs" does not run the gate's job again when that had succeeded: its outputs are
// those of the attempt before, and they still say run.

#include <algorithm>
#include <map>
#include <string>

#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/guard_text.h"
#include "lint/gates/guard_walk.h"
#include "lint/gates/guards.h"
#include "lint/gates/session_end.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// A scope in which the gate has said run in attempt 1, seen from another attempt.
Scope attempt_scope(const GateView& view, const char* attempt) {
  Scope scope = view.scope(false, {});
  for (const GateSignal& signal : view.signals()) {
    if (signal.role == GateRole::attempt) scope.set(signal.path, Value::string("1"));
  }
  scope.set("github.run_attempt", Value::string(attempt));
  scope.set_status(Truth::yes, Truth::no, Truth::no);
  return scope;
}

/// Whether every step that costs something looks at the attempt itself.
bool closed_inside(const Job& job, const Scope& scope, const Subject& subject) {
  return !job.steps.empty() &&
         std::all_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
           if (cost_of(step, subject.project, subject.facts()) == Cost::cheap ||
               !session_commands(step, subject.project, subject.facts()).empty())
             return true;
           if (!step.condition) return false;
           const Expression condition = parse_condition(step.condition.value.text());
           return !condition.is_valid() || evaluate_condition(condition, scope) == Truth::no;
         });
}

bool is_session_job(const Job& job, const Subject& subject) {
  return !job.steps.empty() &&
         std::all_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
           return cost_of(step, subject.project, subject.facts()) == Cost::cheap ||
                  !session_commands(step, subject.project, subject.facts()).empty();
         });
}

/// A job behind the one that ends the session, without an agent: it tells what came of the work.
bool follows_session(const Job& job, const Subject& subject) {
  const std::vector<const Job*> needed = job_conditions_of(subject, *subject.workflow).needed(job);
  const auto& launches = launches_of(subject);
  return std::any_of(needed.begin(), needed.end(),
                     [&](const Job* each) {
                       return finish_in(*each, subject.project, subject.facts()) != nullptr;
                     }) &&
         std::none_of(launches.begin(), launches.end(),
                      [&](const AgentLaunch& launch) { return &launch.own_job() == &job; });
}

}  // namespace

void check_ungated_rerun(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (!asks_for_each_attempt(gate)) continue;
    const GateSignal* attempt = attempt_of(gated.view);
    bool handed_on = attempt != nullptr;
    const Scope same = attempt_scope(gated.view, "1");
    const Scope again = attempt_scope(gated.view, "2");
    for (const Job& job : workflow.jobs) {
      if (&job == gated.job || !needs_job(job, *gated.job) || !job.condition) continue;
      const Expression condition = parse_condition(job.condition.value.text());
      if (!condition.is_valid() || gated.view.verdicts(condition).empty()) continue;
      if (evaluate_truth(condition, same) == Truth::no) continue;
      if (evaluate_truth(condition, again) == Truth::no) continue;
      if (cost_of_job(job, subject) == Cost::cheap || is_session_job(job, subject) ||
          closed_inside(job, again, subject) || follows_session(job, subject))
        continue;
      const std::string guard = attempt_guard(gated);
      auto report = sink.report(
          subject, job.condition.value,
          "\"Re-run failed jobs\" starts job `" + std::string(job.id) +
              "` again with the outputs that `" + std::string(gated.job->id) +
              "` had in the attempt before, which say run, and without asking the gate; compare `" +
              guard + "` too" +
              (attempt == nullptr ? ", and hand `run_attempt` on in the outputs of `" +
                                        std::string(gated.job->id) + "`"
                                  : ""));
      report.related(subject, gated.job->key, "the gate");
      std::vector<TextEdit> edits =
          add_guard(*workflow.document, job.node, job.condition, {}, guard);
      if (!handed_on && !edits.empty()) {
        const std::vector<TextEdit> more = hand_attempt_on(*workflow.document, gated);
        if (more.empty()) edits.clear();
        edits.insert(edits.end(), more.begin(), more.end());
      }
      report.fix(FixKind::safe, "Compare the attempt", std::move(edits));
    }
  }
}

}  // namespace refgate::lint
