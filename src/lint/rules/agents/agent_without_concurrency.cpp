// Two pushes in a row, two comments in a row: without a concurrency group, two agents work on the
// same thing at the same time.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/rule/rule.h"
#include "lint/rules/agents/own_verdict.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_pull_request(std::string_view event) {
  return event == "pull_request" || event == "pull_request_target";
}

/// `github.event.label.name == 'review'` leaves one start of the many that labels give.
bool looks_at(const std::vector<const Expression*>& conditions, const ContextPath& path) {
  return std::any_of(conditions.begin(), conditions.end(), [&](const Expression* condition) {
    const std::vector<Reference> all = references(*condition);
    return std::any_of(all.begin(), all.end(),
                       [&](const Reference& reference) { return refers_into(reference, path); });
  });
}

/// Whether the same branch, pull request or issue can start this twice within the time that an
/// agent takes.
bool comes_again(const Start& start, const std::vector<const Expression*>& conditions) {
  if (start.event == "push") {
    const Trigger& push = *start.trigger;
    return push.branches || push.branches_ignore || !(push.tags || push.tags_ignore);
  }
  if (is_one_of(start.event,
                {"issue_comment", "pull_request_review", "pull_request_review_comment",
                 "discussion_comment", "commit_comment", "check_run", "check_suite", "status"})) {
    return start.type != "deleted";
  }
  // Several sources end for one commit. With one, the next run belongs to the next commit.
  if (start.event == "workflow_run") return start.trigger->workflows.values.size() > 1;
  if (!is_pull_request(start.event) && start.event != "issues" && start.event != "discussion")
    return false;
  if (start.type == "labeled" || start.type == "unlabeled")
    return !looks_at(conditions, {"github", "event", "label"});
  return is_one_of(start.type, {"synchronize", "edited"});
}

/// The groups that a launch is in, from the caller's workflow inwards.
std::vector<const Concurrency*> groups_of(const AgentLaunch& launch) {
  std::vector<const Concurrency*> groups;
  for (const JobPlace& place : launch.path) {
    for (const Concurrency* each : {&place.workflow->concurrency, &place.job->concurrency}) {
      if (*each) groups.push_back(each);
    }
  }
  return groups;
}

/// What makes a group another one for each event of one subject; nullopt when two events share it,
/// and when each run has its own (`concurrency-defeated` says so).
std::optional<std::string> divided_by(const Concurrency& concurrency, const Start& start) {
  if (!concurrency.group.has_expression()) return std::nullopt;
  const Expression group = parse_template(concurrency.group.text());
  if (!group.is_valid()) return std::nullopt;
  const Scope scope = scope_of_event(start.event, start.type);
  if (unique_part(group, scope, Uniqueness::run)) return std::nullopt;
  return unique_part(group, scope, Uniqueness::subject);
}

/// Whether two events of one subject wait for each other.
bool has_group(const AgentLaunch& launch, const Start& start) {
  const std::vector<const Concurrency*> groups = groups_of(launch);
  return std::any_of(groups.begin(), groups.end(),
                     [&](const Concurrency* each) { return !divided_by(*each, start); });
}

/// One source's runs of one branch come one after the other, mostly for another commit. Who wrote a
/// group wants the next one to wait all the same.
bool wants_to_wait(const AgentLaunch& launch, const Start& start) {
  return start.event == "workflow_run" && !groups_of(launch).empty();
}

/// The start that can come while the agent of an earlier one still works; nullptr when there is
/// none.
const Start* overlapping_start(const AgentLaunch& launch, const std::vector<Start>& starts,
                               const Subject& subject) {
  const LaunchConditions& conditions = conditions_of(subject, launch);
  const std::vector<const Expression*> all = conditions.all();
  const auto found = std::find_if(starts.begin(), starts.end(), [&](const Start& start) {
    return (comes_again(start, all) || wants_to_wait(launch, start)) && !has_group(launch, start) &&
           conditions.runs(scope_of_event(start.event, start.type)) != Truth::no;
  });
  return found == starts.end() || !gates_before(subject, launch).empty() ? nullptr : &*found;
}

std::string thing_of(std::string_view event) {
  if (event == "push") return "branch";
  if (event == "issue_comment" || event == "issues") return "issue or pull request";
  if (event.starts_with("discussion")) return "discussion";
  return event.starts_with("pull_request") ? "pull request" : "commit";
}

/// What the runs of one pull request, issue or branch have in common.
std::string subject_expression(const Workflow& workflow) {
  std::string parts;
  const auto add = [&](bool any, std::string_view part) {
    if (any) parts += std::string(part) + " || ";
  };
  const auto has = [&](std::initializer_list<std::string_view> events) {
    return std::any_of(events.begin(), events.end(),
                       [&](std::string_view event) { return workflow.trigger(event) != nullptr; });
  };
  add(has({"pull_request", "pull_request_target", "pull_request_review",
           "pull_request_review_comment"}),
      "github.event.pull_request.number");
  add(has({"issues", "issue_comment"}), "github.event.issue.number");
  add(has({"discussion", "discussion_comment"}), "github.event.discussion.number");
  add(has({"workflow_run"}), "github.event.workflow_run.head_branch");
  return parts + "github.ref";
}

/// Whether people ask by comments: of these none may be lost, and GitHub lets one wait of a group
/// that has no `queue`, and cancels it for the next one.
bool is_asked_by_comments(const Workflow& workflow) {
  return std::any_of(workflow.triggers.begin(), workflow.triggers.end(), [](const Trigger& each) {
    return is_one_of(each.event, {"issue_comment", "pull_request_review_comment",
                                  "pull_request_review", "discussion_comment", "commit_comment"});
  });
}

std::vector<TextEdit> group_for(const Workflow& workflow, const Job& job) {
  const std::string group = "{group: '${{ github.workflow }}-" + std::string(job.id) + "-${{ " +
                            subject_expression(workflow) + " }}', cancel-in-progress: false" +
                            (is_asked_by_comments(workflow) ? ", queue: max}" : "}");
  return add_entry(*workflow.document, job.node, "concurrency", group,
                   job.calls_workflow() ? job.uses : job.runs_on);
}

}  // namespace

void check_agent_without_concurrency(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  if (workflow.only_called()) return;
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  if (launches.empty()) return;
  const std::vector<Start> starts = starts_of(workflow, subject.facts());
  std::vector<const AgentLaunch*> open;
  const Start* first = nullptr;
  for (const AgentLaunch& launch : launches) {
    const bool known = std::any_of(open.begin(), open.end(), [&](const AgentLaunch* other) {
      return &other->own_job() == &launch.own_job();
    });
    const Start* start = known ? nullptr : overlapping_start(launch, starts, subject);
    if (start == nullptr) continue;
    if (first == nullptr) first = start;
    open.push_back(&launch);
  }
  if (open.empty()) return;
  // Where one is without any verdict, that one is spoken of.
  std::optional<std::string> verdict = own_verdict_before(subject, *open.front());
  for (std::size_t at = 1; at < open.size() && verdict; ++at) {
    if (own_verdict_before(subject, *open[at])) continue;
    std::swap(open.front(), open[at]);
    verdict.reset();
  }

  const std::string others =
      open.size() == 1 ? ""
                       : " (and " + std::to_string(open.size() - 1) + " more of this workflow)";
  const std::vector<const Concurrency*> groups = groups_of(*open.front());
  const std::optional<std::string> part =
      groups.empty() ? std::nullopt : divided_by(*groups.front(), *first);
  const std::string who = "job `" + std::string(open.front()->own_job().id) + "`" + others;
  const std::string cost = "` comes again before it is done, two agents work on the same " +
                           thing_of(first->event) + " at the same time, and both are paid for";
  auto report = sink.report(
      subject, open.front()->own_job().key,
      verdict
          ? who + " launches an agent, is in no concurrency group that holds, and is closed by `" +
                *verdict +
                "`, of which nobody knows here how it is decided: unless that script claims the "
                "work in one step, two runs that ask at the same time both go on, when `" +
                first->event + cost +
                ". Ask a gate instead, or say in `.github/refgate.yml` what this output is "
                "(`facts: gates:`)"
      : part ? who + " launches an agent in a concurrency group that `" + *part +
                   "` makes another one for each event: when `" + first->event + cost
             : who + " launches an agent and is in no concurrency group: when `" + first->event +
                   cost);
  if (verdict) report.severity(Severity::note);
  report.related(subject, first->trigger->key, "this event can come again at any time");
  std::vector<TextEdit> edits;
  bool complete = true;
  for (const AgentLaunch* launch : open) {
    report.related(subject, launch->place().key, "the agent is launched here");
    const std::vector<TextEdit> group = groups_of(*launch).empty()
                                            ? group_for(workflow, launch->own_job())
                                            : std::vector<TextEdit>();
    complete = complete && !group.empty();
    edits.insert(edits.end(), group.begin(), group.end());
  }
  if (complete)
    report.fix(FixKind::unsafe, "Let one agent at a time work on a subject, the next one waiting",
               std::move(edits));
}

}  // namespace refgate::lint
