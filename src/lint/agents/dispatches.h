#pragma once
// Scripts that start a workflow by hand. GITHUB_TOKEN may do that, unlike everything else that
// starts one. Facts: "Triggering a workflow from a workflow".

#include <string_view>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// Whether a script starts this workflow by its file or name: `gh workflow run agent.yml`,
/// `gh api …/actions/workflows/agent.yml/dispatches`.
bool dispatches(std::string_view script, const Workflow& workflow);

}  // namespace refgate::lint
