#include "app/command_row.h"
#include "app/commands.h"

namespace refgate {

std::span<const CommandRow> session_commands() {
  static const std::vector<CommandRow> rows{};
  return rows;
}

}  // namespace refgate
