// The group cancels before the gate is asked: the duplicate that the gate would have turned away
// first ends the session that it is a duplicate of.

#include <algorithm>
#include <optional>
#include <string>

#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

/// Whether the event comes with a new commit, for which the work before it is out of date.
bool brings_commit(const Start& start) {
  if (start.event == "push" || start.event == "merge_group") return true;
  const bool pull_request = start.event == "pull_request" || start.event == "pull_request_target";
  return pull_request && (start.type == "synchronize" || start.type == "opened");
}

/// The first event that cancels without bringing a commit, or else the first that cancels.
const Start* cancelling(const Subject& subject, const Concurrency& concurrency,
                        const std::vector<Start>& starts, const Job& gate_job) {
  const JobConditions& jobs = job_conditions_of(subject, *subject.workflow);
  const Expression group = parse_template(concurrency.group.text());
  const Start* first = nullptr;
  for (const Start& start : starts) {
    const Scope scope = scope_of_event(start.event, start.type);
    if (cancels_in_progress(concurrency, scope) != Truth::yes) continue;
    if (jobs.runs(gate_job, scope) == Truth::no) continue;
    if (group.is_valid() && unique_part(group, scope, Uniqueness::event)) continue;
    if (!brings_commit(start)) return &start;
    if (first == nullptr) first = &start;
  }
  return first;
}

}  // namespace

void check_cancel_around_gate(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  std::vector<Start> starts;
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate) continue;
    // `gate-in-line-twice` says what its line has to do with that.
    if (gate.origin != nullptr && stands_in_line(place_of(gate, *gated.job, workflow))) continue;
    if (starts.empty()) starts = starts_of(workflow, subject.facts());
    for (const Concurrency* concurrency : {&gated.job->concurrency, &workflow.concurrency}) {
      if (!*concurrency || !concurrency->cancel_in_progress) continue;
      const Start* start = cancelling(subject, *concurrency, starts, *gated.job);
      if (start == nullptr) continue;
      const bool commit = brings_commit(*start);
      const std::string event =
          "`" + start->event + "`" +
          (start->type.empty() || commit ? std::string() : " (`" + start->type + "`)");
      auto report = sink.report(
          subject, concurrency->cancel_in_progress.key,
          commit
              ? "each " + event +
                    " cancels the session that works, and runs that were skipped because it worked "
                    "are left with nothing; where only newer commits are to win, `concurrency` may "
                    "stay, but no event of the same commit may reach it"
              : event +
                    " cancels the session that works before its own gate is asked: the gate would "
                    "have turned a duplicate away, and now it starts the work over, and both are "
                    "paid for; leave `cancel-in-progress` out, the gate lets one through");
      if (commit) report.severity(Severity::note);
      report.related(subject, start->trigger->key, "this event");
      report.related(subject, gate.step != nullptr ? gate.step->main().key : gated.job->uses.key,
                     "the gate");
      return;
    }
  }
}

}  // namespace refgate::lint
