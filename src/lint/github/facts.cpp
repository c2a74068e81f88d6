#include "lint/github/facts.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "lint/expression/expression_value.h"
#include "lint/github/embedded.h"
#include "lint/github/facts_reader.h"
#include "lint/github/own_action.h"
#include "lint/shell/shell_commands.h"
#include "lint/workflow/project.h"

namespace refgate::lint {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// Takes the first part of a path away and gives it.
std::string_view take_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(part.size() + 1, path.size()));
  return part;
}

/// `codex`, `/usr/bin/codex` and `codex@latest` are the word `codex`; `@openai/codex@1.2` is
/// `@openai/codex`.
bool same_word(std::string_view written, std::string_view word) {
  const std::size_t version = written.find('@', 1);
  if (version != std::string_view::npos) written = written.substr(0, version);
  return written == word || (word.find('/') == std::string_view::npos && written.ends_with(word) &&
                             written.substr(0, written.size() - word.size()).ends_with('/'));
}

bool begins_with(const std::vector<std::string>& command,
                 const std::vector<std::string_view>& words) {
  if (command.size() < words.size()) return false;
  return std::equal(
      words.begin(), words.end(), command.begin(),
      [](std::string_view word, const std::string& written) { return same_word(written, word); });
}

/// Whether a script has the first of these words as a word, quoted or not. Nearly all scripts have
/// none of those looked for, and need not be taken apart.
bool names(std::string_view script, std::string_view words) {
  const std::string_view word = words.substr(0, words.find(' '));
  const auto is_part = [&](std::size_t index) {
    constexpr std::string_view others = "-_.";
    const char character = script[index];
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           others.find(character) != std::string_view::npos;
  };
  for (std::size_t at = script.find(word); at != std::string_view::npos;
       at = script.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_part(at - 1)) && (end == script.size() || !is_part(end))) return true;
  }
  return false;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Facts read_built_in() {
  Facts facts;
  for (const EmbeddedFile& file : embedded_facts()) {
    auto read = read_document(std::string(file.text));
    const auto* document = std::get_if<Document>(&read);
    const auto problem = document == nullptr
                             ? std::optional<SyntaxProblem>(std::get<SyntaxProblem>(read))
                             : add_facts(document->root(), facts);
    // The files are part of the program and read by its tests.
    if (problem)
      throw std::logic_error("lint-rules/facts/" + std::string(file.name) +
                             ".yml: " + problem->message);
  }
  return facts;
}

}  // namespace

const EventFact* Facts::event(std::string_view name) const {
  const auto found = std::find_if(events.begin(), events.end(),
                                  [&](const EventFact& fact) { return fact.name == name; });
  return found == events.end() ? nullptr : &*found;
}

ProjectScripts::ProjectScripts(const Project& project, const Facts& facts) {
  const auto add = [&](const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      const std::string_view text = script_of(step).value.text();
      if (text.empty()) continue;
      Script& script = scripts_[text.data()];
      script.size = text.size();
      script.names_gate = std::any_of(
          facts.gates.begin(), facts.gates.end(),
          [&](const GateFact& gate) { return !gate.command.empty() && names(text, gate.command); });
      script.agents = agent_commands_in(text, facts);
    }
  };
  for (const Workflow& workflow : project.workflows()) {
    for (const Job& job : workflow.jobs)
      add(job.steps);
  }
  for (const Action& action : project.actions())
    add(action.steps);
}

const ProjectScripts::Script* ProjectScripts::find(std::string_view script) const {
  const auto found = scripts_.find(script.data());
  return found != scripts_.end() && found->second.size == script.size() ? &found->second : nullptr;
}

const Facts& built_in_facts() {
  static const Facts facts = read_built_in();
  return facts;
}

bool matches_action(std::string_view uses, std::string_view pattern) {
  uses = uses.substr(0, uses.find('@'));
  if (std::count(uses.begin(), uses.end(), '/') != std::count(pattern.begin(), pattern.end(), '/'))
    return false;
  for (auto parts = std::count(pattern.begin(), pattern.end(), '/'); parts >= 0; --parts) {
    const std::string_view part = take_part(uses);
    const std::string_view wanted = take_part(pattern);
    if (wanted == "*" ? part.empty() || part == "." || part == ".." : !same_name(part, wanted))
      return false;
  }
  return true;
}

bool runs_command(std::string_view script, std::string_view words) {
  if (!names(script, words)) return false;
  const auto wanted = split(words, ' ');
  for (std::vector<std::string>& command : shell_commands(script)) {
    if (begins_with(launched_command(std::move(command)), wanted)) return true;
  }
  return false;
}

std::vector<std::vector<std::string>> agent_commands_in(std::string_view script,
                                                        const Facts& facts) {
  std::vector<std::vector<std::string>> found;
  const ProjectScripts::Script* known =
      facts.scripts == nullptr ? nullptr : facts.scripts->find(script);
  if (known != nullptr) return known->agents;
  std::vector<std::vector<std::string_view>> named;
  for (const std::string& agent : facts.agent_commands) {
    if (names(script, agent)) named.push_back(split(agent, ' '));
  }
  if (named.empty()) return found;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(words);
    const auto launches = [&](const std::vector<std::string_view>& wanted) {
      return begins_with(command, wanted) &&
             !(command.size() > wanted.size() &&
               contains(facts.agent_idle_arguments, command[wanted.size()]));
    };
    if (std::any_of(named.begin(), named.end(), launches)) found.push_back(std::move(words));
  }
  return found;
}

bool launches_agent(const Step& step, const Facts& facts) {
  const auto is_action = [&](const std::string& pattern) {
    return matches_action(step.uses_text(), pattern);
  };
  if (!step.uses_text().empty() &&
      std::any_of(facts.agent_actions.begin(), facts.agent_actions.end(), is_action))
    return true;
  const std::string_view script = script_of(step).value.text();
  return !script.empty() && !agent_commands_in(script, facts).empty();
}

const GateFact* gate_of(const Step& step, const Facts& facts) {
  const ProjectScripts::Script* known =
      facts.scripts == nullptr ? nullptr : facts.scripts->find(step.run_text());
  const bool runs_gate = known == nullptr ? !step.run_text().empty() : known->names_gate;
  for (const GateFact& gate : facts.gates) {
    if (!gate.uses.empty() && !step.uses_text().empty() &&
        matches_action(step.uses_text(), gate.uses)) {
      const Entry given = gate.input.empty() ? Entry() : step.input(gate.input);
      if (!given || given.value.text() == gate.input_value) return &gate;
    }
    if (!gate.command.empty() && runs_gate && runs_command(step.run_text(), gate.command))
      return &gate;
  }
  return nullptr;
}

}  // namespace refgate::lint
