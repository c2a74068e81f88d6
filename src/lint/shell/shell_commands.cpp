#include "lint/shell/shell_commands.h"

#include "lint/shell/shell_scanner.h"

namespace refgate::lint {

std::vector<std::vector<std::string>> shell_commands(std::string_view script) {
  std::vector<std::vector<std::string>> commands;
  const std::vector<std::string> prefix;
  ShellScanner(script, prefix, 0, commands).read_script();
  return commands;
}

}  // namespace refgate::lint
