#pragma once
// Who calls the workflow of an agent's job, and whether a gate there would be refused its
// permissions: GitHub does not start a run in which a called job asks for more than its caller has.

#include <string>

#include "lint/adoption/agent_jobs.h"

namespace refgate::lint {

/// What has to be done at callers, before a gate can stand in the job.
struct CallerNeeds {
  std::string why;      ///< with file and line of each caller that does not certainly give enough;
                        ///< empty when nobody calls the workflow, or all who do give it
  std::string snippet;  ///< `permissions` for the first of them
};
CallerNeeds needs_of_callers(const AgentJob& agent, const Project& project);

}  // namespace refgate::lint
