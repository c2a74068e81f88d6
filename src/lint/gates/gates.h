#pragma once
// Gates: steps that say whether the work that follows is to run, what they say it with, and where
// that can be read.
//
// A gate is a step of the kinds in lint-rules/facts/gates.yml, the action of this repository when
// that is one, or a local composite action or reusable workflow that has one inside and hands its
// outputs through.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/github/facts.h"
#include "lint/github/semantics.h"
#include "lint/workflow/project.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// `positional`: check, to which register, audit and cleanup belong. `configured`: known from the
/// configuration file only.
enum class GateKind : std::uint8_t { refgate, positional, skip_duplicate_actions, configured };

/// What a value says of the verdict. `verdict`: it is known for a skip and for a run, and differs.
/// `hint`: it depends on the verdict, or may. `attempt`: the attempt that the verdict is for.
/// `other`: nothing.
enum class GateRole : std::uint8_t { other, attempt, hint, verdict };

/// One value that comes from a gate: an output of a step or job, or a variable. Unknown where it is
/// not known.
struct GateSignal {
  ContextPath path;  ///< {"steps", "gate", "outputs", "skip_execution"}, {"env", "SKIP"}; a role of
                     ///< hint takes in everything below the path
  Value on_skip = Value::unknown();
  Value on_run = Value::unknown();
  GateRole role = GateRole::other;
  bool code = false;  ///< why the gate says what it says, as one of its reason codes
};

/// What can be seen of gates from one place: from a step after one, or from a job that needs one.
class GateView {
 public:
  void add(GateSignal signal) { signals_.push_back(std::move(signal)); }
  /// The object at `path` has no other properties than those that were added.
  void complete(ContextPath path) { complete_.push_back(std::move(path)); }
  void add_all(const GateView& other);

  const std::vector<GateSignal>& signals() const { return signals_; }
  bool empty() const { return signals_.empty(); }
  /// The scope with every value as it is when all gates say skip, or run.
  Scope scope(bool skip, Scope base) const;
  /// The most that any reference of the expression says of a verdict.
  GateRole mention(const Expression& expression) const;
  /// The same for every scalar of a node.
  GateRole mention(YamlNode node) const;
  /// The signals whose own paths the expression names and that carry the verdict, in the form that
  /// guards are judged by.
  std::vector<GateOutput> verdicts(const Expression& expression) const;
  /// Names of the properties of an object that `complete` closed; nullptr when it is open or not
  /// known.
  const ContextPath* completed(const Reference& reference) const;
  std::vector<std::string_view> names_in(const ContextPath& object) const;

 private:
  std::vector<GateSignal> signals_;
  std::vector<ContextPath> complete_;
};

/// A step that is a gate or has one inside.
struct Gate {
  GateKind kind = GateKind::configured;
  const Step* step = nullptr;    ///< of the file at hand; nullptr for a job that calls a workflow
  const Job* job = nullptr;      ///< set for a job that calls a workflow with a gate
  const Step* origin = nullptr;  ///< the gate itself, which may lie in another file
  std::string origin_file;       ///< empty when it is the file at hand
  bool works = false;            ///< there is work inside that its verdict guards
  bool ends_session = false;     ///< `finish` is inside
  bool whole = false;     ///< gate, work and finish in one step: nothing behind it needs a guard
  GateView outputs;       ///< with paths of one part, the output's name
  bool complete = false;  ///< it has no other outputs
};

/// The gate that a step is or has inside.
std::optional<Gate> gate_at(const Step& step, const Project& project, const Facts& facts);
/// The gate in the local workflow that a job calls, when that workflow hands outputs of it through
/// or ends with it.
std::optional<Gate> gate_called_by(const Job& job, const Project& project, const Facts& facts);

/// The gates among steps in order, and what is seen of them after the last step.
struct GatedSteps {
  std::vector<Gate> gates;
  GateView view;  ///< steps.<id>.outputs.*, copies in outputs of later steps and in env
};
/// The first `most_gates`.
GatedSteps gates_in(const std::vector<Step>& steps, const Project& project, const Facts& facts);

/// What stands behind each gate is run through for each event, so that of a workflow only so many
/// jobs with gates are looked at, and of each so many gates.
inline constexpr std::size_t most_gated_jobs = 50;
inline constexpr std::size_t most_gates = 20;
/// Of the outputs of a job, an action or a called workflow with a gate so many are looked at.
inline constexpr std::size_t most_outputs = 100;

/// A job with gates, and what a job that needs it sees of them.
struct GatedJob {
  const Job* job = nullptr;
  GatedSteps inside;        ///< for a job with steps
  std::vector<Gate> gates;  ///< those of `inside`, or the one in the called workflow
  GateView view;            ///< needs.<job>.outputs.*
  bool works = false;       ///< its verdict guards work in the job itself
  bool all_outputs = true;  ///< no more than `most_outputs`
};
/// The first `most_gated_jobs`.
std::vector<GatedJob> gated_jobs(const Workflow& workflow, const Project& project,
                                 const Facts& facts);

/// What the variables of an `env` say of a verdict, given what is seen where they stand.
GateView env_view(const Entry& env, const GateView& seen);

}  // namespace refgate::lint
