#pragma once
// Steps and jobs behind a gate, and what their conditions do for each of its verdicts. Two rules
// report what is found here: `missing-guard` and `broken-guard`.

#include <optional>
#include <string>
#include <vector>

#include "lint/gates/gate_costs.h"
#include "lint/gates/gates.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {

struct GuardFinding {
  bool broken =
      false;  ///< the condition names the verdict and is wrong; else it says nothing of it
  Place place;
  std::string message;
  Confidence confidence = Confidence::high;
  std::optional<Place> written;  ///< where the content stands that an alias repeats at `place`
  Place gate;                    ///< where the gate, or the job with it, stands in the same file
  std::string fix_description;
  std::vector<TextEdit> fix;  ///< empty: none
};

/// In the order of the file's jobs and steps.
const std::vector<GuardFinding>& guard_findings(const Subject& subject);

/// Events that can start a workflow; nullopt for what a caller decides. Those that no gate takes
/// for duplicates (started by hand or by the clock) are left out unless there are no others.
std::vector<std::optional<std::string>> gated_events(const Workflow& workflow);
/// The scope of one event, nothing else known.
Scope event_scope(const std::optional<std::string>& event);

/// Those of the events on which the job with the gate may run and the gate may say skip.
std::vector<Scope> events_of(const GatedJob& gated, const JobConditions& jobs,
                             const std::vector<Scope>& events);

/// Why a condition of a job (`step` nullptr) or of one of its steps does not see the gate whose
/// outputs it names; empty when it does, or when that is no gate.
std::string why_unseen(const Reference& reference, const Job& job, const Step* step,
                       const std::vector<GatedJob>& jobs);

bool needs_job(const Job& job, const Job& other);
/// What the dearest step of a job costs; a called workflow that is not here counts as work.
Cost cost_of_job(const Job& job, const Subject& subject);

}  // namespace refgate::lint
