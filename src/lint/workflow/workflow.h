#pragma once
// A document as GitHub reads it: a workflow, or an action's metadata. Fields and shapes are those
// of "Workflow syntax for GitHub Actions" and "Metadata syntax for GitHub Actions".
//
// Every property is an Entry: its key and its value, with their places; absent when it is not
// written. A model never corrects and never guesses: a value of the wrong shape stays where it is
// as a node, and what would be derived from it is empty or nullopt. Unknown keys are left alone.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/text/document.h"

namespace refgate::lint {

/// A filter of a trigger: `branches: [a, b]` or `branches: a`.
struct Filter {
  Entry entry;
  std::vector<YamlNode> values;  ///< the scalars in order, negated patterns included; a single
                                 ///< scalar is a list of one

  explicit operator bool() const { return static_cast<bool>(entry); }
};

/// One event of `on`.
struct Trigger {
  std::string_view event;
  YamlNode key;     ///< where the event is named, in each of the three forms of `on`
  YamlNode config;  ///< its mapping (a sequence for `schedule`); absent in the other two forms,
                    ///< null for `push:`
  Filter types, branches, branches_ignore, tags, tags_ignore, paths, paths_ignore;
  Filter workflows;                ///< of workflow_run
  std::vector<YamlNode> crons;     ///< of schedule
  Entry inputs, outputs, secrets;  ///< of workflow_call and workflow_dispatch
};

struct Concurrency {
  Entry entry;
  YamlNode group;  ///< the value of `group`, or of the short form `concurrency: name`
  Entry cancel_in_progress;
  Entry queue;

  explicit operator bool() const { return static_cast<bool>(entry); }
};

struct Step {
  YamlNode node;
  std::size_t index =
      0;  ///< position among the job's steps, from 0, parallel ones counted one by one
  bool parallel = false;  ///< listed below a `parallel:` step
  std::string_view id;    ///< empty when it has none
  Entry id_entry, name, condition, uses, with, run, shell, env, working_directory,
      continue_on_error, timeout_minutes;

  /// The text of `uses` and `run`; empty when absent.
  std::string_view uses_text() const { return uses.value.text(); }
  std::string_view run_text() const { return run.value.text(); }
  /// What the step does: its `uses` or `run`.
  Entry main() const { return uses ? uses : run; }
  /// An input by its name, which GitHub compares without case; absent when it is not given.
  Entry input(std::string_view input_name) const;
};

struct MatrixAxis {
  std::string_view name;
  Entry entry;
};

struct Matrix {
  Entry entry;
  std::vector<MatrixAxis> axes;  ///< all but include and exclude
  Entry include, exclude;
  bool known =
      true;  ///< false when the matrix, an axis or a list is an expression, or has a wrong shape

  explicit operator bool() const { return static_cast<bool>(entry); }
};

struct Job {
  std::string_view id;
  YamlNode key;
  YamlNode node;
  Entry name, needs, condition, uses, with, secrets, runs_on, timeout_minutes, environment,
      permissions, env, defaults, outputs, container, services, continue_on_error, strategy,
      fail_fast, max_parallel, steps_entry;
  std::vector<YamlNode> needed;  ///< the scalars of `needs`, a single one as a list of one
  Matrix matrix;
  Concurrency concurrency;
  std::vector<Step> steps;
  Step call;  ///< what a job that calls a workflow does, as a step: `uses` and `with`

  bool calls_workflow() const { return static_cast<bool>(uses); }
  /// False only when it is known that the matrix has one row at most, or that there is none.
  bool has_several_legs() const;
  const Step* step(std::string_view step_id)
      const;  ///< ids are compared without case, as GitHub does; nullptr when there is none
};

/// A parsed file of `.github/workflows`.
struct Workflow {
  std::string file;  ///< relative to the project's root, with `/`
  std::shared_ptr<const Document> document;
  bool generated = false;  ///< made by a program from another file (see is_generated)
  bool selected =
      true;  ///< asked for; the others of the project are read for look-ups and get no findings

  Entry name, run_name, on, permissions, env, defaults, jobs_entry;
  std::vector<Trigger> triggers;
  Concurrency concurrency;
  std::vector<Job> jobs;

  /// The first `defaults.run.shell` above a step of `job`, or its own `shell`; empty when none is
  /// set.
  std::string_view shell_of(const Job& job, const Step& step) const;
  /// What other workflows know it by: its `name`, or its path when it has none (as in
  /// `workflow_run`'s `workflows`).
  std::string_view display_name() const;
  const Trigger* trigger(std::string_view event) const;  ///< the first with this name, or nullptr
  const Job* job(std::string_view job_id)
      const;  ///< ids are compared without case, as GitHub does; nullptr when there is none
  /// True when `workflow_call` is its only trigger.
  bool only_called() const;
};

/// A parsed `action.yml`. `steps` is empty unless it is composite.
struct Action {
  std::string file;
  std::shared_ptr<const Document> document;
  bool selected = true;

  Entry name, inputs, outputs, runs;
  std::string_view using_text;  ///< "composite", "docker", "node24", …
  std::vector<Step> steps;

  bool composite() const;
};

/// Readers never fail: a document that is no workflow has no triggers and no jobs.
Workflow read_workflow(std::string file, std::shared_ptr<const Document> document);
Action read_action(std::string file, std::shared_ptr<const Document> document);

/// Whether a document has what GitHub requires of a workflow: a mapping with `on` and `jobs`.
bool looks_like_workflow(const Document& document);
/// A mapping with `runs` that names what it is `using`.
bool looks_like_action(const Document& document);

/// A file that a program makes from something else and that says so in the comments at its top:
/// `x.lock.yml` of GitHub Agentic Workflows, "auto-generated by …", "do not edit". A person edits
/// the source, never the outcome.
bool is_generated(std::string_view file, const Document& document);

}  // namespace refgate::lint
