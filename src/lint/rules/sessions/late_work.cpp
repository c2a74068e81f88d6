// Work that waits after its gate was asked begins on a verdict that may be hours old.

#include <algorithm>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// What the job stands and waits for before its first step.
Entry waits_for(const Job& job) {
  if (job.environment) return job.environment;
  return job.concurrency.entry;
}

/// A step that asks whether the session is still this run's: the gate with the claim, a heartbeat.
bool asks_again(const Job& job, const Project& project, const Facts& facts) {
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    const std::vector<std::string> commands = session_commands(step, project, facts);
    return std::any_of(commands.begin(), commands.end(), [](const std::string& command) {
      return command == "gate" || command == "heartbeat" || command == "health" || command == "run";
    });
  });
}

}  // namespace

void check_late_work(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate) continue;
    for (const Job& job : subject.workflow->jobs) {
      if (&job == gated.job || !job.condition || !needs_job(job, *gated.job) ||
          cost_of_job(job, subject) == Cost::cheap ||
          asks_again(job, subject.project, subject.facts()))
        continue;
      const Entry wait = waits_for(job);
      if (!wait) continue;
      const Expression condition = parse_condition(job.condition.value.text());
      if (!condition.is_valid() || gated.view.verdicts(condition).empty() ||
          evaluate_truth(condition, gated.view.scope(true, {})) != Truth::no)
        continue;
      sink.report(subject, wait.key,
                  "job `" + std::string(job.id) + "` may wait for " +
                      (job.environment ? "an approval" : "its group") +
                      " longer than its session holds; another event then takes the work over, and "
                      "both do it. Let its first step ask again: `command: gate` with the gate's "
                      "`claim-id`, and guard the rest by what that says")
          .related(subject, gated.job->key, "the gate");
    }
  }
}

}  // namespace refgate::lint
