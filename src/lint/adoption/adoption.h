#pragma once
// A gate for workflows that exist: finds the jobs that launch an agent by themselves and have no
// gate, and writes the gate, the guards, the end of the session and what they need around them.

#include <string>
#include <vector>

#include "lint/github/facts.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// One workflow as it is and as it would be.
struct Adoption {
  std::string file;   ///< relative to the project's root
  std::string after;  ///< equal to the document's text when nothing can be written by itself
  std::vector<std::string> jobs;   ///< those that get a gate
  std::vector<std::string> notes;  ///< one sentence each: what a person has to do or look at
};

/// `action` is what `uses` names: "refgate/refgate@v1". Workflows whose agent jobs all stand behind
/// a gate, or that launch none, are left out; so a second call after the first has nothing to say.
/// Every text that is proposed is a workflow that can be read again.
std::vector<Adoption> adopt(const Project& project, const Facts& facts, const std::string& action);

/// Whether any workflow launches an agent, behind a gate or not.
bool launches_agents(const Project& project, const Facts& facts);

}  // namespace refgate::lint
