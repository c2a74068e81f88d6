#include "lint/agents/agent_work.h"

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <set>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/github/facts.h"
#include "lint/github/own_action.h"

namespace refgate::lint {
namespace {

/// Of the fingerprints of the steps before a launch so much is kept as it is.
constexpr std::size_t most_before = 4'000;

constexpr auto families = std::to_array<std::string_view>(
    {"claude", "codex",  "gemini",  "opencode", "copilot", "aider",        "droid",    "cursor",
     "goose",  "auggie", "augment", "warp",     "qwen",    "openhands",    "pr-agent", "amp",
     "crush",  "junie",  "jules",   "llxprt",   "rovodev", "docker-agent", "cagent"});

std::string family_of(const std::string& name) {
  const auto found = std::find_if(families.begin(), families.end(), [&](std::string_view family) {
    return name.find(family) != std::string::npos;
  });
  return found == families.end() ? name : std::string(*found);
}

bool is_prompt(std::string_view input) {
  for (const std::string_view name :
       {"prompt", "direct_prompt", "override_prompt", "custom_instructions", "prompt_file",
        "prompt-file", "instruction"}) {
    if (same_name(input, name)) return true;
  }
  return false;
}

/// The prompt of a step; all that it is given when it has none.
std::string told(const Step& step) {
  std::string text;
  for (const Entry& input : step.with.value.entries()) {
    if (is_prompt(input.key.text())) text += std::string(input.value.text()) + "\n";
  }
  return text.empty() ? std::string(step.with.value.source()) : text;
}

std::string instructions(const AgentLaunch& launch) {
  std::string text;
  for (const JobPlace& place : launch.path)
    text += std::string(place.job->with.value.source()) + "\n";
  text += told(*launch.step);
  if (launch.launch != launch.step) text += told(*launch.launch);
  text += launch.launch->run_text();
  return text;
}

std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  const std::string all = to_lower(text) + " ";
  for (const char character : all) {
    const bool inside = (character >= 'a' && character <= 'z') ||
                        (character >= '0' && character <= '9') || character == '_' ||
                        character == '-' || character == '/' ||
                        (static_cast<unsigned char>(character) & 0x80u) != 0;
    if (inside) {
      word += character;
    } else if (!word.empty()) {
      words.insert(std::move(word));
      word.clear();
    }
  }
  return words;
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::any_of(ends.begin(), ends.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

/// Inputs that do not change what a session does: who pays, who speaks, how long.
bool is_incidental(std::string_view input) {
  const std::string name = to_lower(input);
  for (const char* part :
       {"timeout", "turns", "progress", "trigger", "phrase", "allowed_", "allow-"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return ends_with_any(name, {"token", "key", "secret", "comment", "comments", "output",
                              "output-file", "output_file"}) ||
         is_prompt(input);
}

/// Variables that say what a session is about or how it works, as `ANTHROPIC_MODEL` and `FOLDER`
/// do, whatever they are filled in with: all but those that say who pays.
void add_variables(const Entry& env, std::set<std::string>& all) {
  for (const Entry& variable : env.value.entries()) {
    const std::string_view value = variable.value.text();
    const bool pays = ends_with_any(to_lower(variable.key.text()),
                                    {"token", "key", "secret", "password", "timeout"}) ||
                      value.find("secrets.") != std::string_view::npos;
    if (!pays) all.insert("env " + std::string(variable.key.text()) + "=" + std::string(value));
  }
}

/// Whether a script only installs or sets up what an agent works with.
bool only_installs(std::string_view script) {
  constexpr auto installers = std::to_array<std::string_view>(
      {"npm",   "pnpm",       "yarn",          "bun",        "pip",      "pip3",
       "pipx",  "uv",         "apt",           "apt-get",    "brew",     "corepack",
       "cargo", "go",         "bundle",        "poetry",     "composer", "sudo",
       "set",   "git config", "python -m pip", "curl -fsSL", "#"});
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = std::min(script.find('\n', at), script.size());
    std::string_view line = script.substr(at, end - at);
    at = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    const bool installs =
        std::any_of(installers.begin(), installers.end(), [&](std::string_view word) {
          return line.starts_with(word) &&
                 (line.size() == word.size() || line[word.size()] == ' ' || word == "#");
        });
    if (line.find('>') != std::string_view::npos || (!line.empty() && !installs)) return false;
  }
  return true;
}

/// Whether an action only makes ready what an agent works with, or whether it works at all.
bool only_prepares(std::string_view uses) {
  const std::string name = to_lower(uses.substr(0, uses.find('@')));
  for (const char* part : {"/setup-", "/cache", "app-token", "/checkout", "/refgate", "skip-",
                           "configure-aws", "/auth", "install"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

/// What earlier steps of the job make, a prompt or data: of two jobs that do not make the same, the
/// agents do not work on the same. One short text, since a job may have many launches.
void add_steps_before(const AgentLaunch& launch, const Facts& facts, std::set<std::string>& all) {
  std::string before;
  for (const Step& step : launch.job().steps) {
    if (&step == launch.step) break;
    const bool makes = step.run ? !only_installs(step.run_text())
                                : !step.uses_text().empty() && !only_prepares(step.uses_text());
    if (!makes || launches_agent(step, facts)) continue;
    const std::string_view text = step.run          ? step.run_text()
                                  : step.with.value ? step.with.value.source()
                                                    : step.uses_text();
    // A text is told from its neighbours by its length.
    const std::size_t fingerprint = std::hash<std::string_view>()(text);
    before += std::to_string(text.size()) + ":" + std::to_string(fingerprint) + " ";
    if (before.size() > most_before)
      before = std::to_string(std::hash<std::string>()(before)) + " ";
  }
  all.insert("before " + before);
}

/// The system that a job runs on, as `ubuntu-latest` and `ubuntu-24.04` say alike.
std::string system_of(const Job& job) {
  const std::string text = to_lower(job.runs_on.value.source());
  if (text.find('$') != std::string::npos) return text;
  for (const char* system : {"macos", "windows", "ubuntu"}) {
    if (text.find(system) != std::string::npos) return system;
  }
  return text;
}

/// What is checked out before the launch, where it is written out: another branch or repository is
/// other work.
void add_checkouts(const AgentLaunch& launch, std::set<std::string>& all) {
  for (const Step& step : launch.job().steps) {
    if (&step == launch.step) return;
    if (!matches_action(step.uses_text(), "actions/checkout")) continue;
    for (const char* name : {"ref", "repository"}) {
      const Entry input = step.input(name);
      if (input && !input.value.has_expression())
        all.insert(std::string(name) + " " + std::string(input.value.text()));
    }
  }
}

/// How the session works, besides what it is told: model, tools, settings, folder. In one order.
std::set<std::string> manner(const AgentLaunch& launch, const Facts& facts) {
  std::set<std::string> all;
  add_checkouts(launch, all);
  add_steps_before(launch, facts, all);
  all.insert("on " + system_of(launch.job()));
  for (const Entry& entry : {launch.job().container, launch.job().matrix.entry}) {
    if (entry) all.insert("of " + std::string(entry.value.source()));
  }
  for (const Entry& defaults : {launch.job().defaults, launch.workflow().defaults}) {
    const Entry folder = defaults.value.entry("run").value.entry("working-directory");
    if (!folder) continue;
    all.insert("in " + std::string(folder.value.text()));
    break;
  }
  add_variables(launch.workflow().env, all);
  add_variables(launch.job().env, all);
  add_variables(launch.step->env, all);
  if (launch.launch != launch.step) add_variables(launch.launch->env, all);
  for (const Step* step : {launch.step, launch.launch}) {
    for (const Entry& input : step->with.value.entries()) {
      if (!is_incidental(input.key.text()))
        all.insert(to_lower(input.key.text()) + "=" + std::string(input.value.text()));
    }
    if (step->working_directory)
      all.insert("in " + std::string(step->working_directory.value.text()));
  }
  return all;
}

/// The words of a text that name something: paths, quoted words, options, identifiers, numbers,
/// outputs and inputs that are filled in. Two texts that differ in one are about different things.
std::set<std::string> targets_of(const std::string& text) {
  std::set<std::string> targets;
  std::string word;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const char character = at < text.size() ? text[at] : ' ';
    if (std::string_view(" \t\r\n").find(character) == std::string_view::npos) {
      word += character;
      continue;
    }
    while (!word.empty() && std::string_view(".,;:!?)").find(word.back()) != std::string_view::npos)
      word.pop_back();
    const bool names = word.find_first_of("/_`'\"$=0123456789") != std::string::npos ||
                       word.find('.') != std::string::npos || word.starts_with("--");
    if (names) targets.insert(to_lower(word));
    word.clear();
  }
  return targets;
}

/// Words that people change without meaning something else.
bool is_filler(const std::string& word) {
  constexpr auto fillers = std::to_array<std::string_view>(
      {"a",      "all",  "an",        "and",    "any",       "are",  "as",   "at",   "be",
       "by",     "can",  "for",       "from",   "if",        "in",   "into", "is",   "it",
       "its",    "just", "must",      "need",   "of",        "on",   "only", "or",   "please",
       "should", "so",   "that",      "the",    "then",      "this", "to",   "up",   "us",
       "very",   "want", "carefully", "will",   "with",      "you",  "your", "also", "every",
       "each",   "now",  "thanks",    "kindly", "thoroughly"});
  return std::find(fillers.begin(), fillers.end(), word) != fillers.end();
}

/// Whether each text has a word in the place of one of the other's, as in `in French` and `in
/// German`: one prompt, filled in twice.
bool are_filled_in(const std::set<std::string>& left, const std::set<std::string>& right) {
  const auto has_own = [](const std::set<std::string>& words, const std::set<std::string>& other) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return !other.contains(word) && !is_filler(word);
    });
  };
  return has_own(left, right) && has_own(right, left);
}

}  // namespace

std::string agent_of(const AgentLaunch& launch, const Facts& facts) {
  const std::string_view uses = launch.launch->uses_text();
  const Entry script = script_of(*launch.launch);
  const Entry program =
      matches_action(uses, "actions/github-script") ? launch.launch->input("script") : Entry();
  if (!uses.empty() && !script && !program)
    return family_of(to_lower(uses.substr(0, uses.find('@'))));
  auto commands = agent_commands_in(script.value.text(), facts);
  if (program) commands = {agent_called_in(program.value.text(), facts)};
  if (commands.empty() || commands.front().empty()) return {};
  if (!program) commands = {agent_command(commands.front(), facts)};
  std::string words;
  // What precedes the agent's own name (`npx -y`) is short; what follows may name anything.
  for (std::size_t at = 0; at < std::min<std::size_t>(commands.front().size(), 6); ++at) {
    words = to_lower(commands.front()[at]);
    const std::string family = family_of(words);
    if (std::find(families.begin(), families.end(), family) != families.end()) return family;
  }
  return to_lower(commands.front().front());
}

AgentWork work_of(const AgentLaunch& launch, const Facts& facts) {
  const std::string told = instructions(launch);
  return {launch.launch, agent_of(launch, facts), manner(launch, facts), words_of(told),
          targets_of(told)};
}

bool is_same_work(const AgentWork& left, const AgentWork& right) {
  if (left.agent != right.agent) return false;
  if (left.launch != right.launch && left.manner != right.manner) return false;
  if (left.words.empty() && right.words.empty()) return left.launch == right.launch;
  if (left.targets != right.targets || are_filled_in(left.words, right.words)) return false;
  std::vector<std::string> common;
  std::set_intersection(left.words.begin(), left.words.end(), right.words.begin(),
                        right.words.end(), std::back_inserter(common));
  const std::size_t all = left.words.size() + right.words.size() - common.size();
  return common.size() * 5 >= all * 4 && (all >= 10 || common.size() == all);
}

bool answers_text(const Step& launch, std::string_view text) {
  if (!matches_action(launch.uses_text(), "anthropics/claude-code-action")) return true;
  if (launch.input("prompt") || launch.input("direct_prompt") || launch.input("override_prompt"))
    return true;
  const std::string_view phrase = awaited_phrase(launch);
  return !phrase.empty() && to_lower(text).find(to_lower(phrase)) != std::string::npos;
}

bool answers_event(const Step& launch, std::string_view event, std::string_view type) {
  if (event != "issues" || type == "opened" ||
      !matches_action(launch.uses_text(), "anthropics/claude-code-action"))
    return true;
  return static_cast<bool>(launch.input("prompt")) ||
         static_cast<bool>(launch.input("direct_prompt")) ||
         static_cast<bool>(launch.input("override_prompt"));
}

std::string_view awaited_phrase(const Step& launch) {
  if (!matches_action(launch.uses_text(), "anthropics/claude-code-action")) return {};
  if (launch.input("prompt") || launch.input("direct_prompt") || launch.input("override_prompt"))
    return {};
  const Entry phrase = launch.input("trigger_phrase");
  if (!phrase) return "@claude";
  return phrase.value.has_expression() ? std::string_view() : phrase.value.text();
}

}  // namespace refgate::lint
