#pragma once
// Jobs as numbers: what needs what, and what becomes of a job in a run of which something is known.
// A file can hold thousands of jobs, and rules ask about one at a time, so that a question costs
// what lies before its job and no more.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/github/semantics.h"

namespace refgate::lint {

class JobGraph {
 public:
  using Index = std::uint32_t;

  /// `jobs` must outlive it. Of two jobs of one id the first counts.
  explicit JobGraph(const std::vector<JobNode>& jobs);

  std::size_t size() const { return jobs_.size(); }
  const JobNode& job(Index index) const { return *jobs_[index]; }
  /// By the id as it is written.
  std::optional<Index> find(std::string_view id) const;
  /// The same without regard to case.
  std::optional<Index> find_any_case(std::string_view id) const;
  const std::vector<Index>& needs(Index index) const { return needs_[index]; }
  const std::vector<Index>& needed_by(Index index) const { return needed_by_[index]; }
  /// False when one of its needs does not exist.
  bool is_sound(Index index) const { return sound_[index]; }
  /// False for a job that needs itself by way of others, or such a one.
  bool is_ordered(Index index) const { return ordered_[index]; }
  bool reads_needs(Index index) const { return reads_needs_[index]; }

  /// For each job the least marked one among those that it needs, directly or not; `size()` for
  /// none.
  std::vector<Index> first_before(const std::vector<bool>& marked) const;

 private:
  void order();

  std::vector<const JobNode*> jobs_;
  std::unordered_map<std::string_view, Index> by_id_;
  std::unordered_map<std::string, Index> by_lower_id_;
  std::vector<std::vector<Index>> needs_, needed_by_;
  std::vector<bool> sound_, ordered_, reads_needs_;
  std::vector<Index> order_;  ///< each job after those that it needs
};

/// What a job can end with; at least one of them.
struct JobResults {
  bool success = true, failure = true, cancelled = true, skipped = true;

  static JobResults only(JobResult result);
  Truth is(JobResult result) const;
};

/// The fates of jobs in one run, worked out when they are asked for.
class JobRun {
 public:
  /// `given` fixes the results of jobs. The graph must outlive it.
  JobRun(const JobGraph& graph, Scope scope,
         std::unordered_map<JobGraph::Index, JobResult> given = {}, bool jobs_succeed = false);

  JobFate fate(JobGraph::Index index);

 private:
  /// What is known of a job, and of it together with everything before it.
  struct Knowledge {
    JobResults results;
    Truth runs = Truth::unknown;
    Truth succeeded_so_far = Truth::unknown;
    Truth failed_so_far = Truth::unknown;
  };

  Knowledge of(JobGraph::Index index) const;
  void work_out(JobGraph::Index index);
  Knowledge judge(JobGraph::Index index) const;
  Truth condition(JobGraph::Index index, Truth succeeded, Truth failed) const;
  Value context_of(JobGraph::Index need) const;
  Truth status(std::string_view function, std::span<const std::string> jobs, Truth succeeded,
               Truth failed) const;

  const JobGraph& graph_;
  Scope scope_;
  std::unordered_map<JobGraph::Index, JobResult> given_;
  bool jobs_succeed_;
  std::unordered_map<JobGraph::Index, Knowledge> known_;
};

}  // namespace refgate::lint
