#pragma once
// The one answer to "does this stand behind a gate?", for all rules. A gate counts wherever the
// way to the work passes it: an earlier step of the job or of the local action that launches, a
// job that is needed, a workflow that such a job calls, a local action with a gate inside.

#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/gates/gates.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// gated_jobs() of a workflow of the subject's project, worked out once.
const std::vector<GatedJob>& gated_jobs_of(const Subject& subject, const Workflow& workflow);
const std::vector<GatedJob>& gated_jobs_of(const Subject& subject);  ///< of its own workflow

/// Where the gate's own step stands, for what it is told. What lies in another file is told nothing
/// by the variables of the job.
inline StepPlace place_of(const Gate& gate, const Job& job, const Workflow& workflow) {
  return gate.origin == gate.step ? StepPlace{gate.origin, &job, &workflow}
                                  : StepPlace{gate.origin, nullptr, nullptr};
}

/// A gate, and where its own step stands; without a step where nobody knows it.
struct GateBefore {
  const Gate* gate;
  StepPlace place;
};

/// The gates on the way to a launch, those of the callers first. A step that is gate, work and
/// finish in one stands behind itself.
std::vector<GateBefore> gates_before(const Subject& subject, const AgentLaunch& launch);
/// The gates that a job or the jobs that it needs have, in any of their steps.
std::vector<GateBefore> gates_of_job(const Subject& subject, const Workflow& workflow,
                                     const Job& job);

/// A gate in a workflow that a job calls.
struct CalledGate {
  StepPlace place;               ///< of this project's own workflow the call itself
  bool own_permissions = false;  ///< it works under other permissions than those of the call
};
/// The first `most_gates` of them, of this project's kind. What a workflow of another repository
/// does is not known.
std::vector<CalledGate> gates_called_by(const Subject& subject, const Job& job, int depth = 0);

/// What a condition in this job may ask of a job with gates: of its own the steps, of another one
/// the outputs.
inline const GateView& view_from(const Job& job, const GatedJob& gated) {
  return gated.job == &job ? gated.inside.view : gated.view;
}

}  // namespace refgate::lint
