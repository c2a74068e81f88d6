// How skips and failures travel through `needs`.

#include <algorithm>
#include <array>

#include "lint/github/semantics.h"

namespace refgate::lint {
namespace {

/// What a job can end with; at least one of them.
struct Results {
  bool success = false;
  bool failure = false;
  bool cancelled = false;
  bool skipped = false;

  static Results only(JobResult result) {
    return {result == JobResult::success, result == JobResult::failure,
            result == JobResult::cancelled, result == JobResult::skipped};
  }

  Truth is(JobResult result) const {
    const std::array<bool, 4> all{success, failure, cancelled, skipped};
    if (!all[static_cast<std::size_t>(result)]) return Truth::no;
    return std::count(all.begin(), all.end(), true) == 1 ? Truth::yes : Truth::unknown;
  }
};

/// What is known of a job, and of it together with everything before it.
struct Knowledge {
  Results results{true, true, true, true};
  Truth runs = Truth::unknown;
  Truth succeeded_so_far = Truth::unknown;
  Truth failed_so_far = Truth::unknown;
};

class Propagation {
 public:
  Propagation(const std::vector<JobNode>& jobs, const std::map<std::string, JobResult>& given,
              const Scope& scope, bool jobs_succeed)
      : given_(given), scope_(scope), jobs_succeed_(jobs_succeed) {
    for (const JobNode& job : jobs)
      nodes_.emplace(job.id, &job);
  }

  /// Jobs after the jobs that they need; what is part of a circle is left out and stays unknown.
  /// Walked with a stack of our own, since a chain of needs can be as long as the file.
  void run() {
    std::map<std::string, std::size_t> waiting;
    std::map<std::string, std::vector<const JobNode*>> needed_by;
    std::vector<const JobNode*> ready;
    for (const auto& [id, job] : nodes_) {
      std::size_t open = 0;
      for (const std::string& need : job->needs) {
        if (!nodes_.contains(need)) continue;
        ++open;
        needed_by[need].push_back(job);
      }
      waiting[id] = open;
      if (open == 0) ready.push_back(job);
    }
    while (!ready.empty()) {
      const JobNode* job = ready.back();
      ready.pop_back();
      known_[job->id] = judge(*job);
      for (const JobNode* next : needed_by[job->id])
        if (--waiting[next->id] == 0) ready.push_back(next);
    }
  }

  std::map<std::string, JobFate> fates() const {
    std::map<std::string, JobFate> fates;
    for (const auto& [id, job] : nodes_) {
      const Knowledge known = of(id);
      fates[id] = {known.runs, known.results.success, known.results.failure,
                   known.results.cancelled};
    }
    return fates;
  }

 private:
  Knowledge of(const std::string& id) const {
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    Knowledge unknown;
    if (const auto result = given_.find(id); result != given_.end())
      unknown.results = Results::only(result->second);
    return unknown;
  }

  Knowledge judge(const JobNode& job) const {
    Truth succeeded = Truth::yes;
    Truth failed = Truth::no;
    bool sound = true;
    for (const std::string& need : job.needs) {
      sound = sound && nodes_.contains(need);
      const Knowledge known = of(need);
      succeeded = both(succeeded, known.succeeded_so_far);
      failed = either(failed, known.failed_so_far);
    }

    Knowledge result;
    if (const auto fixed = given_.find(job.id); fixed != given_.end()) {
      result.results = Results::only(fixed->second);
      result.runs = fixed->second == JobResult::skipped ? Truth::no : Truth::yes;
    } else if (sound) {
      result.runs = condition(job, succeeded, failed);
      const bool may_run = result.runs != Truth::no;
      result.results = {may_run, may_run && !jobs_succeed_, may_run && !jobs_succeed_,
                        result.runs != Truth::yes};
    }
    result.succeeded_so_far = both(succeeded, result.results.is(JobResult::success));
    result.failed_so_far = either(failed, result.results.is(JobResult::failure));
    return result;
  }

  Truth condition(const JobNode& job, Truth succeeded, Truth failed) const {
    if (job.condition == nullptr) return succeeded;
    Scope scope = scope_;
    Value::Properties needs;
    for (const std::string& need : job.needs) {
      needs.emplace_back(need, context_of(need));
    }
    scope.set(ContextPath{"needs"}, Value::object(std::move(needs)));
    scope.set_status([&](std::string_view function, std::span<const std::string> jobs) {
      return status(function, jobs, succeeded, failed);
    });
    return evaluate_condition(*job.condition, scope);
  }

  /// `needs.<id>`: what the caller knows of it, its result when only one is possible, and no
  /// outputs when it was skipped.
  Value context_of(const std::string& need) const {
    Scope scope;
    const Value caller = scope_.get({"needs", need});
    scope.set(ContextPath{"job"}, caller.kind() == Value::Kind::object
                                      ? caller
                                      : Value::object({}, Completeness::open));
    const Results results = of(need).results;
    for (JobResult result :
         {JobResult::success, JobResult::failure, JobResult::cancelled, JobResult::skipped})
      if (results.is(result) == Truth::yes)
        scope.set("job.result", Value::string(std::string(to_text(result))));
    if (results.is(JobResult::skipped) == Truth::yes) scope.set("job.outputs", Value::object({}));
    return scope.get({"job"});
  }

  Truth status(std::string_view function, std::span<const std::string> jobs, Truth succeeded,
               Truth failed) const {
    const bool is_success = same_name(function, "success");
    if (!is_success && !same_name(function, "failure")) return scope_.status(function, jobs);
    if (jobs.empty()) return is_success ? succeeded : failed;
    Truth all = Truth::yes;
    Truth any = Truth::no;
    for (const std::string& name : jobs) {
      const auto node = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& entry) {
        return same_name(entry.first, name);
      });
      if (node == nodes_.end()) return Truth::unknown;
      const Results results = of(node->first).results;
      all = both(all, results.is(JobResult::success));
      any = either(any, results.is(JobResult::failure));
    }
    return is_success ? all : any;
  }

  const std::map<std::string, JobResult>& given_;
  const Scope& scope_;
  bool jobs_succeed_;
  std::map<std::string, const JobNode*> nodes_;
  std::map<std::string, Knowledge> known_;
};

}  // namespace

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
  Propagation propagation(jobs, given, scope, jobs_succeed);
  propagation.run();
  return propagation.fates();
}

}  // namespace refgate::lint
