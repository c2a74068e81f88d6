#pragma once
// Commands that a shell script runs again when they fail.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/github/facts.h"

namespace refgate::lint {

struct RetriedCommand {
  std::vector<std::string> command;  ///< its words
  std::string
      how;  ///< "an `until` loop", "a loop that ends when it succeeds", "`retry`", "`||`", "`if !`"
};

/// The commands for which `is_meant` is true and that a script runs again when they fail, as said
/// of agents below.
std::vector<RetriedCommand> retried_commands(
    std::string_view script, const std::function<bool(const std::vector<std::string>&)>& is_meant);

/// The agents that a script launches again when they fail: in the condition of `while` or `until`,
/// in a loop that is left after them, after `||` or below `if !` the same, or behind a command like
/// `retry`. A loop over pieces of work, each with a session of its own, is none.
std::vector<RetriedCommand> retried_agents(std::string_view script, const Facts& facts);

}  // namespace refgate::lint
