#include "lint/agents/dispatches.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lint/github/facts.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {

namespace {

bool names_own_workflow(std::string_view word) {
  return word == "$GITHUB_WORKFLOW" || word == "${GITHUB_WORKFLOW}" ||
         word.find("github.workflow }}") != std::string_view::npos;
}

bool says_file(std::string_view text, std::string_view file) {
  for (const char quote : {'\'', '"', '`'}) {
    if (text.find(quote + std::string(file) + quote) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

bool dispatches(const Step& step, const Workflow& workflow, bool itself) {
  if (dispatches(step.run_text(), workflow, itself)) return true;
  const std::string_view uses = step.uses_text();
  const std::string file = workflow.file.substr(workflow.file.rfind('/') + 1);
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view program = step.input("script").value.text();
    return program.find("createWorkflowDispatch") != std::string_view::npos &&
           says_file(program, file);
  }
  if (!matches_action(uses, "benc-uk/workflow-dispatch")) return false;
  const std::string_view named = step.input("workflow").value.text();
  return named == file || named == workflow.display_name() || (itself && names_own_workflow(named));
}

bool dispatches(std::string_view script, const Workflow& workflow, bool itself) {
  if (script.find("workflow") == std::string_view::npos) return false;
  const std::string file = workflow.file.substr(workflow.file.rfind('/') + 1);
  const std::string path = "/workflows/" + file + "/dispatches";
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.size() < 3 || (command[0] != "gh" && command[0] != "curl")) continue;
    const bool runs = command[1] == "workflow" && command[2] == "run";
    if (std::any_of(command.begin() + 1, command.end(), [&](const std::string& word) {
          if (!runs) return word.find(path) != std::string::npos;
          return word == file || word == workflow.display_name() ||
                 (itself && names_own_workflow(word));
        }))
      return true;
  }
  return false;
}

}  // namespace refgate::lint
