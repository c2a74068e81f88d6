#pragma once
// What the words of a command of git say, and where a path leads. A folder is written from the
// workspace on, `a/b`, and the workspace itself as nothing; one outside of it as it stands there.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// `git`, `/usr/bin/git`
bool is_git(const std::vector<std::string>& command);

/// Where the words of git's own command begin, behind git's options; 0 for what is none of git's.
std::size_t git_command_at(const std::vector<std::string>& command);

/// The folder that a command of git works in when it is run in this one: `-C`, `--work-tree`.
std::string git_folder(const std::vector<std::string>& command, const std::string& folder);

/// The words behind git's own command that are neither options nor their values.
std::vector<std::string> git_operands(const std::vector<std::string>& command);

/// The folder that a clone makes of an address, unless it is told another one.
std::string cloned_name(std::string_view address);

/// A folder outside of the workspace, or one that only a variable names.
bool is_outside(std::string_view folder);

/// The folder that a path leads to from a folder.
std::string entered(const std::string& folder, std::string_view path);

/// Whether a folder is this one or lies in it.
bool is_below(std::string_view folder, std::string_view root);

}  // namespace refgate::lint
