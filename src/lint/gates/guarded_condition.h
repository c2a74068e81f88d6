#pragma once
// One condition that names a gate's verdict: what it does for a skip and for a run, against what it
// was written for.

#include <optional>
#include <string>
#include <vector>

#include "lint/gates/guard_walk.h"
#include "lint/gates/guards.h"

namespace refgate::lint {

/// A condition of something behind a gate, and what is known of the two.
struct Guarded {
  const Expression& condition;
  const Entry& entry;      ///< where the condition is written
  const Fate& fate;        ///< of what it stands before
  const GateView& seen;    ///< what it sees of the gate
  const std::string what;  ///< for people: "the step", "job `review`"
  const Place gate;
};

GuardFinding& add_finding(std::vector<GuardFinding>& found, bool broken, const Place& place,
                          const Place& gate);
void offer_fix(GuardFinding& finding, std::vector<TextEdit> edits, const std::string& guard);

/// Judges conditions, and adds what is wrong with one to the findings.
class ConditionJudge {
 public:
  ConditionJudge(const Document& document, std::vector<GuardFinding>& found)
      : document_(document), found_(found) {}

  /// Nothing is run on a skip; is anything on a run?
  void never_runs(const Guarded& guarded) const;
  /// The condition names the verdict and lets a skip through. `for_skips`: what is run for a skip
  /// alone may be meant so.
  void wrong(const Guarded& guarded, Cost cost, bool for_skips) const;
  /// The condition asks for the reason, and some reasons to skip let the work run as a run does.
  bool by_code(const Guarded& guarded) const;
  /// The condition asks for something of the session that a skip is about, and while that lives
  /// there is nothing of it: the work runs beside it.
  void by_holder(const Guarded& guarded) const;

 private:
  const Document& document_;
  std::vector<GuardFinding>& found_;
};

/// `unknown-output` says it.
bool is_misspelt(const std::optional<Expression>& condition, const GateView& seen);

/// Whether it asks how what came before has ended, and is there for a failure too: `always()`.
/// `!failure()` is true where `success()` is.
bool is_by_status(const Expression& condition);

}  // namespace refgate::lint
