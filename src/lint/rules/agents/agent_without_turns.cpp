// Nobody watches, and nothing ends the session but its job's time: an agent that goes round in
// circles is paid for until then.

#include <algorithm>
#include <array>
#include <string>

#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// Events by which a person asks for the session, and waits for what comes of it.
bool is_attended(const Start& start) {
  static constexpr auto events = std::to_array<std::string_view>(
      {"workflow_dispatch", "workflow_call", "issue_comment", "pull_request_review",
       "pull_request_review_comment", "discussion_comment", "commit_comment"});
  return std::find(events.begin(), events.end(), start.event) != events.end() ||
         start.type == "labeled" || start.type == "assigned" || start.type == "review_requested";
}

/// Words by which a session is told how far it may go, in any spelling.
bool names_bound(std::string_view text) {
  std::string squeezed = to_lower(text);
  std::erase_if(squeezed, [](char character) { return character == '-' || character == '_'; });
  return mentions_any(squeezed, {"maxturns", "maxsessionturns", "maxbudget", "maxsteps",
                                 "maxiterations", "maxcost", "timeout", "maxtokens"});
}

bool is_bounded(const AgentLaunch& launch) {
  const auto any = [](YamlNode node) { return node && names_bound(node.source()); };
  return any(launch.launch->node) || any(launch.step->node) || any(launch.job().env.value) ||
         any(launch.workflow().env.value);
}

}  // namespace

void check_agent_without_turns(const Subject& subject, Sink& sink) {
  const Job* reported = nullptr;
  std::vector<Start> starts;
  for (const AgentLaunch& launch : launches_of(subject)) {
    // What bounds a session inside of another repository's workflow is not seen.
    if (launch.is_likely || launch.is_call() || reported == &launch.own_job() || is_bounded(launch))
      continue;
    if (starts.empty()) starts = starts_of(*subject.workflow, subject.facts());
    const LaunchConditions& conditions = conditions_of(subject, launch);
    const auto start = std::find_if(starts.begin(), starts.end(), [&](const Start& each) {
      // Whoever is waited for by a word in a text asked for it too.
      return !is_attended(each) && answers_text(*launch.launch, "") &&
             conditions.runs(scope_of(SupposedRun{.event = each.event, .type = each.type})) !=
                 Truth::no;
    });
    if (start == starts.end()) continue;
    reported = &launch.own_job();
    sink.report(subject, launch.place().key,
                "`" + start->event +
                    "` starts this session while nobody watches, and nothing bounds it but the "
                    "time of its job: give it a number of turns (`--max-turns`), a budget, or a "
                    "`timeout` of its own")
        .related(subject, start->trigger->key, "started by this event");
  }
}

}  // namespace refgate::lint
