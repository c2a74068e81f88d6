#pragma once
// A gate among the steps of a job: the gate first, a guard at each step, the end of the session
// last, and what they need of the job around them.

#include <string>
#include <vector>

#include "lint/adoption/agent_jobs.h"
#include "lint/finding/finding.h"

namespace refgate::lint {

struct GateInJob {
  std::vector<TextEdit> edits;     ///< none at one place but insertions, which stand in their order
  std::vector<std::string> notes;  ///< what a person has to look at
  std::string refusal;             ///< why it takes no edit after all; then there are no edits
};

/// For a job without obstacles. `action` is what `uses` names.
GateInJob put_gate_in(const AgentJob& agent, const Facts& facts, const std::string& action);

/// What a job with a gate lacks.
struct GateLacks {
  bool time_limit = false;
  bool permissions = false;
  bool clean_checkout = false;  ///< a checkout that leaves no token
  std::string end;              ///< what `uses` names of the step that ends it; empty: it has one
};
GateInJob complete_gate_in(const AgentJob& agent, const Facts& facts, const GateLacks& lacks);

}  // namespace refgate::lint
