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
  /// `scope`: with set_fork_code(). Workflow and job must outlive this.
  ForkCode(const Workflow& workflow, const Job& job, const Scope& scope, ForkOutputs& outputs);

  /// The step that brought the fork's code to the folder that a step launches an agent in, when
  /// nothing between them took it away again or put the agent's own files of the base back.
  std::optional<ForkCheckout> before(const Step& step, const Facts& facts) const;

 private:
  struct Change {
    const Step* step;
    std::string folder;
    bool fork = false;
    ForkGuard guard = ForkGuard::none;
    std::size_t command = 0;  ///< of the step's script, counted as shell_commands() does
  };

  /// Of a job that is needed: what it needs itself is not looked at.
  ForkCode(const Workflow& workflow, const Job& job, const Scope& scope);

  void take_variables();
  void take_outputs_of_needs(const Scope& scope, ForkOutputs& known);
  void follow_steps();
  void take_outputs(const Step& step);
  void check_out(const Step& step);
  void run(const Step& step);
  bool is_fork(std::string_view text) const;
  std::string supposed(std::string_view text) const;
  std::string folder_of(const Step& step) const;
  /// What lies in a folder where this command of this step is begun.
  std::optional<ForkCheckout> in_folder(const std::string& folder, const Step& step,
                                        std::size_t command) const;
  ForkGuard guard_of(const Step& checkout) const;

  const Workflow& workflow_;
  const Job& job_;
  Scope scope_;
  std::vector<Change> changes_;
};

}  // namespace refgate::lint
