#pragma once
// Scripts that start a workflow by hand. GITHUB_TOKEN may do that, unlike everything else that
// starts one. Facts: "Triggering a workflow from a workflow".

#include <optional>
#include <string>
#include <string_view>

#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// Whether a step of `from` starts the workflow `started` by its file or name, in the repository of
/// the run: `gh workflow run agent.yml`, `gh api …/actions/workflows/agent.yml/dispatches`, a
/// script of `actions/github-script`, or an action made for it.
bool dispatches(const Workflow& from, const Job& job, const Step& step, const Workflow& started);

/// The type of the `repository_dispatch` that a step sends to its own repository: by
/// `gh api repos/{owner}/{repo}/dispatches`, `createDispatchEvent`, or an action made for it.
/// nullopt when it sends none, or one whose type is not written out.
std::optional<std::string> sent_event(const Workflow& from, const Job& job, const Step& step);

}  // namespace refgate::lint
