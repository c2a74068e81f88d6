#pragma once
// What is known of a run before it starts: which event began it, who did, and with that which of
// its jobs are certainly skipped.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/evaluate.h"
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

/// Sets `github.actor`, the sender, and the authors of what the event brings (comment, review,
/// issue, …).
void set_actor(Scope& scope, const Actor& actor);

/// Sets the text of the comment or review that the event brings.
void set_body(Scope& scope, std::string_view text);

/// Whether the expression looks at who did something: the actor, the sender, an author or his
/// association.
bool names_actor(const Expression& expression);
/// The same for one reference.
bool names_actor(const Reference& reference);

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

/// The conditions of a workflow's jobs, read once.
class JobConditions {
 public:
  explicit JobConditions(const Workflow& workflow);

  /// By the ids as they are written.
  std::map<std::string, JobFate> fates(const Scope& scope) const;
  /// Whether a job runs; unknown for a job that is not there.
  Truth runs(const Job& job, const Scope& scope) const;
  /// Its own condition, then those of all that it needs, directly or not.
  std::vector<const Expression*> path(const Job& job) const;
  /// All jobs that it needs, directly or not.
  std::vector<const Job*> needed(const Job& job) const;

 private:
  const Workflow& workflow_;
  std::map<const Job*, Expression> conditions_;
};

}  // namespace refgate::lint
