#pragma once
// The code of a pull request from a fork, on the machine of a run that has secrets. Facts: "Events
// that trigger workflows", pull_request_target and workflow_run; a commit of a fork is there by its
// SHA and below `refs/pull/` in the repository that the pull request is for, and its branch is not.
// actions/checkout itself refuses that code since July 2026 ("Safer pull_request_target defaults
// for GitHub Actions checkout"), in v7 and what v2 to v6 point at since.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/expression/evaluate.h"

namespace refgate::lint {

/// Lays over the scope of such an event that a pull request of a fork caused it, with names by
/// which its code is known.
void set_fork_code(Scope& scope, std::string_view event, std::string_view repository);

/// What a step that brings a fork's code does for a pull request that certainly is from one.
/// `refuses`: actions/checkout ends its job. `may_refuse`: that depends on the age of a commit.
enum class ForkGuard : std::uint8_t { none, may_refuse, refuses };

struct ForkCheckout {
  const Step* step = nullptr;
  ForkGuard guard = ForkGuard::none;
};

/// The outputs by which a job hands a fork's code on in a run of such a scope, with their values:
/// worked out once for all the jobs that need it. The scopes have to stay where they are.
using ForkOutputs =
    std::map<std::pair<const Scope*, const Job*>, std::vector<std::pair<std::string, std::string>>>;

/// Which folders of a job hold a fork's code, step by step.
class ForkCode {
 public:
  /// `scope`: with set_fork_code(). Project, workflow and job must outlive this. Without `outputs`
  /// what the job needs is not looked at.
  ForkCode(const Project& project, const JobPlace& place, const Scope& scope, ForkOutputs* outputs);

  /// The step that brought the fork's code to the folder that a step launches an agent in, when
  /// nothing between them took it away again or put the agent's own files of the base back.
  std::optional<ForkCheckout> before(const AgentLaunch& launch, const Facts& facts) const;

  /// The scope of the workflow that the job calls: with what it is given.
  Scope inside_of_call() const;

 private:
  struct Change {
    const Step* step;
    std::string folder;
    bool fork = false;
    ForkGuard guard = ForkGuard::none;
    std::size_t command = 0;  ///< of the step's script, counted as shell_commands() does; of the
                              ///< steps of a local action, the one that did it
  };
  /// A step as it is run: one of the job, or inside of the local action that such a one runs.
  struct Running {
    const Step* of_job;
    const Action* action = nullptr;
    std::size_t index = 0;  ///< in the action
  };

  void take_variables();
  void take_outputs_of_needs(const Scope& scope, ForkOutputs& known);
  void follow(const Step& step, const Running& running);
  void enter(const Step& step, const Action& action);
  void take_inputs(Scope& scope, YamlNode given) const;
  void take_outputs(const Step& step);
  void check_out(const Step& step, const Running& running);
  void run(const Step& step, const Running& running);
  bool is_fork(std::string_view text) const;
  std::string supposed(std::string_view text) const;
  std::string folder_of(const Step& step) const;
  /// What lies in a folder where this command of this step is begun.
  std::optional<ForkCheckout> in_folder(const std::string& folder, const Step& step,
                                        std::size_t command) const;
  ForkGuard guard_of(const Step& checkout, const Document& document) const;

  const Project& project_;
  const Workflow& workflow_;
  const Job& job_;
  Scope scope_;
  std::vector<Change> changes_;
  std::size_t inside_ = 0;  ///< steps of local actions that were looked at
};

}  // namespace refgate::lint
