#include "lint/agents/dispatches.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {

bool dispatches(std::string_view script, const Workflow& workflow) {
  if (script.find("workflow") == std::string_view::npos) return false;
  const std::string file = workflow.file.substr(workflow.file.rfind('/') + 1);
  const std::string path = "/workflows/" + file + "/dispatches";
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.size() < 3 || (command[0] != "gh" && command[0] != "curl")) continue;
    const bool runs = command[1] == "workflow" && command[2] == "run";
    if (std::any_of(command.begin() + 1, command.end(), [&](const std::string& word) {
          return runs ? word == file || word == workflow.display_name()
                      : word.find(path) != std::string::npos;
        }))
      return true;
  }
  return false;
}

}  // namespace refgate::lint
