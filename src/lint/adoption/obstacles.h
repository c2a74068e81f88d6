#pragma once
// Why a job takes no gate among its steps.

#include <string>
#include <vector>

#include "lint/adoption/agent_jobs.h"

namespace refgate::lint {

/// What keeps a gate from being put among the steps of a job: where they run, or how they are
/// written. A sentence; empty when nothing does.
std::string obstacle_of(const AgentJob& agent);

/// What cannot be told, and a person has to know: sentences.
std::vector<std::string> doubts_of(const AgentJob& agent);

}  // namespace refgate::lint
