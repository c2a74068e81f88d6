#include "lint/agents/actor_checks.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/github/callee_memo.h"

namespace refgate::lint {
namespace {

constexpr int deepest_action = 10;

struct ChecksActor {
  bool yes = false;
};

bool mentions_any(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

/// What asks who somebody is, by its name.
bool is_named_like_a_check(std::string_view uses) {
  return mentions_any(to_lower(uses.substr(0, uses.find('@'))),
                      {"permission", "member", "collaborator", "authoriz", "authoris", "allow",
                       "access", "actor", "trust", "team", "verify", "gate", "vouch"});
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
  const bool decides =
      mentions_any(text, {"exit 1", "github_output", "setoutput", "setfailed", "process.exit"});
  return decides && mentions_any(text, {"github.actor", "github_actor", "triggering_actor",
                                        "sender", "user.login", "user.type", "context.actor"});
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

}  // namespace refgate::lint
