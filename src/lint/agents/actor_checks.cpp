#include "lint/agents/actor_checks.h"

#include <algorithm>
#include <initializer_list>
#include <string>

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

}  // namespace

bool asks_who_acts(const LaunchConditions& conditions, const Project& project, const Facts& facts) {
  const std::vector<const Step*> steps = conditions.steps_before();
  if (std::any_of(steps.begin(), steps.end(),
                  [&](const Step* step) { return checks_actor(*step, project, facts, 0); }))
    return true;
  const std::vector<const Job*> calls = conditions.calls_before();
  return std::any_of(calls.begin(), calls.end(), [&](const Job* job) {
    if (is_named_like_a_check(job->uses.value.text()) || is_named_like_a_check(job->id))
      return true;
    const Workflow* called = project.called_workflow(job->uses.value.text());
    if (called == nullptr) return false;
    return of_callee<ChecksActor>(
               facts, called, 0,
               [&] {
                 return ChecksActor{
                     std::any_of(called->jobs.begin(), called->jobs.end(), [&](const Job& inner) {
                       return std::any_of(
                           inner.steps.begin(), inner.steps.end(),
                           [&](const Step& step) { return checks_actor(step, project, facts, 0); });
                     })};
               })
        ->yes;
  });
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

bool asks_for_fork(const LaunchConditions& conditions) {
  const std::vector<const Step*> steps = conditions.steps_before();
  return std::any_of(steps.begin(), steps.end(), [](const Step* step) {
    const std::string text = to_lower(step->node.source());
    return decides(text) &&
           mentions_any(text, {"head.repo", "head_repo", "iscrossrepository", "is_fork", ".fork"});
  });
}

bool fork_reaches(const LaunchConditions& conditions, const Scope& scope) {
  if (asks_for_fork(conditions)) return false;
  const std::vector<std::string> names = repositories_named(conditions.all());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    Scope from_fork = scope;
    set_head_in_fork(from_fork, name);
    return conditions.runs(from_fork) != Truth::no;
  });
}

}  // namespace refgate::lint
