#pragma once
// What a job with a gate needs of its token, given to that job alone.

#include <string>
#include <vector>

#include "lint/adoption/agent_jobs.h"
#include "lint/finding/finding.h"

namespace refgate::lint {

struct PermissionEdits {
  std::vector<TextEdit> edits;
  std::string note;     ///< what a person has to know of it
  std::string refusal;  ///< why they cannot be edited
};

/// The job keeps what it had by the rules in force, and gets `contents: write` and `actions: read`.
/// What stands at the workflow stays as it is, since other jobs live by it.
PermissionEdits allow_gate(const AgentJob& agent);

/// Whether these permissions certainly give what a gate needs.
bool gives_to_gate(YamlNode permissions);

/// `permissions:` of a job with all that it has and what a gate needs, as lines of its own.
std::string permissions_with_gate(const AgentJob& agent);

}  // namespace refgate::lint
