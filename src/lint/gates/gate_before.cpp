#include "lint/gates/gate_before.h"

#include <algorithm>

#include "lint/agents/launches.h"
#include "lint/github/callee_memo.h"
#include "lint/github/own_action.h"

namespace refgate::lint {
namespace {

/// Gates among the steps of a local action, by the action.
struct ActionGates {
  GatedSteps steps;
};

const GatedSteps& gates_in_action(const Subject& subject, const Action& action) {
  return subject.memo
      .get<ActionGates>(
          &action,
          [&] { return ActionGates{gates_in(action.steps, subject.project, subject.facts())}; })
      .steps;
}

/// For each job of a workflow the first with a gate that it needs, however far away.
struct FirstGated {
  std::vector<const Job*> of_job;
};

const Job* first_gated(const Subject& subject, const Workflow& workflow, const Job& job) {
  const FirstGated& first = subject.memo.get<FirstGated>(&workflow, [&] {
    std::vector<bool> marked(workflow.jobs.size(), false);
    for (const GatedJob& gated : gated_jobs_of(subject, workflow))
      marked[static_cast<std::size_t>(gated.job - workflow.jobs.data())] = true;
    return FirstGated{job_conditions_of(subject, workflow).first_before(marked)};
  });
  return first.of_job[static_cast<std::size_t>(&job - workflow.jobs.data())];
}

/// Gates of the jobs that a job needs: of all that are near enough to be looked at, and of the
/// first one in any case.
void add_needed(const Subject& subject, const Workflow& workflow, const Job& job,
                std::vector<GateBefore>& found) {
  const std::vector<GatedJob>& gated = gated_jobs_of(subject, workflow);
  if (gated.empty()) return;
  const Job* first = first_gated(subject, workflow, job);
  if (first == nullptr) return;
  const std::vector<const Job*> needed = job_conditions_of(subject, workflow).needed(job);
  for (const GatedJob& each : gated) {
    if (each.job != first && std::find(needed.begin(), needed.end(), each.job) == needed.end())
      continue;
    for (const Gate& gate : each.gates)
      found.push_back({&gate, place_of(gate, *each.job, workflow)});
  }
}

}  // namespace

const std::vector<GatedJob>& gated_jobs_of(const Subject& subject, const Workflow& workflow) {
  return subject.memo.get<std::vector<GatedJob>>(
      &workflow, [&] { return gated_jobs(workflow, subject.project, subject.facts()); });
}

const std::vector<GatedJob>& gated_jobs_of(const Subject& subject) {
  return gated_jobs_of(subject, *subject.workflow);
}

std::vector<GateBefore> gates_before(const Subject& subject, const AgentLaunch& launch) {
  std::vector<GateBefore> found;
  for (const JobPlace& place : launch.path)
    add_needed(subject, *place.workflow, *place.job, found);
  const auto is_before = [](const Gate& gate, const Step* last) {
    return gate.step->index < last->index || (gate.step == last && gate.whole);
  };
  for (const GatedJob& gated : gated_jobs_of(subject, launch.workflow())) {
    if (gated.job != &launch.job()) continue;
    for (const Gate& gate : gated.inside.gates) {
      if (is_before(gate, launch.step))
        found.push_back({&gate, place_of(gate, launch.job(), launch.workflow())});
    }
  }
  if (launch.action == nullptr) return found;
  for (const Gate& gate : gates_in_action(subject, *launch.action).gates) {
    if (is_before(gate, launch.launch)) found.push_back({&gate, {gate.origin, nullptr, nullptr}});
  }
  return found;
}

std::vector<GateBefore> gates_of_job(const Subject& subject, const Workflow& workflow,
                                     const Job& job) {
  std::vector<GateBefore> found;
  for (const GatedJob& gated : gated_jobs_of(subject, workflow)) {
    if (gated.job != &job) continue;
    for (const Gate& gate : gated.gates)
      found.push_back({&gate, place_of(gate, job, workflow)});
  }
  add_needed(subject, workflow, job, found);
  return found;
}

namespace {

constexpr int deepest_call = 4;

struct CalledGates {
  std::vector<CalledGate> gates;
};

CalledGates gates_of_called(const Subject& subject, const Workflow& called, int depth) {
  CalledGates all;
  const auto add = [&](CalledGate gate) {
    if (all.gates.size() < most_gates) all.gates.push_back(gate);
  };
  for (const GatedJob& gated : gated_jobs_of(subject, called)) {
    for (const Gate& gate : gated.gates) {
      if (gate.kind == GateKind::refgate && gate.step != nullptr && gate.step == gate.origin)
        add({{gate.step, gated.job, &called}, gated.job->permissions || called.permissions});
    }
  }
  for (const Job& job : called.jobs) {
    if (!job.calls_workflow() || all.gates.size() == most_gates) continue;
    for (CalledGate gate : gates_called_by(subject, job, depth + 1)) {
      gate.own_permissions = gate.own_permissions || job.permissions || called.permissions;
      add(gate);
    }
  }
  return all;
}

}  // namespace

std::vector<CalledGate> gates_called_by(const Subject& subject, const Job& job, int depth) {
  const std::string_view uses = job.uses.value.text();
  if (is_own_called_workflow(uses)) return {{{&job.call, nullptr, nullptr}, false}};
  const Workflow* called = depth < deepest_call ? subject.project.called_workflow(uses) : nullptr;
  if (called == nullptr) return {};
  return of_callee<CalledGates>(subject.facts(), called, depth,
                                [&] { return gates_of_called(subject, *called, depth); })
      ->gates;
}

}  // namespace refgate::lint
