#pragma once
// Commands that start a shell and hand it a script.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// A shell that a command starts, and what it is told to run.
struct ShellCall {
  std::size_t shell = 0;                ///< its place among the words
  std::optional<std::size_t> argument;  ///< with `-c`: the place of the script
  bool reads_input = false;             ///< no `-c` and no file: the script comes from its input
};

/// `bash`, `/bin/sh`, …
bool is_shell(std::string_view word);
/// nullopt when the command starts no shell, itself or through `sudo`, `timeout 5m` and the like.
std::optional<ShellCall> shell_call(const std::vector<std::string>& words);

}  // namespace refgate::lint
