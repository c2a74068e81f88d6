// Everybody who can see a public repository can comment in it. An agent that comments start, and
// that nobody asks who wrote them, works for everybody.

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

Scope scope_of_outsider(const Start& start) {
  Scope scope = scope_of_event(start.event, start.type);
  set_actor(scope, {"an-outsider", "User", "NONE"});
  return scope;
}

/// The first trigger by which an outsider's comment reaches the launch.
std::optional<Start> way_in(const AgentLaunch& launch, const Subject& subject) {
  if (launch.is_likely || asks_for_write(*launch.launch, subject.facts())) return std::nullopt;
  const LaunchConditions& conditions = conditions_of(subject, launch);
  // `condition-is-text` says why a condition that asks for the actor does not count.
  const std::vector<const Expression*> texts = conditions.all();
  if (std::any_of(texts.begin(), texts.end(), [](const Expression* each) {
        return each->node(each->root()).kind == ExpressionKind::concatenation && names_actor(*each);
      }))
    return std::nullopt;
  std::optional<bool> checked;
  for (const Start& start : starts_of(*subject.workflow, subject.facts())) {
    if (!brings_comment(start.event)) continue;
    const Scope scope = scope_of_outsider(start);
    if (conditions.runs(scope) == Truth::no) continue;
    const std::vector<const Expression*> all = conditions.all();
    if (std::any_of(all.begin(), all.end(),
                    [&](const Expression* each) { return asks_something_unknown(*each, scope); }))
      continue;
    if (!checked) checked = asks_who_acts(subject, launch);
    if (*checked) return std::nullopt;
    return start;
  }
  return std::nullopt;
}

std::string what_starts(std::string_view event) {
  if (event == "pull_request_review") return "Every review";
  return event == "commit_comment"       ? "Every comment on a commit"
         : event == "discussion_comment" ? "Every comment in a discussion"
                                         : "Every comment";
}

}  // namespace

void check_agent_without_actor_check(const Subject& subject, Sink& sink) {
  const Job* reported = nullptr;
  for (const AgentLaunch& launch : launches_of(subject)) {
    const Job& job = launch.own_job();
    if (reported == &job) continue;
    const std::optional<Start> start = way_in(launch, subject);
    if (!start) continue;
    reported = &job;
    const AgentActionFact* fact = agent_action_fact(*launch.launch, subject.facts());
    const bool opened = fact != nullptr && fact->asks_for_write;
    const std::string why =
        opened ? "`" + fact->open_input +
                     ": '*'` switches off the action's own check, and no condition replaces it"
               : "nothing asks who wrote it";
    auto report =
        sink.report(subject, job.key,
                    what_starts(start->event) + " that gets this far starts the agent of job `" +
                        std::string(job.id) + "`, whoever wrote it: " + why +
                        ". Test the author in `if:`, as in `contains(fromJSON('[\"OWNER\", "
                        "\"MEMBER\", \"COLLABORATOR\"]'), github.event." +
                        (start->event == "pull_request_review" ? "review" : "comment") +
                        ".author_association)`");
    if (may_ask_who_acts(subject, launch)) report.confidence(Confidence::medium);
    report.related(subject, launch.place().key, "the agent is launched here")
        .related(subject, start->trigger->key, "and started by this event");
  }
}

}  // namespace refgate::lint
