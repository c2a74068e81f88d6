// A check that turns green by asking again: the gate's verdict is used in other jobs, a session
// failed, and its run is started again. The gate then says skip, the work is left out, and what is
// left succeeds. Facts: a job that is skipped by its `if` reports success ("Troubleshooting
// required status checks"); this project's own `own_failure`.

#include <algorithm>
#include <string>
#include <string_view>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Whether a pull request or a merge queue can wait for what this workflow says.
bool makes_checks(const Workflow& workflow) {
  return std::any_of(workflow.triggers.begin(), workflow.triggers.end(), [](const Trigger& each) {
    return each.event == "push" || each.event == "pull_request" ||
           each.event == "pull_request_target" || each.event == "merge_group";
  });
}

/// Looks at whether the session that suppresses was of its own run.
bool is_told(const Job& job) {
  const std::string_view text = job.node.source();
  return text.find("own_failure") != std::string_view::npos ||
         text.find("own-failure") != std::string_view::npos ||
         text.find("OWN_FAILURE") != std::string_view::npos;
}

const Step* finish_of(const Job& job, const Subject& subject) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return has_session_command(step, subject.project, subject.facts(), "finish");
  });
  return found == job.steps.end() ? nullptr : &*found;
}

/// Whether a job is certainly left out when the gate says skip.
bool is_left_out(const Job& job, const GatedJob& gated, const Scope& on_skip) {
  if (!job.condition) return false;
  const Expression condition = parse_condition(job.condition.value.text());
  return condition.is_valid() && gated.view.mention(condition) == GateRole::verdict &&
         evaluate_truth(condition, on_skip) == Truth::no;
}

/// Whether it runs though jobs that it needs were left out.
bool runs_always(const Job& job) {
  if (!job.condition) return false;
  const Expression condition = parse_condition(job.condition.value.text());
  return condition.is_valid() && has_status_function(condition);
}

void check_gate(const Subject& subject, const GatedJob& gated, Sink& sink) {
  const Step* untold = nullptr;
  const Job* skipped = nullptr;
  const Scope on_skip = gated.view.scope(true, {});
  for (const Job& job : subject.workflow->jobs) {
    if (&job == gated.job || !needs_job(job, *gated.job)) continue;
    const Step* finish = finish_of(job, subject);
    const bool left_out = is_left_out(job, gated, on_skip);
    if (!left_out && is_told(job)) return;
    if (finish == nullptr) continue;
    if (left_out) {
      if (skipped == nullptr) skipped = &job;
    } else if (runs_always(job) && untold == nullptr) {
      untold = finish;
    }
  }
  const std::string id(gated.job->id);
  if (untold != nullptr) {
    sink.report(subject, untold->main().key,
                "when this run is started again after its session failed, the gate says skip, and "
                "this `finish`, which is not told why, succeeds: the failed check turns green. "
                "Hand on `own-failure: ${{ needs." +
                    id + ".outputs.own_failure }}`, and require this job")
        .related(subject, gated.job->key, "the gate");
  } else if (skipped != nullptr) {
    sink.report(subject, skipped->condition.key,
                "job `" + std::string(skipped->id) +
                    "` is skipped when the gate says skip, and a skipped job counts as success: "
                    "when this run is started again after its session failed, the failed check "
                    "turns green. End the session in a job of its own with `if: always()` and "
                    "`own-failure: ${{ needs." +
                    id + ".outputs.own_failure }}`, and require that one")
        .severity(Severity::note)
        .related(subject, gated.job->key, "the gate");
  }
}

}  // namespace

void check_skipped_check(const Subject& subject, Sink& sink) {
  if (!makes_checks(*subject.workflow)) return;
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind == GateKind::refgate && !gated.works && !gate.works && !gate.ends_session)
      check_gate(subject, gated, sink);
  }
}

}  // namespace refgate::lint
