#include "lint/rule/lint_config.h"

#include <algorithm>
#include <utility>

#include "lint/github/facts_reader.h"
#include "lint/rule/rule.h"
#include "lint/text/nearest.h"

namespace refgate::lint {
namespace {

using Problem = std::optional<ConfigProblem>;

Problem problem_at(YamlNode node, std::string message) {
  return ConfigProblem{std::move(message), node.place()};
}

std::vector<std::string> texts(YamlNode node) {
  std::vector<std::string> result;
  if (node.is_scalar()) result.emplace_back(node.text());
  for (const YamlNode item : node.items())
    result.emplace_back(item.text());
  return result;
}

Problem read_level(YamlNode node, RuleConfig& config) {
  const std::string_view level = node.text();
  config.off = level == "off";
  config.on = !config.off;
  for (const Severity severity : {Severity::note, Severity::warning, Severity::error}) {
    if (level == name_of(severity)) config.level = severity;
  }
  if (!config.off && !config.level)
    return problem_at(node, unknown_word(level, {"off", "note", "warning", "error"}));
  return std::nullopt;
}

Problem read_options(const Rule& rule, YamlNode node, RuleConfig& config) {
  std::vector<std::string_view> known;
  for (std::size_t at = 0; at < rule.options.size();) {
    const std::size_t end = std::min(rule.options.find(' ', at), rule.options.size());
    known.push_back(rule.options.substr(at, end - at));
    at = end + 1;
  }
  for (const Entry& entry : node.entries()) {
    if (std::find(known.begin(), known.end(), entry.key.text()) == known.end()) {
      return problem_at(entry.key, known.empty() ? "`" + std::string(rule.id) + "` has no options"
                                                 : unknown_word(entry.key.text(), known));
    }
    config.options[std::string(entry.key.text())] = texts(entry.value);
  }
  return std::nullopt;
}

Problem read_rule(const Entry& entry, RuleConfig& config) {
  const Rule* rule = find_rule(entry.key.text());
  if (rule == nullptr)
    return problem_at(entry.key,
                      "no rule has this id: " + unknown_word(entry.key.text(), rule_ids()));
  if (entry.value.is_scalar()) return read_level(entry.value, config);
  if (!entry.value.is_mapping())
    return problem_at(entry.key, "a rule has a level (off, note, warning, error) or a mapping");
  for (const Entry& part : entry.value.entries()) {
    Problem problem;
    if (part.key.text() == "level") {
      problem = read_level(part.value, config);
    } else if (part.key.text() == "paths-ignore") {
      config.paths_ignore = texts(part.value);
    } else if (part.key.text() == "options") {
      problem = read_options(*rule, part.value, config);
    } else {
      problem =
          problem_at(part.key, unknown_word(part.key.text(), {"level", "paths-ignore", "options"}));
    }
    if (problem) return problem;
  }
  return std::nullopt;
}

Problem read_top(const Entry& entry, LintConfig& config) {
  const std::string_view key = entry.key.text();
  if (key == "rules") {
    for (const Entry& rule : entry.value.entries()) {
      if (Problem problem = read_rule(rule, config.rules[std::string(rule.key.text())]))
        return problem;
    }
  } else if (key == "facts") {
    Facts added;
    if (auto problem = add_facts(entry.value, added))
      return ConfigProblem{problem->message, problem->place};
    // What a project says comes before what is built in where the first that fits counts.
    config.facts.gates.insert(config.facts.gates.begin(), added.gates.begin(), added.gates.end());
    config.facts.agent_checks.insert(config.facts.agent_checks.begin(), added.agent_checks.begin(),
                                     added.agent_checks.end());
    const auto append = [](auto& list, const auto& more) {
      list.insert(list.end(), more.begin(), more.end());
    };
    append(config.facts.agent_actions, added.agent_actions);
    append(config.facts.agent_workflows, added.agent_workflows);
    append(config.facts.agent_commands, added.agent_commands);
    append(config.facts.agent_idle_arguments, added.agent_idle_arguments);
    append(config.facts.agent_credentials, added.agent_credentials);
    append(config.facts.retry_actions, added.retry_actions);
    append(config.facts.events, added.events);
  } else if (key == "forks-only") {
    const auto value = entry.value.boolean();
    if (!value) return problem_at(entry.value, "`forks-only` is true or false");
    config.forks_only = *value;
  } else {
    return problem_at(entry.key, unknown_word(key, {"rules", "facts", "forks-only"}));
  }
  return std::nullopt;
}

}  // namespace

const RuleConfig& LintConfig::rule(std::string_view id) const {
  static const RuleConfig none;
  const auto found = rules.find(id);
  return found == rules.end() ? none : found->second;
}

std::variant<LintConfig, ConfigProblem> read_lint_config(std::string text) {
  auto read = read_document(std::move(text));
  if (auto* problem = std::get_if<SyntaxProblem>(&read))
    return ConfigProblem{problem->message, problem->place};
  const YamlNode root = std::get<Document>(read).root();
  LintConfig config;
  if (root.is_null()) return config;
  if (!root.is_mapping())
    return ConfigProblem{"the configuration is a mapping with `rules`, `facts` or `forks-only`",
                         root.place()};
  for (const Entry& entry : root.entries()) {
    if (Problem problem = read_top(entry, config)) return *std::move(problem);
  }
  return config;
}

}  // namespace refgate::lint
