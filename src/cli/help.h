#pragma once
// What a person is told of the commands and of one command.

#include <optional>
#include <string>
#include <vector>

#include "call/command_row.h"
#include "view/screen.h"

namespace refgate {

/// `--help`; `--help=all`, with what is folded otherwise; `result get --help`, of one action.
struct HelpAsked {
  bool all = false;
  std::string action;
};

/// Whether help is asked for among a command's words; what is behind `--` is nobody's option.
std::optional<HelpAsked> help_asked(const CommandRow& row, const std::vector<std::string>& words);

/// Of one command: what changes it, in groups; examples, statuses, where to read on.
std::string help_of(const CommandRow& row, const HelpAsked& asked, const Screen& screen);

/// Of the program: its commands.
std::string overview(const std::vector<const CommandRow*>& rows, const Screen& screen);

}  // namespace refgate
