// What can be seen from where, and the workflow around a gate.

#include <algorithm>
#include <array>
#include <utility>

#include "lint/gates/guards.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {}  // namespace

std::string why_unseen(const Reference& reference, const Job& job, const Step* step,
                       const std::vector<GatedJob>& jobs) {
  const auto& path = reference.path;
  if (path.size() < 4 || !path[0] || !path[1] || !path[2] || !same_name(*path[2], "outputs"))
    return {};
  const std::string& context = *path[0];
  const std::string& name = *path[1];
  const std::string value = quoted(context + "." + name + ".outputs");
  for (const GatedJob& gated : jobs) {
    if (same_name(context, "needs") && same_name(gated.job->id, name)) {
      if (&job == gated.job || needs_job(job, *gated.job)) continue;
      return "job " + quoted(job.id) + " does not need " + quoted(gated.job->id) + ", so " + value +
             " is empty here whatever the gate says; add it to `needs`";
    }
    if (!same_name(context, "steps")) continue;
    for (const Gate& gate : gated.gates) {
      if (gate.step == nullptr || !same_name(gate.step->id, name)) continue;
      if (step == nullptr) {
        return "the `if` of a job cannot read `steps`, and GitHub refuses the workflow; hand the "
               "verdict on in `outputs` of " +
               quoted(gated.job->id) + " and compare `needs." + std::string(gated.job->id) +
               ".outputs`";
      }
      if (&job == gated.job && step->index <= gate.step->index && step != gate.step) {
        return "this step stands before the gate " + quoted(name) + ", so " + value +
               " is still empty here; put it after the gate";
      }
      if (&job != gated.job && job.step(name) == nullptr) {
        return "the gate " + quoted(name) + " is a step of job " + quoted(gated.job->id) + ", so " +
               value +
               " is empty here whatever it says; hand the verdict on in `outputs` of that job and "
               "need it";
      }
    }
  }
  return {};
}

std::vector<std::optional<std::string>> gated_events(const Workflow& workflow) {
  std::vector<std::optional<std::string>> all;
  std::vector<std::optional<std::string>> judged;
  for (const Trigger& trigger : workflow.triggers) {
    const std::optional<std::string> event =
        trigger.event == "workflow_call" ? std::nullopt : std::optional(std::string(trigger.event));
    if (std::find(all.begin(), all.end(), event) != all.end()) continue;
    all.push_back(event);
    static constexpr auto never_duplicates =
        std::to_array<std::string_view>({"workflow_dispatch", "repository_dispatch", "schedule"});
    if (std::find(never_duplicates.begin(), never_duplicates.end(), trigger.event) ==
        never_duplicates.end())
      judged.push_back(event);
  }
  return judged.empty() ? all : judged;
}

Scope event_scope(const std::optional<std::string>& event) {
  Scope scope;
  if (event) scope.set("github.event_name", Value::string(*event));
  return scope;
}

std::vector<Scope> events_of(const GatedJob& gated, const JobConditions& jobs,
                             const std::vector<Scope>& events) {
  std::vector<Scope> found;
  const Gate& first = gated.gates.front();
  // Events that skip-duplicate-actions never skips: its default, unless the step says otherwise.
  const Entry given = first.origin != nullptr ? first.origin->input("do_not_skip") : Entry();
  const std::string_view listed =
      given ? given.value.text() : R"(["workflow_dispatch", "schedule", "merge_group"])";
  const std::string never(first.kind == GateKind::skip_duplicate_actions ? listed : "");
  for (const Scope& event : events) {
    const Value name = event.get({"github", "event_name"});
    if (name.is_known() && never.find('"' + to_text(name) + '"') != std::string::npos) continue;
    if (jobs.runs(*gated.job, event) == Truth::no) continue;
    if (first.step != nullptr && first.step->condition) {
      const Expression condition = parse_condition(first.step->condition.value.text());
      if (condition.is_valid() && evaluate_condition(condition, event) == Truth::no) continue;
    }
    found.push_back(event);
  }
  return found;
}

bool needs_job(const Job& job, const Job& other) {
  return std::any_of(job.needed.begin(), job.needed.end(),
                     [&](YamlNode need) { return same_name(need.text(), other.id); });
}

Cost cost_of_job(const Job& job, const Subject& subject) {
  if (job.calls_workflow()) return Cost::work;
  Cost dearest = Cost::cheap;
  for (const Step& step : job.steps)
    dearest = std::max(dearest, cost_of(step, subject.project, subject.facts()));
  return dearest;
}

}  // namespace refgate::lint
