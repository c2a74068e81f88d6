#include "lint/agents/actor_checks.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/callee_memo.h"
#include "lint/github/supposed_run.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

constexpr int deepest_action = 10;

struct ChecksActor {
  bool yes = false;
};

bool is_inside(const ByteRange& inner, const ByteRange& outer) {
  return outer.begin <= inner.begin && inner.end <= outer.end;
}

/// What asks who somebody is, by its name.
bool is_named_like_a_check(std::string_view uses) {
  return mentions_any(to_lower(uses.substr(0, uses.find('@'))),
                      {"permission", "member", "collaborator", "authoriz", "authoris", "allow",
                       "access", "actor", "trust", "team", "verify", "gate", "vouch"});
}

/// Whether a step, in lower case, may end its job or say something that others heed.
bool decides(const std::string& step) {
  return mentions_any(step, {"exit 1", "github_output", "setoutput", "setfailed", "process.exit"});
}

/// Whether a step asks who the actor is and what he may do. By its words: what a script does with
/// the answer is not followed.
bool checks_actor(const Step& step, const Project& project, const Facts& facts, int depth) {
  const std::string_view uses = step.uses_text();
  if (is_named_like_a_check(uses)) return true;
  if (const Action* action = project.local_action(uses);
      action != nullptr && depth < deepest_action) {
    return of_callee<ChecksActor>(
               facts, action, depth,
               [&] {
                 return ChecksActor{std::any_of(
                     action->steps.begin(), action->steps.end(), [&](const Step& inner) {
                       return checks_actor(inner, project, facts, depth + 1);
                     })};
               })
        ->yes;
  }
  const std::string text = to_lower(step.node.source());
  if (mentions_any(text,
                   {"author_association", "authorassociation", "/permission", "collaborators/",
                    "collaboratorpermission", "membership", "checkcollaborator"})) {
    return true;
  }
  return decides(text) &&
         mentions_any(text, {"github.actor", "github_actor", "triggering_actor", "sender",
                             "user.login", "user.type", "context.actor"});
}

/// Whether a step asks where the branch lies and may end the job for a fork's.
bool checks_fork(const Step& step) {
  const std::string text = to_lower(step.node.source());
  return decides(text) &&
         mentions_any(text, {"head.repo", "head_repo", "iscrossrepository", "is_fork", ".fork"});
}

template <class Asks>
std::size_t first_that(const std::vector<Step>& steps, Asks&& asks) {
  return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), asks) - steps.begin());
}

/// How many steps of a job, or of an action, come before the first that asks.
struct FirstActorCheck {
  std::size_t step;
};
struct FirstForkCheck {
  std::size_t step;
};

/// Whether one of the steps before a launch asks: of its job, of its action, and of all jobs that
/// are needed on the way.
template <class First, class Asks>
bool is_asked_before(const Subject& subject, const AgentLaunch& launch, Asks&& asks) {
  const auto first = [&](const std::vector<Step>& steps) {
    return subject.memo.get<First>(&steps, [&] { return First{first_that(steps, asks)}; }).step;
  };
  for (const JobPlace& place : launch.path) {
    for (const Job* job : job_conditions_of(subject, *place.workflow).needed(*place.job)) {
      if (first(job->steps) < job->steps.size()) return true;
    }
  }
  return first(launch.job().steps) < launch.step->index ||
         (launch.action != nullptr && first(launch.action->steps) < launch.launch->index);
}

/// Whether a called workflow on the way asks who the actor is.
bool is_asked_in_call(const Subject& subject, const AgentLaunch& launch) {
  const std::vector<const Job*> calls = conditions_of(subject, launch).calls_before();
  return std::any_of(calls.begin(), calls.end(), [&](const Job* job) {
    if (is_named_like_a_check(job->uses.value.text()) || is_named_like_a_check(job->id))
      return true;
    const Workflow* called = subject.project.called_workflow(job->uses.value.text());
    if (called == nullptr) return false;
    return of_callee<ChecksActor>(
               subject.facts(), called, 0,
               [&] {
                 return ChecksActor{
                     std::any_of(called->jobs.begin(), called->jobs.end(), [&](const Job& inner) {
                       return std::any_of(
                           inner.steps.begin(), inner.steps.end(), [&](const Step& step) {
                             return checks_actor(step, subject.project, subject.facts(), 0);
                           });
                     })};
               })
        ->yes;
  });
}

}  // namespace

bool asks_who_acts(const Subject& subject, const AgentLaunch& launch) {
  return is_asked_before<FirstActorCheck>(subject, launch,
                                          [&](const Step& step) {
                                            return checks_actor(step, subject.project,
                                                                subject.facts(), 0);
                                          }) ||
         is_asked_in_call(subject, launch);
}

bool asks_something_unknown(const Expression& condition, const Scope& scope) {
  const std::vector<Reference> all = references(condition);
  const Value name = scope.get({"github", "event_name"});
  const std::string event =
      name.is_known() && name.kind() == Value::Kind::string ? name.as_string() : "";
  for (NodeId id = 0; id < condition.nodes().size(); ++id) {
    const ExpressionNode& node = condition.node(id);
    const bool asks = node.kind == ExpressionKind::call || node.kind == ExpressionKind::equal ||
                      node.kind == ExpressionKind::not_equal;
    if (!asks || truth(evaluate(condition, id, scope).value) != Truth::unknown) continue;
    if (std::any_of(all.begin(), all.end(), [&](const Reference& each) {
          return names_actor(each) && !names_subject_only(each, event) &&
                 is_inside(each.range, node.range);
        }))
      return true;
  }
  return false;
}

bool asks_for_fork(const Subject& subject, const AgentLaunch& launch) {
  return is_asked_before<FirstForkCheck>(subject, launch, checks_fork);
}

bool fork_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& scope) {
  if (asks_for_fork(subject, launch)) return false;
  const LaunchConditions& conditions = conditions_of(subject, launch);
  const std::vector<std::string> names = repositories_named(conditions.all());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    Scope from_fork = scope;
    set_head_in_fork(from_fork, name);
    return conditions.runs(from_fork) != Truth::no;
  });
}

}  // namespace refgate::lint
