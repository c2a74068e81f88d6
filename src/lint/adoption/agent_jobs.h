#pragma once
// The jobs of a workflow that launch an agent by their own steps, and what stands before them.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/finding/finding.h"
#include "lint/github/facts.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// A job whose own steps launch agents.
struct AgentJob {
  const Workflow* workflow = nullptr;
  const Job* job = nullptr;
  std::vector<AgentLaunch> launches;

  const Document& document() const { return *workflow->document; }
};

/// Those that stand behind no gate: neither among their steps nor in a job that they need, however
/// far away.
std::vector<AgentJob> ungated_agent_jobs(const Workflow& workflow, const Project& project,
                                         const Facts& facts);

/// Whether a job needs one of these, however far away.
bool needs_one_of(const Workflow& workflow, const Job& job, const std::set<const Job*>& others);

/// Those that have a gate of this project among their own steps.
std::vector<AgentJob> gated_agent_jobs(const Workflow& workflow, const Project& project,
                                       const Facts& facts);

/// The condition as it stands between `${{` and `}}`, in one line. Empty when there is none that
/// can be joined with another: it is empty, cannot be read, is a text (`${{ a }} == 'b'`), or holds
/// a line break in quotes.
std::string joinable_condition(std::string_view condition);
/// Why it cannot; "" when it can.
std::string why_not_joinable(std::string_view condition);

/// A text without line breaks as a scalar of YAML: plain where it may be, else in double quotes. It
/// does not begin with a character that means something there.
std::string as_scalar(const std::string& text);

/// `verdict && (condition)`, as a scalar.
std::string joined_condition(const std::string& verdict, std::string_view condition);

/// Another scalar in the place of a value, on the key's line.
TextEdit replace_value(const Document& document, const Entry& entry, const std::string& value);

/// The column of the first key of a mapping, or of the first dash of a sequence, as blanks.
std::string indent_of(const Document& document, YamlNode node);

}  // namespace refgate::lint
