#pragma once
// Which agent a launch starts, and what it tells it to do.

#include <set>
#include <string>

#include "lint/agents/agent_launch.h"

namespace refgate::lint {

/// The family of the agent, whatever starts it: "claude" for its action and its command. The action
/// or command itself when it is of no known family.
std::string agent_of(const AgentLaunch& launch, const Facts& facts);

/// What a launch is compared by, made once, since prompts are long and each is compared with many.
struct AgentWork {
  const Step* launch;
  std::string agent;  ///< as agent_of
  std::set<std::string> manner, words, targets;
};
AgentWork work_of(const AgentLaunch& launch, const Facts& facts);

/// Whether two launches tell the same agent nearly the same, in the same manner: equal prompts, or
/// prose with at least four of five words in common that names the same paths, words in quotes and
/// identifiers; equal inputs besides (model, tools, settings). What is told by other means than a
/// prompt (a script, inputs of a called workflow) counts the same way. Unsure: false.
bool is_same_work(const AgentWork& left, const AgentWork& right);

/// Whether the launch answers this text. One of the known actions waits to be mentioned when it has
/// no prompt; all others are launched in any case.
bool answers_text(const Step& launch, std::string_view text);
/// Whether the launch works for this event at all. As its source says, claude-code-action without a
/// prompt takes of an issue's events only `opened`, and one label or assignee that an input names.
bool answers_event(const Step& launch, std::string_view event, std::string_view type);
/// The words that such an action waits for; empty for all others, and when they are not known.
std::string_view awaited_phrase(const Step& launch);

}  // namespace refgate::lint
