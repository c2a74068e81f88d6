// The state of a gate lies in refs of the repository. With a token that may only read, the gate can
// look but never claim. And to cancel its own run a job needs to be allowed to.

#include <string>

#include "lint/finding/edit.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/gates.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Whether `permissions` as written let such a thing be written; unknown when that cannot be told.
Truth may_write(YamlNode permissions, std::string_view scope) {
  if (permissions.has_expression()) return Truth::unknown;
  if (permissions.is_scalar()) return permissions.text() == "write-all" ? Truth::yes : Truth::no;
  if (permissions.is_null()) return Truth::unknown;
  const YamlNode value = permissions[scope];
  if (value.has_expression()) return Truth::unknown;
  return value.text() == "write" ? Truth::yes : Truth::no;
}

/// The step that needs to write, or nullptr; `finish` when it ends a session.
const Step* writing_step(const Job& job, const Subject& subject, bool& finish) {
  for (const Step& step : job.steps) {
    const std::optional<Gate> gate = gate_at(step, subject.project, subject.facts());
    const bool is_gate = gate && gate->kind == GateKind::refgate && gate->origin_file.empty();
    finish = !is_gate && has_session_command(step, subject.project, subject.facts(), "finish");
    if ((is_gate || finish) && !goes_elsewhere({&step, &job, subject.workflow})) return &step;
  }
  return nullptr;
}

/// The step whose heartbeats are to cancel the run, or nullptr.
const Step* cancelling_step(const Job& job, const Workflow& workflow) {
  for (const Step& step : job.steps) {
    const auto on_lost = told({&step, &job, &workflow}, "on-lost");
    if (on_lost && on_lost->text == "cancel" && !goes_elsewhere({&step, &job, &workflow}))
      return &step;
  }
  return nullptr;
}

/// Where a permission is written that is missing.
void fix_permission(Sink::Report& report, const Workflow& workflow, YamlNode permissions,
                    std::string_view scope) {
  const std::string line = std::string(scope) + ": write";
  const Entry written = permissions.entry(scope);
  if (written)
    report.fix(FixKind::unsafe, "Write `" + line + "`", {replace_node(written.value, "write")});
  else if (permissions.is_mapping() && permissions.size() > 0)
    report.fix(FixKind::unsafe, "Add `" + line + "`",
               add_entry(*workflow.document, permissions, scope, "write"));
}

/// What stands at the top is wrong once, for however many jobs.
void check_cancelling(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  bool workflow_level = false;
  for (const Job& job : workflow.jobs) {
    if (!job.permissions && workflow_level) continue;
    const Entry permissions = job.permissions ? job.permissions : workflow.permissions;
    if (!permissions || may_write(permissions.value, "actions") != Truth::no) continue;
    const Step* step = cancelling_step(job, workflow);
    if (step == nullptr) continue;
    workflow_level = workflow_level || !job.permissions;
    auto report = sink.report(subject, permissions.key,
                              "these permissions let job `" + std::string(job.id) +
                                  "` not cancel its run, which `on-lost: cancel` asks for; it "
                                  "needs `actions: write`");
    report.related(subject, (step->uses ? step->uses : step->run).key, "asked for here");
    fix_permission(report, workflow, permissions.value, "actions");
  }
}

constexpr std::string_view gated_workflow = "/refgate/.github/workflows/gated.yml@";

}  // namespace

void check_gate_permissions(const Subject& subject, Sink& sink) {
  check_cancelling(subject, sink);
  const Workflow& workflow = *subject.workflow;
  bool workflow_level = false;
  for (const Job& job : workflow.jobs) {
    // What stands at the top is wrong once, for however many jobs.
    if (!job.permissions && workflow_level) continue;
    const Entry permissions = job.permissions ? job.permissions : workflow.permissions;
    if (!permissions || may_write(permissions.value, "contents") != Truth::no) continue;
    bool finish = false;
    const Step* step = writing_step(job, subject, finish);
    const bool called = job.uses.value.text().find(gated_workflow) != std::string_view::npos &&
                        !job.with.value["remote"] && !job.with.value["on-read-only"];
    if (step == nullptr && !called) continue;
    workflow_level = workflow_level || !job.permissions;
    const std::string id = "`" + std::string(job.id) + "`";
    const std::string effect =
        called   ? "the gate in the workflow that it calls cannot claim anything, and fails"
        : finish ? "`finish` cannot end the session, which then stays as it is until its lease has "
                   "passed"
                 : "the gate fails: its token may only read, so that nothing of this workflow will "
                   "ever run (it skips for forks and Dependabot alone)";
    const Entry what = called ? job.uses : (step->uses ? step->uses : step->run);
    auto report = sink.report(subject, permissions.key,
                              "these permissions let job " + id + " not write contents, so " +
                                  effect + "; it needs `contents: write`");
    report.related(subject, what.key, finish ? "the session is ended here" : "the gate");
    fix_permission(report, workflow, permissions.value, "contents");
  }
}

}  // namespace refgate::lint
