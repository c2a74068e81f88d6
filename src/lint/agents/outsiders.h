#pragma once
// Whether somebody who has no say in the repository reaches an agent by an event of his.

#include "lint/agents/agent_launch.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// The event's scope with an outsider who caused it.
Scope scope_of_outsider(const Start& start);

/// Whether a run with this scope, which an outsider caused, reaches the launch, and nothing on the
/// way may well ask who he is. What the agent's action asks by itself is not looked at, nor whose
/// the branch is.
bool outsider_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& scope);

}  // namespace refgate::lint
