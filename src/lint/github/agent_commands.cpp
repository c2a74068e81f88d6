// Steps and scripts that launch agents, by whatever name and through whatever stands before them.

#include <algorithm>
#include <array>

#include "lint/expression/expression_value.h"
#include "lint/github/command_words.h"
#include "lint/github/facts.h"
#include "lint/github/own_action.h"
#include "lint/shell/shell_call.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

constexpr int deepest_script = 4;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool begins_agent(const std::vector<std::string>& command, const Facts& facts) {
  return !command.empty() &&
         std::any_of(facts.agent_commands.begin(), facts.agent_commands.end(),
                     [&](const std::string& agent) {
                       const auto wanted = words_of_command(agent);
                       return begins_with(command, wanted) &&
                              !(command.size() > wanted.size() &&
                                contains(facts.agent_idle_arguments, command[wanted.size()]));
                     });
}

/// `python -c`, `node -e` and their like with a program that starts an agent.
std::vector<std::string> called_by_program(const std::vector<std::string>& command,
                                           const Facts& facts) {
  if (command.empty() || program_option(command[0]).empty()) return {};
  for (std::size_t at = 1; at < command.size(); ++at) {
    const std::string& word = command[at];
    // `zx --eval=…`
    if (word.starts_with("--eval=")) return agent_called_in(word.substr(7), facts);
    const bool takes_program =
        word == program_option(command[0]) || word == "--eval" || word == "-p";
    if (takes_program && at + 1 < command.size()) return agent_called_in(command[at + 1], facts);
  }
  return {};
}

/// A command line that launches an agent. `launch` begins with the agent's own name; `line` is the
/// command line that it stands in, with what limits it: of a script that is handed to a shell
/// somewhere, the line of that script.
struct AgentLine {
  std::vector<std::string> launch;
  std::vector<std::string> line;
};

bool is_limit(const std::string& word) { return word == "timeout" || word == "gtimeout"; }

AgentLine agent_line(const std::vector<std::string>& words, const Facts& facts, int depth) {
  std::vector<std::string> command = wrapped_command(words);
  if (command.empty()) return {};
  if (begins_agent(command, facts)) return {std::move(command), words};
  if (depth < deepest_script && command[0].find_first_of(" \n\t") != std::string::npos) {
    for (const std::vector<std::string>& inner : shell_commands(command[0])) {
      AgentLine found = agent_line(inner, facts, depth + 1);
      if (found.launch.empty()) continue;
      // What limits the shell limits the script.
      if (std::any_of(words.begin(), words.end(), is_limit)) found.line = words;
      return found;
    }
    return {};
  }
  std::vector<std::string> called = called_by_program(command, facts);
  if (called.empty()) return {};
  return {std::move(called), words};
}

/// The last part of an action's name that tells whose it is: `claude-code-action`.
std::string_view telling_name(std::string_view uses) {
  const std::size_t owner = uses.find('/');
  if (owner == std::string_view::npos) return {};
  const std::string_view name = uses.substr(owner + 1, uses.find('/', owner + 1) - owner - 1);
  return name.find('-') == std::string_view::npos ? std::string_view() : name;
}

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

/// The command line that a call is given as its first text, with the words of a list one by one:
/// `["gh", "copilot", "-p"]`. Empty when it is given none.
std::string called_line(std::string_view program, std::size_t begin) {
  begin = std::min(program.find_first_not_of(" \t\n\r[(f", begin), program.size());
  if (begin == program.size() ||
      std::string_view("'\"`").find(program[begin]) == std::string_view::npos)
    return {};
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

bool names_agent(std::string_view text, const Facts& facts) {
  return std::any_of(facts.agent_commands.begin(), facts.agent_commands.end(),
                     [&](const std::string& agent) { return names_command(text, agent); });
}

std::vector<std::string> first_agent(std::string_view line, const Facts& facts) {
  if (!names_agent(line, facts)) return {};
  for (const std::vector<std::string>& words : shell_commands(line)) {
    std::vector<std::string> command = agent_command(words, facts);
    if (!command.empty()) return command;
  }
  return {};
}

}  // namespace

std::vector<std::string> agent_command(const std::vector<std::string>& words, const Facts& facts) {
  return agent_line(words, facts, 0).launch;
}

std::vector<std::vector<std::string>> agent_commands_in(std::string_view script,
                                                        const Facts& facts) {
  std::vector<std::vector<std::string>> found;
  const ProjectScripts::Script* known =
      facts.scripts == nullptr ? nullptr : facts.scripts->find(script);
  if (known != nullptr) return known->agents;
  if (!names_agent(script, facts)) return found;
  for (const std::vector<std::string>& words : shell_commands(script)) {
    AgentLine line = agent_line(words, facts, 0);
    if (!line.launch.empty()) found.push_back(std::move(line.line));
  }
  return found;
}

std::vector<std::string> agent_called_in(std::string_view program, const Facts& facts) {
  if (!names_agent(program, facts)) return {};
  for (const std::string_view call : program_calls) {
    for (std::size_t at = program.find(call); at != std::string_view::npos;
         at = program.find(call, at + 1)) {
      if (matches_pattern(program, at)) continue;
      std::vector<std::string> command = first_agent(called_line(program, at + call.size()), facts);
      if (!command.empty()) return command;
    }
  }
  for (const std::string_view tag : program_tags) {
    for (std::size_t at = program.find(tag); at != std::string_view::npos;
         at = program.find(tag, at + 1)) {
      const std::size_t begin = at + tag.size();
      const std::size_t end = std::min(program.find('`', begin), program.size());
      const std::string line(program.substr(begin, std::min(end - begin, longest_call)));
      std::vector<std::string> command = first_agent(line, facts);
      if (!command.empty()) return command;
      at = end;
    }
  }
  return {};
}

bool names_agent_action(std::string_view uses, const Facts& facts) {
  return std::any_of(facts.agent_actions.begin(), facts.agent_actions.end(),
                     [&](const std::string& pattern) { return matches_action(uses, pattern); });
}

bool resembles_agent_action(std::string_view uses, const Facts& facts) {
  const std::string_view at = uses.substr(0, uses.find('@'));
  const std::string name = to_lower(telling_name(at));
  if (name.empty()) return false;
  return std::any_of(
      facts.agent_actions.begin(), facts.agent_actions.end(), [&](const std::string& pattern) {
        const std::string known = to_lower(telling_name(pattern));
        if (known.empty() || !name.ends_with(known)) return false;
        return name.size() == known.size() || name[name.size() - known.size() - 1] == '-';
      });
}

bool launches_agent(const Step& step, const Facts& facts) {
  const std::string_view uses = step.uses_text();
  if (!uses.empty() && (names_agent_action(uses, facts) || resembles_agent_action(uses, facts)))
    return true;
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view program = step.input("script").value.text();
    return !agent_called_in(program, facts).empty();
  }
  const std::string_view script = script_of(step).value.text();
  if (script.empty()) return false;
  const bool known = facts.scripts != nullptr && facts.scripts->find(script) != nullptr;
  if (!known && step.run && is_program_shell(step.shell.value.text()))
    return !agent_called_in(script, facts).empty();
  return !agent_commands_in(script, facts).empty();
}

}  // namespace refgate::lint
