#pragma once
// Which commands a shell script begins, as far as that can be told without running it.

#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// The words of each simple command of a script for a POSIX-like shell, unquoted, in order: those
/// of lists, pipelines, groups and compound commands, those inside of `$(…)`, backquotes and
/// `<(…)`, quoted or not, and those of a script that is handed to a shell (`timeout 5m bash -c
/// '…'`, `eval`, `bash <<EOF`), with the words before that shell. Comments, text in quotes, other
/// here-documents, patterns of `case`, arrays, arithmetic and `[[
/// ]]` begin no command (a here-document that is an interpreter's program is its `-c` or `-e`
/// once more: `python3`, `-c`, the program); neither does the body of a function that the script
/// names nowhere else.
/// `${{ … }}` is a word or part of one; `$(which x)` is `x`. A script that is cut short or is none
/// gives what can be told.
std::vector<std::vector<std::string>> shell_commands(std::string_view script);

/// The command that a line runs in the end: without assignments, and without `sudo`, `env`,
/// `timeout 5m`, `npx -y`, `uv run` and the like before it.
std::vector<std::string> launched_command(std::vector<std::string> words);

/// The same for a line that runs its command elsewhere or under watch too: in a container
/// (`docker run IMAGE`, with its `--entrypoint`), on another machine (`ssh host`), in an
/// environment that is made for it (`nix develop -c`, `op run --`, `mise exec --`), for each file
/// (`find -exec`) or in a terminal (`script -c`, `tmux new-session`). A single word with blanks in
/// it is a line for a shell. Empty when it runs none.
std::vector<std::string> wrapped_command(std::vector<std::string> words);

}  // namespace refgate::lint
