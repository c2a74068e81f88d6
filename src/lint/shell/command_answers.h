#pragma once
// What single commands say in a script that asks something: which answer by their status, and which
// end the script.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "lint/shell/shell_call.h"

namespace refgate::lint {

inline bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

template <std::size_t Size>
inline bool is_one_of(const std::array<std::string_view, Size>& names, std::string_view word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

/// Of the script or the machine, whatever there is to do.
inline bool asks_nothing(const std::string& name) {
  constexpr auto names = std::to_array<std::string_view>(
      {"true", ":", "echo", "printf", "export", "set", "command", "which", "type", "hash", "mkdir",
       "sleep", "cd", "umask", "trap", "shopt", "local", "unset", "chmod"});
  return is_one_of(names, name);
}

inline bool is_test(const std::string& name) {
  return name == "[" || name == "test" || name == "[[";
}

/// Commands whose status is an answer.
inline bool is_answer(const std::vector<std::string>& command) {
  constexpr auto names =
      std::to_array<std::string_view>({"grep", "egrep", "fgrep", "rg", "diff", "cmp", "jq"});
  if (is_one_of(names, command[0])) return true;
  if (command.size() < 2) return false;
  if (command[0] == "gh") return command[1] != "auth" && command[1] != "extension";
  constexpr auto asking =
      std::to_array<std::string_view>({"diff", "status", "diff-index", "rev-parse", "ls-remote",
                                       "cat-file", "merge-base", "show-ref", "ls-files"});
  return command[0] == "git" && is_one_of(asking, command[1]);
}

enum class End : std::uint8_t { none, well, failed, cancelled };

/// How a command ends the script, or its job.
inline End end_by(const std::vector<std::string>& command) {
  if (command[0] == "exit" || command[0] == "return")
    return command.size() > 1 && command[1] != "0" ? End::failed : End::well;
  if (command[0] == "false") return End::failed;
  if (command[0] != "gh" && command[0] != "curl") return End::none;
  const bool cancels = (command.size() > 2 && command[1] == "run" && command[2] == "cancel") ||
                       std::any_of(command.begin(), command.end(), [](const std::string& word) {
                         return has_any(word, {"/cancel"});
                       });
  return cancels ? End::cancelled : End::none;
}

/// A command that is run for each of many things.
inline bool is_for_each(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "xargs" || word == "parallel" || word == "-exec";
  });
}

/// Whether a program that an interpreter is handed asks something.
inline bool is_asking_program(const std::vector<std::string>& command) {
  if (program_option(command[0]).empty()) return false;
  return std::any_of(command.begin() + 1, command.end(), [](const std::string& word) {
    return has_any(word, {"if ", "if(", "for ", "for(", "while "});
  });
}

}  // namespace refgate::lint
