#pragma once
// What a shell script asks before it comes to a command: tests, conditions and loops around it, and
// those by which the script may end before it. Words in quotes are none, nor is what comes after.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

struct ScriptCommand {
  std::vector<std::string> words;  ///< as shell_commands() gives them
  bool is_asked = false;           ///< whether it is run may be asked first
};

struct ScriptQuestions {
  std::vector<ScriptCommand> commands;
  bool asks = false;          ///< something is asked somewhere
  bool may_fail = false;      ///< an answer may end the script as a failure
  bool always_fails = false;  ///< it ends so, or is cancelled, unasked
};

/// `is_setting` says of a variable that the script does not set whether it is a secret or
/// configuration: a test of those, as of whether a program is installed, asks nothing that changes
/// from run to run. What cannot be told is taken for a question.
ScriptQuestions questions_in(std::string_view script,
                             const std::function<bool(std::string_view name)>& is_setting);

/// Whether none of the commands that are meant is run unasked; when there are none of them, whether
/// the script asks at all.
bool all_asked(const ScriptQuestions& script,
               const std::function<bool(const std::vector<std::string>&)>& is_meant);

/// Whether a text is written out, but for secrets and configuration variables.
bool is_setting_text(std::string_view text);

}  // namespace refgate::lint
