#pragma once
// The workflows of one repository, which rules may look across, and how paths on a command line
// become such projects. Files are read behind two functions, so that nothing here knows where they
// lie.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lint/text/document.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// The disk, or a map in a test. Paths are what the caller passed, joined with `/`. Must be
/// callable from several threads at a time.
struct Files {
  /// The bytes of a file; nullopt when it cannot be read. Need not read more than one byte over
  /// max_document_bytes.
  std::function<std::optional<std::string>(const std::string& path)> read;
  /// The names (not paths) of the plain files in a folder; empty when there is none.
  std::function<std::vector<std::string>(const std::string& folder)> list;
  enum class Kind { missing, file, folder, other };  ///< other: a pipe, a device
  std::function<Kind(const std::string& path)> kind;
  /// Where `root + file` really lies. A checked-out repository may be anybody's: what it links to
  /// outside of itself is neither read nor written, and no link is written through. Nothing may
  /// stand here where there are no links.
  enum class Reach { own, linked, outside };
  std::function<Reach(const std::string& root, const std::string& file)> reach;
  Reach reach_of(const std::string& root, const std::string& file) const {
    return reach ? reach(root, file) : Reach::own;
  }
};

/// The path that stands for the standard input, which belongs to no repository.
inline constexpr std::string_view stdin_name = "<stdin>";

/// A file that could not be read as YAML, or not at all.
struct Unreadable {
  std::string file;
  SyntaxProblem problem;
  std::string line;      ///< the one that the problem is on
  bool missing = false;  ///< could not be read at all: a failure of the run, and no finding
};

class Project {
 public:
  /// Takes documents that were read already; `file` of each is relative to the root.
  Project(std::vector<Workflow> workflows, std::vector<Action> actions,
          std::vector<Unreadable> unreadable = {});
  Project(const Project& other);
  Project(Project&&) = default;
  Project& operator=(const Project&) = delete;
  Project& operator=(Project&&) = default;
  ~Project() = default;

  /// In the order of their paths.
  const std::vector<Workflow>& workflows() const { return workflows_; }
  const std::vector<Action>& actions() const { return actions_; }
  const std::vector<Unreadable>& unreadable() const { return unreadable_; }

  const Workflow* workflow_at(std::string_view file) const;
  /// All that bear this name (their `name`, or their path when they have none), compared exactly.
  const std::vector<const Workflow*>& workflows_named(std::string_view name) const;
  /// The workflow that `uses: ./.github/workflows/x.yml` calls; nullptr for any other form, and
  /// when it is not there.
  const Workflow* called_workflow(std::string_view uses) const;
  /// The action that `uses: ./path` runs, in `path/action.yml` or `path/action.yaml`; nullptr for
  /// any other form, and when it is not there.
  const Action* local_action(std::string_view uses) const;
  /// The document of a workflow or action, or nullptr.
  const Document* document_of(std::string_view file) const;
  /// This project with another text for one of its files; the file is left out when the text is no
  /// YAML.
  Project with(const std::string& file, const std::string& text) const;
  /// What steers issues and agents beside the workflows, by its path: the templates of issues and
  /// settings of agents. Those that are there and could be read.
  const std::map<std::string, std::string, std::less<>>& beside() const { return beside_; }
  void set_beside(std::map<std::string, std::string, std::less<>> files) {
    beside_ = std::move(files);
  }
  /// False when a workflow of this repository could not be read, or when only loose files were
  /// given: then a name that no workflow bears proves nothing.
  bool complete() const { return complete_; }
  void set_complete(bool complete) { complete_ = complete; }

 private:
  void index_names();

  std::vector<Workflow> workflows_;
  std::vector<Action> actions_;
  std::vector<Unreadable> unreadable_;
  bool complete_ = true;
  std::map<std::string, std::string, std::less<>> beside_;
  std::map<std::string, std::vector<const Workflow*>, std::less<>> by_name_;
};

/// Where the files of a project lie and which of them were asked for.
struct ProjectPaths {
  std::string root;  ///< a prefix of every path, with a `/` at its end unless it is empty
  std::vector<std::string>
      workflows;  ///< relative to the root; all of `.github/workflows` when any of it was named
  std::vector<std::string>
      actions;  ///< `action.yml` files that were named; those that steps use are found on reading
  std::vector<std::string>
      loose;  ///< other YAML files that were named: linted if they are workflows, else passed over
  std::vector<std::string> selected;  ///< the members of the above that were asked for, sorted
};

/// Groups paths by repository. A folder stands for its `.github/workflows/*.{yml,yaml}` (or, named
/// itself, for the workflows in it) and its own `action.yml`; a file of `.github/workflows` brings
/// its siblings in for look-ups; a file that is not YAML by its name is passed over, since hooks
/// pass anything. A path that does not exist is an error: one sentence.
std::variant<std::vector<ProjectPaths>, std::string> find_projects(
    const std::vector<std::string>& paths, const Files& files);

/// Reads a project with up to `threads` threads. A file in `.github/workflows` that is not YAML
/// becomes an Unreadable; a loose one is passed over.
Project read_project(const ProjectPaths& paths, const Files& files, unsigned threads = 1);

}  // namespace refgate::lint
