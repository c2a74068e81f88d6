// Scripts are anybody's. Whatever they hold, their commands are found in bounded time, each with a
// word, and agents among them are some of them, or of the scripts that they hand to a shell.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lint/github/facts.h"
#include "lint/shell/shell_commands.h"

namespace {

using namespace refgate::lint;

/// Scripts within scripts that an agent is looked for in.
constexpr int deepest = 4;

void demand(bool holds) {
  if (!holds) std::abort();
}

using Commands = std::vector<std::vector<std::string>>;

bool holds(const Commands& commands, const std::vector<std::string>& wanted, int depth) {
  if (std::find(commands.begin(), commands.end(), wanted) != commands.end()) return true;
  return depth > 0 && std::any_of(commands.begin(), commands.end(), [&](const auto& words) {
           const std::vector<std::string> command = wrapped_command(words);
           return !command.empty() && command[0].find_first_of(" \n\t") != std::string::npos &&
                  holds(shell_commands(command[0]), wanted, depth - 1);
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20'000) return 0;
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  const Commands commands = shell_commands(script);
  demand(commands.size() <= 21 * (size + 1));
  for (const std::vector<std::string>& command : commands) {
    demand(!command.empty());
    demand(launched_command(command).size() <= command.size());
  }
  for (const std::vector<std::string>& agent : agent_commands_in(script, built_in_facts()))
    demand(holds(commands, agent, deepest));
  return 0;
}
