#pragma once
// What is known of a run before it starts: which event began it, who did, and with that which of
// its jobs are certainly skipped.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
#include "lint/github/job_graph.h"
#include "lint/github/semantics.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

struct Facts;

/// The `github` context of a run that this event started, as far as the event alone decides it: its
/// name and activity, which parts its payload has
/// (`github.event.issue` is null for a push), and that names and ids are not empty. Facts:
/// "Contexts", "Webhook events and payloads". Nothing is known of workflow_call, whose context is
/// the caller's.
Scope scope_of_event(std::string_view event, std::string_view type = {});

/// Someone who does something, as conditions see him.
struct Actor {
  std::optional<std::string> login;        ///< nullopt: not known
  std::optional<std::string> type;         ///< "User" or "Bot"
  std::optional<std::string> association;  ///< author_association of what he writes
};

/// Whether the event brings what somebody says to a thing that somebody else may have begun.
bool brings_comment(std::string_view event);
/// Whether the reference is to the issue, pull request or discussion that such an event's comment
/// is about, whose author is another one than the commenter.
bool names_subject_only(const Reference& reference, std::string_view event);

/// Sets `github.actor`, the sender, and the authors of what the event brings (comment, review,
/// issue, …); not that of what a comment is about.
void set_actor(Scope& scope, const Actor& actor);

/// Sets the text of the comment or review that the event brings.
void set_body(Scope& scope, std::string_view text);

/// Whether the expression looks at who did something: the actor, the sender, an author or his
/// association.
bool names_actor(const Expression& expression);
/// The same for one reference.
bool names_actor(const Reference& reference);

/// Whether all that it asks of people is their association with the repository, which a person's
/// token has as the person has.
bool names_association_only(const Expression& expression);

/// One combination of event and activity that starts a workflow; `type` is empty for events without
/// types.
struct Start {
  const Trigger* trigger = nullptr;
  std::string event;
  std::string type;
};
/// All that a workflow listens to; without `types` those that start it by default, as the facts
/// say.
std::vector<Start> starts_of(const Workflow& workflow, const Facts& facts);

/// Of what a job needs, directly or not, so many are looked at one by one.
inline constexpr std::size_t most_needed = 100;

/// The conditions of a workflow's jobs, read once, and what was found out of them. Not for several
/// threads at a time.
class JobConditions {
 public:
  explicit JobConditions(const Workflow& workflow);
  JobConditions(JobConditions&&) = default;

  const JobGraph& graph() const { return *graph_; }
  /// The number of a job of this workflow in the graph.
  JobGraph::Index node(const Job& job) const { return node_of_[index_of(job)]; }
  /// Whether a job runs; unknown for a job that is not there.
  Truth runs(const Job& job, const Scope& scope) const;
  /// The conditions of all jobs.
  std::vector<const Expression*> all() const;
  /// Its own condition, then those of all that it needs, directly or not: `most_needed` at most.
  std::vector<const Expression*> path(const Job& job) const;
  /// All jobs that it needs, directly or not: `most_needed` at most.
  std::vector<const Job*> needed(const Job& job) const;
  /// Whether `needed` leaves some out.
  bool needs_many(const Job& job) const;
  /// Whether a job needs another one, directly or not, however many there are between.
  bool needs(const Job& job, const Job& other) const;
  /// For each job the first marked one, in their order, that it needs, directly or not; nullptr
  /// when it needs none.
  std::vector<const Job*> first_before(const std::vector<bool>& marked) const;

 private:
  std::size_t index_of(const Job& job) const;
  JobRun& run(const Scope& scope) const;

  const Workflow& workflow_;
  std::vector<std::optional<Expression>> conditions_;
  std::vector<JobNode> nodes_;
  std::optional<JobGraph> graph_;
  std::vector<JobGraph::Index> node_of_;  ///< of each job: its number in the graph
  std::vector<std::size_t> job_of_;       ///< and the other way round
  mutable std::map<Scope::Identity, std::unique_ptr<JobRun>> runs_;
  mutable std::vector<std::uint32_t> seen_;  ///< by which question a job was met last
  mutable std::uint32_t question_ = 0;
};

}  // namespace refgate::lint
