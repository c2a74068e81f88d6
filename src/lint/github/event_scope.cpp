#include "lint/github/event_scope.h"

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_map>

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

namespace {

Scope make_scope_of_event(std::string_view event, std::string_view type) {
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

}  // namespace

Scope scope_of_event(std::string_view event, std::string_view type) {
  // Asked for again and again; a copy of the same one also lets others know that it is the same.
  thread_local std::map<std::pair<std::string, std::string>, Scope> made;
  constexpr std::size_t most_kept = 256;
  std::pair key{std::string(event), std::string(type)};
  const auto known = made.find(key);
  if (known != made.end()) return known->second;
  if (made.size() >= most_kept) made.clear();
  return made.emplace(std::move(key), make_scope_of_event(event, type)).first->second;
}

bool brings_comment(std::string_view event) {
  return is_one_of(event, {"issue_comment", "pull_request_review_comment", "pull_request_review",
                           "discussion_comment", "commit_comment"});
}

namespace {

bool is_subject(std::string_view part) {
  return is_one_of(part, {"issue", "pull_request", "discussion"});
}

std::string text_of(const Value& value) {
  return value.is_known() && value.kind() == Value::Kind::string ? value.as_string() : "";
}

}  // namespace

bool names_subject_only(const Reference& reference, std::string_view event) {
  return brings_comment(event) && reference.path.size() > 2 && reference.path[0] &&
         reference.path[1] && reference.path[2] && same_name(*reference.path[0], "github") &&
         same_name(*reference.path[1], "event") && is_subject(to_lower(*reference.path[2]));
}

void set_actor(Scope& scope, const Actor& actor) {
  const auto set = [&](const ContextPath& path, const std::optional<std::string>& text) {
    if (text) scope.set(path, Value::string(*text));
  };
  set({"github", "actor"}, actor.login);
  set({"github", "triggering_actor"}, actor.login);
  set({"github", "event", "sender", "login"}, actor.login);
  set({"github", "event", "sender", "type"}, actor.type);
  const bool comments = brings_comment(text_of(scope.get({"github", "event_name"})));
  for (const char* part : {"comment", "review", "issue", "pull_request", "discussion"}) {
    const Value value = scope.get({"github", "event", part});
    if (value.is_known() && value.kind() == Value::Kind::null) continue;
    // Who comments is mostly not who began what the comment is about.
    if (comments && is_subject(part)) continue;
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

bool names_association_only(const Expression& expression) {
  const std::vector<Reference> all = references(expression);
  return std::all_of(all.begin(), all.end(), [](const Reference& each) {
    return !names_actor(each) || (each.path.back() && *each.path.back() == "author_association");
  });
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
  std::unordered_map<std::string, std::size_t> by_id;
  for (std::size_t at = 0; at < workflow.jobs.size(); ++at)
    by_id.emplace(to_lower(workflow.jobs[at].id), at);
  conditions_.resize(workflow.jobs.size());
  nodes_.resize(workflow.jobs.size());
  for (std::size_t at = 0; at < workflow.jobs.size(); ++at) {
    const Job& job = workflow.jobs[at];
    nodes_[at].id = job.id;
    for (const YamlNode need : job.needed) {
      const auto needed = by_id.find(to_lower(need.text()));
      nodes_[at].needs.emplace_back(needed != by_id.end() ? workflow.jobs[needed->second].id
                                                          : need.text());
    }
    if (!job.condition || !job.condition.value.is_scalar()) continue;
    Expression condition = parse_condition(job.condition.value.text());
    if (!condition.is_valid()) continue;
    conditions_[at] = std::move(condition);
    nodes_[at].condition = &*conditions_[at];
  }
  graph_.emplace(nodes_);
  job_of_.resize(graph_->size());
  for (std::size_t at = nodes_.size(); at-- > 0;) {
    const JobGraph::Index node = *graph_->find(nodes_[at].id);
    job_of_[node] = at;
  }
  for (const JobNode& node : nodes_)
    node_of_.push_back(*graph_->find(node.id));
  seen_.resize(nodes_.size(), 0);
}

std::size_t JobConditions::index_of(const Job& job) const {
  const Job* first = workflow_.jobs.data();
  const bool inside = !workflow_.jobs.empty() && !std::less<>()(&job, first) &&
                      std::less<>()(&job, first + workflow_.jobs.size());
  return inside ? static_cast<std::size_t>(&job - first) : workflow_.jobs.size();
}

JobRun& JobConditions::run(const Scope& scope) const {
  constexpr std::size_t most_kept = 256;
  const std::optional<Scope::Identity> identity = scope.identity();
  const Scope::Identity key = identity.value_or(Scope::Identity{});
  if (!identity) runs_.erase(key);
  if (runs_.size() >= most_kept) runs_.clear();
  std::unique_ptr<JobRun>& kept = runs_[key];
  if (!kept) kept = std::make_unique<JobRun>(*graph_, scope);
  return *kept;
}

Truth JobConditions::runs(const Job& job, const Scope& scope) const {
  const std::size_t index = index_of(job);
  return index == nodes_.size() ? Truth::unknown : run(scope).fate(node_of_[index]).runs;
}

std::vector<const Expression*> JobConditions::all() const {
  std::vector<const Expression*> found;
  for (const std::optional<Expression>& condition : conditions_) {
    if (condition) found.push_back(&*condition);
  }
  return found;
}

std::vector<const Job*> JobConditions::needed(const Job& job) const {
  std::vector<const Job*> found;
  if (index_of(job) == nodes_.size()) return found;
  ++question_;
  const std::size_t own = index_of(job);
  std::vector<std::size_t> open{own};
  seen_[own] = question_;
  while (!open.empty() && found.size() < most_needed) {
    const std::size_t next = open.back();
    open.pop_back();
    for (const JobGraph::Index need : graph_->needs(node_of_[next])) {
      const std::size_t needed = job_of_[need];
      if (seen_[needed] == question_ || found.size() == most_needed) continue;
      seen_[needed] = question_;
      found.push_back(&workflow_.jobs[needed]);
      open.push_back(needed);
    }
  }
  return found;
}

bool JobConditions::needs_many(const Job& job) const { return needed(job).size() == most_needed; }

bool JobConditions::needs(const Job& job, const Job& other) const {
  const std::size_t from = index_of(job);
  const std::size_t wanted = index_of(other);
  if (from == nodes_.size() || wanted == nodes_.size()) return false;
  ++question_;
  std::vector<std::size_t> open{from};
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    for (const JobGraph::Index need : graph_->needs(node_of_[next])) {
      const std::size_t needed = job_of_[need];
      if (needed == wanted) return true;
      if (seen_[needed] == question_) continue;
      seen_[needed] = question_;
      open.push_back(needed);
    }
  }
  return false;
}

std::vector<const Job*> JobConditions::first_before(const std::vector<bool>& marked) const {
  std::vector<bool> nodes(graph_->size(), false);
  for (std::size_t at = 0; at < marked.size(); ++at) {
    if (marked[at]) nodes[node_of_[at]] = true;
  }
  const std::vector<JobGraph::Index> first = graph_->first_before(nodes);
  std::vector<const Job*> found(nodes_.size(), nullptr);
  for (std::size_t at = 0; at < nodes_.size(); ++at) {
    const JobGraph::Index node = first[node_of_[at]];
    if (node < graph_->size()) found[at] = &workflow_.jobs[job_of_[node]];
  }
  return found;
}

std::vector<const Expression*> JobConditions::path(const Job& job) const {
  std::vector<const Expression*> found;
  const auto add = [&](std::size_t index) {
    if (index < conditions_.size() && conditions_[index]) found.push_back(&*conditions_[index]);
  };
  add(index_of(job));
  for (const Job* each : needed(job))
    add(index_of(*each));
  return found;
}

}  // namespace refgate::lint
