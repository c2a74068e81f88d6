// Scripts are anybody's. Whatever they hold, their commands are found in bounded time, each with a
// word, and agents among them are some of them.

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

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 20'000) return 0;
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  const std::vector<std::vector<std::string>> commands = shell_commands(script);
  demand(commands.size() <= 21 * (size + 1));
  for (const std::vector<std::string>& command : commands) {
    demand(!command.empty());
    demand(launched_command(command).size() <= command.size());
  }
  for (const std::vector<std::string>& agent : agent_commands_in(script, built_in_facts()))
    demand(std::find(commands.begin(), commands.end(), agent) != commands.end());
  return 0;
}
