#pragma once
// What the steps of a job do under a name that starts workflows: comments, labels, pushes, …. What
// GITHUB_TOKEN does starts none, but for dispatches. Facts: "Triggering a workflow from a
// workflow".

#include <cstddef>
#include <cstdint>
#include <string>
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
  push_tag,     ///< of a tag that the job makes
  open_issue,
  open_pull_request,
  dispatch  ///< of a workflow by hand or by `repository_dispatch`, with any token
};

/// Something that a step does under a name that starts workflows.
struct Evidence {
  Deed deed;
  const Step* step;
  AgentIdentity identity;
  std::string tag;  ///< of `push_tag`: what its name begins with, as far as it is written out
};

/// An event that a deed causes.
struct DeedEvent {
  std::string_view name;
  std::string_view type;
};
std::vector<DeedEvent> events_of(Deed deed);
std::string_view words_for(Deed deed);  ///< "comment", "pull request"

/// Of what a job does so much is looked at.
inline constexpr std::size_t most_deeds = 100;
/// What the scripts and actions of a job do. No dispatches.
std::vector<Evidence> deeds_of(const Workflow& workflow, const Job& job, const Facts& facts);
/// What the agent does, and what the steps of its job (`of_job`) do with what it made.
std::vector<Evidence> evidence_of(const AgentLaunch& launch, const Facts& facts,
                                  const std::vector<Evidence>& of_job);

}  // namespace refgate::lint
