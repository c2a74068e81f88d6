#pragma once
// The token that a checkout leaves for git, and who of a job needs it.

#include <string_view>

#include "lint/agents/agent_launch.h"

namespace refgate::lint {

/// The first step of a job that pushes, fetches or commits with what a checkout left: a command of
/// git, an action made for it, or an agent that is told to. nullptr when none is seen to.
const Step* uses_checkout_token(const Job& job);

/// An agent that works on branches of its own, and fetches and pushes them: claude-code-action
/// without a prompt.
bool pushes_by_itself(const AgentLaunch& launch, const Facts& facts);

/// A checkout that leaves its token. `persist-credentials` decides, where it is written.
bool keeps_token(const Step& step);

}  // namespace refgate::lint
