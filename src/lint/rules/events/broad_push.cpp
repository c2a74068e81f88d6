// Work that costs money for every push to every branch, whatever it changes.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

bool runs_on(const SupposedRun& push, const std::vector<const Expression*>& conditions,
             const auto& runs) {
  const std::vector<std::string> repositories = repositories_named(conditions);
  return std::any_of(repositories.begin(), repositories.end(), [&](const std::string& repository) {
    SupposedRun run = push;
    run.repository = repository;
    return runs(scope_of(run)) == Truth::yes;
  });
}

/// skip-duplicate-actions looks at the changed paths when it is told which ones count.
bool looks_at_paths(const Step& gate) {
  for (const char* name : {"paths", "paths_ignore", "paths_filter"}) {
    if (gate.input(name)) return true;
  }
  return false;
}

struct Cost {
  std::string what;
  YamlNode place;
  bool gated = false;        ///< a gate answers before it, which is what keeps a broad push cheap
  bool asked_first = false;  ///< and does so in the first step, at the cost of a few seconds
};

/// Whether every agent and all other work stands behind a gate that is the first step of its job.
bool is_asked_first(const Subject& subject) {
  const auto& gated = gated_jobs_of(subject);
  const auto answers = [](const GatedJob& each) {
    const Gate& gate = each.gates.front();
    return gate.step != nullptr && gate.step->index == 0;
  };
  if (gated.empty() || !std::all_of(gated.begin(), gated.end(), answers)) return false;
  return std::all_of(
      subject.workflow->jobs.begin(), subject.workflow->jobs.end(),
      [&](const Job& job) { return !gates_of_job(subject, *subject.workflow, job).empty(); });
}

/// The agent that a push launches, or else the gate that it asks.
std::optional<Cost> cost_of(const Subject& subject, const SupposedRun& push) {
  const Workflow& workflow = *subject.workflow;
  for (const AgentLaunch& launch : launches_of(subject)) {
    const LaunchConditions& conditions = conditions_of(subject, launch);
    const std::vector<const Step*> before = conditions.steps_before();
    if (std::any_of(before.begin(), before.end(),
                    [](const Step* step) { return looks_at_paths(*step); }))
      continue;
    if (runs_on(push, conditions.all(), [&](const Scope& scope) { return conditions.runs(scope); }))
      return Cost{"launches an agent", launch.place().key, !gates_before(subject, launch).empty(),
                  is_asked_first(subject)};
  }
  const JobConditions& conditions = job_conditions_of(subject, workflow);
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    if (gated.gates.empty()) continue;
    const Step* step = gated.gates.front().step;
    std::vector<const Expression*> path = conditions.path(*gated.job);
    const Expression asked =
        parse_condition(step == nullptr ? std::string_view() : step->condition.value.text());
    if (asked.is_valid()) path.push_back(&asked);
    const auto asks = [&](const Scope& scope) {
      const Truth runs = conditions.runs(*gated.job, scope);
      return step != nullptr && step->condition ? both(runs, evaluate_condition(asked, scope))
                                                : runs;
    };
    if (!runs_on(push, path, asks)) continue;
    const Step* origin = gated.gates.front().origin;
    if (origin != nullptr && looks_at_paths(*origin)) continue;
    return Cost{"asks a gate",
                step == nullptr ? gated.job->uses.key
                : step->uses    ? step->uses.key
                                : step->run.key,
                true, is_asked_first(subject)};
  }
  return std::nullopt;
}

bool takes_every_workflow(const RuleOptions& options) {
  const auto found = options.find("workflows");
  return found != options.end() &&
         std::find(found->second.begin(), found->second.end(), "all") != found->second.end();
}

}  // namespace

void check_broad_push(const Subject& subject, Sink& sink) {
  for (const Trigger& trigger : subject.workflow->triggers) {
    if (trigger.event != "push") continue;
    const EventFilter filter = event_filter(trigger);
    const BranchReach reach = branch_reach(filter);
    if (!is_broad(reach) || filter.paths || filter.paths_ignore) continue;
    const std::string branch = topic_branch(filter);
    const std::optional<Cost> cost =
        branch.empty() ? std::nullopt : cost_of(subject, {.event = "push", .branch = branch});
    const bool all = takes_every_workflow(subject.options);
    if ((!cost || cost->asked_first) && !all) continue;

    const YamlNode place = trigger.branches          ? trigger.branches.entry.key
                           : trigger.branches_ignore ? trigger.branches_ignore.entry.key
                                                     : trigger.key;
    auto report =
        sink.report(subject, place,
                    "`push` " + reach_in_words(reach) + " and every path, so that each push " +
                        (cost ? cost->what : "starts this workflow") +
                        ", even one that only touches documentation; list the branches that "
                        "matter, and the `paths` that the work is about");
    if (cost) report.related(subject, cost->place, "each push " + cost->what + " here");
    if (!cost || cost->gated) report.severity(Severity::note);
  }
}

}  // namespace refgate::lint
