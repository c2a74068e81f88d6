#include "lint/shell/shell_call.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {

bool is_shell(std::string_view word) {
  static constexpr auto shells =
      std::to_array<std::string_view>({"bash", "sh", "zsh", "dash", "ksh"});
  return word.ends_with("sh") &&
         std::find(shells.begin(), shells.end(), word.substr(word.rfind('/') + 1)) != shells.end();
}

std::optional<ShellCall> shell_call(const std::vector<std::string>& words) {
  const auto found = std::find_if(words.begin(), words.end(), is_shell);
  if (found == words.end()) return std::nullopt;
  ShellCall call{static_cast<std::size_t>(found - words.begin()), std::nullopt, true};
  // Only launchers may stand before it: `which bash` starts none.
  std::vector<std::string> before(words.begin(), found);
  before.emplace_back("?");
  if (launched_command(std::move(before)).size() != 1) return std::nullopt;
  for (std::size_t at = call.shell + 1; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (!word.starts_with('-') && !word.starts_with('+')) {
      call.reads_input = false;
      break;
    }
    if (!word.starts_with("--") && word.find('c') != std::string::npos) {
      call.reads_input = false;
      if (at + 1 < words.size()) call.argument = at + 1;
      break;
    }
    if (word.ends_with('o')) ++at;  // `-o pipefail`
  }
  return call;
}

}  // namespace refgate::lint
