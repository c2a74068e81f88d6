// A checkout leaves its token in the folder in which the agent works. Facts: actions/checkout,
// persist-credentials: true by default, in .git/config or a file beside it, until the job ends.

#include <algorithm>
#include <string>

#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
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

bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  const std::string lower = to_lower(text);
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

/// Something in the job pushes with what the checkout left.
bool pushes(const Job& job) {
  return std::any_of(job.steps.begin(), job.steps.end(), [](const Step& step) {
    return mentions_any(step.node.source(),
                        {"git push", "git commit", "push", "git-auto-commit", "create-pull-request",
                         "commit and", "git fetch", "git pull"});
  });
}

/// claude-code-action without a prompt works on branches of its own and pushes them.
bool pushes_by_itself(const AgentLaunch& launch, const Facts& facts) {
  const AgentActionFact* fact = agent_action_fact(*launch.launch, facts);
  return fact != nullptr && !fact->app_login.empty() && !launch.launch->input("prompt");
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
    if (!has_gate || !may_write_contents(workflow, job) || pushes(job) ||
        pushes_by_itself(launch, subject.facts()))
      continue;
    for (const Step& step : job.steps) {
      if (step.index >= launch.step->index) break;
      if (!matches_action(step.uses_text(), "actions/checkout")) continue;
      const Entry keeps = step.input("persist-credentials");
      if (keeps && (keeps.value.has_expression() || !keeps.value.boolean().value_or(true) ||
                    keeps.value.text() == "false"))
        continue;
      if (const Entry token = step.input("token"); token && token.value.text().empty()) continue;
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
