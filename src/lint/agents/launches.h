#pragma once
// What the rules ask of a workflow's launches, worked out once (lint/rule/memo.h).

#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/agents/launch_conditions.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

/// agent_launches() of a workflow of the subject's project. The launches stay where they are.
const std::vector<AgentLaunch>& launches_of(const Subject& subject, const Workflow& workflow);
const std::vector<AgentLaunch>& launches_of(const Subject& subject);  ///< of its own workflow

/// All that stands between an event and a launch that launches_of() gave.
const LaunchConditions& conditions_of(const Subject& subject, const AgentLaunch& launch);

const JobConditions& job_conditions_of(const Subject& subject, const Workflow& workflow);

}  // namespace refgate::lint
