// Work whose failure is hidden is recorded as done, and done work mutes every later event for it.

#include <algorithm>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/lost_status.h"

namespace refgate::lint {
namespace {

/// Whether the step that ends the session is told more than the job's own status.
bool is_told_status(const Step& finish, const Step& work) {
  const Entry status = finish.input("status");
  if (!status)
    return finish.run_text().find("--status") != std::string_view::npos ||
           finish.env.value.entry("REFGATE_STATUS") ||
           finish.input("flags").value.text().find("status") != std::string_view::npos;
  const Expression expression = parse_template(status.value.text());
  if (!expression.is_valid()) return true;
  const std::vector<Reference> all = references(expression);
  if (all.size() != 1 || !all.front().is_literal()) return true;
  if (refers_to(all.front(), {"job", "status"})) return false;
  // A step that goes on after an error concludes with success; its outcome tells.
  return !refers_to(all.front(), {"steps", std::string(work.id), "conclusion"});
}

const Step* finish_of(const Job& job, const Project& project) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return has_session_command(step, project, "finish");
  });
  return found == job.steps.end() ? nullptr : &*found;
}

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
    if (!is_told_status(finish, step))
      report(step.continue_on_error.key,
             "with `continue-on-error` the job succeeds when this fails, and `finish` hears of "
             "success" +
                 advice);
    return;
  }
  const Entry script = script_of(step);
  if (!script) return;
  const bool pipefail = !step.run || subject.workflow->shell_of(job, step) == "bash";
  const std::string lost = lost_status(
      script.value.text(), pipefail,
      [&](const std::vector<std::string>& words) { return launches_any(words, subject.facts()); });
  if (!lost.empty()) report(script.key, lost + " hides it when the agent fails");
}

}  // namespace

void check_work_swallowed(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.step == nullptr) continue;
    const Step* finish = gate.whole ? gate.step : finish_of(*gated.job, subject.project);
    if (finish == nullptr) continue;
    for (const Step& step : gated.job->steps) {
      const bool own = &step == gate.step;
      if (step.index < gate.step->index || (own && !gate.whole) || (!own && &step == finish) ||
          (gate.whole && !own))
        continue;
      if (!own && cost_of(step, subject.project, subject.facts()) != Cost::work) continue;
      check_step(subject, *gated.job, step, *finish, sink);
    }
  }
}

}  // namespace refgate::lint
