#include "lint/deeds/script_bounds.h"

#include <algorithm>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// `API_KEY`, `gh_token`
bool is_named_like_a_secret(std::string_view name) {
  const std::string lower = to_lower(name);
  for (const std::string_view end : {"key", "token", "secret", "password", "credentials", "_pat"}) {
    if (lower.ends_with(end)) return true;
  }
  return false;
}

bool is_dispatch(const std::vector<std::string>& words) {
  const std::vector<std::string> command = launched_command(words);
  if (command.size() < 3 || (command[0] != "gh" && command[0] != "curl")) return false;
  return (command[1] == "workflow" && command[2] == "run") ||
         std::any_of(command.begin(), command.end(), [](const std::string& word) {
           return word.find("/dispatches") != std::string::npos;
         });
}

}  // namespace

bool is_setting(std::string_view name, const std::vector<YamlNode>& environments) {
  for (const YamlNode env : environments) {
    const Entry entry = env.entry(name);
    if (entry && is_setting_text(entry.value.text())) return true;
    if (entry) break;
  }
  return is_named_like_a_secret(name);
}

ScriptQuestions questions_of(std::string_view script, const std::vector<YamlNode>& environments) {
  return questions_in(script,
                      [&](std::string_view name) { return is_setting(name, environments); });
}

ScriptQuestions questions_of(const Workflow& workflow, const Job& job, const Step& step) {
  return questions_of(step.run_text(), {step.env.value, job.env.value, workflow.env.value});
}

bool asks_before_agents(const ScriptQuestions& script, const Facts& facts) {
  return all_asked(script, [&](const std::vector<std::string>& words) {
    return !agent_command(words, facts).empty();
  });
}

bool asks_before_dispatch(const Workflow& workflow, const Job& job, const Step& step) {
  if (mentions_any(step.input("script").value.text(), {"if (", "if(", "? ", "return"})) return true;
  return step.run && all_asked(questions_of(workflow, job, step), is_dispatch);
}

}  // namespace refgate::lint
