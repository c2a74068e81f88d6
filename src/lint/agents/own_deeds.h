#pragma once
// What is written out of an agent's own deeds: the names of its branches, and the words of the
// comments that the steps of its job make. A condition that looks for them is the bound of a ring.

#include <set>
#include <string_view>

#include "lint/agents/agent_launch.h"
#include "lint/agents/launch_conditions.h"

namespace refgate::lint {

/// Whether the launch is not reached from a branch that the job, or what the agent is told, names:
/// `!startsWith(github.head_ref, 'agent/')` before a prompt that says `git checkout -b agent/fix`.
/// `scope`: of the event that a pull request or a run of such a branch causes.
bool keeps_own_branch_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                          const Scope& scope);

/// Whether the comments of a step stand in its script word for word, so that nothing the agent said
/// is in them: `gh pr comment 7 --body 'on it'`, and not `--body-file`, nor a variable that holds
/// what a file or the agent's step gave.
/// `agents`: the ids of the agents' steps.
bool says_own_words_only(const Step& step, const std::set<std::string_view>& agents);

}  // namespace refgate::lint
