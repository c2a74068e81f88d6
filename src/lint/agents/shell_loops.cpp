#include "lint/agents/shell_loops.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

// The list of commands leaves out the words that open a condition or a body. These stand in for
// them.
constexpr std::string_view condition_mark = "__refgate_condition__";
constexpr std::string_view body_mark = "__refgate_body__";
constexpr std::string_view if_mark = "__refgate_if__";
constexpr std::string_view unless_mark = "__refgate_unless__";  ///< `if !`
constexpr std::string_view group_mark = "__refgate_group__";    ///< what stands behind `||`
constexpr std::string_view group_end_mark = "__refgate_group_end__";

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

/// What a word that opens a command is to become; empty when it is none of those.
std::string_view mark_for(std::string_view script, std::size_t at, std::string_view word) {
  if (word != "while" && word != "until" && word != "do" && word != "if") return {};
  if (!begins_command(script, at)) return {};
  if (word == "do") return body_mark;
  if (word != "if") return condition_mark;
  const std::size_t next = script.find_first_not_of(" \t", at + word.size());
  return next != std::string_view::npos && script[next] == '!' ? unless_mark : if_mark;
}

/// What stands behind a `||` up to the end of its list: one command, or a group in brackets.
class Alternations {
 public:
  /// The mark that belongs before the character at `at`.
  std::string_view before(std::string_view script, std::size_t at) {
    const char character = script[at];
    if (character == '(' || character == '{') ++depth_;
    if (character == ')' || character == '}') return leave(depth_ == 0 ? 0 : depth_ - 1);
    const bool joined =
        at > 0 && std::string_view("|&\\").find(script[at - 1]) != std::string_view::npos;
    if (character == ';' || (character == '\n' && !joined)) return leave(depth_);
    return {};
  }
  /// Whether a `||` ends at `at`, behind which something is tried.
  bool opens(std::string_view script, std::size_t at) {
    if (script[at] != '|' || at == 0 || script[at - 1] != '|') return false;
    const bool first = open_.empty() || open_.back() != depth_;
    if (first) open_.push_back(depth_);
    return first;
  }

 private:
  /// The bracket or list of this depth ends, and with it what was opened in it.
  std::string_view leave(std::size_t depth) {
    const bool ends = !open_.empty() && open_.back() >= std::max<std::size_t>(depth, depth_);
    if (ends) open_.pop_back();
    depth_ = depth;
    return ends ? group_end_mark : std::string_view();
  }

  std::size_t depth_ = 0;
  std::vector<std::size_t> open_;
};

std::string with_marks(std::string_view script) {
  std::string marked;
  marked.reserve(script.size() + 64);
  Alternations alternations;
  for (std::size_t at = 0; at < script.size();) {
    if (!is_word_character(script[at])) {
      const std::string_view end = alternations.before(script, at);
      if (!end.empty()) marked += "; " + std::string(end) + (script[at] == ';' ? "" : ";");
      marked += script[at];
      if (alternations.opens(script, at)) marked += std::string(group_mark) + ';';
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < script.size() && is_word_character(script[end]))
      ++end;
    const std::string_view word = script.substr(at, end - at);
    const std::string_view mark = mark_for(script, at, word);
    marked += mark.empty() ? word : mark;
    if (!mark.empty()) marked += ';';
    at = end;
  }
  return marked;
}

using Words = std::vector<std::string>;

struct Loop {
  bool in_condition = false;
  std::vector<std::size_t> agents;  ///< commands of its body
};

/// What is tried again when it has failed: behind `||`, or below `if !`.
class Alternatives {
 public:
  /// True when the command is a mark of these.
  bool take_mark(const Words& command) {
    if (command[0] == group_mark) {
      open({false, last_});
    } else if (command[0] == if_mark || command[0] == unless_mark) {
      open({true, {}, command[0] == unless_mark});
    } else if (command[0] == group_end_mark || command[0] == "fi") {
      if (too_deep_ > 0)
        --too_deep_;
      else if (!open_.empty() && open_.back().is_condition == (command[0] == "fi"))
        open_.pop_back();
    } else {
      return false;
    }
    return true;
  }

  /// How a command that was tried already comes again; empty when it does not.
  std::string_view again(const Words& command) {
    last_ = command;
    for (const Alternative& each : open_) {
      if (each.tried == command) return each.is_condition ? "`if !`" : "`||`";
    }
    if (!open_.empty() && open_.back().asks) {
      open_.back().tried = command;
      open_.back().asks = false;
    }
    return {};
  }

 private:
  struct Alternative {
    bool is_condition;
    Words tried;
    bool asks = false;  ///< the next command is the condition
  };
  void open(Alternative alternative) {
    if (open_.size() < most_open)
      open_.push_back(std::move(alternative));
    else
      ++too_deep_;
  }

  static constexpr std::size_t most_open = 20;
  std::vector<Alternative> open_;
  std::size_t too_deep_ = 0;
  Words last_;
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
  // A command that is tried again is one of the script's, or is told to a command of that name.
  if (agent_commands_in(script, facts).empty() && script.find("retry") == std::string_view::npos)
    return {};
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
  Alternatives alternatives;
  for (std::size_t at = 0; at < commands.size(); ++at) {
    const std::vector<std::string>& command = commands[at];
    if (alternatives.take_mark(command)) continue;
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
      const std::string_view again = alternatives.again(command);
      if (!again.empty()) {
        found.push_back({command, std::string(again)});
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
