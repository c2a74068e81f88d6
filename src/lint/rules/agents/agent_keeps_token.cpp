// A checkout leaves its token in the folder in which the agent works. Facts: actions/checkout,
// persist-credentials: true by default, in .git/config or a file beside it, until the job ends.

#include <algorithm>
#include <string>

#include "lint/agents/checkout_token.h"
#include "lint/agents/job_commands.h"
#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

bool may_write_contents(const Workflow& workflow, const Job& job) {
  const Entry& permissions = permissions_of(workflow, job);
  return permissions && access_of(permissions.value, "contents") == Access::write;
}

/// Whether a text hands the job's own token on.
bool is_own_token(std::string_view text) {
  if (text.find("${{") == std::string_view::npos) return false;
  const Expression expression = parse_template(text);
  if (!expression.is_valid()) return false;
  const std::vector<Reference> all = references(expression);
  return std::any_of(all.begin(), all.end(), names_job_token);
}

/// The variable that hands the token to the agent itself.
Entry token_of_agent(const AgentLaunch& launch) {
  for (const Entry& env : {launch.step->env, launch.job().env, launch.workflow().env}) {
    for (const Entry& variable : env.value.entries()) {
      if (is_own_token(variable.value.text())) return variable;
    }
  }
  return {};
}

/// Whether a script writes a token into the address of a repository, where the agent finds it:
/// `git clone https://x:$TOKEN@…`.
bool leaves_token_in_address(const Workflow& workflow, const Job& job, const Step& step) {
  const std::string_view script = step.run_text();
  if (!mentions_any(to_lower(script), {"remote set-url", "remote add", "git clone", "insteadof"}))
    return false;
  const StepVariables variables(workflow, job, step);
  for (std::size_t at = script.find("://"); at != std::string_view::npos;
       at = script.find("://", at + 1)) {
    const std::string_view rest = script.substr(at + 3, script.find('\n', at) - at - 3);
    const std::string_view login = rest.substr(0, rest.find('@'));
    if (login.size() == rest.size()) continue;
    const std::size_t variable = login.find('$');
    if (variable == std::string_view::npos) continue;
    std::string_view word = login.substr(variable);
    const bool is_expression = word.starts_with("${{");
    if (!is_expression) word = word.substr(0, word.find_first_of(":\"' /", 1));
    const std::string text = is_expression ? std::string(word) : variables.resolved(word);
    if (text.find("secrets.") != std::string::npos || is_own_token(text)) return true;
  }
  return false;
}

/// The other places in which a token lies open to the agent.
void check_other_places(const Subject& subject, const AgentLaunch& launch, Sink& sink) {
  constexpr const char* what =
      ": with it whoever steers the agent can push to the repository and change the sessions that "
      "the gate keeps there";
  if (const Entry variable = token_of_agent(launch)) {
    sink.report(subject, variable.key,
                "this hands a token that may write contents to the agent" + std::string(what) +
                    "; give it to the steps that need it, or let a job of its own use it")
        .confidence(Confidence::medium)
        .related(subject, launch.place().key, "the agent works here");
    return;
  }
  for (const Step& step : launch.job().steps) {
    if (step.index >= launch.step->index) break;
    if (!step.run || !leaves_token_in_address(launch.workflow(), launch.job(), step)) continue;
    sink.report(subject, step.run.key,
                "this writes a token into the address of a repository, where the agent finds it" +
                    std::string(what))
        .confidence(Confidence::medium)
        .related(subject, launch.place().key, "the agent works here");
    return;
  }
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
    check_other_places(subject, launch, sink);
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
