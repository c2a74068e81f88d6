#pragma once
// What GitHub does with a workflow, as pure functions: which events one act causes, how skips
// travel through `needs`, what a guard does for each value of a gate's output. Facts come from
// "Events that trigger workflows", "Webhook events and payloads" and "Workflow syntax for GitHub
// Actions".

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/expression/expression.h"

namespace refgate::lint {

// --- events
// ---------------------------------------------------------------------------------------------------------------------------------------

/// The activity types an event listens to when it has no `types`, as lint-rules/facts/events.yml
/// says. Empty: all.
std::vector<std::string> default_types(std::string_view event);

/// Whether an event with these `types` (nullptr: no such key) is started by `type` (empty for
/// events without types).
bool listens_to(std::string_view event, const std::vector<std::string>* types,
                std::string_view type);

/// Something that a person or a program does to a repository.
enum class Act : std::uint8_t {
  push_branch,               ///< to a branch without a pull request
  push_pull_request_branch,  ///< to the head branch of an open pull request of the same repository
  push_fork_branch,          ///< to the head branch of an open pull request that comes from a fork
  push_new_branch,
  push_new_tag,
  open_pull_request,  ///< for a branch that is already there
  open_draft_pull_request,
  ready_for_review,
  reopen_pull_request,
  close_pull_request,  ///< without merging
  merge_pull_request,
  label_pull_request,
  request_review,
  submit_review,
  comment_on_diff,  ///< a single comment on a line, outside of a review
  comment_on_pull_request,
  open_issue,
  label_issue,
  comment_on_issue,
  publish_release,  ///< with a new tag
  queue_for_merge,
};

struct Cause {
  std::string event;
  std::string type;     ///< empty for events without types
  bool certain = true;  ///< false: only with certain settings or details (a reviewer named at once,
                        ///< a branch deleted after merging, …)
  bool same_head = true;  ///< about the commit that the act is about, not the base branch's new one

  bool operator==(const Cause&) const = default;
};

/// The events that one act sends to the repository, those of the act itself first.
std::vector<Cause> causes(Act act);

/// All acts, with their names for messages ("a push to a branch with an open pull request").
struct NamedAct {
  Act act;
  std::string_view name;
};
const std::vector<NamedAct>& acts();

/// An event as a workflow listens to it.
struct Listener {
  std::string event;
  std::optional<std::vector<std::string>> types;
};

/// The acts that certainly start at least two of the listeners, or one of them twice, with what
/// they cause. `include_uncertain` counts every cause.
struct DoubleStart {
  Act act;
  std::vector<Cause> causes;  ///< two or more
};
std::vector<DoubleStart> double_starts(const std::vector<Listener>& listeners,
                                       bool include_uncertain = false);

// --- jobs and needs
// -------------------------------------------------------------------------------------------------------------------------------

enum class JobResult : std::uint8_t { success, failure, cancelled, skipped };

std::string_view to_text(JobResult result);

struct JobNode {
  std::string id;
  std::vector<std::string> needs;
  const Expression* condition = nullptr;  ///< its `if`; nullptr when there is none
};

struct JobFate {
  Truth runs = Truth::unknown;  ///< no: certainly skipped
  /// What it can end with.
  bool can_succeed = true;
  bool can_fail = true;
  bool can_be_cancelled = true;
};

/// How skips and failures travel: success() is true when every ancestor succeeded, not only the
/// direct needs, and a job that is skipped gives null outputs. `given` fixes the results of jobs;
/// `scope` holds what else is known (outputs of gates, github.event_name). `jobs_succeed`: a job
/// that runs ends with success unless given. Unknown or circular needs make a job's fate unknown.
std::map<std::string, JobFate> propagate(const std::vector<JobNode>& jobs,
                                         const std::map<std::string, JobResult>& given,
                                         const Scope& scope, bool jobs_succeed = false);

// --- guards
// ---------------------------------------------------------------------------------------------------------------------------------------

/// The output that carries a gate's verdict.
struct GateOutput {
  ContextPath
      path;  ///< {"needs", "gate", "outputs", "skip"} or {"steps", "gate", "outputs", "skip"}
  std::string skip_value;  ///< "true" for skip_execution and should_skip, "false" for outputs that
                           ///< say "run"
  std::string run_value;
};

/// What a condition as written (without the implicit success()) is for each value of the output,
/// all else as in the scope.
struct GuardEffect {
  Truth on_skip = Truth::unknown;
  Truth on_run = Truth::unknown;
  Truth on_empty = Truth::unknown;  ///< the output is ''
  Truth on_unset =
      Truth::unknown;            ///< the gate did not get as far as to set it, or it does not exist
  bool mentions_output = false;  ///< the output's path stands in the condition, or a `*` or
                                 ///< computed index that can reach it
  bool mentions_gate = false;    ///< another property of the same job or step does

  /// A skip never gets through.
  bool holds() const { return on_skip == Truth::no; }
  /// Holds, and lets a run through at least sometimes.
  bool is_sound() const { return holds() && on_run != Truth::no; }
  /// No value of the output changes anything.
  bool is_blind() const {
    return on_skip == on_run && on_run == on_empty && on_run == on_unset &&
           on_skip != Truth::unknown;
  }
};

GuardEffect guard_effect(const Expression& condition, const GateOutput& output,
                         const Scope& scope = {});

/// The same for a gate that tells its verdict through several outputs, which all have their skip
/// (run, empty, no) value at the same time.
GuardEffect guard_effect(const Expression& condition, const std::vector<GateOutput>& outputs,
                         const Scope& scope = {});

/// Why a guard is wrong, by what it does.
enum class GuardFault : std::uint8_t {
  none,
  absent,       ///< says nothing of the gate
  always_true,  ///< text around `${{ }}`, or a comparison that no value of the output makes false
  never_true,   ///< a run never gets through
  inverted,     ///< true on a skip and false on a run
  string_is_true,  ///< `!x` or bare `x`: 'false' is a non-empty string and therefore true
  wrong_type,      ///< `x == false`, `x != true`: a boolean never equals 'true' or 'false'
  bypassed,        ///< on a skip it still depends on something else (`x != 'true' || …`)
  unknown_output,  ///< names an output of the gate that it does not have
};

struct GuardJudgement {
  GuardFault fault = GuardFault::none;
  GuardEffect effect;
  std::optional<ByteRange>
      place;  ///< of the part to blame, in the condition's text; nullopt: all of it
};

/// `verdicts`: the outputs that carry the verdict, at least one. `known`: the names of all outputs
/// that the gate has, when they are known; what it does not have is null. A condition that is false
/// whatever the gate says (`if: false`) has no fault, nor has one that does not parse.
GuardJudgement judge_guard(const Expression& condition, const std::vector<GateOutput>& verdicts,
                           const std::vector<std::string>* known, const Scope& scope = {});

}  // namespace refgate::lint
