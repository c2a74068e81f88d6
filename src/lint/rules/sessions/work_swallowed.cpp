// Work whose failure is hidden is recorded as done, and done work mutes every later event for it.

#include <algorithm>
#include <string>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/session_end.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/lost_status.h"

namespace refgate::lint {
namespace {

bool launches_any(const std::vector<std::string>& words, const Facts& facts) {
  return !agent_command(words, facts).empty();
}

void check_step(const Subject& subject, const Job& job, const Step& step, const Step& finish,
                Sink& sink) {
  const auto report = [&](YamlNode place, const std::string& how) {
    sink.report(subject, place,
                how +
                    ", so the session counts as done and later events for the same work are "
                    "skipped")
        .related(subject, finish.main().key, "what came of it is told here");
  };
  const std::string advice =
      "; give it an `id`, and `finish` its `status: ${{ steps.<id>.outcome }}`";
  if (step.continue_on_error.value.boolean().value_or(false)) {
    if (!is_told_outcome(finish, step.id))
      report(step.continue_on_error.key,
             "with `continue-on-error` the job succeeds when this fails, and `finish` hears of "
             "success" +
                 advice);
    return;
  }
  const Entry script = script_of(step);
  if (!script) return;
  const std::string_view shell = subject.workflow->shell_of(job, step);
  const std::string lost = lost_status(
      script.value.text(), step.run ? manner_of(shell) : own_manner,
      [&](const std::vector<std::string>& words) { return launches_any(words, subject.facts()); });
  if (!lost.empty()) report(script.key, lost + " hides it when the agent fails");
}

}  // namespace

void check_work_swallowed(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.step == nullptr) continue;
    const Step* finish =
        gate.whole ? gate.step : finish_in(*gated.job, subject.project, subject.facts());
    if (finish == nullptr) continue;
    for (const Step& step : gated.job->steps) {
      const bool own = &step == gate.step;
      // The program sees itself what comes of the command that it runs.
      if (own && step.run) continue;
      if (step.index < gate.step->index || (own && !gate.whole) || (!own && &step == finish) ||
          (gate.whole && !own))
        continue;
      if (!own && cost_of(step, subject.project, subject.facts()) != Cost::work) continue;
      check_step(subject, *gated.job, step, *finish, sink);
    }
  }
}

}  // namespace refgate::lint
