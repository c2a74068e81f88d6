#pragma once
// What a step costs, as far as its words tell: enough to say that it must not come before a gate,
// or that it may run on a duplicate.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lint/github/facts.h"
#include "lint/workflow/project.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// `cheap`: writes a few words or asks the API. `checkout`: the repository's content. `set_up`: a
/// tool chain, a cache, a log-in. `work`: installs, builds, tests, deploys or launches an agent.
/// `unknown`: nothing is known of it.
enum class Cost : std::uint8_t { cheap, unknown, checkout, set_up, work };

/// A local action costs what its dearest step does.
Cost cost_of(const Step& step, const Project& project, const Facts& facts);
/// Whether all that a script does is to install what other scripts need: `npm ci`.
bool only_installs(const Step& step);
bool runs_agent(const Step& step, const Project& project, const Facts& facts);

/// Whether a step, once it runs, ends its job or its run without success: `exit 1`, `gh run
/// cancel`, an action that cancels runs.
bool stops_the_job(const Step& step);

/// What a step does with sessions: the words after `refgate` or the original script, or the
/// `command` of the action, those of local actions included, each once: {"gate"}, {"audit",
/// "cleanup"}.
std::vector<std::string> session_commands(const Step& step, const Project& project,
                                          const Facts& facts);
/// Of all steps of a workflow that jobs call.
std::vector<std::string> session_commands(const Workflow& called, const Project& project,
                                          const Facts& facts);
bool has_session_command(const Step& step, const Project& project, const Facts& facts,
                         std::string_view command);

/// An action of this kind by its inputs and outputs, wherever it lies: how a repository uses its
/// own.
bool is_refgate_action(const Action& action, const Facts& facts);

/// A step, or a job with this id, that says what was skipped or ends a run that was: it is meant
/// for duplicates. By its names and those of its steps, since what a script says of skipping may be
/// about anything.
bool is_for_duplicates(YamlNode node, std::string_view id);

}  // namespace refgate::lint
