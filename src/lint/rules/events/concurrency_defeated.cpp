// A group that bears the run's own number has one member. Nothing ever waits for it, and nothing is
// ever cancelled.

#include <algorithm>
#include <string>
#include <vector>

#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

/// The reference that makes the group unique for each way in which the workflow starts; nullopt
/// when for one of them it is shared.
std::optional<std::string> unique_for_all(const Expression& group,
                                          const std::vector<Start>& starts) {
  std::optional<std::string> found;
  for (const Start& start : starts) {
    std::optional<std::string> unique =
        unique_part(group, scope_of_event(start.event, start.type), Uniqueness::run);
    if (!unique) return std::nullopt;
    if (!found) found = std::move(unique);
  }
  return found;
}

/// Jobs of one run can share a group that no other run has.
bool is_shared_within_run(const Workflow& workflow, const Job& job) {
  if (job.matrix || job.calls_workflow()) return true;
  return std::any_of(workflow.jobs.begin(), workflow.jobs.end(), [&](const Job& other) {
    return &other != &job && other.concurrency &&
           other.concurrency.group.text() == job.concurrency.group.text();
  });
}

}  // namespace

void check_concurrency_defeated(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  // A called workflow runs within its caller's run, and may be called several times there.
  if (workflow.triggers.empty() || workflow.trigger("workflow_call") != nullptr) return;
  std::vector<Start> starts;
  const auto check = [&](const Concurrency& concurrency, bool of_job) {
    if (!concurrency.group.has_expression()) return;
    if (starts.empty()) starts = starts_of(workflow, subject.facts());
    const Expression group = parse_template(concurrency.group.text());
    if (!group.is_valid()) return;
    const std::optional<std::string> unique = unique_for_all(group, starts);
    if (!unique) return;
    sink.report(subject, concurrency.group,
                "`" + *unique +
                    "` gives every run a group of its own, so that nothing ever waits or is "
                    "cancelled: this `concurrency` has no effect" +
                    std::string(of_job ? " on the job" : "") +
                    ". Name what runs have in common (`github.ref`, "
                    "`github.event.pull_request.number`), or remove it");
  };
  if (workflow.concurrency) check(workflow.concurrency, false);
  for (const Job& job : workflow.jobs) {
    if (job.concurrency && !is_shared_within_run(workflow, job)) check(job.concurrency, true);
  }
}

}  // namespace refgate::lint
