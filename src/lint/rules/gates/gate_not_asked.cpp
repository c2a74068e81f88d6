// A gate that its own `if` leaves out says nothing. The guards behind it then decide by outputs
// that nobody wrote: nothing runs and the job is green, or everything does.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Of the names that a condition compares with, so many are tried.
constexpr std::size_t most_names = 20;

/// What the guards behind a gate do where it was not asked.
enum class Behind : std::uint8_t { stays_closed, opens };

Behind behind(const Subject& subject, const GatedJob& gated, const Scope& scope) {
  bool guarded = false;
  bool open = false;
  const auto look = [&](const Entry& entry, const GateView& seen) {
    if (!entry) return;
    const Expression condition = parse_condition(entry.value.text());
    if (!condition.is_valid()) return;
    const auto verdicts = seen.verdicts(condition);
    if (verdicts.empty()) return;
    guarded = true;
    open = open || guard_effect(condition, verdicts, scope).on_unset == Truth::yes;
  };
  for (const Step& step : gated.job->steps)
    look(step.condition, gated.inside.view);
  for (const Job& job : subject.workflow->jobs) {
    if (&job != gated.job) look(job.condition, gated.view);
  }
  return open || !guarded ? Behind::opens : Behind::stays_closed;
}

/// The people that a condition names. A bot is left out on purpose.
std::vector<std::string> people_named(const Expression& condition) {
  std::vector<std::string> names;
  for (const ExpressionNode& node : condition.nodes()) {
    if (node.kind != ExpressionKind::literal || node.literal.kind() != Value::Kind::string)
      continue;
    const std::string& text = node.literal.as_string();
    if (!text.empty() && !text.ends_with("[bot]") && names.size() < most_names)
      names.push_back(text);
  }
  return names;
}

class Search {
 public:
  Search(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    for (const Start& start : starts_of(*subject.workflow, subject.facts())) {
      Scope scope =
          start.event == "workflow_call" ? Scope() : scope_of_event(start.event, start.type);
      scope.set_status(Truth::yes, Truth::no, Truth::no);
      starts_.push_back(std::move(scope));
    }
  }

  void check(const GatedJob& gated) {
    const Gate& gate = gated.gates.front();
    // Of several gates each may be asked where the others are not.
    if (gate.step == nullptr || !gate.step->condition || gate.whole || gated.gates.size() > 1)
      return;
    const Expression condition = parse_condition(gate.step->condition.value.text());
    if (!condition.is_valid()) return;
    std::vector<const Scope*> reached;
    for (const Scope& start : starts_) {
      if (job_runs(gated, start)) reached.push_back(&start);
    }
    if (reached.empty()) return;
    const bool never = std::all_of(reached.begin(), reached.end(), [&](const Scope* start) {
      return evaluate_condition(condition, *start) == Truth::no;
    });
    if (never) {
      report_never(gated, behind(subject_, gated, *reached.front()));
      return;
    }
    for (const std::string& name : people_named(condition)) {
      for (const Scope* start : reached) {
        if (is_left_out(gated, condition, *start, name)) return;
      }
    }
  }

 private:
  bool job_runs(const GatedJob& gated, const Scope& scope) const {
    return job_conditions_of(subject_, *subject_.workflow).runs(*gated.job, scope) != Truth::no;
  }

  void report_never(const GatedJob& gated, Behind what) {
    const bool opens = what == Behind::opens;
    auto report = sink_.report(
        subject_, gated.gates.front().step->condition.value,
        std::string("this gate is never asked: its `if` is false for every event that starts the "
                    "workflow, and then ") +
            (opens ? "every duplicate runs"
                   : "the guards behind it let nothing run, and the job is green") +
            "; leave the condition out, or put it at the job");
    if (opens) report.severity(Severity::error);
  }

  /// Reports one whom the gate alone leaves out, and nothing else on the way.
  bool is_left_out(const GatedJob& gated, const Expression& condition, const Scope& start,
                   const std::string& name) {
    Scope scope = start;
    set_actor(scope, {name, "User", "MEMBER"});
    Scope other = start;
    set_actor(other, {"somebody-else", "User", "MEMBER"});
    if (evaluate_condition(condition, scope) != Truth::no ||
        evaluate_condition(condition, other) != Truth::yes || !job_runs(gated, scope))
      return false;
    const bool opens = behind(subject_, gated, scope) == Behind::opens;
    auto report =
        sink_.report(subject_, gated.gates.front().step->condition.value,
                     "for `" + name + "` this gate is not asked, and then the work behind it " +
                         (opens ? "runs on a duplicate too" : "never runs, and the job is green") +
                         "; put the condition at the job, or at the work");
    if (!opens) report.severity(Severity::note);
    return true;
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Scope> starts_;
};

}  // namespace

void check_gate_not_asked(const Subject& subject, Sink& sink) {
  const auto& jobs = gated_jobs_of(subject);
  if (jobs.empty()) return;
  Search search(subject, sink);
  for (const GatedJob& gated : jobs)
    search.check(gated);
}

}  // namespace refgate::lint
