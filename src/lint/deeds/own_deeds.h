#pragma once
// What is written out of an agent's own deeds: the names of its branches, and the words of the
// comments that the steps of its job make. A condition that looks for them is the bound of a ring.
// Filters of a trigger and conditions are asked with what is known of the deed.

#include <set>
#include <string_view>

#include "lint/agents/agent_launch.h"
#include "lint/agents/launch_conditions.h"
#include "lint/deeds/deeds.h"

namespace refgate::lint {

/// Lays over the scope of the event that a deed causes what is written out of it: the text, title,
/// labels, base and head.
void set_details(Scope& scope, const DeedDetails& about);

/// Lays over a scope that the run, or the pull request, is of this branch, when its name is known.
void set_branch(Scope& scope, const GitBranch& branch);

/// Whether a branch passes the filter of a trigger, as far as its name is known; of one that nobody
/// can name that it does, when it is the one that the run is of.
bool passes_branches(const Trigger& trigger, const GitBranch& branch);

/// Whether a condition asks for what an earlier step or job gave, which may be the bound.
bool asks_for_output(const std::vector<const Expression*>& conditions);

/// Whether the launch is not reached by a text that has words of the job's own scripts and prompts:
/// `!contains(github.event.comment.body, '<!-- agent -->')`.
bool keeps_own_words_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                         const Scope& scope);

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
