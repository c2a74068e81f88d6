// `check` of the positional commands only asks. A session that nobody registers is seen by no other
// run.

#include <algorithm>
#include <string>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/callee_memo.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// A register in words that are not understood, a script of the repository say, counts as one.
bool mentions_register(const Step& step) {
  for (const std::string_view text : {step.run_text(), step.uses_text()}) {
    if (text.find("register") == std::string_view::npos) continue;
    if (text.find("session") != std::string_view::npos ||
        text.find("dedup") != std::string_view::npos)
      return true;
  }
  return false;
}

bool registers(const std::vector<Step>& steps, const Subject& subject) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return mentions_register(step) ||
           has_session_command(step, subject.project, subject.facts(), "register");
  });
}

struct Registers {
  bool yes = false;
};

bool registers(const Job& job, const Subject& subject) {
  const Workflow* called = subject.project.called_workflow(job.uses.value.text());
  if (called == nullptr) return registers(job.steps, subject);
  return of_callee<Registers>(
             subject.facts(), called, 0,
             [&] {
               return Registers{
                   std::any_of(called->jobs.begin(), called->jobs.end(),
                               [&](const Job& inner) { return registers(inner.steps, subject); })};
             })
      ->yes;
}

}  // namespace

void check_unregistered_session(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::positional) continue;
    // A caller may register what a called workflow has checked.
    if (workflow.only_called() && gated.job->outputs) continue;
    if (std::any_of(workflow.jobs.begin(), workflow.jobs.end(),
                    [&](const Job& job) { return registers(job, subject); }))
      continue;
    const Entry what = gate.step == nullptr ? gated.job->uses
                       : gate.step->uses    ? gate.step->uses
                                            : gate.step->run;
    sink.report(subject, what.key,
                "this session is checked and never registered, so no other run knows of it and "
                "duplicates are told to run; call `register` with its "
                "session key right after the check, or use `gate`, which does both in one step");
  }
}

}  // namespace refgate::lint
