// Steps and scripts that launch agents, by whatever name and through whatever stands before them.

#include <algorithm>
#include <array>
#include <optional>

#include "lint/expression/expression_value.h"
#include "lint/github/command_words.h"
#include "lint/github/facts.h"
#include "lint/github/own_action.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

constexpr int deepest_script = 4;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// A program that runs the command after its own words, somewhere else or under watch, so that the
/// command is not what the line costs by itself.
struct Wrapper {
  std::string_view name;
  std::string_view verb;
  int arguments;                ///< words before the command that are no options
  std::string_view with_value;  ///< options that take the next word
};

constexpr std::string_view container_options =
    " -e --env --env-file -v --volume -w --workdir --name -u --user --network --net --entrypoint "
    "-p "
    "--publish --mount --platform -m --memory --cpus -l --label --add-host -h --hostname --gpus "
    "--pull --shm-size --ulimit --tmpfs --cap-add --cap-drop --security-opt --userns --device ";
constexpr std::string_view session_options =
    " --remote --namespace --share --dimension --identity --memory --lease --interval --retry "
    "--max-attempts --cooldown --budget --group-by --bot --wait --deadline --skew --skip-exit "
    "--each --parallel --on-error --on-read-only --config --result --state-dir ";
constexpr auto wrappers = std::to_array<Wrapper>({
    {"docker", "run", 1, container_options},
    {"docker", "exec", 1, container_options},
    {"podman", "run", 1, container_options},
    {"podman", "exec", 1, container_options},
    {"refgate", "run", 0, session_options},
});

std::vector<std::string> unwrapped(std::vector<std::string> words) {
  for (int depth = 0; depth < deepest_script; ++depth) {
    words = launched_command(std::move(words));
    if (words.size() < 3) return words;
    const std::string_view name = std::string_view(words[0]).substr(words[0].rfind('/') + 1);
    const auto* const wrapper =
        std::find_if(wrappers.begin(), wrappers.end(), [&](const Wrapper& each) {
          return (name == each.name || (each.name == "refgate" && name.starts_with("refgate-"))) &&
                 words[1] == each.verb;
        });
    if (wrapper == wrappers.end()) return words;
    int arguments = wrapper->arguments;
    std::size_t at = 2;
    for (; at < words.size(); ++at) {
      if (words[at] == "--" && wrapper->arguments == 0) {
        ++at;
        break;
      }
      if (words[at].starts_with('-')) {
        if (wrapper->with_value.find(" " + words[at] + " ") != std::string_view::npos) ++at;
      } else if (arguments-- == 0) {
        break;
      }
    }
    words.erase(words.begin(),
                words.begin() + static_cast<std::ptrdiff_t>(std::min(at, words.size())));
  }
  return words;
}

/// `script -q -c "…"` and `su -c "…"`: the command line that they run.
std::optional<std::string> handed_line(const std::vector<std::string>& command) {
  if (command.empty()) return std::nullopt;
  const std::string_view name = std::string_view(command[0]).substr(command[0].rfind('/') + 1);
  if (name != "script" && name != "su" && name != "runuser") return std::nullopt;
  for (std::size_t at = 1; at + 1 < command.size(); ++at) {
    const std::string& word = command[at];
    if (word == "--command" ||
        (word.starts_with('-') && !word.starts_with("--") && word.find('c') != std::string::npos))
      return command[at + 1];
  }
  return std::nullopt;
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

std::vector<std::string> agent_command(const std::vector<std::string>& words, const Facts& facts,
                                       int depth) {
  std::vector<std::string> command = unwrapped(words);
  if (begins_agent(command, facts)) return command;
  if (const auto line = handed_line(command); line && depth < deepest_script) {
    for (const std::vector<std::string>& inner : shell_commands(*line)) {
      command = agent_command(inner, facts, depth + 1);
      if (!command.empty()) return command;
    }
  }
  return {};
}

/// The last part of an action's name that tells whose it is: `claude-code-action`.
std::string_view telling_name(std::string_view uses) {
  const std::size_t owner = uses.find('/');
  if (owner == std::string_view::npos) return {};
  const std::string_view name = uses.substr(owner + 1, uses.find('/', owner + 1) - owner - 1);
  return name.find('-') == std::string_view::npos ? std::string_view() : name;
}

/// The calls by which Python and JavaScript start programs.
constexpr auto program_calls = std::to_array<std::string_view>(
    {"run(", "call(", "check_call(", "check_output(", "Popen(", "system(", "exec(", "execSync(",
     "execFile(", "execFileSync(", "spawn(", "spawnSync(", "getExecOutput(",
     "create_subprocess_exec("});

}  // namespace

std::vector<std::string> agent_command(const std::vector<std::string>& words, const Facts& facts) {
  return agent_command(words, facts, 0);
}

std::vector<std::vector<std::string>> agent_commands_in(std::string_view script,
                                                        const Facts& facts) {
  std::vector<std::vector<std::string>> found;
  const ProjectScripts::Script* known =
      facts.scripts == nullptr ? nullptr : facts.scripts->find(script);
  if (known != nullptr) return known->agents;
  if (std::none_of(facts.agent_commands.begin(), facts.agent_commands.end(),
                   [&](const std::string& agent) { return names_command(script, agent); }))
    return found;
  for (std::vector<std::string>& words : shell_commands(script)) {
    if (!agent_command(words, facts).empty()) found.push_back(std::move(words));
  }
  return found;
}

std::vector<std::string> agent_called_in(std::string_view program, const Facts& facts) {
  for (const std::string_view call : program_calls) {
    for (std::size_t at = program.find(call); at != std::string_view::npos;
         at = program.find(call, at + 1)) {
      std::size_t begin = at + call.size();
      while (begin < program.size() &&
             std::string_view(" \t\n\r[(f").find(program[begin]) != std::string_view::npos)
        ++begin;
      if (begin >= program.size() ||
          std::string_view("'\"`").find(program[begin]) == std::string_view::npos)
        continue;
      const std::size_t end = program.find(program[begin], begin + 1);
      if (end == std::string_view::npos) continue;
      std::string line(program.substr(begin + 1, end - begin - 1));
      // Words of a list follow one by one: `["gh", "copilot", "-p"]`.
      const std::size_t close = std::min(program.find_first_of("])\n", end), program.size());
      for (const char character : program.substr(end, close - end)) {
        const bool plain = std::string_view("'\"`,[]").find(character) == std::string_view::npos;
        line += plain ? character : ' ';
      }
      for (const std::vector<std::string>& words : shell_commands(line)) {
        std::vector<std::string> command = agent_command(words, facts);
        if (!command.empty()) return command;
      }
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
  if (!known && step.run && step.shell.value.text().starts_with("python"))
    return !agent_called_in(script, facts).empty();
  return !agent_commands_in(script, facts).empty();
}

}  // namespace refgate::lint
