#include "lint/agents/outsiders.h"

#include <algorithm>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"

namespace refgate::lint {

Scope scope_of_outsider(const Start& start) {
  Scope scope = scope_of_event(start.event, start.type);
  set_actor(scope, {"an-outsider", "User", "NONE"});
  return scope;
}

bool outsider_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& scope) {
  const LaunchConditions& conditions = conditions_of(subject, launch);
  if (conditions.runs(scope) == Truth::no) return false;
  const std::vector<const Expression*> all = conditions.all();
  // `condition-is-text` says why a condition that asks for the actor does not count.
  return std::none_of(all.begin(), all.end(),
                      [&](const Expression* each) {
                        return (each->node(each->root()).kind == ExpressionKind::concatenation &&
                                names_actor(*each)) ||
                               asks_something_unknown(*each, scope);
                      }) &&
         !asks_who_acts(subject, launch);
}

}  // namespace refgate::lint
