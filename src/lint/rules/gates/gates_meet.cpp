// Jobs and matrix legs of one run are different work, as long as the gate can see which one asks.
// Where it cannot, the first one works and the others are told that they are duplicates, or cannot
// be told apart and mute nobody.

#include <algorithm>
#include <map>
#include <string>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

bool names_any_matrix(const StepPlace& place) {
  return names_matrix(place, "dimension") || names_matrix(place, "share") ||
         names_matrix(place, "identity") || names_matrix(place, "matrix");
}

void check_legs(const Subject& subject, const GatedJob& gated, Sink& sink) {
  const Gate& gate = gated.gates.front();
  if (!gated.job->has_several_legs() || gate.kind != GateKind::refgate || gate.step == nullptr ||
      gate.step != gate.origin)
    return;
  const StepPlace place{gate.step, gated.job, subject.workflow};
  if (names_any_matrix(place)) return;
  const Step& step = *gate.step;
  if (step.run) {
    sink.report(subject, step.run.key,
                "the program does not see the job's matrix, so all its legs ask for the same work: "
                "one works, and the others are told that it is being done; add `--dimension "
                "<name>=…` with the leg's value")
        .related(subject, gated.job->matrix.entry.key, "each row is a leg");
    return;
  }
  if (const Entry matrix = step.input("matrix"); matrix && matrix.value.text().empty()) {
    sink.report(subject, matrix.key,
                "without its matrix the gate sees one job, so all its legs ask for the same work: "
                "one works, and the others are told that it is being done; leave this out, or "
                "name the leg in `dimensions`")
        .related(subject, gated.job->matrix.entry.key, "each row is a leg");
    return;
  }
  // An `identity` leaves the leg in, a `share` leaves it out.
  if (const auto share = told(place, "share"))
    sink.report(subject, share->entry ? share->entry.key : step.main().key,
                "with `share` the legs of this matrix ask for the same work: one works, and the "
                "others are told that it is being done; name the leg too, in `dimensions` or here")
        .related(subject, gated.job->matrix.entry.key, "each row is a leg");
}

/// What a caller tells a called workflow that may tell its calls apart.
std::string told_by(const Job& caller) {
  std::string text;
  for (const Entry& input : caller.with.value.entries())
    text += std::string(input.key.text()) + "=" + std::string(input.value.text()) + "\n";
  return text;
}

/// Whether the gate in a called workflow asks for what its caller says.
bool heeds_inputs(const Subject& subject, const Workflow& called) {
  const auto& all = gated_jobs_of(subject, called);
  return std::all_of(all.begin(), all.end(), [&](const GatedJob& gated) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.origin == nullptr) return true;
    const StepPlace place{gate.origin, gated.job, &called};
    for (const char* name : {"dimension", "share", "identity"}) {
      const auto named = told(place, name);
      if (named && named->text.find("inputs.") != std::string::npos) return true;
    }
    return false;
  });
}

bool calls_gate(const Subject& subject, const Job& job) {
  if (is_own_called_workflow(job.uses.value.text())) return true;
  const Workflow* called = subject.project.called_workflow(job.uses.value.text());
  if (called == nullptr) return false;
  const auto& all = gated_jobs_of(subject, *called);
  return !all.empty() && all.front().gates.front().kind == GateKind::refgate;
}

bool may_be_told_apart(const Subject& subject, const Job& job) {
  const Workflow* called = subject.project.called_workflow(job.uses.value.text());
  return called == nullptr || heeds_inputs(subject, *called);
}

bool names_share(const Job& job) { return static_cast<bool>(job.with.value.entry("share")); }

void check_calls(const Subject& subject, Sink& sink) {
  struct Call {
    const Job* job;
    std::string told;
  };
  std::map<std::string_view, Call> first;  // by what they call
  for (const Job& job : subject.workflow->jobs) {
    if (!job.calls_workflow() || !calls_gate(subject, job)) continue;
    const bool heeds = may_be_told_apart(subject, job);
    if (job.has_several_legs() && !(heeds && told_by(job).find("matrix.") != std::string::npos)) {
      sink.report(
              subject, job.uses.key,
              "the gate in the workflow that is called sees nothing of this matrix, so its legs "
              "cannot be told apart: all of them run, and mute no later event; hand the leg's "
              "value on in `dimensions`")
          .severity(Severity::note)
          .related(subject, job.matrix.entry.key, "each row is a leg");
      continue;
    }
    std::string told = told_by(job);
    const auto [earlier, is_first] = first.try_emplace(job.uses.value.text(), Call{&job, told});
    if (is_first || (heeds && earlier->second.told != told) ||
        (names_share(job) && names_share(*earlier->second.job)))
      continue;
    sink.report(subject, job.uses.key,
                "one run calls this gated workflow twice, and nothing tells its gate the calls "
                "apart: both run, and mute no later event; give each call `dimensions` of its own")
        .severity(Severity::note)
        .related(subject, earlier->second.job->uses.key, "called here too");
  }
}

}  // namespace

void check_gates_meet(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject))
    check_legs(subject, gated, sink);
  check_calls(subject, sink);
}

}  // namespace refgate::lint
