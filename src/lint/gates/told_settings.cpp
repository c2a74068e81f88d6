#include "lint/gates/told_settings.h"

#include <algorithm>
#include <array>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/expression/expression.h"
#include "lint/expression/expression_value.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

std::string variable_name(std::string_view setting) {
  std::string name = "REFGATE_";
  for (const char character : setting)
    name += character == '-'                       ? '_'
            : character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A')
                                                   : character;
  return name;
}

std::optional<std::string> option_in(std::string_view script, std::string_view setting) {
  if (script.empty()) return std::nullopt;
  const std::string option = "--" + std::string(setting);
  if (script.find(option) == std::string_view::npos) return std::nullopt;
  for (const std::vector<std::string>& words : shell_commands(script)) {
    for (std::size_t at = 0; at < words.size(); ++at) {
      if (words[at] == option) return at + 1 < words.size() ? words[at + 1] : "";
      if (words[at].starts_with(option + "=")) return words[at].substr(option.size() + 1);
    }
  }
  return std::nullopt;
}

/// Inputs of the action bear the names of their settings, but for one.
std::string_view input_name(std::string_view setting) {
  return setting == "dimension" ? "dimensions" : setting;
}

/// A value that is the token of the job and nothing else.
bool is_job_token(YamlNode value) {
  const Expression expression = parse_template(value.text());
  if (!expression.is_valid()) return false;
  const auto all = references(expression);
  return !all.empty() && std::all_of(all.begin(), all.end(), names_job_token);
}

/// Whether one of the literals that an expression may come to is this one.
bool may_come_to(const Expression& expression, NodeId id, std::string_view value) {
  const ExpressionNode& node = expression.node(id);
  const auto any = [&](const auto& chosen) {
    for (std::size_t at = 0; at < node.operands.size(); ++at) {
      if (chosen(at) && may_come_to(expression, node.operands[at], value)) return true;
    }
    return false;
  };
  const auto is_last = [&](std::size_t at) { return at + 1 == node.operands.size(); };
  switch (node.kind) {
    case ExpressionKind::literal:
      return to_text(node.literal) == value;
    case ExpressionKind::disjunction:
      // An empty text is passed over.
      return any([&](std::size_t at) { return is_last(at) || !value.empty(); });
    case ExpressionKind::conjunction:
      return any([&](std::size_t at) { return is_last(at) || value.empty(); });
    case ExpressionKind::call:
      return same_name(node.name, "case") &&
             any([&](std::size_t at) { return at % 2 == 1 || is_last(at); });
    default:
      return false;
  }
}

}  // namespace

bool may_be(std::string_view written, std::string_view value) {
  const Expression expression = parse_template(written);
  return expression.is_valid() && may_come_to(expression, expression.root(), value);
}

std::optional<Told> told(const StepPlace& place, std::string_view setting) {
  const Step& step = *place.step;
  if (const Entry input = step.input(input_name(setting)); input && !input.value.text().empty())
    return Told{input, std::string(input.value.text())};
  for (const std::string_view script :
       {step.run_text(), step.input("flags").value.text(), step.input("args").value.text()}) {
    if (auto option = option_in(script, setting)) return Told{{}, std::move(*option)};
  }
  const std::array<Entry, 3> environments = {
      step.env, place.job != nullptr ? place.job->env : Entry(),
      place.workflow != nullptr ? place.workflow->env : Entry()};
  std::string variable;
  for (const Entry& environment : environments) {
    if (!environment) continue;
    if (variable.empty()) variable = variable_name(setting);
    const Entry entry = environment.value.entry(variable);
    if (entry && !entry.value.text().empty()) return Told{entry, std::string(entry.value.text())};
  }
  return std::nullopt;
}

bool stands_in_line(const StepPlace& place) {
  const auto strategy = told(place, "group-by");
  if (!strategy || may_be(strategy->text, "") || may_be(strategy->text, "none")) return false;
  const auto no_wait = told(place, "no-wait");
  // An option is a flag; an input or a variable may say no.
  return !no_wait || (no_wait->entry && no_wait->text == "false");
}

bool names_matrix(const StepPlace& place, std::string_view setting) {
  const auto found = told(place, setting);
  if (!found) return false;
  if (found->text.find("matrix") != std::string::npos ||
      found->text.find("strategy.") != std::string::npos)
    return true;
  // A variable of the job may hold it.
  const auto mentions = [](const Entry& environment) {
    return environment.value.source().find("matrix.") != std::string_view::npos;
  };
  const bool by_variable = found->text.find('$') != std::string::npos;
  return by_variable &&
         (mentions(place.step->env) || (place.job != nullptr && mentions(place.job->env)));
}

bool needs_no_answer(const StepPlace& place) {
  const auto holder_run = told(place, "holder-run");
  const auto on_lost = told(place, "on-lost");
  // Whoever names a lease has said how long he waits for the dead.
  return goes_elsewhere(place) || told(place, "lease") || told(place, "claim-id") ||
         (holder_run && holder_run->text == "ignore") || (on_lost && on_lost->text == "cancel");
}

bool goes_elsewhere(const StepPlace& place) {
  const Step& step = *place.step;
  const Entry of_job = place.job != nullptr ? place.job->env : Entry{};
  const Entry of_workflow = place.workflow != nullptr ? place.workflow->env : Entry{};
  if (const Entry token = step.input("token"); token && !is_job_token(token.value)) return true;
  if (step.input("remote") || step.input("on-read-only")) return true;
  for (const Entry& env : {step.env, of_job, of_workflow}) {
    for (const Entry& entry : env.value.entries()) {
      const std::string_view name = entry.key.text();
      if (name == "REFGATE_REMOTE" || name == "REFGATE_ON_READ_ONLY" || name == "REFGATE_CONFIG")
        return true;
      if ((name == "REFGATE_TOKEN" || (name == "GITHUB_TOKEN" && step.run)) &&
          !is_job_token(entry.value))
        return true;
    }
  }
  const std::string_view script = step.run_text();
  return script.find("--remote") != std::string_view::npos ||
         script.find("--on-read-only") != std::string_view::npos ||
         script.find("REFGATE_") != std::string_view::npos || step.input("config") ||
         step.input("args").value.text().find("--remote") != std::string_view::npos;
}

}  // namespace refgate::lint
