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
#include "lint/agents/job_commands.h"
#include "lint/github/facts.h"

namespace refgate::lint {

enum class Deed : std::uint8_t {
  comment,
  comment_on_line,
  review,
  label,
  push,
  push_branch,  ///< to the branch that the workflow was started for, or one that is named
  push_tag,     ///< of a tag that the job makes
  open_issue,
  open_pull_request,
  release,
  dispatch  ///< of a workflow by hand or by `repository_dispatch`, with any token
};

/// What is written out of a deed, so that a condition which asks for it can be answered.
struct DeedDetails {
  std::optional<std::string> says;   ///< the text of a comment, variables and all
  std::optional<std::string> title;  ///< of an issue or a pull request
  std::optional<std::string> base;   ///< of a pull request
  std::vector<std::string> labels;   ///< that it is opened with
  bool draft = false;
  bool on_pull_request = false;  ///< the comment certainly is on one
  GitBranch branch;              ///< that is pushed to, or the head of a pull request
};

/// Something that a step does under a name that starts workflows.
struct Evidence {
  Deed deed;
  const Step* step;
  AgentIdentity identity;
  std::string tag;  ///< of `push_tag`: what its name begins with, as far as it is written out
  DeedDetails about = {};
  bool by_agent = false;  ///< and no command of the step's script
  bool is_asked = false;  ///< something is asked before it: in the script, or in the program

  /// Whether it is only known from what the agent is told.
  bool is_told() const {
    return by_agent && (step->run || deed == Deed::push || deed == Deed::push_branch);
  }
};

/// Something that a command or a call does, whoever does it.
struct BareDeed {
  Deed deed;
  DeedDetails about = {};
};
/// What a command does in the run's repository, but for pushes and dispatches.
std::vector<BareDeed> deeds_of_command(const StepVariables& variables, const JobCommand& command);
/// The same for a program that calls GitHub's API, as `actions/github-script` runs.
std::vector<BareDeed> deeds_of_program(std::string_view program);
/// Whether a program's call, `createComment(`, is about the run's repository.
bool calls_for_own_repository(std::string_view program, std::string_view call);

/// An event that a deed causes.
struct DeedEvent {
  std::string_view name;
  std::string_view type;
};
std::vector<DeedEvent> events_of(Deed deed);
std::string_view words_for(Deed deed);  ///< "comment", "pull request"

/// Of what a job does so much is looked at.
inline constexpr std::size_t most_deeds = 100;
/// What the scripts and actions of a job do, and what its agents are told to push. No dispatches.
std::vector<Evidence> deeds_of(const Workflow& workflow, const Job& job, const Facts& facts);
/// What the agent does, and what the steps of its job (`of_job`) do with what it made.
std::vector<Evidence> evidence_of(const AgentLaunch& launch, const Facts& facts,
                                  const std::vector<Evidence>& of_job);

}  // namespace refgate::lint
