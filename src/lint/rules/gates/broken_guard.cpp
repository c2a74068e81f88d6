// A condition that names the verdict of a gate, but that is not definitely false on a skip, or can
// never be true on a run.

#include "lint/gates/guards.h"

namespace refgate::lint {

void check_broken_guard(const Subject& subject, Sink& sink) {
  for (const GuardFinding& finding : guard_findings(subject)) {
    if (!finding.broken) continue;
    auto report = sink.report(subject, finding.place, finding.message);
    report.confidence(finding.confidence).related(subject, finding.gate, "the gate");
    if (finding.written) report.related(subject, *finding.written, "what is repeated stands here");
    report.fix(FixKind::safe, finding.fix_description, finding.fix);
  }
}

}  // namespace refgate::lint
