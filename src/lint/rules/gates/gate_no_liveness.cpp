// A gate that meets a holder without news asks GitHub whether its run has ended, and takes the work
// over at once when it has. Without `actions: read` it gets no answer. Facts: "REST API endpoints
// for workflow runs"; what `permissions` leave out is `none`.

#include <algorithm>
#include <string>

#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {

void check_gate_no_liveness(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  bool workflow_level = false;
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Job& job = *gated.job;
    const Entry& permissions = permissions_of(workflow, job);
    // What stands at the top is wrong once, for however many jobs. Without `contents: write` there
    // is worse to say.
    if ((!job.permissions && workflow_level) || !permissions ||
        access_of(permissions.value, "contents") != Access::write ||
        access_of(permissions.value, "actions") != Access::none)
      continue;
    const auto asking = std::find_if(gated.gates.begin(), gated.gates.end(), [&](const Gate& gate) {
      return gate.kind == GateKind::refgate && gate.step != nullptr && gate.step == gate.origin &&
             !needs_no_answer({gate.step, &job, &workflow});
    });
    if (asking == gated.gates.end()) continue;
    workflow_level = workflow_level || !job.permissions;
    auto report = sink.report(
        subject, permissions.key,
        "with these permissions the gate of job `" + std::string(job.id) +
            "` may not ask GitHub whether the run that holds the work has ended: when that one "
            "died without a word, events are turned away for its sake until its lease has passed; "
            "add `actions: read`");
    report.related(subject, asking->step->main().key, "the gate");
    if (const Entry written = permissions.value.entry("actions"))
      report.fix(FixKind::unsafe, "Write `actions: read`", {replace_node(written.value, "read")});
    else if (permissions.value.is_mapping() && permissions.value.size() > 0)
      report.fix(FixKind::unsafe, "Add `actions: read`",
                 add_entry(*workflow.document, permissions.value, "actions", "read"));
  }
}

}  // namespace refgate::lint
