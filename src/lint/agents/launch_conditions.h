#pragma once
// All conditions that stand between an event and the launch of an agent.

#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/github/event_scope.h"
#include "lint/rule/memo.h"

namespace refgate::lint {

class LaunchConditions {
 public:
  /// Takes the conditions of jobs out of the memo, which must outlive this.
  LaunchConditions(const AgentLaunch& launch, Memo& memo);

  /// Whether the launch is reached in a run with this scope, in which earlier steps succeed.
  Truth runs(const Scope& scope) const;
  /// Whether the job that launches is: its steps' conditions do not count.
  Truth job_runs(const Scope& scope) const;
  /// All of them, those of needed jobs included.
  std::vector<const Expression*> all() const;
  /// The steps that come before the launch: earlier ones of its job, and those of all jobs that are
  /// needed on the way.
  std::vector<const Step*> steps_before() const;
  /// The jobs that are needed on the way and call a workflow.
  std::vector<const Job*> calls_before() const;

 private:
  Scope inside(const Scope& scope, std::size_t hop) const;

  const AgentLaunch& launch_;
  std::vector<const JobConditions*> jobs_;  ///< one for each part of the launch's path
  std::vector<Expression> steps_;  ///< of the step, and of the step of an action that launches
};

}  // namespace refgate::lint
