// GitHub ends a job after 360 minutes unless it says otherwise. An agent that waits for something,
// or goes round in circles, costs money for as long.

#include <algorithm>
#include <string>

#include "lint/agents/agent_launch.h"
#include "lint/finding/edit.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Limits that an action takes as an input, by the names that are in use.
bool has_limit_input(const Step& step) {
  for (const std::string_view name : {"timeout_minutes", "timeout-minutes", "timeout"}) {
    if (step.input(name)) return true;
  }
  return false;
}

/// `timeout 10m claude …` ends the session too.
bool is_limited(const std::vector<std::string>& command) {
  return std::any_of(command.begin(), command.end(), [](const std::string& word) {
    return word == "timeout" || word == "gtimeout";
  });
}

bool launches_without_limit(const Step& step, const Subject& subject, int depth) {
  if (step.timeout_minutes || has_limit_input(step) || is_switched_off(step.condition))
    return false;
  if (const Action* action = subject.project.local_action(step.uses_text());
      action != nullptr && depth < 10) {
    return std::any_of(action->steps.begin(), action->steps.end(), [&](const Step& inner) {
      return launches_without_limit(inner, subject, depth + 1);
    });
  }
  if (step.uses) return launches_agent(step, subject.facts());
  const auto commands = agent_commands_in(step.run_text(), subject.facts());
  return std::any_of(commands.begin(), commands.end(),
                     [](const auto& command) { return !is_limited(command); });
}

}  // namespace

void check_agent_without_timeout(const Subject& subject, Sink& sink) {
  const auto option = subject.options.find("minutes");
  const std::string minutes =
      option == subject.options.end() || option->second.empty() ? "30" : option->second.front();
  for (const Job& job : subject.workflow->jobs) {
    if (job.timeout_minutes || job.calls_workflow() || is_switched_off(job.condition)) continue;
    const auto step = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& each) {
      return launches_without_limit(each, subject, 0);
    });
    if (step == job.steps.end()) continue;
    const Entry what = step->uses ? step->uses : step->run;
    sink.report(
            subject, job.key,
            "job `" + std::string(job.id) +
                "` launches an agent and has no `timeout-minutes`: GitHub lets it run for 6 hours")
        .related(subject, what.key, "the agent is launched here")
        .fix(FixKind::unsafe, "Add `timeout-minutes: " + minutes + "`",
             add_entry(*subject.workflow->document, job.node, "timeout-minutes", minutes,
                       job.runs_on));
  }
}

}  // namespace refgate::lint
