// A name that action.yml does not have is a warning in a log, and the gate runs with its defaults.
// A value that an input does not take ends the step.

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "core/event/ordering.h"
#include "core/event/scope.h"
#include "core/governing/pool.h"
#include "core/policy/budget_setting.h"
#include "core/text/time.h"
#include "core/words/nearest.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// `on_error` is `on-error` for whoever wrote it.
std::string spelt(std::string_view name) {
  std::string text = to_lower(name);
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string_view meant_by(std::string_view name, const std::vector<std::string>& known) {
  const std::string written = spelt(name);
  std::vector<std::string_view> names;
  for (const std::string& each : known) {
    if (each == written || each == written + "s" || each + "s" == written) return each;
    names.push_back(each);
  }
  return nearest(written, names);
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t at = 0; at < words.size(); ++at)
    text += (at == 0 ? "`" : at + 1 == words.size() ? " or `" : ", `") + words[at] + "`";
  return text;
}

/// Why a span or a number is none that the input takes.
std::optional<std::string> out_of_bounds(const InputFact& fact, std::string_view value) {
  const std::string begin = quoted(fact.name) + " is ";
  if (fact.form == InputFact::Form::number) {
    constexpr unsigned most = 1'000'000;
    unsigned number = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    if (error == std::errc() && stop == end && number > 0 && number <= most) return std::nullopt;
    return begin + "a whole number from 1 to 1000000, and not " + quoted(value);
  }
  const auto span = parse_duration(value);
  if (!span)
    return begin + "a span of time such as `90s`, `5m`, `1h` or `7d`, and " + quoted(value) +
           " is none";
  if (!fact.limits.empty() && *span < parse_duration(fact.limits[0]))
    return begin + "at least " + quoted(fact.limits[0]) + ", and not " + quoted(value);
  if (fact.limits.size() > 1 && *span > parse_duration(fact.limits[1]))
    return begin + "at most " + quoted(fact.limits[1]) + ", and not " + quoted(value);
  return std::nullopt;
}

bool are_pairs(std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(",\n"), value.size());
    std::string_view part = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    part.remove_prefix(std::min(part.find_first_not_of(" \t\r"), part.size()));
    if (!part.empty() && (part.find('=') == std::string_view::npos || part.starts_with('=')))
      return false;
  }
  return true;
}

/// What the program says of a value that has a grammar of its own.
std::optional<std::string> refused(const std::string& name, std::string_view value) {
  const std::string begin = quoted(name) + " cannot be " + quoted(value);
  const auto said = [&](std::string_view why) { return begin + ", since " + std::string(why); };
  if (name == "group-by") {
    const auto read = parse_strategy(value);
    const auto* const why = std::get_if<std::string>(&read);
    return why == nullptr ? std::nullopt : std::optional(said(*why));
  }
  if (name == "slots") {
    const auto read = parse_slots(value);
    const auto* const why = std::get_if<std::string>(&read);
    return why == nullptr ? std::nullopt : std::optional(said(*why));
  }
  std::optional<std::string> why;
  if (name == "budget") {
    std::vector<Budget> budgets;
    why = add_budgets(budgets, value);
  } else if (name == "breaker") {
    std::optional<Breaker> breaker;
    why = set_breaker(breaker, value);
  } else if (name == "reserve") {
    Spent reserve;
    why = set_reserve(reserve, value);
  } else if (name == "namespace" && !is_namespace(value)) {
    why = "it is lower-case letters, digits and `-`, parts separated by `/`";
  } else if (name == "dimensions" && !are_pairs(value)) {
    why = "it is `key=value`, one a line or separated by commas";
  }
  return why ? std::optional(said(*why)) : std::nullopt;
}

class Inputs {
 public:
  Inputs(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {}

  void check(const Entry& with, const std::vector<std::string>& known, const std::string& whose) {
    for (const Entry& input : with.value.entries()) {
      const std::string_view name = input.key.text();
      if (std::any_of(known.begin(), known.end(),
                      [&](const std::string& each) { return same_name(each, name); })) {
        check_value(input);
      } else {
        unknown(input, known, whose);
      }
    }
  }

 private:
  void unknown(const Entry& input, const std::vector<std::string>& known,
               const std::string& whose) {
    const std::string_view meant = meant_by(input.key.text(), known);
    auto report = sink_.report(
        subject_, input.key,
        whose + " has no input `" + std::string(input.key.text()) +
            "`: GitHub says so in the log and goes on, and it runs as if nothing was said" +
            (meant.empty() ? std::string() : "; `" + std::string(meant) + "` is meant?"));
    if (!meant.empty() && !input.key.is_alias())
      report.fix(FixKind::unsafe, "Write `" + std::string(meant) + "`",
                 {replace_node(input.key, meant)});
  }

  void check_command(const Entry& input) {
    const auto value = input.value.literal();
    const std::vector<std::string>& known = subject_.facts().own_commands;
    if (!value || value->empty() || std::find(known.begin(), known.end(), *value) != known.end())
      return;
    const std::string_view meant =
        nearest(*value, std::vector<std::string_view>(known.begin(), known.end()));
    if (meant.empty()) return;
    auto report = sink_.report(subject_, input.value,
                               "there is no command `" + std::string(*value) + "`; `" +
                                   std::string(meant) + "` is meant?");
    if (!input.value.is_alias())
      report.fix(FixKind::unsafe, "Write `" + std::string(meant) + "`",
                 {replace_node(input.value, meant)});
  }

  void check_value(const Entry& input) {
    if (same_name(input.key.text(), "command")) check_command(input);
    const auto& inputs = subject_.facts().inputs;
    const auto fact = std::find_if(inputs.begin(), inputs.end(), [&](const InputFact& each) {
      return same_name(each.name, input.key.text());
    });
    const auto value = input.value.literal();
    if (!value || value->empty()) return;
    if (fact == inputs.end() || fact->form != InputFact::Form::choice) {
      const std::optional<std::string> refusal = fact == inputs.end()
                                                     ? refused(to_lower(input.key.text()), *value)
                                                     : out_of_bounds(*fact, *value);
      if (refusal)
        sink_.report(subject_, input.value,
                     *refusal + ": the step fails, and its guards stay closed");
      return;
    }
    if (std::find(fact->choices.begin(), fact->choices.end(), *value) != fact->choices.end())
      return;
    const std::string_view meant = meant_by(*value, fact->choices);
    auto report =
        sink_.report(subject_, input.value,
                     "`" + fact->name + "` is " + listed(fact->choices) + ", and not `" +
                         std::string(*value) + "`: the step fails, and its guards stay closed");
    if (!meant.empty() && !input.value.is_alias())
      report.fix(FixKind::unsafe, "Write `" + std::string(meant) + "`",
                 {replace_node(input.value, meant)});
  }

  const Subject& subject_;
  Sink& sink_;
};

void check_steps(const std::vector<Step>& steps, const Subject& subject, Inputs& inputs) {
  for (const Step& step : steps) {
    const Action* local = subject.project.local_action(step.uses_text());
    if (is_own_action(step.uses_text()) ||
        (local != nullptr && is_refgate_action(*local, subject.facts())))
      inputs.check(step.with, own_action().inputs, "the action");
  }
}

}  // namespace

void check_gate_unknown_input(const Subject& subject, Sink& sink) {
  Inputs inputs(subject, sink);
  if (subject.action != nullptr) {
    check_steps(subject.action->steps, subject, inputs);
    return;
  }
  for (const Job& job : subject.workflow->jobs) {
    if (is_own_called_workflow(job.uses.value.text()))
      inputs.check(job.with, own_called_workflow().inputs, "the called workflow");
    check_steps(job.steps, subject, inputs);
  }
}

}  // namespace refgate::lint
