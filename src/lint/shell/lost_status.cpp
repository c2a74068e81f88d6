#include "lint/shell/lost_status.h"

#include <algorithm>
#include <array>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

/// A command of a list, as it is written, with the operator after it: `||`, `&&`, `|`, `;`, `&`.
struct Part {
  std::string text;
  std::string_view after;
};

/// The line that begins at `at`, with those that a backslash joins to it; `at` moves behind it.
std::string take_line(std::string_view script, std::size_t& at) {
  std::string line;
  while (at < script.size()) {
    const std::size_t end = std::min(script.find('\n', at), script.size());
    std::string_view piece = script.substr(at, end - at);
    at = end + 1;
    const bool goes_on = piece.ends_with('\\');
    if (goes_on) piece.remove_suffix(1);
    line += piece;
    // `a |` and `a ||` go on in the next line too.
    const std::size_t last = line.find_last_not_of(" \t\r");
    const bool open =
        last != std::string::npos && (line[last] == '|' || line[last] == '&') && at < script.size();
    if (!goes_on && !open) break;
    line += ' ';
  }
  return line;
}

/// Where the quoted or substituted text that begins at `at` ends.
std::size_t skip_closed(std::string_view line, std::size_t at) {
  const char open = line[at];
  if (open == '\'') return std::min(line.find('\'', at + 1), line.size() - 1);
  if (open == '\\') return at + 1;
  const bool substitution = open == '$' && at + 1 < line.size() && line[at + 1] == '(';
  const bool group = (open == '{' || open == '(') && at + 1 < line.size() &&
                     (at == 0 || line[at - 1] == ' ') && (open == '(' || line[at + 1] == ' ');
  if (group) return std::min(line.rfind(open == '{' ? '}' : ')'), line.size() - 1);
  if (open != '"' && open != '`' && !substitution) return at;
  int depth = 0;
  for (std::size_t next = at + 1; next < line.size(); ++next) {
    if (line[next] == '\\') {
      ++next;
    } else if (substitution) {
      depth += line[next] == '(' ? 1 : line[next] == ')' ? -1 : 0;
      if (depth == 0) return next;
    } else if (line[next] == open) {
      return next;
    }
  }
  return line.size() - 1;
}

std::vector<Part> parts_of(std::string_view line) {
  static constexpr std::array<std::string_view, 5> operators = {"||", "&&", "|", ";", "&"};
  std::vector<Part> parts(1);
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '#' && (at == 0 || line[at - 1] == ' ')) break;
    const std::size_t end = skip_closed(line, at);
    const std::string_view rest = line.substr(at);
    const auto* const found =
        end != at ? operators.end()
                  : std::find_if(operators.begin(), operators.end(),
                                 [&](std::string_view each) { return rest.starts_with(each); });
    // `2>&1` and `&>` are no operators.
    const bool redirects = found != operators.end() && *found == "&" &&
                           ((at > 0 && line[at - 1] == '>') || rest.starts_with("&>"));
    if (found == operators.end() || redirects) {
      parts.back().text += line.substr(at, end - at + 1);
      at = end;
      continue;
    }
    parts.back().after = *found;
    parts.emplace_back();
    at += found->size() - 1;
  }
  return parts;
}

/// Ends well whatever happened before it, and does nothing else.
bool forgives(const std::string& text) {
  const std::vector<std::vector<std::string>> commands = shell_commands(text);
  if (commands.empty()) return false;
  return std::all_of(commands.begin(), commands.end(), [](const std::vector<std::string>& words) {
    const std::string& name = words[0];
    if (name == "exit" || name == "return") return words.size() > 1 && words[1] == "0";
    return name == "true" || name == ":" || name == "echo" || name == "printf";
  });
}

std::string trimmed(std::string text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  const std::size_t end = text.find_last_not_of(" \t");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

/// `exit 0`, which ends well whatever came before it.
bool says_success(std::string_view word, std::string_view behind) {
  if (!behind.starts_with(" 0")) return false;
  return (word == "exit" || word == "return") &&
         (behind.size() == 2 ||
          std::string_view(" \t\r\n;|&)}").find(behind[2]) != std::string_view::npos);
}

/// Whether a later line looks at a status, or ends the script with one.
bool is_looked_at(std::string_view rest) {
  for (const std::string_view word : {"$?", "exit", "return", "set -e", "PIPESTATUS", "wait"}) {
    for (std::size_t at = rest.find(word); at != std::string_view::npos;
         at = rest.find(word, at + 1)) {
      if (!says_success(word, rest.substr(at + word.size()))) return true;
    }
  }
  return false;
}

/// Whether a later line waits for one process, whose status it then has: `wait` alone has none.
bool waits_for_one(std::string_view rest) {
  for (const std::string_view form :
       {"$?", "wait $", "wait \"$", "wait -", "wait %", "PIPESTATUS"}) {
    if (rest.find(form) != std::string_view::npos) return true;
  }
  return false;
}

bool has_command(std::string_view rest) { return !shell_commands(rest).empty(); }

bool sets_pipefail(std::string_view script) {
  return script.find("pipefail") != std::string_view::npos ||
         script.find("PIPESTATUS") != std::string_view::npos;
}

/// Whether a `shell` of the author's own runs its script without `-e`: `bash {0}`.
bool goes_on_after_failure(std::string_view shell) {
  if (shell.find("{0}") == std::string_view::npos) return false;
  const std::string_view program = shell.substr(0, shell.find(' '));
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (name != "bash" && name != "sh" && name != "dash" && name != "zsh" && name != "ksh")
    return false;
  for (std::size_t at = shell.find(" -"); at != std::string_view::npos;
       at = shell.find(" -", at + 1)) {
    const std::string_view option = shell.substr(at + 2, shell.find(' ', at + 1) - at - 2);
    if (option == "o" && shell.substr(at).starts_with(" -o errexit")) return false;
    if (!option.starts_with('-') && option.find('e') != std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

std::string lost_status(std::string_view script, ShellManner manner,
                        const std::function<bool(const std::vector<std::string>&)>& is_meant) {
  const bool whole_pipes = manner.pipefail || sets_pipefail(script);
  bool goes_on = manner.goes_on;
  const std::string by = goes_on ? "a `shell` without `-e`" : "`set +e`";
  for (std::size_t at = 0; at < script.size();) {
    const std::vector<Part> parts = parts_of(take_line(script, at));
    const std::string_view later = script.substr(std::min(at, script.size()));
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const std::vector<std::vector<std::string>> commands = shell_commands(parts[part].text);
      for (const std::vector<std::string>& words : commands) {
        if (words[0] == "set" && words.size() > 1 && words[1].find('e') != std::string::npos)
          goes_on = words[1].starts_with('+') || (goes_on && !words[1].starts_with('-'));
      }
      // Only the last one's status counts, and what stands in `if` or `while` is asked for.
      if (commands.empty() || !is_meant(commands.back()) ||
          parts[part].text.find("$(") != std::string::npos)
        continue;
      const std::string first = trimmed(parts[part].text).substr(0, 6);
      const auto rest = [&] {
        std::string text;
        for (std::size_t next = part + 1; next < parts.size(); ++next)
          text += parts[next].text + std::string(parts[next].after) + " ";
        return text + std::string(later);
      };
      if (first.starts_with("if ")) {
        const std::string text = rest();
        if (text.find("else") == std::string::npos && text.find("elif") == std::string::npos &&
            !is_looked_at(text))
          return "an `if` without an `else`";
        continue;
      }
      if (first.starts_with("while") || first.starts_with("until")) continue;
      if (first.starts_with("! ")) {
        // What stands behind `&&` and `||` asks for it.
        const std::string_view after = parts[part].after;
        if ((after.empty() || after == ";") && !is_looked_at(rest())) return "`!`";
        continue;
      }
      if (parts[part].after == "&" && !waits_for_one(rest())) return "`&`";
      std::size_t last = part;
      while (last + 1 < parts.size() && parts[last].after == "|")
        ++last;
      if (last + 1 < parts.size() && parts[last].after == "||" && forgives(parts[last + 1].text))
        return "`|| " + trimmed(parts[last + 1].text).substr(0, 20) + "`";
      if (last != part && !whole_pipes) return "a pipe without `pipefail`";
      if (goes_on && parts[part].after != "||" && has_command(rest()) && !is_looked_at(rest()))
        return by;
    }
  }
  return {};
}

ShellManner manner_of(std::string_view shell) {
  return {shell == "bash", goes_on_after_failure(shell)};
}

}  // namespace refgate::lint
