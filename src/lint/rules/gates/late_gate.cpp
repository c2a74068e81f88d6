// What is paid for before the gate is asked is paid for duplicates too.

#include <algorithm>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// The last step before the gate that it takes something from; -1 when there is none. What comes up
/// to there has to come first.
int last_needed(const Step& gate, const std::vector<Step>& steps) {
  int last = -1;
  const auto look = [&](YamlNode node, const auto& self) -> void {
    if (node.has_expression()) {
      const Expression expression = parse_template(node.text());
      for (const Reference& reference : references(expression)) {
        if (reference.path.size() < 2 || !reference.path[0] ||
            !same_name(*reference.path[0], "steps") || !reference.path[1])
          continue;
        for (const Step& step : steps) {
          if (step.index < gate.index && same_name(step.id, *reference.path[1]))
            last = std::max(last, static_cast<int>(step.index));
        }
      }
      for (const FunctionUse& use : functions(expression)) {
        // The files have to be there.
        if (same_name(use.name, "hashFiles")) last = static_cast<int>(gate.index) - 1;
      }
    }
    for (const YamlNode item : node.items())
      self(item, self);
    for (const Entry& entry : node.entries())
      self(entry.value, self);
  };
  look(gate.node, look);
  return last;
}

/// Whether the gate's own code or program comes with the repository's content.
bool needs_checkout(const Gate& gate) {
  const std::string_view uses = gate.step->uses_text();
  if (gate.kind == GateKind::configured || uses.starts_with("./") || uses.starts_with("$/"))
    return true;
  return uses.empty();
}

std::string_view what_it_is(Cost cost) {
  switch (cost) {
    case Cost::checkout:
      return "a checkout";
    case Cost::set_up:
      return "a set-up";
    default:
      return "work";
  }
}

/// A script that fetches the program that the gate then is.
bool brings_gate(const Step& step) {
  return step.run_text().find("refgate") != std::string_view::npos;
}

bool never_runs(const Step& step, const std::vector<Scope>& events) {
  if (!step.condition) return false;
  const Expression condition = parse_condition(step.condition.value.text());
  return condition.is_valid() && std::all_of(events.begin(), events.end(), [&](const Scope& event) {
           return evaluate_condition(condition, event) == Truth::no;
         });
}

/// The events on which the gate may run.
std::vector<Scope> gate_events(const Step& gate, const Subject& subject) {
  std::vector<Scope> events;
  if (subject.workflow == nullptr) return {Scope()};
  for (const auto& event : gated_events(*subject.workflow)) {
    const Scope scope = event_scope(event);
    if (!never_runs(gate, {scope})) events.push_back(scope);
  }
  return events;
}

void check_steps(const std::vector<Step>& steps, const Job* job, const Subject& subject,
                 Sink& sink) {
  const GatedSteps gated = gates_in(steps, subject.project, subject.facts());
  if (gated.gates.empty()) return;
  const Gate& gate = gated.gates.front();
  const Entry gate_entry = gate.step->uses ? gate.step->uses : gate.step->run;
  if (job != nullptr && job->services && job->services.value.size() > 0) {
    sink.report(subject, job->services.key,
                "`services` are started before the first step, so they run for duplicates too; put "
                "the gate into a job of its own that this one needs")
        .related(subject, gate_entry.key, "the gate");
  }
  const int needed = last_needed(*gate.step, steps);
  const std::vector<Scope> events = gate_events(*gate.step, subject);
  for (const Step& step : steps) {
    if (step.index >= gate.step->index) break;
    if (static_cast<int>(step.index) <= needed || brings_gate(step) || never_runs(step, events))
      continue;
    const Cost cost = cost_of(step, subject.project, subject.facts());
    if (cost < Cost::checkout || (cost == Cost::checkout && needs_checkout(gate))) continue;
    // The script of a step that is gate and work in one needs its files and tools.
    if (gate.whole && (cost != Cost::work || only_installs(step))) continue;
    const Entry what = step.uses ? step.uses : step.run;
    sink.report(subject, step.uses ? what.value : what.key,
                std::string(runs_agent(step, subject.project, subject.facts()) ? "an agent"
                                                                               : what_it_is(cost)) +
                    " before the gate is paid for on a duplicate too; put the gate first" +
                    (needs_checkout(gate) ? ", after no more than the checkout that it needs"
                                          : ", it needs nothing of the repository"))
        .related(subject, gate_entry.key, "the gate");
  }
}

}  // namespace

void check_late_gate(const Subject& subject, Sink& sink) {
  if (subject.action != nullptr) {
    check_steps(subject.action->steps, nullptr, subject, sink);
    return;
  }
  for (const Job& job : subject.workflow->jobs)
    check_steps(job.steps, &job, subject, sink);
}

}  // namespace refgate::lint
