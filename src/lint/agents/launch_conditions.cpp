#include "lint/agents/launch_conditions.h"

namespace refgate::lint {

LaunchConditions::LaunchConditions(const AgentLaunch& launch, Memo& memo) : launch_(launch) {
  for (const JobPlace& place : launch.path) {
    jobs_.push_back(
        &memo.get<JobConditions>(place.workflow, [&] { return JobConditions(*place.workflow); }));
  }
  const auto add = [&](const Step& step) {
    if (!step.condition || !step.condition.value.is_scalar()) return;
    Expression condition = parse_condition(step.condition.value.text());
    if (condition.is_valid()) steps_.push_back(std::move(condition));
  };
  add(*launch.step);
  if (launch.launch != launch.step) add(*launch.launch);
}

Scope LaunchConditions::inside(const Scope& scope, std::size_t hop) const {
  Scope result = scope;
  // A called workflow has the caller's event, and inputs of its own.
  if (hop > 0) result.set(ContextPath{"inputs"}, Value::unknown());
  return result;
}

Truth LaunchConditions::job_runs(const Scope& scope) const {
  Truth runs = Truth::yes;
  for (std::size_t hop = 0; hop < jobs_.size(); ++hop)
    runs = both(runs, jobs_[hop]->runs(*launch_.path[hop].job, inside(scope, hop)));
  return runs;
}

Truth LaunchConditions::runs(const Scope& scope) const {
  Truth runs = job_runs(scope);
  const Scope inner = inside(scope, launch_.path.size() - 1);
  // What comes before it in the job mostly succeeds; a step for failures may be reached as well.
  Scope well = inner;
  well.set_status(Truth::yes, Truth::no, Truth::no);
  for (const Expression& condition : steps_) {
    const bool reached = evaluate_condition(condition, well) == Truth::yes;
    runs = both(runs, reached ? Truth::yes : evaluate_condition(condition, inner));
  }
  return runs;
}

std::vector<const Expression*> LaunchConditions::all() const {
  std::vector<const Expression*> found;
  for (std::size_t hop = 0; hop < jobs_.size(); ++hop) {
    for (const Expression* condition : jobs_[hop]->path(*launch_.path[hop].job))
      found.push_back(condition);
  }
  for (const Expression& condition : steps_)
    found.push_back(&condition);
  return found;
}

std::vector<const Step*> LaunchConditions::steps_before() const {
  std::vector<const Step*> found;
  for (std::size_t hop = 0; hop < jobs_.size(); ++hop) {
    for (const Job* job : jobs_[hop]->needed(*launch_.path[hop].job)) {
      for (const Step& step : job->steps)
        found.push_back(&step);
    }
  }
  for (const Step& step : launch_.job().steps) {
    if (&step == launch_.step) break;
    found.push_back(&step);
  }
  if (launch_.action != nullptr) {
    for (const Step& step : launch_.action->steps) {
      if (&step == launch_.launch) break;
      found.push_back(&step);
    }
  }
  return found;
}

std::vector<const Job*> LaunchConditions::calls_before() const {
  std::vector<const Job*> found;
  for (std::size_t hop = 0; hop < jobs_.size(); ++hop) {
    for (const Job* job : jobs_[hop]->needed(*launch_.path[hop].job)) {
      if (job->calls_workflow()) found.push_back(job);
    }
  }
  return found;
}

}  // namespace refgate::lint
