#include "lint/agents/shell_loops.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

// The list of commands leaves out the words that open a condition or a body. These stand in for
// them.
constexpr std::string_view condition_mark = "__refgate_condition__";
constexpr std::string_view body_mark = "__refgate_body__";

bool is_word_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' ||
         character == '.' || character == '/' || character == '$';
}

/// Whether a command can begin at `at`: at the start, or after blanks that follow a line end, a
/// separator, or a word that opens a command.
bool begins_command(std::string_view script, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && (script[end - 1] == ' ' || script[end - 1] == '\t'))
    --end;
  if (end == 0 || std::string_view("\n;&|({").find(script[end - 1]) != std::string_view::npos)
    return true;
  std::size_t begin = end;
  while (begin > 0 && is_word_character(script[begin - 1]))
    --begin;
  const std::string_view word = script.substr(begin, end - begin);
  return end < at && (word == "do" || word == "then" || word == "else");
}

std::string with_marks(std::string_view script) {
  std::string marked;
  marked.reserve(script.size() + 64);
  for (std::size_t at = 0; at < script.size();) {
    if (!is_word_character(script[at])) {
      marked += script[at++];
      continue;
    }
    std::size_t end = at;
    while (end < script.size() && is_word_character(script[end]))
      ++end;
    const std::string_view word = script.substr(at, end - at);
    if ((word == "while" || word == "until" || word == "do") && begins_command(script, at)) {
      marked += word == "do" ? body_mark : condition_mark;
      marked += ';';
    } else {
      marked += word;
    }
    at = end;
  }
  return marked;
}

struct Loop {
  bool in_condition = false;
  std::vector<std::size_t> agents;  ///< commands of its body
};

bool leaves_loop(const std::vector<std::string>& command) {
  if (command[0] == "break") return true;
  return (command[0] == "exit" || command[0] == "return") &&
         (command.size() == 1 || command[1] == "0");
}

std::string quoted(const std::vector<std::string>& words, std::size_t from) {
  std::string text;
  for (std::size_t at = from; at < words.size(); ++at) {
    text += '\'';
    for (const char character : words[at]) {
      if (character == '\'') {
        text += "'\\''";
      } else {
        text += character;
      }
    }
    text += "' ";
  }
  return text;
}

bool is_retry_command(const std::string& word) {
  static constexpr std::array<std::string_view, 6> names = {
      "retry", "with_retry", "with-retry", "retry_command", "run_with_retry", "run-with-retry"};
  const std::string_view name = std::string_view(word).substr(word.rfind('/') + 1);
  return std::find(names.begin(), names.end(), name) != names.end();
}

using IsMeant = std::function<bool(const std::vector<std::string>&)>;

/// `refgate run -- agent`: the gate does see it, and `retry-around-gate` speaks of it.
bool is_through_gate(const std::vector<std::string>& words) {
  const std::vector<std::string> command = launched_command(words);
  if (command.empty()) return false;
  const std::string_view name = std::string_view(command[0]).substr(command[0].rfind('/') + 1);
  return name == "refgate" || name.starts_with("refgate-linux-");
}

bool launches_behind(const std::vector<std::string>& words, const IsMeant& is_meant) {
  for (std::size_t at = 1; at < words.size(); ++at) {
    const std::vector<std::vector<std::string>> commands = shell_commands(quoted(words, at));
    if (std::any_of(commands.begin(), commands.end(), is_meant)) return true;
    // What stands behind the gate's own words is the gate's.
    if (std::any_of(commands.begin(), commands.end(), is_through_gate)) return false;
  }
  return false;
}

}  // namespace

std::vector<RetriedCommand> retried_agents(std::string_view script, const Facts& facts) {
  const auto is_named = [&](const std::string& words) {
    return script.find(words.substr(0, words.find(' '))) != std::string_view::npos;
  };
  if (std::none_of(facts.agent_commands.begin(), facts.agent_commands.end(), is_named)) return {};
  return retried_commands(script, [&](const std::vector<std::string>& words) {
    return !agent_command(words, facts).empty() && !is_through_gate(words);
  });
}

std::vector<RetriedCommand> retried_commands(std::string_view script, const IsMeant& is_meant) {
  std::vector<RetriedCommand> found;
  const std::string marked = with_marks(script);
  const std::vector<std::vector<std::string>> commands = shell_commands(marked);
  std::vector<std::vector<std::string>> agents;
  std::copy_if(commands.begin(), commands.end(), std::back_inserter(agents), is_meant);
  // `|| break` ends a loop when the agent fails, which is no retry.
  const bool ends_on_failure = script.find("|| break") != std::string_view::npos;
  std::size_t next_agent = 0;
  std::vector<Loop> loops;
  for (std::size_t at = 0; at < commands.size(); ++at) {
    const std::vector<std::string>& command = commands[at];
    if (command[0] == condition_mark) {
      loops.push_back({true, {}});
    } else if (command[0] == "for" || command[0] == "select") {
      loops.push_back({});
    } else if (command[0] == body_mark) {
      if (!loops.empty()) loops.back().in_condition = false;
    } else if (command[0] == "done") {
      if (!loops.empty()) loops.pop_back();
    } else if (next_agent < agents.size() && command == agents[next_agent]) {
      ++next_agent;
      // What stands between the two (`| tee log`, `$(…)`) does not matter, as long as the second
      // one follows a `||`.
      const bool follows_itself = next_agent > 1 && agents[next_agent - 2] == command;
      if (follows_itself && script.find("|| " + command[0]) != std::string_view::npos) {
        found.push_back({command, "`||`"});
      } else if (!loops.empty() && loops.back().in_condition) {
        found.push_back({command, "the condition of a loop"});
      } else if (!loops.empty()) {
        loops.back().agents.push_back(at);
      }
    } else if (is_retry_command(command[0]) && launches_behind(command, is_meant)) {
      found.push_back({command, "`" + command[0] + "`"});
    } else if (leaves_loop(command) && !loops.empty() && !ends_on_failure) {
      for (const std::size_t agent : loops.back().agents)
        found.push_back({commands[agent], "a loop that ends when it succeeds"});
      loops.back().agents.clear();
    }
  }
  return found;
}

}  // namespace refgate::lint
