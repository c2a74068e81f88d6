#pragma once
// Where a workflow launches agents, and what is known of the agent actions: whom they let in by
// themselves, and whose name their comments and pushes bear.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/expression.h"
#include "lint/github/facts.h"
#include "lint/workflow/project.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// A job of a workflow.
struct JobPlace {
  const Workflow* workflow = nullptr;
  const Job* job = nullptr;
};

/// A step that launches an agent, itself or through actions of this repository.
/// Rules compare launches with each other and ask each for its way through the workflow, so that
/// of a workflow only so many are looked at.
inline constexpr std::size_t most_launches = 200;

struct AgentLaunch {
  /// From the job of the workflow asked for, over the workflows of this repository that it calls,
  /// to the job that has the step.
  std::vector<JobPlace> path;
  const Step* step = nullptr;      ///< of the last job, or the job's `call` of a known workflow
  const Step* launch = nullptr;    ///< the step itself, or the one of a local action
  const Action* action = nullptr;  ///< that `launch` belongs to; nullptr when it is the job's own
  bool by_name = false;    ///< known by the likeness of a name, or of a checked out repository
  bool is_likely = false;  ///< by what it is handed alone (likely_launches_agent), `by_name` too

  const Workflow& workflow() const { return *path.back().workflow; }
  const Job& job() const { return *path.back().job; }
  /// The job of the workflow asked for.
  const Job& own_job() const { return *path.front().job; }
  bool is_called() const { return path.size() > 1; }
  /// By a workflow of another repository, of which nothing is seen but what it is given.
  bool is_call() const { return step == &job().call; }
  /// Where the workflow asked for names what launches.
  Entry place() const { return is_called() ? own_job().uses : step->uses ? step->uses : step->run; }
};

/// All launches in the order of jobs and steps: those of the workflow's own steps, and those of
/// workflows of this repository that it calls.
/// The first `most_launches`.
std::vector<AgentLaunch> agent_launches(const Workflow& workflow, const Project& project,
                                        const Facts& facts);

/// Something that a step's own condition, or the job's, says is never run.
bool is_switched_off(const Entry& condition);

/// Whose name the agent's comments, labels and pushes bear. What GITHUB_TOKEN does starts no
/// workflow but workflow_dispatch and repository_dispatch.
struct AgentIdentity {
  enum class Kind : std::uint8_t {
    unknown,       ///< nothing can be told
    github_token,  ///< GITHUB_TOKEN
    app,           ///< a GitHub App: type Bot, never a collaborator
    other,         ///< a secret: a person's or machine user's token, or an app's
  };
  Kind kind = Kind::unknown;
  std::optional<std::string> login;  ///< with `[bot]`, when the action's own app is used
};

/// Nullptr for an action that nothing is known of, and for a command.
const AgentActionFact* agent_action_fact(const Step& launch, const Facts& facts);

/// Whether the action itself turns away who cannot write to the repository.
bool asks_for_write(const Step& launch, const Facts& facts);
/// Whether the action itself turns away the bot of this name (with `[bot]`), as its inputs say.
/// Also when that cannot be told, because the name is not known or the input is an expression.
bool turns_bot_away(const Step& launch, const std::optional<std::string>& login,
                    const Facts& facts);

/// The token that every job has, in its two ways to write it.
bool names_job_token(const Reference& reference);
/// Whose token a value (`${{ secrets.GITHUB_TOKEN }}`) is. `job`: whose steps may have made it.
AgentIdentity identity_of_token(YamlNode value, const Job& job);
AgentIdentity identity_of_token(std::string_view text, const Job& job);
/// Whose name a launch acts under: the action's token input or app, else GH_TOKEN or GITHUB_TOKEN
/// of the step, job or workflow.
AgentIdentity identity_of(const AgentLaunch& launch, const Facts& facts);

}  // namespace refgate::lint
