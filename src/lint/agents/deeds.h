#pragma once
// What the steps of a job do under a name that starts workflows: comments, labels, pushes, …. What
// GITHUB_TOKEN does starts none, but for dispatches. Facts: "Triggering a workflow from a
// workflow".

#include <cstdint>
#include <string_view>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/github/facts.h"

namespace refgate::lint {

enum class Deed : std::uint8_t {
  comment,
  comment_on_line,
  review,
  label,
  push,
  push_branch,  ///< to the branch that the workflow was started for
  open_issue,
  open_pull_request,
  dispatch  ///< of a workflow by hand, with any token
};

/// Something that a step does under a name that starts workflows.
struct Evidence {
  Deed deed;
  const Step* step;
  AgentIdentity identity;
};

/// An event that a deed causes.
struct DeedEvent {
  std::string_view name;
  std::string_view type;
};
std::vector<DeedEvent> events_of(Deed deed);
std::string_view words_for(Deed deed);  ///< "comment", "pull request"

/// What the agent does, and what the steps of its job do with what it made. No dispatches.
std::vector<Evidence> evidence_of(const AgentLaunch& launch, const Facts& facts);
/// What the scripts of a job do, and the actions from the step with the number `from` on.
std::vector<Evidence> deeds_of(const Workflow& workflow, const Job& job, const Facts& facts,
                               std::size_t from = 0);

}  // namespace refgate::lint
