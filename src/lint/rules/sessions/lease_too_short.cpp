// Between jobs nothing renews a session: it holds for its lease and no longer, however long the
// work in the next job takes.

#include <algorithm>
#include <chrono>
#include <string>

#include "core/text/time.h"
#include "lint/expression/expression_value.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/guards.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

constexpr double default_minutes = 360;

/// The lease of a gate whose job ends before the work begins, in minutes; nullopt when it is not
/// known.
std::optional<double> lease_of(const StepPlace& gate) {
  const auto lease = told(gate, "lease");
  if (!lease) return told(gate, "config") ? std::nullopt : std::optional(default_minutes);
  const auto span = parse_duration(lease->text);
  if (!span) return std::nullopt;
  return std::chrono::duration<double, std::ratio<60>>(*span).count();
}

/// Renews the session itself, or asks again before it works.
bool keeps_session(const Job& job, const Project& project, const Facts& facts) {
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    const std::vector<std::string> commands = session_commands(step, project, facts);
    return std::any_of(commands.begin(), commands.end(), [](const std::string& command) {
      return command == "gate" || command == "heartbeat" || command == "run" || command == "check";
    });
  });
}

std::string minutes(double value) {
  const auto whole = static_cast<long long>(value);
  return whole % 60 == 0 && whole >= 60 ? std::to_string(whole / 60) + " h"
                                        : std::to_string(whole) + " minutes";
}

}  // namespace

void check_lease_too_short(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.step == nullptr || gate.step != gate.origin ||
        gate.works)
      continue;
    const StepPlace place{gate.step, gated.job, subject.workflow};
    const std::optional<double> lease = lease_of(place);
    if (!lease) continue;
    for (const Job& job : subject.workflow->jobs) {
      if (&job == gated.job || !job.condition || !needs_job(job, *gated.job) ||
          job.calls_workflow() || cost_of_job(job, subject) == Cost::cheap ||
          keeps_session(job, subject.project, subject.facts()))
        continue;
      const Expression condition = parse_condition(job.condition.value.text());
      if (!condition.is_valid() || gated.view.verdicts(condition).empty() ||
          evaluate_truth(condition, gated.view.scope(true, {})) != Truth::no)
        continue;
      const std::optional<double> limit =
          job.timeout_minutes ? job.timeout_minutes.value.number() : default_minutes;
      if (!limit || *limit <= *lease) continue;
      const auto given = told(place, "lease");
      const YamlNode where = given && given->entry ? given->entry.value
                             : job.timeout_minutes ? job.timeout_minutes.value
                                                   : job.key;
      sink.report(subject, where,
                  "the session holds for " + minutes(*lease) + " after its gate, and job `" +
                      std::string(job.id) + "` may work for " + minutes(*limit) +
                      ": from then on it counts as lost, and the next event launches the work a "
                      "second time beside it; give the gate a `lease` that covers the job, or the "
                      "job a shorter `timeout-minutes`")
          .related(subject, job.key, "the work")
          .related(subject, gate.step->main().key, "the gate");
    }
  }
}

}  // namespace refgate::lint
