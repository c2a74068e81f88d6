#include "app/command_row.h"
#include "app/commands.h"

namespace refgate {

std::span<const CommandRow> person_commands() {
  static const std::vector<CommandRow> rows{
      {"status",
       "On a person's machine",
       "Live sessions, and who holds what",
       {},
       store_settings(),
       {{"lost", "", "only work whose holder died and that nobody took up; exit 1 when there is any"},
        {"all", "", "ended sessions too"},
        json_option},
       "refgate status --remote git@github.com:octo/app.git",
       command_status},
      {"release",
       "On a person's machine",
       "Free a stuck session by hand; the next caller takes over",
       {"target"},
       store_settings(),
       {{"reason", "TEXT", "kept in the record"}},
       "refgate release 0b9c2e1d4f5a6b7c8d9e0f1a2b3c4d5e --reason 'runner was unplugged'",
       command_release},
      {"doctor",
       "On a person's machine",
       "Check token, permissions, reachability, namespace, clock, counts, push rate",
       {},
       store_settings(),
       {json_option},
       "refgate doctor --remote https://github.com/octo/app",
       command_doctor},
  };
  return rows;
}

}  // namespace refgate
