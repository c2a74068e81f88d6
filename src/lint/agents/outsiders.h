#pragma once
// Whether somebody who has no say in the repository reaches an agent by an event of his.

#include "lint/agents/agent_launch.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// Whether a run that an outsider caused reaches the launch, and nothing on the way may well ask
/// who he is or whether the branch is a fork's. `scope` is that of the event; of what it says of
/// the actor nothing has to be known. What the agent's action asks by itself is not looked at.
bool outsider_reaches(const Subject& subject, const AgentLaunch& launch, const Start& start,
                      Scope scope);

}  // namespace refgate::lint
