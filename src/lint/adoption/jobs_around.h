#pragma once
// Gate and end of the session in jobs of their own, for work that takes no gate among its steps:
// on Windows or macOS, in a container without bash, or written in a way that cannot be edited.

#include <string>

#include "lint/adoption/agent_jobs.h"

namespace refgate::lint {

struct JobsAround {
  std::string text;   ///< three jobs, to stand where the job stood; or two, and what it has to say
  std::string whole;  ///< the file with them; empty when the job itself takes no edit
};

/// Whether the like is made for other jobs of the file: their names must not meet.
enum class Pasted { alone, beside_others };

JobsAround put_jobs_around(const AgentJob& agent, const std::string& action, Pasted pasted);

}  // namespace refgate::lint
