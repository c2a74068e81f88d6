#pragma once
// Verdicts that a repository's own script gives: what is called like one and closes an agent's job,
// while nobody knows here how it decides.

#include <optional>
#include <string>

#include "lint/agents/agent_launch.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// The output, as a condition on the way to the launch names it: `needs.gate.outputs.duplicate`.
/// Only one that a script, an action or a called workflow of the repository writes, under a name
/// that says that work is left out because it is done or being done.
std::optional<std::string> own_verdict_before(const Subject& subject, const AgentLaunch& launch);

}  // namespace refgate::lint
