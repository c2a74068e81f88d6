#pragma once
// Scripts that start a workflow by hand. GITHUB_TOKEN may do that, unlike everything else that
// starts one. Facts: "Triggering a workflow from a workflow".

#include <optional>
#include <string>
#include <string_view>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// Whether a script starts this workflow by its file or name: `gh workflow run agent.yml`,
/// `gh api …/actions/workflows/agent.yml/dispatches`. `itself`: it is a script of this workflow, so
/// that `$GITHUB_WORKFLOW` is its name.
bool dispatches(std::string_view script, const Workflow& workflow, bool itself = false);
/// The same for a step: its script, one of `actions/github-script`, or an action made for it.
bool dispatches(const Step& step, const Workflow& workflow, bool itself = false);

/// The type of the `repository_dispatch` that a step sends to its own repository: by
/// `gh api repos/{owner}/{repo}/dispatches`, `createDispatchEvent`, or an action made for it.
/// nullopt when it sends none, or one whose type is not written out.
std::optional<std::string> sent_event(const Step& step);

}  // namespace refgate::lint
