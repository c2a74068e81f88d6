// A workflow's concurrency group is entered before any `if:` is looked at. A run that will do
// nothing still cancels the one that works.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

bool is_comment_event(std::string_view event) {
  return event == "issue_comment" || event == "pull_request_review_comment" ||
         event == "pull_request_review" || event == "discussion_comment";
}

bool is_label_type(std::string_view type) { return type == "labeled" || type == "unlabeled"; }

/// Something that happens beside the work, and that nobody means to stop it.
struct Bystander {
  std::string what;  ///< "a comment without the words that `if:` asks for"
  Scope scope;
};

std::vector<Bystander> bystanders(const Start& start, bool agent_comments) {
  std::vector<Bystander> found;
  const Scope scope = scope_of_event(start.event, start.type);
  const std::string thing = start.event == "pull_request_review" ? "review" : "comment";
  if (is_comment_event(start.event)) {
    Bystander person{"any " + thing + " that is no command", scope};
    set_actor(person.scope, {"a-maintainer", "User", "MEMBER"});
    set_body(person.scope, "Thank you, this looks right to me.");
    found.push_back(std::move(person));
    if (agent_comments) {
      Bystander agent{"the agent's own " + thing, scope};
      set_actor(agent.scope, {std::nullopt, "Bot", "NONE"});
      found.push_back(std::move(agent));
    }
  } else if (is_label_type(start.type)) {
    Bystander label{start.type == "labeled" ? "any other label" : "the removal of any other label",
                    scope};
    label.scope.set("github.event.label.name", Value::string("a label of no concern"));
    found.push_back(std::move(label));
  }
  return found;
}

/// Whether the group may have been chosen by who did something or what was said: then the bystander
/// may be in another one.
bool depends_on_bystander(const Expression& group) {
  const std::vector<Reference> all = references(group);
  return std::any_of(all.begin(), all.end(), [](const Reference& reference) {
    if (names_actor(reference)) return true;
    for (const char* part : {"comment", "review", "label", "action", "changes"}) {
      if (refers_into(reference, {"github", "event", part})) return true;
    }
    return std::any_of(reference.path.begin(), reference.path.end(),
                       [](const auto& part) { return !part; });
  });
}

/// The jobs that do the work: those that launch agents, all of them when none does.
class Work {
 public:
  explicit Work(const Subject& subject)
      : workflow_(*subject.workflow), jobs_(job_conditions_of(subject, workflow_)) {
    for (const AgentLaunch& launch : launches_of(subject))
      launches_.push_back(&conditions_of(subject, launch));
  }

  Truth any_runs(const Scope& scope) const {
    Truth any = Truth::no;
    for (const LaunchConditions* launch : launches_)
      any = either(any, launch->job_runs(scope));
    if (!launches_.empty()) return any;
    for (const Job& job : workflow_.jobs)
      any = either(any, jobs_.runs(job, scope));
    return any;
  }

 private:
  const Workflow& workflow_;
  const JobConditions& jobs_;
  std::vector<const LaunchConditions*> launches_;
};

/// The scope with one pull request's (or issue's) names in it: number 7, its branch, and the ref
/// that the event gives.
Scope with_names(Scope scope, std::string_view event, std::string_view workflow_name) {
  const auto present = [&](const char* part) {
    const Value value = scope.get({"github", "event", part});
    return !(value.is_known() && value.kind() == Value::Kind::null);
  };
  for (const char* part : {"pull_request", "issue", "discussion"}) {
    if (present(part)) scope.set(ContextPath{"github", "event", part, "number"}, Value::number(7));
  }
  if (present("number")) scope.set("github.event.number", Value::number(7));
  scope.set("github.workflow", Value::string(std::string(workflow_name)));
  const bool of_merge = event == "pull_request" || event.starts_with("pull_request_review");
  scope.set("github.ref", Value::string(of_merge ? "refs/pull/7/merge" : "refs/heads/main"));
  scope.set("github.ref_name", Value::string(of_merge ? "7/merge" : "main"));
  if (event == "pull_request" || event == "pull_request_target")
    scope.set("github.head_ref", Value::string("topic"));
  if (present("pull_request"))
    scope.set("github.event.pull_request.head.ref", Value::string("topic"));
  return scope;
}

/// Whether a run that works is in the group of the one that starts beside it, for the same pull
/// request or issue.
bool some_work_shares_group(const Workflow& workflow, const std::vector<Start>& starts,
                            const Start& beside, const Expression& group, const Work& work) {
  const auto name_of = [&](const Start& start) {
    return evaluate(group, with_names(scope_of_event(start.event, start.type), start.event,
                                      workflow.display_name()))
        .value;
  };
  const Value taken = name_of(beside);
  return std::any_of(starts.begin(), starts.end(), [&](const Start& start) {
    const Scope scope = scope_of_event(start.event, start.type);
    if (unique_part(group, scope, Uniqueness::event) || work.any_runs(scope) == Truth::no)
      return false;
    const Value name = name_of(start);
    if (!name.is_known() || !taken.is_known()) return start.event == beside.event;
    return equals(name, taken) == Truth::yes;
  });
}

}  // namespace

void check_concurrency_self_cancel(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  const Concurrency& concurrency = workflow.concurrency;
  if (!concurrency || !concurrency.cancel_in_progress || !concurrency.group.is_scalar()) return;
  const Expression group = parse_template(concurrency.group.text());
  if (!group.is_valid() || depends_on_bystander(group)) return;

  const std::vector<Start> starts = starts_of(workflow, subject.facts());
  const bool heard = std::any_of(starts.begin(), starts.end(), [](const Start& start) {
    return is_comment_event(start.event) || is_label_type(start.type);
  });
  if (!heard) return;
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  const bool agent_comments =
      std::any_of(launches.begin(), launches.end(), [&](const AgentLaunch& launch) {
        const AgentIdentity::Kind kind = identity_of(launch, subject.facts()).kind;
        return kind == AgentIdentity::Kind::app;
      });
  const Work work(subject);
  for (const Start& start : starts) {
    for (const Bystander& bystander : bystanders(start, agent_comments)) {
      if (cancels_in_progress(concurrency, bystander.scope) != Truth::yes) continue;
      if (unique_part(group, bystander.scope, Uniqueness::event)) continue;
      if (work.any_runs(bystander.scope) != Truth::no) continue;
      if (!some_work_shares_group(workflow, starts, start, group, work)) continue;
      const std::string working = launches.empty() ? "the run that works" : "the agent at work";
      auto report = sink.report(subject, concurrency.cancel_in_progress.key,
                                bystander.what + " cancels " + working +
                                    ": GitHub enters a workflow's concurrency group before it "
                                    "looks at any `if:`, and the new run then skips every job" +
                                    (launches.empty() ? "" : " that launches an agent") +
                                    ". Move `concurrency` into the job, where `if:` comes first, "
                                    "or make `cancel-in-progress` depend on the event");
      report.related(subject, start.trigger->key, "this event starts such runs");
      if (!launches.empty())
        report.related(subject, launches.front().place().key, "the agent is launched here");
      return;
    }
  }
}

}  // namespace refgate::lint
