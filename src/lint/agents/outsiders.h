#pragma once
// Whether somebody who has no say in the repository reaches an agent by an event of his.

#include "lint/agents/agent_launch.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// The event's scope with an outsider who caused it.
Scope scope_of_outsider(const Start& start);

/// Of what an outsider opens nobody has set a label yet, but a template of the repository: in the
/// scope of such an event it bears none, unless the conditions of the launch ask for one that a
/// template gives.
void take_labels_away(const Subject& subject, const AgentLaunch& launch, Scope& scope);

/// Whether a run with this scope, which an outsider caused, reaches the launch, and nothing on the
/// way may well ask who he is. What the agent's action asks by itself is not looked at, nor whose
/// the branch is.
bool outsider_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& caused);

}  // namespace refgate::lint
