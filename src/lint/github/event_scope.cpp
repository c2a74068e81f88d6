#include "lint/github/event_scope.h"

#include <algorithm>
#include <array>

#include "lint/github/facts.h"

namespace refgate::lint {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Which events bring a part of the payload, `github.event.<name>`.
struct PayloadPart {
  std::string_view name;
  std::initializer_list<std::string_view> events;
};

const std::array<PayloadPart, 14>& payload_parts() {
  static const std::array<PayloadPart, 14> parts = {{
      {"issue", {"issues", "issue_comment"}},
      {"pull_request",
       {"pull_request", "pull_request_target", "pull_request_review",
        "pull_request_review_comment"}},
      {"number", {"pull_request", "pull_request_target"}},
      {"comment",
       {"issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"}},
      {"review", {"pull_request_review"}},
      {"discussion", {"discussion", "discussion_comment"}},
      {"workflow_run", {"workflow_run"}},
      {"check_run", {"check_run"}},
      {"check_suite", {"check_suite", "check_run"}},
      {"release", {"release"}},
      {"schedule", {"schedule"}},
      {"inputs", {"workflow_dispatch"}},
      {"client_payload", {"repository_dispatch"}},
      {"merge_group", {"merge_group"}},
  }};
  return parts;
}

bool brings(std::string_view event, std::string_view part) {
  for (const PayloadPart& each : payload_parts()) {
    if (each.name == part)
      return std::find(each.events.begin(), each.events.end(), event) != each.events.end();
  }
  return true;
}

bool is_known_event(std::string_view event) {
  return is_one_of(event, {"push",
                           "pull_request",
                           "pull_request_target",
                           "pull_request_review",
                           "pull_request_review_comment",
                           "issues",
                           "issue_comment",
                           "commit_comment",
                           "discussion",
                           "discussion_comment",
                           "workflow_run",
                           "check_run",
                           "check_suite",
                           "release",
                           "schedule",
                           "workflow_dispatch",
                           "repository_dispatch",
                           "merge_group",
                           "create",
                           "delete",
                           "label",
                           "milestone",
                           "status",
                           "watch",
                           "fork",
                           "page_build",
                           "deployment",
                           "deployment_status",
                           "gollum",
                           "public",
                           "branch_protection_rule",
                           "registry_package"});
}

const Value not_empty = Value::unknown(Truth::yes);

}  // namespace

Scope scope_of_event(std::string_view event, std::string_view type) {
  Scope scope;
  if (!is_known_event(event)) return scope;
  scope.set("github.event_name", Value::string(std::string(event)));
  for (const char* name :
       {"github.ref", "github.ref_name", "github.sha", "github.workflow", "github.run_id",
        "github.run_number", "github.repository", "github.actor", "github.triggering_actor",
        "github.repository_owner", "github.workflow_ref", "github.job"}) {
    scope.set(name, not_empty);
  }
  for (const PayloadPart& part : payload_parts()) {
    if (!brings(event, part.name))
      scope.set(ContextPath{"github", "event", std::string(part.name)}, Value());
  }
  if (brings(event, "issue")) scope.set("github.event.issue.number", not_empty);
  if (brings(event, "pull_request")) {
    scope.set("github.event.pull_request.number", not_empty);
    scope.set("github.event.pull_request.head.sha", not_empty);
    scope.set("github.event.pull_request.head.ref", not_empty);
  }
  if (brings(event, "number")) scope.set("github.event.number", not_empty);
  if (brings(event, "discussion")) scope.set("github.event.discussion.number", not_empty);
  if (brings(event, "workflow_run")) scope.set("github.event.workflow_run.id", not_empty);
  // Of commit events only push has commits, before and after.
  if (event != "push") {
    scope.set("github.event.head_commit", Value());
    scope.set("github.event.before", event == "pull_request" || event == "pull_request_target"
                                         ? Value::unknown()
                                         : Value());
    scope.set("github.event.after", event == "pull_request" || event == "pull_request_target"
                                        ? Value::unknown()
                                        : Value());
  }
  if (event != "workflow_dispatch") scope.set("inputs", Value::object({}));
  const bool has_head = event == "pull_request" || event == "pull_request_target";
  // Reviews come with the pull request in the payload; whether the two properties are set for them
  // is not documented.
  const bool may_have_head = event.starts_with("pull_request");
  for (const char* name : {"github.head_ref", "github.base_ref"}) {
    scope.set(name, has_head ? not_empty : may_have_head ? Value::unknown() : Value::string(""));
  }
  if (type != "labeled" && type != "unlabeled" && event != "label")
    scope.set("github.event.label", Value());
  if (!type.empty()) {
    scope.set("github.event.action", Value::string(std::string(type)));
  } else if (is_one_of(event, {"push", "schedule", "workflow_dispatch", "create", "delete"})) {
    scope.set("github.event.action", Value());
  }
  return scope;
}

void set_actor(Scope& scope, const Actor& actor) {
  const auto set = [&](const ContextPath& path, const std::optional<std::string>& text) {
    if (text) scope.set(path, Value::string(*text));
  };
  set({"github", "actor"}, actor.login);
  set({"github", "triggering_actor"}, actor.login);
  set({"github", "event", "sender", "login"}, actor.login);
  set({"github", "event", "sender", "type"}, actor.type);
  for (const char* part : {"comment", "review", "issue", "pull_request", "discussion"}) {
    const Value value = scope.get({"github", "event", part});
    if (value.is_known() && value.kind() == Value::Kind::null) continue;
    set({"github", "event", part, "user", "login"}, actor.login);
    set({"github", "event", part, "user", "type"}, actor.type);
    set({"github", "event", part, "author_association"}, actor.association);
  }
}

void set_body(Scope& scope, std::string_view text) {
  for (const char* part : {"comment", "review"}) {
    const Value value = scope.get({"github", "event", part});
    if (value.is_known() && value.kind() == Value::Kind::null) continue;
    scope.set(ContextPath{"github", "event", part, "body"}, Value::string(std::string(text)));
  }
}

bool names_actor(const Reference& reference) {
  return std::any_of(
      reference.path.begin(), reference.path.end(), [](const std::optional<std::string>& part) {
        if (!part) return false;
        const std::string name = to_lower(*part);
        return is_one_of(name, {"actor", "actor_id", "triggering_actor", "sender", "user", "author",
                                "author_association", "performed_via_github_app"});
      });
}

bool names_actor(const Expression& expression) {
  const std::vector<Reference> all = references(expression);
  return std::any_of(all.begin(), all.end(),
                     [](const Reference& reference) { return names_actor(reference); });
}

std::vector<Start> starts_of(const Workflow& workflow, const Facts& facts) {
  std::vector<Start> starts;
  for (const Trigger& trigger : workflow.triggers) {
    std::vector<std::string> types;
    if (trigger.types) {
      for (const YamlNode type : trigger.types.values)
        types.emplace_back(type.text());
    } else if (const EventFact* fact = facts.event(trigger.event)) {
      types = fact->default_types;
    }
    if (types.empty()) types.emplace_back();
    for (std::string& type : types)
      starts.push_back({&trigger, std::string(trigger.event), std::move(type)});
  }
  return starts;
}

JobConditions::JobConditions(const Workflow& workflow) : workflow_(workflow) {
  for (const Job& job : workflow.jobs) {
    if (job.condition && job.condition.value.is_scalar())
      conditions_.emplace(&job, parse_condition(job.condition.value.text()));
  }
}

std::map<std::string, JobFate> JobConditions::fates(const Scope& scope) const {
  std::vector<JobNode> nodes;
  for (const Job& job : workflow_.jobs) {
    JobNode node{std::string(job.id), {}, nullptr};
    for (const YamlNode need : job.needed) {
      const Job* needed = workflow_.job(need.text());
      node.needs.emplace_back(needed != nullptr ? needed->id : need.text());
    }
    const auto condition = conditions_.find(&job);
    if (condition != conditions_.end() && condition->second.is_valid())
      node.condition = &condition->second;
    nodes.push_back(std::move(node));
  }
  return propagate(nodes, {}, scope);
}

Truth JobConditions::runs(const Job& job, const Scope& scope) const {
  const auto all = fates(scope);
  const auto found = all.find(std::string(job.id));
  return found == all.end() ? Truth::unknown : found->second.runs;
}

std::vector<const Job*> JobConditions::needed(const Job& job) const {
  std::vector<const Job*> found;
  std::vector<const Job*> open{&job};
  while (!open.empty()) {
    const Job* next = open.back();
    open.pop_back();
    for (const YamlNode need : next->needed) {
      const Job* needed = workflow_.job(need.text());
      if (needed == nullptr || needed == &job ||
          std::find(found.begin(), found.end(), needed) != found.end())
        continue;
      found.push_back(needed);
      open.push_back(needed);
    }
  }
  return found;
}

std::vector<const Expression*> JobConditions::path(const Job& job) const {
  std::vector<const Expression*> found;
  const auto add = [&](const Job* each) {
    const auto condition = conditions_.find(each);
    if (condition != conditions_.end() && condition->second.is_valid())
      found.push_back(&condition->second);
  };
  add(&job);
  for (const Job* each : needed(job))
    add(each);
  return found;
}

}  // namespace refgate::lint
