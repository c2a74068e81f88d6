#pragma once
// A gate for workflows that exist: finds the jobs that launch an agent by themselves and have no
// gate, and writes the gate, the guards, the end of the session and what they need around them.

#include <string>
#include <vector>

#include "lint/rule/lint_config.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// Something that is left to a person.
struct AdoptionNote {
  std::string text;     ///< one sentence
  std::string snippet;  ///< lines to be pasted; empty when there is nothing to paste
};

/// One workflow as it is and as it would be.
struct Adoption {
  std::string file;                  ///< relative to the project's root
  std::string after;                 ///< equal to the document's text when nothing can be written
  std::vector<std::string> changes;  ///< "a gate in job `review`"
  std::vector<AdoptionNote> notes;
};

/// `action` is what `uses` names: "refgate/refgate@v1". Workflows whose agent jobs all stand behind
/// a gate, guarded and ended, or that launch none, are left out; so a second call after the first
/// has nothing new to say. What is proposed has been linted: a job for which the linter would have
/// more to say afterwards than before, at the level of a warning or over it, stays as it is, with a
/// note of what that would be.
std::vector<Adoption> adopt(const Project& project, const LintConfig& config,
                            const std::string& action);

/// Whether any workflow launches an agent, behind a gate or not.
bool launches_agents(const Project& project, const Facts& facts);

}  // namespace refgate::lint
