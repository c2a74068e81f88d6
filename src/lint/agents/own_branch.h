#pragma once
// The branches that an agent makes, as far as the workflow says their names, and whether conditions
// keep what comes of them out.

#include "lint/agents/agent_launch.h"
#include "lint/agents/launch_conditions.h"

namespace refgate::lint {

/// Whether the launch is not reached from a branch that the job, or what the agent is told, names:
/// `!startsWith(github.head_ref, 'agent/')` before a prompt that says `git checkout -b agent/fix`.
/// `scope`: of the event that a pull request or a run of such a branch causes.
bool keeps_own_branch_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                          const Scope& scope);

}  // namespace refgate::lint
