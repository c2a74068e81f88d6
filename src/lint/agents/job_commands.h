#pragma once
// The commands of a job's scripts one after another, with what git and gh know of the place that
// each is run in: of which repository, on which branch, under whose name.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lint/agents/agent_launch.h"

namespace refgate::lint {

/// A branch, as far as its name can be told.
struct GitBranch {
  enum class Kind : std::uint8_t {
    own,   ///< that the run was started for
    head,  ///< of the pull request, or of the run, that started this one
    named
  };
  Kind kind = Kind::own;
  std::string name;   ///< of `named`: what it begins with, as far as it is written out
  bool whole = true;  ///< all of it is written out

  bool operator==(const GitBranch&) const = default;
};

struct JobCommand {
  std::vector<std::string> words;  ///< as launched_command gives them
  bool elsewhere = false;          ///< in the files of another repository, or nobody knows where
  bool other_repository = false;   ///< what gh takes for its repository is another one
  AgentIdentity identity;          ///< of git's pushes
  GitBranch branch;                ///< that it is run on
};

/// Whether a text (`owner/name`, an address, a path of GitHub's API) names the repository that the
/// run is of. Which one that is nobody knows, so that a name that is written out is another's.
bool names_own_repository(std::string_view text);

/// Whether a step's gh takes another repository than the run's for its own: by `GH_REPO`.
bool is_told_other_repository(const Workflow& workflow, const Job& job, const Step& step);

/// What is known of a step's variables: by its environment, and by its script.
class StepVariables {
 public:
  StepVariables(const Workflow& workflow, const Job& job, const Step& step)
      : workflow_(workflow), job_(job), step_(step) {}

  bool is_of(const Step& step) const { return &step_ == &step; }
  /// A word that is a variable, as what the script or the environment says that it is.
  std::string resolved(std::string_view word) const;

 private:
  const std::map<std::string_view, std::size_t>& assignments() const;

  const Workflow& workflow_;
  const Job& job_;
  const Step& step_;
  /// Behind which `=` the first value of each begins; read when one is asked for.
  mutable std::optional<std::map<std::string_view, std::size_t>> assignments_;
};

/// Whether a command of gh is about another repository: by `--repo`, or by the address of what it
/// is about.
bool gh_names_other(const StepVariables& variables, const std::vector<std::string>& command);

/// The value of a flag, `--body x`, `--body=x` or `-bx`; nullopt when it is not given.
std::optional<std::string> flag_of(const std::vector<std::string>& command,
                                   std::string_view long_name, std::string_view short_name = {});

/// The folder that a step is begun in, as entered() writes it: `defaults` are for scripts.
std::string working_folder(const Workflow& workflow, const Job& job, const Step& step);

/// The folder that `cd` and its kind lead to from this one; nullopt for another command. The way
/// back leads to the workspace.
std::optional<std::string> folder_after(const StepVariables& variables,
                                        const std::vector<std::string>& command,
                                        const std::string& folder);

class JobCommands {
 public:
  JobCommands(const Workflow& workflow, const Job& job) : workflow_(workflow), job_(job) {}

  /// Those of the next step; none for a step without a script. Each step has to be asked for.
  std::vector<JobCommand> next(const Step& step);
  /// The branch that the job stands on, in the folder that it was begun in.
  const GitBranch& branch() { return place(directory_).branch; }
  const AgentIdentity& identity() { return place(directory_).identity; }
  bool is_elsewhere() { return place(directory_).other; }
  /// The branches that a command pushes to; empty for one that pushes none.
  std::vector<GitBranch> pushed(const JobCommand& command, const Step& step) const;
  GitBranch branch_named(const Step& step, std::string_view word, const GitBranch& current) const;

 private:
  /// A folder that was checked out or cloned.
  struct Place {
    std::string path;
    bool other = false;
    AgentIdentity identity;
    GitBranch branch;
  };

  std::string value_of(const Step& step, std::string_view word) const;
  void check_out(const Step& step);
  void begin(const Step& step);
  Place& place(const std::string& directory);
  void follow(const Step& step, const std::vector<std::string>& command);
  void follow_git(const Step& step, const std::vector<std::string>& command);
  void change_branch(const Step& step, const std::vector<std::string>& arguments, Place& at);
  void put(Place place);

  const Workflow& workflow_;
  const Job& job_;
  std::vector<Place> places_;
  Place nowhere_{"", true, {}, {}};
  Place unknown_{"", false, {}, {}};
  std::string directory_;
  std::optional<StepVariables> variables_;  ///< of the step that was asked for last
  bool told_other_ = false;                 ///< GH_REPO, as the script sets it
  std::map<std::string, bool> remotes_;     ///< added by the job, and whether of other repositories
  std::set<std::string> branches_;          ///< made by the job
};

}  // namespace refgate::lint
