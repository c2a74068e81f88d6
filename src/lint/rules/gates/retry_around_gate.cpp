// A session that failed is not launched again by its own run, so what tries again only asks again.

#include <algorithm>
#include <string>

#include "lint/agents/shell_loops.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

bool is_session(const std::vector<std::string>& words) {
  const std::vector<std::string> command = launched_command(words);
  if (command.size() < 2) return false;
  const std::string_view name = std::string_view(command[0]).substr(command[0].rfind('/') + 1);
  if (name != "refgate" && !name.starts_with("refgate-linux-")) return false;
  return command[1] == "run" || command[1] == "gate";
}

bool allows_retry(const StepPlace& place, std::string_view text) {
  const auto retry = told(place, "retry");
  return (retry && retry->text != "suppress" && retry->text != "manual") ||
         text.find("--retry allow") != std::string_view::npos ||
         text.find("--retry=allow") != std::string_view::npos;
}

bool is_retry_action(const Step& step, const Facts& facts) {
  return !step.uses_text().empty() &&
         std::any_of(
             facts.retry_actions.begin(), facts.retry_actions.end(),
             [&](const std::string& action) { return matches_action(step.uses_text(), action); });
}

bool is_single(const Step& step) {
  for (const std::string_view name :
       {"max_attempts", "max-attempts", "attempt_limit", "attempts"}) {
    const auto number = step.input(name).value.number();
    if (number && *number <= 1) return true;
  }
  return false;
}

void check_step(const Subject& subject, const Job& job, const Step& step, Sink& sink) {
  const StepPlace place{&step, &job, subject.workflow};
  const std::string words =
      ": the gate launches nothing again that failed in this run, so the work is done once all the "
      "same, and every further try is told to skip; leave it out, or say `retry: allow` with "
      "`max-attempts`";
  if (is_retry_action(step, subject.facts()) && !is_single(step)) {
    for (const Entry& input : step.with.value.entries()) {
      const std::string_view text = input.value.text();
      const auto commands = shell_commands(text);
      const bool session =
          std::any_of(commands.begin(), commands.end(), is_session) || is_own_action(text);
      if (!session || allows_retry(place, text)) continue;
      sink.report(subject, step.uses.value, "this retry action asks the gate again" + words)
          .related(subject, input.key, "the gate is asked here");
      return;
    }
  }
  // Reading a script as the shell does costs more than all else here.
  if (!step.run || step.run_text().find("refgate") == std::string_view::npos) return;
  if (allows_retry(place, step.run_text())) return;
  const std::vector<RetriedCommand> retried = retried_commands(step.run_text(), is_session);
  if (!retried.empty())
    sink.report(subject, step.run.key, "`refgate` stands in " + retried.front().how + words);
}

}  // namespace

void check_retry_around_gate(const Subject& subject, Sink& sink) {
  for (const Job& job : subject.workflow->jobs) {
    for (const Step& step : job.steps)
      check_step(subject, job, step, sink);
  }
}

}  // namespace refgate::lint
