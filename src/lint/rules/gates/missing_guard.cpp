// A step or job behind a gate whose `if` says nothing of the verdict, and that is not skipped
// through `needs` either.

#include <string>

#include "lint/gates/gate_before.h"
#include "lint/gates/guards.h"

namespace refgate::lint {

void check_missing_guard(const Subject& subject, Sink& sink) {
  for (const GuardFinding& finding : guard_findings(subject)) {
    if (finding.broken) continue;
    auto report = sink.report(subject, finding.place, finding.message);
    report.confidence(finding.confidence).related(subject, finding.gate, "the gate");
    if (finding.written) report.related(subject, *finding.written, "what is repeated stands here");
    report.fix(finding.confidence == Confidence::high ? FixKind::safe : FixKind::unsafe,
               finding.fix_description, finding.fix);
  }
  if (subject.workflow == nullptr) return;
  const std::vector<GatedJob>& gated = gated_jobs_of(subject);
  for (const GatedJob& each : gated) {
    if (each.all_outputs) continue;
    sink.report(subject, each.job->outputs.key,
                "this job with a gate has so many outputs that those after the first " +
                    std::to_string(most_outputs) + " are not looked at")
        .severity(Severity::note);
  }
  if (gated.size() == most_gated_jobs) {
    sink.report(subject, gated.back().job->key,
                "there are so many jobs with gates that what stands behind those after this one "
                "is not looked at")
        .severity(Severity::note);
  }
}

}  // namespace refgate::lint
