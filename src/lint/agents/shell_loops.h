#pragma once
// Commands that a shell script runs again when they fail.

#include <string>
#include <string_view>
#include <vector>

#include "lint/github/facts.h"

namespace refgate::lint {

struct RetriedAgent {
  std::vector<std::string> command;  ///< its words
  std::string how;  ///< "an `until` loop", "a loop that ends when it succeeds", "`retry`", "`||`"
};

/// The agents that a script launches again when they fail: in the condition of `while` or `until`,
/// in a loop that is left after them, after `||`, or behind a command like `retry`. A loop over
/// pieces of work, each with a session of its own, is none.
std::vector<RetriedAgent> retried_agents(std::string_view script, const Facts& facts);

}  // namespace refgate::lint
