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
/// The words of a command that reads a program from its input, up to the option that such a
/// program stands behind (`timeout`, `5m`, `python3`, `-c`); empty when it reads none.
std::vector<std::string> program_call(const std::vector<std::string>& words, std::size_t most);
/// The option behind which an interpreter takes a program as a word: `-c` of python, `-e` of node.
/// Empty for what is no interpreter.
std::string_view program_option(std::string_view word);
/// Whether a step's `shell` is such an interpreter: `python`, `npx zx {0}`.
bool is_program_shell(std::string_view shell);
/// nullopt when the command starts no shell, itself or through `sudo`, `timeout 5m` and the like.
std::optional<ShellCall> shell_call(const std::vector<std::string>& words);

}  // namespace refgate::lint
