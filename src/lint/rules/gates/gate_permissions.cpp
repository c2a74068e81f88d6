// The state of a gate lies in refs of the repository. With a token that may only read, the gate can
// look but never claim. And to cancel its own run a job needs to be allowed to.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/gates.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

/// Whether `permissions` as written certainly do not let such a thing be written.
bool may_not_write(YamlNode permissions, std::string_view scope) {
  const auto access = access_of(permissions, scope);
  return access && *access != Access::write;
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

/// Whether one of the gates under a job's permissions asks how the run that holds the work fares:
/// then `gate-no-liveness` would want more next.
bool asks_for_holders(const Subject& subject, const Job& job) {
  const std::vector<GatedJob>& gated = gated_jobs_of(subject);
  return std::any_of(gated.begin(), gated.end(), [&](const GatedJob& each) {
    if (each.job != &job && (job.permissions || each.job->permissions)) return false;
    return std::any_of(each.gates.begin(), each.gates.end(), [&](const Gate& gate) {
      return gate.kind == GateKind::refgate && gate.step != nullptr && gate.step == gate.origin &&
             !needs_no_answer({gate.step, each.job, subject.workflow});
    });
  });
}

struct Missing {
  std::string_view scope;
  Access least;
};

std::string in_words(const std::vector<Missing>& missing) {
  std::string words;
  for (const Missing& each : missing)
    words += (words.empty() ? "`" : " and `") + std::string(each.scope) + ": " +
             std::string(name_of(each.least)) + "`";
  return words;
}

/// Writes the permissions that are missing, where there is a place for them.
void fix_permissions(Sink::Report& report, const Workflow& workflow, YamlNode permissions,
                     const std::vector<Missing>& missing) {
  if (!permissions.is_mapping() || permissions.size() == 0) return;
  std::vector<TextEdit> edits;
  for (const auto& [scope, least] : missing) {
    const std::string value(name_of(least));
    const Entry written = permissions.entry(scope);
    const std::vector<TextEdit> more =
        written ? std::vector<TextEdit>{replace_node(written.value, value)}
                : add_entry(*workflow.document, permissions, scope, value);
    edits.insert(edits.end(), more.begin(), more.end());
  }
  report.fix(FixKind::unsafe, "Give " + in_words(missing), std::move(edits));
}

/// What stands at the top is wrong once, for however many jobs.
void check_cancelling(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  bool workflow_level = false;
  for (const Job& job : workflow.jobs) {
    if (!job.permissions && workflow_level) continue;
    const Entry& permissions = permissions_of(workflow, job);
    if (!permissions || !may_not_write(permissions.value, "actions")) continue;
    const Step* step = cancelling_step(job, workflow);
    if (step == nullptr) continue;
    workflow_level = workflow_level || !job.permissions;
    auto report = sink.report(subject, permissions.key,
                              "these permissions let job `" + std::string(job.id) +
                                  "` not cancel its run, which `on-lost: cancel` asks for; it "
                                  "needs `actions: write`");
    report.related(subject, (step->uses ? step->uses : step->run).key, "asked for here");
    fix_permissions(report, workflow, permissions.value, {{"actions", Access::write}});
  }
}

}  // namespace

void check_gate_permissions(const Subject& subject, Sink& sink) {
  check_cancelling(subject, sink);
  const Workflow& workflow = *subject.workflow;
  bool workflow_level = false;
  for (const Job& job : workflow.jobs) {
    // What stands at the top is wrong once, for however many jobs.
    if (!job.permissions && workflow_level) continue;
    const Entry& permissions = permissions_of(workflow, job);
    if (!permissions || !may_not_write(permissions.value, "contents")) continue;
    bool finish = false;
    const Step* step = writing_step(job, subject, finish);
    // Its permissions are those of the job that calls it.
    const bool called = is_own_called_workflow(job.uses.value.text()) &&
                        !job.with.value["remote"] && !job.with.value["on-read-only"];
    if (step == nullptr && !called) continue;
    workflow_level = workflow_level || !job.permissions;
    const std::string effect =
        called   ? "the gate in the workflow that it calls cannot claim anything, and fails"
        : finish ? "`finish` cannot end the session, which then stays as it is until its lease has "
                   "passed"
                 : "the gate fails: its token may only read, so that nothing of this workflow will "
                   "ever run (it skips for forks and Dependabot alone)";
    auto report =
        sink.report(subject, permissions.key,
                    "these permissions let job `" + std::string(job.id) +
                        "` not write contents, so " + effect + "; it needs `contents: write`");
    report.related(subject, (called ? job.uses : step->main()).key,
                   finish ? "the session is ended here" : "the gate");
    std::vector<Missing> missing{{"contents", Access::write}};
    if (access_of(permissions.value, "actions") == Access::none &&
        (called || asks_for_holders(subject, job)))
      missing.push_back({"actions", Access::read});
    fix_permissions(report, workflow, permissions.value, missing);
  }
}

}  // namespace refgate::lint
