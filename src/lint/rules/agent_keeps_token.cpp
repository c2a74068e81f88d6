// A checkout leaves its token in the folder in which the agent works. Facts: actions/checkout,
// persist-credentials: true by default, in .git/config or a file beside it, until the job ends.

#include <algorithm>
#include <string>

#include "lint/agents/checkout_token.h"
#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

bool may_write_contents(const Workflow& workflow, const Job& job) {
  const Entry permissions = job.permissions ? job.permissions : workflow.permissions;
  if (!permissions) return false;
  if (permissions.value.is_scalar()) return permissions.value.text() == "write-all";
  return permissions.value["contents"].text() == "write";
}

}  // namespace

void check_agent_keeps_token(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  for (const AgentLaunch& launch : launches_of(subject)) {
    if (launch.is_called()) continue;
    const Job& job = launch.own_job();
    const auto& gated = gated_jobs_of(subject);
    const auto own = std::find_if(gated.begin(), gated.end(),
                                  [&](const GatedJob& each) { return each.job == &job; });
    // What the gate needs to write its state lies open to whoever works beside it.
    const bool has_gate = own != gated.end() && own->gates.front().kind == GateKind::refgate;
    if (!has_gate || !may_write_contents(workflow, job) || uses_checkout_token(job) != nullptr ||
        pushes_by_itself(launch, subject.facts()))
      continue;
    for (const Step& step : job.steps) {
      if (step.index >= launch.step->index) break;
      if (!keeps_token(step)) continue;
      const Entry keeps = step.input("persist-credentials");
      auto report = sink.report(
          subject, keeps ? keeps.value : step.uses.value,
          "this checkout leaves a token that may write contents where the agent works, and with it "
          "whoever steers the agent can push to the repository and change the sessions that the "
          "gate keeps there; write `persist-credentials: false`");
      report.related(subject, launch.place().key, "the agent works here");
      if (keeps) {
        report.fix(FixKind::unsafe, "Do not keep the token", {replace_node(keeps.value, "false")});
      } else if (step.with.value.is_mapping()) {
        report.fix(FixKind::unsafe, "Do not keep the token",
                   add_entry(*workflow.document, step.with.value, "persist-credentials", "false"));
      } else {
        report.fix(FixKind::unsafe, "Do not keep the token",
                   add_entry(*workflow.document, step.node, "with", "{persist-credentials: false}",
                             step.uses));
      }
      break;
    }
  }
}

}  // namespace refgate::lint
