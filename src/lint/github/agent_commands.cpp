// Steps and scripts that launch agents, by whatever name and through whatever stands before them.

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <iterator>
#include <map>
#include <span>

#include "lint/expression/expression_value.h"
#include "lint/github/command_words.h"
#include "lint/github/facts.h"
#include "lint/github/own_action.h"
#include "lint/shell/program_calls.h"
#include "lint/shell/shell_call.h"
#include "lint/shell/shell_commands.h"
#include "lint/shell/word_search.h"

namespace refgate::lint {
namespace {

constexpr int deepest_script = 4;

bool contains_word(std::span<const std::string_view> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Whether the words behind an agent's own name make it answer, set something up or serve.
bool is_idle(std::span<const std::string> arguments, const Facts& facts) {
  if (!arguments.empty() && arguments[0] == "--") arguments = arguments.subspan(1);
  const auto begins = [](std::span<const std::string> words,
                         const std::vector<std::string_view>& wanted) {
    return words.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), words.begin());
  };
  return std::any_of(
      facts.agent_idle_arguments.begin(), facts.agent_idle_arguments.end(),
      [&](const std::string& idle) {
        const auto wanted = words_of_command(idle);
        if (begins(arguments, wanted)) return true;
        // A long option that asks counts wherever it stands.
        return idle.starts_with("--") &&
               std::find(arguments.begin(),
                         std::find(arguments.begin(), arguments.end(), std::string("--")),
                         idle) != std::find(arguments.begin(), arguments.end(), std::string("--"));
      });
}

/// How many words a command line begins with when they are those of an agent and its options stand
/// anywhere behind them; 0 otherwise. `cn` and `vibe` are agents by their options only.
std::size_t begins_with_agent(const std::vector<std::string>& command, std::string_view agent) {
  const std::size_t options = std::min(agent.find(" -"), agent.size());
  const std::size_t words = begins_with(command, agent.substr(0, options));
  if (words == 0 || options == agent.size()) return words;
  const auto first = command.begin() + static_cast<std::ptrdiff_t>(words);
  const auto end = std::find(first, command.end(), "--");
  const auto wanted = words_of_command(agent.substr(options + 1));
  const bool all = std::all_of(wanted.begin(), wanted.end(), [&](std::string_view option) {
    return std::any_of(first, end, [&](std::string_view word) {
      return word.starts_with(option) &&
             (word.size() == option.size() || (option.size() > 2 && word[option.size()] == '='));
    });
  });
  return all ? words : 0;
}

bool begins_agent(const std::vector<std::string>& command, const Facts& facts) {
  if (command.empty()) return false;
  // Nearly all are told apart by how they begin, as they are written or without their folder.
  const std::string_view whole = plain_word(command[0]);
  const std::string_view name = whole.substr(whole.rfind('/') + 1);
  return std::any_of(facts.agent_commands.begin(), facts.agent_commands.end(),
                     [&](const std::string& agent) {
                       if (!whole.starts_with(agent[0]) && !name.starts_with(agent[0]))
                         return false;
                       const std::size_t words = begins_with_agent(command, agent);
                       return words > 0 && !is_idle(std::span(command).subspan(words), facts);
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
  while (!command.empty() && command.front().starts_with('<'))
    command.erase(command.begin());
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

WordSearch search_of(const std::vector<std::string>& commands) {
  WordSearch search;
  for (const std::string& command : commands)
    search.add(command);
  return search;
}

std::vector<std::string> first_agent(std::string_view line, const Facts& facts) {
  if (!names_agent(line, facts)) return {};
  for (const std::vector<std::string>& words : shell_commands(line)) {
    std::vector<std::string> command = agent_command(words, facts);
    if (!command.empty()) return command;
  }
  return {};
}

bool mentions_any(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// What a program is named that gets an agent's credential and starts no agent.
bool is_named_otherwise(std::string_view name) {
  constexpr auto words = std::to_array<std::string_view>(
      {"setup",   "set-up", "install", "check",   "verif",  "valid",     "pick",       "test",
       "smoke",   "lint",   "build",   "prepare", "config", "secret",    "credential", "token",
       "auth",    "doctor", "version", "report",  "notif",  "deploy",    "ssh",        "scp",
       "sync",    "upload", "cache",   "publish", "docs",   "provision", "gate",       "usage",
       "monitor", "quota",  "limit",   "metric",  "status", "health",    "clean"});
  const std::string lower = to_lower(name);
  return mentions_any(lower, words);
}

std::string_view file_name(std::string_view path) {
  return path.substr(std::min(path.rfind('/') + 1, path.size()));
}

/// The name of a program that a command runs and that nobody knows here: a script of the
/// repository, a script of its package file, an image. Empty when it runs none.
std::string_view own_program(const std::vector<std::string>& command) {
  if (command.empty()) return {};
  const std::string_view first = command[0];
  constexpr auto interpreters = std::to_array<std::string_view>(
      {"node", "tsx", "ts-node", "bun", "deno", "python", "python3", "ruby", "bash", "sh", "zsh"});
  constexpr auto runners = std::to_array<std::string_view>(
      {"npm", "pnpm", "yarn", "docker", "podman", "nix", "cargo", "go", "uv", "poetry"});
  const bool interprets = contains_word(interpreters, first);
  if (!interprets && !contains_word(runners, first)) {
    const bool is_file = first.find('/') != std::string_view::npos || first.ends_with(".py") ||
                         first.ends_with(".mjs") || first.ends_with(".ts") ||
                         first.ends_with(".js") || first.ends_with(".sh");
    return is_file ? file_name(first) : std::string_view();
  }
  bool runs = interprets;
  for (std::size_t at = 1; at < command.size(); ++at) {
    const std::string_view word = command[at];
    if (word.starts_with('-')) {
      if (interprets && (word == "-c" || word == "-e" || word == "-m" || word == "--eval"))
        return {};
      continue;
    }
    if (word == "run") {
      // What an option of a container takes and what its image is cannot be told apart.
      if (first == "docker" || first == "podman") return first;
      runs = true;
      continue;
    }
    if (word == "compose") continue;
    if (!runs) return {};
    if (interprets && word.find_first_of("./$") == std::string_view::npos) return {};
    return file_name(word);
  }
  return {};
}

/// Whether a value hands a secret of agents on, or its key is that of one.
bool is_credential(const Entry& entry, const Facts& facts) {
  if (!entry.value.has_expression()) return false;
  return std::any_of(facts.agent_credentials.begin(), facts.agent_credentials.end(),
                     [&](const std::string& name) {
                       return same_name(entry.key.text(), name) ||
                              entry.value.text().find("secrets." + name) != std::string_view::npos;
                     });
}

/// Inputs that only what runs an agent takes: how long, with which tools and as whom it works.
bool is_agent_input(std::string_view input) {
  constexpr auto names = std::to_array<std::string_view>(
      {"max-turns", "max_turns", "allowed-tools", "allowed_tools", "claude-args", "claude_args",
       "codex-args", "codex_args", "agent-model", "agent_model", "agent-profile", "agent-profiles",
       "agent_profile"});
  return contains_word(names, input);
}

/// `agent: codex`, `max-turns` and their like, which an action takes beside a prompt.
bool is_told_agent(const Step& step, const Facts& facts) {
  constexpr auto choices = std::to_array<std::string_view>(
      {"agent", "agent-name", "agent_name", "agent-type", "agent_type", "harness", "cli", "engine",
       "coding-agent", "coding_agent", "agent-cli", "agent_cli"});
  bool told = false;
  bool named = false;
  for (const Entry& input : step.with.value.entries()) {
    const std::string key = to_lower(input.key.text());
    told = told || key.find("prompt") != std::string::npos || key.starts_with("task") ||
           key == "instructions" || key == "instruction";
    named = named || is_agent_input(key) ||
            (contains_word(choices, key) &&
             std::any_of(facts.agent_commands.begin(), facts.agent_commands.end(),
                         [&](const std::string& command) {
                           return same_name(words_of_command(command).front(), input.value.text());
                         }));
  }
  return told && named;
}

/// Variables of a script that hold a command: `agent="claude -p"`.
class Variables {
 public:
  /// Whether the words are assignments only, which are remembered.
  bool take(const std::vector<std::string>& words) {
    constexpr auto declarations =
        std::to_array<std::string_view>({"export", "local", "readonly", "declare"});
    const std::size_t first = !words.empty() && contains_word(declarations, words[0]) ? 1 : 0;
    bool only = words.size() > first;
    for (std::size_t at = first; at < words.size(); ++at)
      only = only && (is_assignment(words[at]) || words[at].starts_with('-'));
    if (!only) return false;
    for (std::size_t at = first; at < words.size(); ++at) {
      const std::size_t equals = words[at].find('=');
      if (equals != std::string::npos && values_.size() < most_variables)
        values_[words[at].substr(0, equals)] = words[at].substr(equals + 1);
    }
    return true;
  }

  /// The words with what stands for the command itself put in.
  std::vector<std::string> put_in(const std::vector<std::string>& words) const {
    const std::vector<std::string> command = launched_command(words);
    if (command.empty()) return words;
    const std::string value = value_of(command[0]);
    if (value.empty()) return words;
    std::vector<std::string> result(words.begin(),
                                    words.end() - static_cast<std::ptrdiff_t>(command.size()));
    for (const std::string_view part : words_of_command(value)) {
      if (!part.empty()) result.emplace_back(part);
    }
    result.insert(result.end(), command.begin() + 1, command.end());
    return result;
  }

 private:
  static constexpr std::size_t most_variables = 200;

  static bool is_assignment(const std::string& word) {
    const std::size_t equals = word.find('=');
    return equals != std::string::npos && equals > 0 &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](char character) {
                         return std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                                character == '_';
                       });
  }

  /// What `$name`, `${name}` and `${name:-word}` stand for; empty when that is not known.
  std::string value_of(std::string_view word) const {
    if (!word.starts_with('$') || word.size() < 2) return {};
    word.remove_prefix(1);
    std::string_view fallback;
    if (word.starts_with('{')) {
      if (!word.ends_with('}')) return {};
      word = word.substr(1, word.size() - 2);
      const std::size_t colon = word.find(":-");
      if (colon != std::string_view::npos) fallback = word.substr(colon + 2);
      word = word.substr(0, colon);
    }
    const auto known = values_.find(word);
    return known != values_.end() ? known->second : std::string(fallback);
  }

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace

std::vector<std::string> agent_command(const std::vector<std::string>& words, const Facts& facts) {
  return agent_line(words, facts, 0).launch;
}

bool names_agent(std::string_view text, const Facts& facts) {
  if (facts.scripts == nullptr) return search_of(facts.agent_commands).finds_any(text);
  const ProjectScripts::Script* known = facts.scripts->find(text);
  return known == nullptr ? facts.scripts->agents().finds_any(text) : known->names_agent;
}

std::vector<std::vector<std::string>> agent_commands_in(std::string_view script,
                                                        const Facts& facts) {
  const ProjectScripts::Script* known =
      facts.scripts == nullptr ? nullptr : facts.scripts->find(script);
  if (known != nullptr) return known->agents;
  if (!names_agent(script, facts)) return {};
  return agent_commands_among(script, facts);
}

std::vector<std::vector<std::string>> agent_commands_among(std::string_view script,
                                                           const Facts& facts) {
  std::vector<std::vector<std::string>> found;
  Variables variables;
  for (const std::vector<std::string>& words : shell_commands(script)) {
    if (variables.take(words)) continue;
    AgentLine line = agent_line(variables.put_in(words), facts, 0);
    if (!line.launch.empty()) found.push_back(std::move(line.line));
  }
  return found;
}

std::vector<std::string> agent_called_in(std::string_view written, const Facts& facts) {
  std::vector<std::string> command;
  if (!names_agent(written, facts)) return command;
  find_called_line(written, [&](std::string_view line) {
    command = first_agent(line, facts);
    return !command.empty();
  });
  return command;
}

bool names_agent_action(std::string_view uses, const Facts& facts) {
  return std::any_of(facts.agent_actions.begin(), facts.agent_actions.end(),
                     [&](const std::string& pattern) { return matches_action(uses, pattern); });
}

bool calls_agent_workflow(const Job& job, const Facts& facts) {
  const std::string_view uses = job.uses.value.text();
  return !uses.empty() &&
         std::any_of(facts.agent_workflows.begin(), facts.agent_workflows.end(),
                     [&](const std::string& pattern) { return matches_action(uses, pattern); });
}

namespace {

/// `codex-review-action`: an agent's name, and what it is to do.
bool is_agent_with_deed(std::string_view name) {
  constexpr auto agents =
      std::to_array<std::string_view>({"claude-code-", "codex-", "gemini-cli-"});
  constexpr auto deeds = std::to_array<std::string_view>(
      {"review", "reviewer", "reviews", "code", "pr", "pull", "request", "issue", "issues", "fix",
       "fixer", "triage", "security", "agent", "auto", "assistant", "bot", "implement", "task"});
  constexpr std::string_view end = "-action";
  if (!name.ends_with(end)) return false;
  name.remove_suffix(end.size());
  const auto* const agent = std::find_if(
      agents.begin(), agents.end(), [&](std::string_view each) { return name.starts_with(each); });
  if (agent == agents.end()) return false;
  name.remove_prefix(agent->size());
  while (!name.empty()) {
    if (!contains_word(deeds, name.substr(0, name.find('-')))) return false;
    name.remove_prefix(std::min(name.find('-'), name.size() - 1) + 1);
  }
  return true;
}

/// `setup-claude-code-action`: what comes before an agent's name, and starts none.
bool is_about_agent(std::string_view before) {
  constexpr auto words = std::to_array<std::string_view>(
      {"setup", "install", "installer", "post", "configure", "cache", "login", "auth"});
  while (!before.empty()) {
    if (contains_word(words, before.substr(0, before.find('-')))) return true;
    before.remove_prefix(std::min(before.find('-'), before.size() - 1) + 1);
  }
  return false;
}

}  // namespace

bool resembles_agent_action(std::string_view uses, const Facts& facts) {
  const std::string_view at = uses.substr(0, uses.find('@'));
  const std::string name = to_lower(telling_name(at));
  if (name.empty()) return false;
  // `claude-code-action/setup`: one of several that lie together.
  if (std::count(at.begin(), at.end(), '/') > 1 && is_about_agent(file_name(at))) return false;
  if (is_agent_with_deed(name)) return true;
  return std::any_of(facts.agent_actions.begin(), facts.agent_actions.end(),
                     [&](const std::string& pattern) {
                       const std::string_view known = telling_name(pattern);
                       if (known.empty() || known.size() > name.size()) return false;
                       const std::size_t at = name.size() - known.size();
                       if (!same_name(std::string_view(name).substr(at), known)) return false;
                       const std::string_view before = std::string_view(name).substr(0, at);
                       return before.empty() || (before.ends_with('-') && !is_about_agent(before));
                     });
}

std::vector<std::vector<std::string>> own_programs_in(std::string_view script) {
  std::vector<std::vector<std::string>> found;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(words);
    const std::string_view name = own_program(command);
    if (!name.empty() && !is_named_otherwise(name)) found.push_back(std::move(words));
  }
  return found;
}

bool is_handed_credential(const Step& step, const Facts& facts) {
  const std::string_view uses = step.uses_text();
  if (is_named_otherwise(uses.substr(0, uses.find('@')))) return false;
  for (const YamlNode mapping : {step.env.value, step.with.value}) {
    for (const Entry& entry : mapping.entries()) {
      if (is_credential(entry, facts)) return true;
    }
  }
  return false;
}

bool likely_launches_agent(const Step& step, const Facts& facts) {
  const std::string_view uses = step.uses_text();
  if (step.run)
    return is_handed_credential(step, facts) && !own_programs_in(step.run_text()).empty();
  // What an action of this repository does is read.
  if (uses.empty() || uses.starts_with('.') || is_own_action(uses) ||
      matches_action(uses, "actions/*"))
    return false;
  return is_told_agent(step, facts) || is_handed_credential(step, facts);
}

namespace {

/// `docker://registry/owner/claude-code:tag`, with what the image is told.
bool is_agent_image(const Step& step, const Facts& facts) {
  constexpr std::string_view scheme = "docker://";
  std::string_view image = step.uses_text();
  if (!image.starts_with(scheme)) return false;
  image.remove_prefix(scheme.size());
  image = image.substr(0, image.find('@'));
  image.remove_prefix(std::min(image.rfind('/') + 1, image.size()));
  std::vector<std::string> command{std::string(image.substr(0, image.find(':')))};
  const std::string_view program = step.input("entrypoint").value.text();
  if (!program.empty()) command = {std::string(program)};
  for (std::vector<std::string>& words : shell_commands(step.input("args").value.text())) {
    command.insert(command.end(), std::make_move_iterator(words.begin()),
                   std::make_move_iterator(words.end()));
  }
  return !agent_command(command, facts).empty();
}

}  // namespace

bool launches_agent(const Step& step, const Facts& facts) {
  if (facts.scripts != nullptr) {
    if (const auto known = facts.scripts->launches(step)) return *known;
  }
  const std::string_view uses = step.uses_text();
  if (is_agent_image(step, facts)) return true;
  if (!uses.empty() && (names_agent_action(uses, facts) || resembles_agent_action(uses, facts)))
    return true;
  if (matches_action(uses, "actions/github-script")) {
    const std::string_view program = step.input("script").value.text();
    return !agent_called_in(program, facts).empty();
  }
  const std::string_view script = script_of(step).value.text();
  if (script.empty()) return likely_launches_agent(step, facts);
  const bool known = facts.scripts != nullptr && facts.scripts->find(script) != nullptr;
  if (!known && step.run && is_program_shell(step.shell.value.text()))
    return !agent_called_in(script, facts).empty();
  return !agent_commands_in(script, facts).empty() || likely_launches_agent(step, facts);
}

}  // namespace refgate::lint
