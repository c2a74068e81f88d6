// A name that action.yml does not have is a warning in a log, and the gate runs with its defaults.
// A value that an input does not take ends the step.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/time.h"
#include "core/words/nearest.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"

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
    if (fact == inputs.end() || !value || value->empty()) return;
    if (fact->choices.empty()) {
      if (parse_duration(*value)) return;
      sink_.report(
          subject_, input.value,
          "`" + fact->name + "` is a span of time such as `90s`, `5m`, `1h` or `7d`, and `" +
              std::string(*value) + "` is none: the step fails, and its guards stay closed");
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
