#include "lint/shell/program_calls.h"

#include <algorithm>
#include <array>
#include <string>

namespace refgate::lint {
namespace {

/// The calls by which Python and JavaScript start programs.
constexpr auto program_calls = std::to_array<std::string_view>({"run(",
                                                                "call(",
                                                                "check_call(",
                                                                "check_output(",
                                                                "Popen(",
                                                                "system(",
                                                                "exec(",
                                                                "execSync(",
                                                                "execFile(",
                                                                "execFileSync(",
                                                                "spawn(",
                                                                "spawnSync(",
                                                                "getExecOutput(",
                                                                "create_subprocess_exec(",
                                                                "create_subprocess_shell(",
                                                                "getoutput(",
                                                                "execvp(",
                                                                "execlp(",
                                                                "popen(",
                                                                "system "});
/// Tagged templates of zx, Bun and execa: the command stands in the quotes.
constexpr auto program_tags = std::to_array<std::string_view>({"$`", "execa`", "$({})`"});

/// `pattern.exec(text)` starts no program; `exec.exec(…)` and `child_process.exec(…)` do.
bool matches_pattern(std::string_view program, std::size_t call) {
  if (program.substr(call, 5) != "exec(" || call == 0 || program[call - 1] != '.') return false;
  const std::string_view before = program.substr(0, call - 1);
  constexpr auto starters =
      std::to_array<std::string_view>({"exec", "process", "process')", "process\")", "cp"});
  return std::none_of(starters.begin(), starters.end(),
                      [&](std::string_view each) { return before.ends_with(each); });
}

/// More of a call is no command that anybody writes.
constexpr std::size_t longest_call = 4096;
constexpr std::size_t longest_list = 300;

bool is_name_part(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '.';
}

/// How many names a command is followed through.
constexpr int deepest_name = 3;

/// Where a value of this name is written last before `end`, behind its `=`; npos when nowhere.
std::size_t assigned_before(std::string_view program, std::string_view name, std::size_t end) {
  if (end == 0) return std::string_view::npos;
  for (std::size_t at = program.rfind(name, end - 1); at != std::string_view::npos && at < end;
       at = at == 0 ? std::string_view::npos : program.rfind(name, at - 1)) {
    if (at > 0 && is_name_part(program[at - 1])) continue;
    std::size_t next = at + name.size();
    while (next < end && (program[next] == ' ' || program[next] == '\t'))
      ++next;
    // `name: list[str] = …`
    if (next < end && program[next] == ':') {
      const std::size_t line = std::min(program.find('\n', next), end);
      next = std::min(program.find('=', next), line);
    }
    if (next + 1 < end && program[next] == '=' && program[next + 1] != '=') return next + 1;
  }
  return std::string_view::npos;
}

/// The command line that a call is given as its first text, with the words of a list one by one:
/// `["gh", "copilot", "-p"]`; of a name, what it was given before. Empty when it is given none.
std::string called_line(std::string_view program, std::size_t begin, int depth = 0) {
  begin = std::min(program.find_first_not_of(" \t\n\r[(", begin), program.size());
  if (begin == program.size()) return {};
  std::size_t end_of_name = begin;
  while (end_of_name < program.size() && is_name_part(program[end_of_name]))
    ++end_of_name;
  const bool is_text = std::string_view("'\"`").find(program[begin]) != std::string_view::npos;
  const bool is_prefix =
      end_of_name == begin + 1 && end_of_name < program.size() &&
      std::string_view("'\"").find(program[end_of_name]) != std::string_view::npos;
  if (is_prefix) return called_line(program, end_of_name, depth);  // f"…"
  if (!is_text && end_of_name > begin && end_of_name < program.size() && depth < deepest_name) {
    const std::string_view name = program.substr(begin, end_of_name - begin);
    // `shlex.split("…")`, `args=[…]`
    const bool passes_on = program[end_of_name] == '(' ||
                           (program[end_of_name] == '=' && end_of_name + 1 < program.size() &&
                            program[end_of_name + 1] != '=');
    if (passes_on) return called_line(program, end_of_name + 1, depth + 1);
    const std::size_t value = assigned_before(program, name, begin);
    return value == std::string_view::npos ? std::string() : called_line(program, value, depth + 1);
  }
  if (!is_text) return {};
  const std::string_view rest = program.substr(begin + 1, longest_call);
  const std::size_t end = rest.find(program[begin]);
  if (end == std::string_view::npos) return {};
  std::string line(rest.substr(0, end));
  const std::string_view list = rest.substr(end, longest_list);
  for (const char character : list.substr(0, list.find_first_of("])\n"))) {
    const bool plain = std::string_view("'\"`,[]").find(character) == std::string_view::npos;
    line += plain ? character : ' ';
  }
  return line;
}

/// The program with its comments blanked out, as Python and JavaScript write them. A text between
/// plain quotes ends with its line, so that a quote in a pattern spoils no more than that.
std::string without_comments(std::string_view program) {
  std::string text(program);
  const auto blank = [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < std::min(end, text.size()); ++at) {
      if (text[at] != '\n') text[at] = ' ';
    }
    return std::min(end, text.size());
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = program.substr(at);
    const char character = text[at];
    if (character == '\'' || character == '"' || character == '`') {
      const std::string three(3, character);
      const bool is_long = character == '`' || rest.starts_with(three);
      const std::string_view closing =
          rest.starts_with(three) && character != '`' ? std::string_view(three) : rest.substr(0, 1);
      at += closing.size();
      while (at < text.size() && (is_long || text[at] != '\n') &&
             !program.substr(at).starts_with(closing))
        at += text[at] == '\\' ? 2 : 1;
      at = std::min(at + closing.size(), text.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = program.find("*/", at + 2);
      at = blank(at, end == std::string_view::npos ? text.size() : end + 2);
    } else if (rest.starts_with("//") ||
               (character == '#' &&
                (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\n'))) {
      at = blank(at, std::min(program.find('\n', at), program.size()));
    } else {
      ++at;
    }
  }
  return text;
}

}  // namespace

void find_called_line(std::string_view written,
                      const std::function<bool(std::string_view line)>& take) {
  const std::string bare = without_comments(written);
  const std::string_view program = bare;
  for (const std::string_view call : program_calls) {
    for (std::size_t at = program.find(call); at != std::string_view::npos;
         at = program.find(call, at + 1)) {
      if (!matches_pattern(program, at) && take(called_line(program, at + call.size()))) return;
    }
  }
  for (const std::string_view tag : program_tags) {
    for (std::size_t at = program.find(tag); at != std::string_view::npos;
         at = program.find(tag, at + 1)) {
      const std::size_t begin = at + tag.size();
      const std::size_t end = std::min(program.find('`', begin), program.size());
      if (take(program.substr(begin, std::min(end - begin, longest_call)))) return;
      at = end;
    }
  }
}

}  // namespace refgate::lint
