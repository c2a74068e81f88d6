// Two lines, one in front of the other: GitHub's, which lets one run wait and cancels it for the
// next, and that of the gate, which promises each event its turn. Facts: "Control the concurrency
// of workflows and jobs": at most one run of a group is pending, unless `queue` is `max`.

#include <algorithm>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/told_settings.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

/// The first event by which a run reaches the gate in a group that other runs share.
const Start* start_in_group(const Subject& subject, const Concurrency& concurrency, const Job& job,
                            const std::vector<Start>& starts) {
  const JobConditions& jobs = job_conditions_of(subject, *subject.workflow);
  const Expression group = parse_template(concurrency.group.text());
  const auto found = std::find_if(starts.begin(), starts.end(), [&](const Start& start) {
    const Scope scope = scope_of_event(start.event, start.type);
    return jobs.runs(job, scope) != Truth::no &&
           !(group.is_valid() && unique_part(group, scope, Uniqueness::event));
  });
  return found == starts.end() ? nullptr : &*found;
}

/// GitHub refuses `queue: max` beside `cancel-in-progress: true`.
std::vector<TextEdit> queue_max(const Document& document, const Concurrency& concurrency) {
  const YamlNode mapping = concurrency.entry.value;
  if (!mapping.is_mapping() || mapping.is_alias() ||
      cancels_in_progress(concurrency, {}) != Truth::no)
    return {};
  if (concurrency.queue) return {replace_node(concurrency.queue.value, "max")};
  const Entry group = mapping.entry("group");
  return add_entry(document, mapping, "queue", "max", group);
}

/// A job whose gate promises each event its turn; `gate`: where that is written.
struct LineJob {
  const Job* job = nullptr;
  YamlNode gate;
};

/// The gate of such a job that waits; nullptr when none does.
const Gate* waiting_gate(const GatedJob& gated, const Workflow& workflow) {
  const auto waiting = std::find_if(gated.gates.begin(), gated.gates.end(), [&](const Gate& gate) {
    return gate.kind == GateKind::refgate && gate.origin != nullptr &&
           stands_in_line(place_of(gate, *gated.job, workflow));
  });
  return waiting == gated.gates.end() ? nullptr : &*waiting;
}

std::vector<LineJob> jobs_in_line(const Subject& subject) {
  std::vector<LineJob> found;
  const Workflow& workflow = *subject.workflow;
  const std::vector<GatedJob>& all = gated_jobs_of(subject);
  std::size_t next = 0;
  for (const Job& job : workflow.jobs) {
    const GatedJob* gated = next < all.size() && all[next].job == &job ? &all[next++] : nullptr;
    if (const Gate* gate = gated == nullptr ? nullptr : waiting_gate(*gated, workflow)) {
      found.push_back({&job, gate->step != nullptr ? gate->step->main().key : job.uses.key});
      continue;
    }
    if (!job.calls_workflow()) continue;
    const std::vector<CalledGate> called = gates_called_by(subject, job);
    if (std::any_of(called.begin(), called.end(),
                    [](const CalledGate& each) { return stands_in_line(each.place); }))
      found.push_back({&job, job.uses.key});
  }
  return found;
}

void check_gate(const Subject& subject, const LineJob& line, const std::vector<Start>& starts,
                Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  for (const Concurrency* concurrency : {&line.job->concurrency, &workflow.concurrency}) {
    if (!*concurrency || concurrency->queue.value.text() == "max" ||
        concurrency->queue.value.has_expression())
      continue;
    const Start* start = start_in_group(subject, *concurrency, *line.job, starts);
    if (start == nullptr) continue;
    const bool cancels =
        cancels_in_progress(*concurrency, scope_of_event(start->event, start->type)) == Truth::yes;
    auto report = sink.report(
        subject, concurrency->entry.key,
        std::string(cancels
                        ? "this group cancels the run that works, or that stands in line, for the "
                          "next one"
                        : "of this group GitHub lets one run work and one wait, and cancels the "
                          "one that waits when a third one comes") +
            ": the gate's `group-by` promises each event its turn, and those events never get it; "
            "leave `concurrency` out, or let GitHub's line be the only one: `queue: max` here, and "
            "`no-wait` for the gate");
    report.related(subject, start->trigger->key, "started by this event");
    report.related(subject, line.gate, "the gate");
    report.fix(FixKind::unsafe, "Let all runs of the group wait",
               queue_max(*workflow.document, *concurrency));
    return;
  }
}

}  // namespace

void check_gate_in_line_twice(const Subject& subject, Sink& sink) {
  const std::vector<LineJob> all = jobs_in_line(subject);
  if (all.empty()) return;
  const std::vector<Start> starts = starts_of(*subject.workflow, subject.facts());
  for (const LineJob& line : all)
    check_gate(subject, line, starts, sink);
}

}  // namespace refgate::lint
