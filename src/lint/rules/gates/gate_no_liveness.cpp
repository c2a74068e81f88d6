// A gate that meets a holder without news asks GitHub whether its run has ended, and takes the work
// over at once when it has. Without `actions: read` it gets no answer. Facts: "REST API endpoints
// for workflow runs"; what `permissions` leave out is `none`.

#include <algorithm>
#include <string>
#include <vector>

#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {

namespace {

/// Where a gate that asks for its holder's run stands under the permissions of a job; absent when
/// none does.
YamlNode asking_gate(const Subject& subject, const Job& job, const GatedJob* gated) {
  if (gated != nullptr) {
    const auto asking =
        std::find_if(gated->gates.begin(), gated->gates.end(), [&](const Gate& gate) {
          return gate.kind == GateKind::refgate && gate.step != nullptr &&
                 gate.step == gate.origin && !needs_no_answer({gate.step, &job, subject.workflow});
        });
    if (asking != gated->gates.end()) return asking->step->main().key;
  }
  if (!job.calls_workflow() || job.secrets.value["token"]) return {};
  const std::vector<CalledGate> called = gates_called_by(subject, job);
  const bool asks = std::any_of(called.begin(), called.end(), [](const CalledGate& each) {
    return !each.own_permissions && !needs_no_answer(each.place);
  });
  return asks ? job.uses.key : YamlNode();
}

}  // namespace

void check_gate_no_liveness(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  const std::vector<GatedJob>& all = gated_jobs_of(subject);
  std::size_t next = 0;
  bool workflow_level = false;
  for (const Job& job : workflow.jobs) {
    const GatedJob* gated = next < all.size() && all[next].job == &job ? &all[next++] : nullptr;
    const Entry& permissions = permissions_of(workflow, job);
    // What stands at the top is wrong once, for however many jobs. Without `contents: write` there
    // is worse to say.
    if ((!job.permissions && workflow_level) || !permissions ||
        access_of(permissions.value, "contents") != Access::write ||
        access_of(permissions.value, "actions") != Access::none)
      continue;
    const YamlNode gate = asking_gate(subject, job, gated);
    if (!gate) continue;
    workflow_level = workflow_level || !job.permissions;
    auto report = sink.report(
        subject, permissions.key,
        "with these permissions the gate of job `" + std::string(job.id) +
            "` may not ask GitHub whether the run that holds the work has ended: when that one "
            "died without a word, events are turned away for its sake until its lease has passed; "
            "add `actions: read`");
    report.related(subject, gate, "the gate");
    if (const Entry written = permissions.value.entry("actions"))
      report.fix(FixKind::unsafe, "Write `actions: read`", {replace_node(written.value, "read")});
    else if (permissions.value.is_mapping() && permissions.value.size() > 0)
      report.fix(FixKind::unsafe, "Add `actions: read`",
                 add_entry(*workflow.document, permissions.value, "actions", "read"));
  }
}

}  // namespace refgate::lint
