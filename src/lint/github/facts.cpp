#include "lint/github/facts.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "lint/expression/expression_value.h"
#include "lint/github/command_words.h"
#include "lint/github/embedded.h"
#include "lint/github/facts_reader.h"
#include "lint/github/own_action.h"
#include "lint/shell/shell_call.h"
#include "lint/shell/shell_commands.h"
#include "lint/workflow/project.h"

namespace refgate::lint {
namespace {

/// Takes the first part of a path away and gives it.
std::string_view take_part(std::string_view& path) {
  const std::string_view part = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(part.size() + 1, path.size()));
  return part;
}

/// False when the first characters of two names are different letters; of all but ASCII nothing is
/// said.
bool begins_alike(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t at = 0; at < std::min<std::size_t>({2, left.size(), right.size()}); ++at) {
    if (static_cast<unsigned char>(left[at]) >= 0x80 ||
        static_cast<unsigned char>(right[at]) >= 0x80)
      return true;
    if (lower(left[at]) != lower(right[at])) return false;
  }
  return true;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (!lines.empty() && lines.front() == "--") lines.erase(lines.begin());
  return lines;
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
  for (const GateFact& gate : facts.gates)
    gates_.add(gate.command);
  for (const std::string& command : facts.agent_commands)
    agents_.add(command);
  const auto each = [&](const auto& visit) {
    for (const Workflow& workflow : project.workflows()) {
      for (const Job& job : workflow.jobs)
        visit(job.steps);
    }
    for (const Action& action : project.actions())
      visit(action.steps);
  };
  each([&](const std::vector<Step>& steps) { add_scripts(steps, facts); });
  Facts known = facts;
  known.scripts = std::shared_ptr<const ProjectScripts>(std::shared_ptr<void>(), this);
  each([&](const std::vector<Step>& steps) {
    for (const Step& step : steps)
      launches_.emplace(&step, launches_agent(step, known));
  });
}

void ProjectScripts::add_scripts(const std::vector<Step>& steps, const Facts& facts) {
  for (const Step& step : steps) {
    const std::string_view text = script_of(step).value.text();
    if (text.empty()) continue;
    Script& script = scripts_[text.data()];
    script.size = text.size();
    script.names_gate = gates_.finds_any(text);
    script.names_agent = agents_.finds_any(text);
    if (!script.names_agent) continue;
    if (is_list_of_words(step)) {
      std::vector<std::string> words = lines_of(text);
      if (!agent_command(words, facts).empty()) script.agents.push_back(std::move(words));
    } else if (!is_program_shell(step.shell.value.text())) {
      script.agents = agent_commands_among(text, facts);
    } else if (auto agent = agent_called_in(text, facts); !agent.empty()) {
      script.agents.push_back(std::move(agent));
    }
  }
}

std::optional<bool> ProjectScripts::launches(const Step& step) const {
  const auto found = launches_.find(&step);
  return found == launches_.end() ? std::nullopt : std::optional(found->second);
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
  // Nearly all are told apart by how they begin.
  if (!pattern.starts_with('*') && !begins_alike(uses, pattern)) return false;
  const std::size_t owner = uses.find('/');
  if (owner != std::string_view::npos && pattern.starts_with("*/") &&
      !pattern.substr(2).starts_with('*') &&
      !begins_alike(uses.substr(owner + 1), pattern.substr(2)))
    return false;
  uses = uses.substr(0, uses.find('@'));
  if (pattern.find('*') == std::string_view::npos) return same_name(uses, pattern);
  for (bool last = false; !last;) {
    last = pattern.find('/') == std::string_view::npos;
    if (last != (uses.find('/') == std::string_view::npos)) return false;
    const std::string_view part = take_part(uses);
    const std::string_view wanted = take_part(pattern);
    if (wanted == "*" ? part.empty() || part == "." || part == ".." : !same_name(part, wanted))
      return false;
  }
  return true;
}

bool runs_command(std::string_view script, std::string_view words) {
  WordSearch first_word;
  first_word.add(words);
  if (!first_word.finds_any(script)) return false;
  for (std::vector<std::string>& command : shell_commands(script)) {
    if (begins_with(launched_command(std::move(command)), words) > 0) return true;
  }
  return false;
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
