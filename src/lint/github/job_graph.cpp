#include "lint/github/job_graph.h"

#include <algorithm>
#include <array>

namespace refgate::lint {

JobGraph::JobGraph(const std::vector<JobNode>& jobs) {
  for (const JobNode& job : jobs) {
    if (!by_id_.emplace(job.id, static_cast<Index>(jobs_.size())).second) continue;
    by_lower_id_.emplace(to_lower(job.id), static_cast<Index>(jobs_.size()));
    jobs_.push_back(&job);
  }
  needs_.resize(jobs_.size());
  needed_by_.resize(jobs_.size());
  sound_.resize(jobs_.size(), true);
  ordered_.resize(jobs_.size(), false);
  reads_needs_.resize(jobs_.size(), false);
  for (Index index = 0; index < jobs_.size(); ++index) {
    for (const std::string& need : jobs_[index]->needs) {
      const auto found = by_id_.find(need);
      if (found == by_id_.end()) {
        sound_[index] = false;
        continue;
      }
      needs_[index].push_back(found->second);
      needed_by_[found->second].push_back(index);
    }
    if (jobs_[index]->condition == nullptr) continue;
    const std::vector<Reference> all = references(*jobs_[index]->condition);
    reads_needs_[index] = std::any_of(all.begin(), all.end(), [](const Reference& reference) {
      return !reference.path.empty() &&
             (!reference.path[0] || same_name(*reference.path[0], "needs"));
    });
  }
  order();
}

void JobGraph::order() {
  std::vector<std::size_t> waiting(jobs_.size());
  for (Index index = 0; index < jobs_.size(); ++index) {
    waiting[index] = needs_[index].size();
    if (waiting[index] == 0) order_.push_back(index);
  }
  for (std::size_t at = 0; at < order_.size(); ++at) {
    ordered_[order_[at]] = true;
    for (const Index next : needed_by_[order_[at]]) {
      if (--waiting[next] == 0) order_.push_back(next);
    }
  }
}

std::optional<JobGraph::Index> JobGraph::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<JobGraph::Index> JobGraph::find_any_case(std::string_view id) const {
  const auto found = by_lower_id_.find(to_lower(id));
  return found == by_lower_id_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<JobGraph::Index> JobGraph::first_before(const std::vector<bool>& marked) const {
  std::vector<Index> first(size(), static_cast<Index>(size()));
  for (const Index index : order_) {
    for (const Index need : needs_[index]) {
      first[index] = std::min({first[index], first[need], marked[need] ? need : first[index]});
    }
  }
  return first;
}

JobResults JobResults::only(JobResult result) {
  return {result == JobResult::success, result == JobResult::failure,
          result == JobResult::cancelled, result == JobResult::skipped};
}

Truth JobResults::is(JobResult result) const {
  const std::array<bool, 4> all{success, failure, cancelled, skipped};
  if (!all[static_cast<std::size_t>(result)]) return Truth::no;
  return std::count(all.begin(), all.end(), true) == 1 ? Truth::yes : Truth::unknown;
}

JobRun::JobRun(const JobGraph& graph, Scope scope,
               std::unordered_map<JobGraph::Index, JobResult> given, bool jobs_succeed)
    : graph_(graph),
      scope_(std::move(scope)),
      given_(std::move(given)),
      jobs_succeed_(jobs_succeed) {}

JobFate JobRun::fate(JobGraph::Index index) {
  work_out(index);
  const Knowledge known = of(index);
  return {known.runs, known.results.success, known.results.failure, known.results.cancelled};
}

JobRun::Knowledge JobRun::of(JobGraph::Index index) const {
  if (const auto known = known_.find(index); known != known_.end()) return known->second;
  Knowledge unknown;
  if (const auto result = given_.find(index); result != given_.end())
    unknown.results = JobResults::only(result->second);
  return unknown;
}

/// Jobs after the jobs that they need, with a stack of our own, since a chain of needs can be as
/// long as the file. What is part of a circle, or behind one, stays unknown.
void JobRun::work_out(JobGraph::Index index) {
  if (!graph_.is_ordered(index)) return;
  std::vector<JobGraph::Index> open{index};
  while (!open.empty()) {
    const JobGraph::Index next = open.back();
    if (known_.contains(next)) {
      open.pop_back();
      continue;
    }
    const std::size_t before = open.size();
    for (const JobGraph::Index need : graph_.needs(next)) {
      if (!known_.contains(need)) open.push_back(need);
    }
    if (open.size() != before) continue;
    known_.emplace(next, judge(next));
    open.pop_back();
  }
}

JobRun::Knowledge JobRun::judge(JobGraph::Index index) const {
  Truth succeeded = Truth::yes;
  Truth failed = Truth::no;
  for (const JobGraph::Index need : graph_.needs(index)) {
    const Knowledge known = of(need);
    succeeded = both(succeeded, known.succeeded_so_far);
    failed = either(failed, known.failed_so_far);
  }
  if (!graph_.is_sound(index)) {
    succeeded = both(succeeded, Truth::unknown);
    failed = either(failed, Truth::unknown);
  }
  Knowledge result;
  if (const auto fixed = given_.find(index); fixed != given_.end()) {
    result.results = JobResults::only(fixed->second);
    result.runs = fixed->second == JobResult::skipped ? Truth::no : Truth::yes;
  } else if (graph_.is_sound(index)) {
    result.runs = condition(index, succeeded, failed);
    const bool may_run = result.runs != Truth::no;
    result.results = {may_run, may_run && !jobs_succeed_, may_run && !jobs_succeed_,
                      result.runs != Truth::yes};
  }
  result.succeeded_so_far = both(succeeded, result.results.is(JobResult::success));
  result.failed_so_far = either(failed, result.results.is(JobResult::failure));
  return result;
}

Truth JobRun::condition(JobGraph::Index index, Truth succeeded, Truth failed) const {
  const Expression* condition = graph_.job(index).condition;
  if (condition == nullptr) return succeeded;
  Scope scope = scope_;
  if (graph_.reads_needs(index)) {
    Value::Properties needs;
    for (const JobGraph::Index need : graph_.needs(index))
      needs.emplace_back(graph_.job(need).id, context_of(need));
    scope.set(ContextPath{"needs"}, Value::object(std::move(needs)));
  }
  scope.set_status([&](std::string_view function, std::span<const std::string> jobs) {
    return status(function, jobs, succeeded, failed);
  });
  return evaluate_condition(*condition, scope);
}

/// `needs.<id>`: what the caller knows of it, its result when only one is possible, and no outputs
/// when it was skipped.
Value JobRun::context_of(JobGraph::Index need) const {
  Scope scope;
  const Value caller = scope_.get({"needs", graph_.job(need).id});
  scope.set(ContextPath{"job"},
            caller.kind() == Value::Kind::object ? caller : Value::object({}, Completeness::open));
  const JobResults results = of(need).results;
  for (JobResult result :
       {JobResult::success, JobResult::failure, JobResult::cancelled, JobResult::skipped})
    if (results.is(result) == Truth::yes)
      scope.set("job.result", Value::string(std::string(to_text(result))));
  if (results.is(JobResult::skipped) == Truth::yes) scope.set("job.outputs", Value::object({}));
  return scope.get({"job"});
}

Truth JobRun::status(std::string_view function, std::span<const std::string> jobs, Truth succeeded,
                     Truth failed) const {
  const bool is_success = same_name(function, "success");
  if (!is_success && !same_name(function, "failure")) return scope_.status(function, jobs);
  if (jobs.empty()) return is_success ? succeeded : failed;
  Truth all = Truth::yes;
  Truth any = Truth::no;
  for (const std::string& name : jobs) {
    const auto node = graph_.find_any_case(name);
    if (!node) return Truth::unknown;
    const JobResults results = of(*node).results;
    all = both(all, results.is(JobResult::success));
    any = either(any, results.is(JobResult::failure));
  }
  return is_success ? all : any;
}

std::string_view to_text(JobResult result) {
  switch (result) {
    case JobResult::success:
      return "success";
    case JobResult::failure:
      return "failure";
    case JobResult::cancelled:
      return "cancelled";
    case JobResult::skipped:
      return "skipped";
  }
  return "";
}

std::map<std::string, JobFate> propagate(const std::vector<JobNode>& jobs,
                                         const std::map<std::string, JobResult>& given,
                                         const Scope& scope, bool jobs_succeed) {
  const JobGraph graph(jobs);
  std::unordered_map<JobGraph::Index, JobResult> fixed;
  for (const auto& [id, result] : given) {
    if (const auto index = graph.find(id)) fixed.emplace(*index, result);
  }
  JobRun run(graph, scope, std::move(fixed), jobs_succeed);
  std::map<std::string, JobFate> fates;
  for (JobGraph::Index index = 0; index < graph.size(); ++index)
    fates.emplace(graph.job(index).id, run.fate(index));
  return fates;
}

}  // namespace refgate::lint
