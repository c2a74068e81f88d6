#pragma once
// The words of a command line: which command with which options, or what to tell instead (help, a
// version, a wrong word by its name and the nearest right one).

#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "call/command_row.h"
#include "view/screen.h"

namespace refgate {

struct Said {
  const CommandRow* row = nullptr;
  std::vector<std::string> arguments;                       ///< positional
  std::map<std::string, std::vector<std::string>> options;  ///< as in Invocation::options
  std::vector<std::string> left_out;                        ///< as in Invocation::left_out
};

/// What is told instead of running a command: `exit` is exit_done (to standard output) or
/// exit_usage (to standard error, starting with "refgate: ").
struct Reply {
  std::string text;
  int exit = 0;
};

/// All rows, in the order of --help.
const std::vector<const CommandRow*>& all_commands();

/// Never throws for anything that can be typed. `screen` is what help is shown on.
std::variant<Said, Reply> read_command_line(const std::vector<std::string>& words,
                                            const Screen& screen = {});

/// One line each for variables REFGATE_… that are not empty, and that no part of the program reads
/// (with the nearest name that is read), or that look like an option of the command, which reads
/// none: what is misspelt or misplaced would otherwise be ignored in silence.
std::vector<std::string> unread_variables(const Said& said, bool in_actions,
                                          std::span<const std::string> names);

}  // namespace refgate
