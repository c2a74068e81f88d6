#pragma once
// What this project's action and its called workflow declare. action.yml and gated.yml themselves
// are compiled in, so that the linter knows every name that they have and no other.

#include <string>
#include <string_view>
#include <vector>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

struct OwnInterface {
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> secrets;
};

const OwnInterface& own_action();
const OwnInterface& own_called_workflow();

/// Whether `uses` names this project's action, or its called workflow, in any version.
bool is_own_action(std::string_view uses);
bool is_own_called_workflow(std::string_view uses);

/// A step of this project's action with a script of its own: gate, work and finish in one.
bool is_whole_session(const Step& step);

/// Whether what such a step runs is one command, a word a line, and no script: `args`.
bool is_list_of_words(const Step& step);

/// The shell script that a step runs: its `run`, or the script or command that this project's
/// action is given. Absent when it runs none.
Entry script_of(const Step& step);

}  // namespace refgate::lint
