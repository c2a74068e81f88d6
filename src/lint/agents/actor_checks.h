#pragma once
// Who asks, before an agent is launched, who started the run, what he may do, and whose the branch
// is.

#include "lint/agents/agent_launch.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// Whether a step or a called workflow that comes before the launch asks who the actor is. By its
/// words, since what a script does with the answer cannot be followed: true means "may well be".
bool asks_who_acts(const Subject& subject, const AgentLaunch& launch);
/// Whether a script of the repository's on the way is handed who acts, and may end the job by it.
bool may_ask_who_acts(const Subject& subject, const AgentLaunch& launch);

/// A part of the condition that looks at the actor and whose outcome depends on what is not known
/// here: a list in a variable, an output.
bool asks_something_unknown(const Expression& condition, const Scope& scope);

/// Whether a step before the launch asks where the branch lies and may end the job for a fork's. By
/// its words, as above.
bool asks_for_fork(const Subject& subject, const AgentLaunch& launch);

/// Whether a run that a branch of a fork caused reaches the launch: no condition on the way turns
/// it away, and no step before it asks where the branch lies (by its words, as above).
bool fork_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& scope);

}  // namespace refgate::lint
