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

std::string_view program_option(std::string_view word) {
  static constexpr auto options =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"python", "-c"},
                                                                    {"python3", "-c"},
                                                                    {"node", "-e"},
                                                                    {"bun", "-e"},
                                                                    {"deno", "eval"},
                                                                    {"zx", "-e"},
                                                                    {"ruby", "-e"},
                                                                    {"perl", "-e"},
                                                                    {"expect", "-c"}});
  const std::string_view name = word.substr(word.rfind('/') + 1);
  for (const auto& [interpreter, option] : options) {
    if (name == interpreter) return option;
  }
  return {};
}

bool is_program_shell(std::string_view shell) {
  while (!shell.empty()) {
    const std::size_t end = std::min(shell.find(' '), shell.size());
    if (!program_option(shell.substr(0, end)).empty()) return true;
    shell.remove_prefix(std::min(end + 1, shell.size()));
  }
  return false;
}

std::vector<std::string> program_call(const std::vector<std::string>& words, std::size_t most) {
  for (std::size_t at = 0; at < std::min(words.size(), most); ++at) {
    const std::string_view option = program_option(words[at]);
    if (option.empty()) continue;
    std::vector<std::string> before(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at));
    before.emplace_back("?");
    if (launched_command(before).size() != 1) return {};
    // A file to run, or a module: what comes in is its data.
    for (std::size_t next = at + 1; next < words.size() && words[next] != "-"; ++next) {
      const std::string& word = words[next];
      if (!word.starts_with('-') || word == "-m" || word == "-c" || word == "-e") return {};
    }
    before.back() = words[at];
    before.emplace_back(option);
    return before;
  }
  return {};
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
