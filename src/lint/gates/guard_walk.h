#pragma once
// Conditions behind a gate, run through for each event and each verdict.

#include <optional>
#include <string>
#include <vector>

#include "lint/gates/gates.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// What a condition is over all events: `on_skip` is yes when it is so for one of them, no when it
/// is for all; the others are no when they are for all.
struct Fate {
  Truth on_skip = Truth::no;
  Truth on_run = Truth::no;
  Truth without = Truth::no;  ///< nothing known of the gate
  Scope open;  ///< of the first event on which a skip may get through, without what is known of the
               ///< gate
  bool opens = false;
  Scope reached;  ///< of the first event on which it may be run at all
  bool reaches = false;

  /// Adds what one event gives.
  void add(Truth skip, Truth run, Truth nothing, const Scope& scope);
};

/// A step, ready to be run through.
struct WalkedStep {
  const Step* step = nullptr;
  std::optional<Expression> condition;
  GateView env;  ///< what its condition sees in `env`
  bool stops = false;
  bool asks = false;  ///< its own script or inputs name the verdict
  Fate fate;
};

/// Fills in the fates of steps that run one after the other. `seen` is what they see of the gate.
/// Returns whether a skip certainly ends the job without success. `ends` gets what is known after
/// the last step on a skip, for each event: what a skipped step would have put out is empty.
bool walk_steps(std::vector<WalkedStep>& steps, const GateView& seen,
                const std::vector<Scope>& events, std::vector<Scope>* ends = nullptr);

/// Whether the condition calls a function or names a context that is not known here, so that what
/// it is cannot be told. GitHub adds both.
bool names_something_new(const Expression& condition);

/// Whether the condition is false on a skip when alternatives are left out that somebody decides on
/// by hand: inputs, labels, tags, words in a commit message, other outputs of the gate.
bool holds_but_for_overrides(const Expression& condition, const GateView& seen, const Scope& scope);

}  // namespace refgate::lint
