#pragma once
// Which commands a shell script begins, as far as that can be told without running it.

#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// The words of each simple command of a script for a POSIX-like shell, unquoted, in order: those of lists, pipelines, groups and compound commands,
/// and those inside of `$(…)` and backquotes, quoted or not. Comments, here-documents and text in quotes begin no command. `${{ … }}` is a word or
/// part of one. A script that is cut short or is none gives what can be told.
std::vector<std::vector<std::string>> shell_commands(std::string_view script);

/// The command that a line runs in the end: without assignments, and without `sudo`, `env`, `timeout 5m`, `npx -y`, `uv run` and the like before it.
std::vector<std::string> launched_command(std::vector<std::string> words);

}  // namespace refgate::lint
