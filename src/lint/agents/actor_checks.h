#pragma once
// Steps that ask who started a run and what he may do, before an agent is launched.

#include "lint/agents/launch_conditions.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// Whether a step or a called workflow that comes before the launch asks who the actor is. By its
/// words, since what a script does with the answer cannot be followed: true means "may well be".
bool asks_who_acts(const LaunchConditions& conditions, const Project& project, const Facts& facts);

}  // namespace refgate::lint
