#include "lint/github/supposed_run.h"

#include <algorithm>
#include <functional>
#include <map>

namespace refgate::lint {
namespace {

constexpr std::string_view person = "someone";

Value text(std::string_view value) { return Value::string(std::string(value)); }

void set_repository(Scope& scope, const std::string& path, const std::string& name, double id,
                    bool fork) {
  const std::string owner = name.substr(0, name.find('/'));
  scope.set(path + ".full_name", text(name));
  scope.set(path + ".name", text(name.substr(name.find('/') + 1)));
  scope.set(path + ".owner.login", text(owner));
  scope.set(path + ".owner.id", Value::number(id));
  scope.set(path + ".id", Value::number(id));
  scope.set(path + ".fork", Value::boolean(fork));
}

void set_ref(Scope& scope, std::string_view ref, std::string_view name, std::string_view type) {
  scope.set("github.ref", text(ref));
  scope.set("github.ref_name", text(name));
  scope.set("github.ref_type", text(type));
}

Value labels_of(const SupposedRun& run) {
  if (run.label.empty()) return Value::array({});
  return Value::array({Value::object({{"name", text(run.label)}}, Completeness::open)});
}

void set_pull_request(Scope& scope, const SupposedRun& run) {
  const std::string owner = run.repository.substr(0, run.repository.find('/'));
  const std::string head_owner = run.fork ? std::string(person) : owner;
  const std::string head_repository =
      run.fork ? head_owner + run.repository.substr(run.repository.find('/')) : run.repository;
  const std::string path = "github.event.pull_request";
  set_repository(scope, path + ".head.repo", head_repository, run.fork ? 2 : 1, run.fork);
  set_repository(scope, path + ".base.repo", run.repository, 1, false);
  scope.set(path + ".head.user.login", text(head_owner));
  scope.set(path + ".base.user.login", text(owner));
  scope.set(path + ".head.label", text(head_owner + ":" + run.branch));
  scope.set(path + ".base.label", text(owner + ":" + run.base));
  scope.set(path + ".head.ref", text(run.branch));
  scope.set(path + ".base.ref", text(run.base));
  scope.set(path + ".draft", Value::boolean(run.draft));
  scope.set(path + ".merged", Value::boolean(false));
  scope.set(path + ".state", text("open"));
  scope.set(path + ".labels", labels_of(run));
  scope.set(path + ".title", text("Change"));
  scope.set(path + ".body", text(run.text));
}

void set_issue(Scope& scope, const SupposedRun& run) {
  const std::string path = "github.event.issue";
  scope.set(path + ".state", text("open"));
  scope.set(path + ".labels", labels_of(run));
  scope.set(path + ".title", text("Question"));
  scope.set(path + ".body", text(run.event == "issues" ? run.text : ""));
  scope.set(path + ".pull_request", run.event == "issue_comment" && run.on_pull_request
                                        ? Value::unknown(Truth::yes)
                                        : Value());
}

const std::string* string_at(const Expression& expression, NodeId id) {
  const ExpressionNode& node = expression.node(id);
  if (node.kind != ExpressionKind::literal || node.literal.kind() != Value::Kind::string)
    return nullptr;
  return &node.literal.as_string();
}

/// The last name of the path that a node is, in lower case.
std::string last_name(const Expression& expression, NodeId id) {
  const ExpressionNode& node = expression.node(id);
  if (node.kind == ExpressionKind::context) return to_lower(node.name);
  if (node.kind == ExpressionKind::index && node.operands.size() == 2) {
    if (const std::string* name = string_at(expression, node.operands[1])) return to_lower(*name);
  }
  // `contains(toJSON(github.event.comment.body), …)`, `format('{0}', …)`
  if (node.kind == ExpressionKind::call && !node.operands.empty())
    return last_name(expression, node.operands.back());
  if ((node.kind == ExpressionKind::disjunction || node.kind == ExpressionKind::conjunction) &&
      !node.operands.empty())
    return last_name(expression, node.operands.front());
  return {};
}

bool is_test(const ExpressionNode& node) {
  if (node.kind == ExpressionKind::equal || node.kind == ExpressionKind::not_equal) return true;
  return node.kind == ExpressionKind::call &&
         (same_name(node.name, "contains") || same_name(node.name, "startsWith") ||
          same_name(node.name, "endsWith"));
}

/// Calls `visit` with each string that a condition compares with something, and the last name of
/// that.
void for_each_test(const std::vector<const Expression*>& conditions,
                   const std::function<void(const std::string&, const std::string&)>& visit) {
  for (const Expression* condition : conditions) {
    for (const ExpressionNode& node : condition->nodes()) {
      if (!is_test(node) || node.operands.size() != 2) continue;
      for (const std::size_t side : {0u, 1u}) {
        if (const std::string* literal = string_at(*condition, node.operands[side]))
          visit(*literal, last_name(*condition, node.operands[1 - side]));
      }
    }
  }
}

void add_new(std::vector<std::string>& list, std::string item) {
  if (list.size() < most_named && std::find(list.begin(), list.end(), item) == list.end())
    list.push_back(std::move(item));
}

}  // namespace

namespace {

Scope make_scope_of(const SupposedRun& run) {
  Scope scope = scope_of_event(run.event, run.type);
  scope.set("github.repository", text(run.repository));
  scope.set("github.repository_owner", text(run.repository.substr(0, run.repository.find('/'))));
  set_repository(scope, "github.event.repository", run.repository, 1, false);
  scope.set("github.event.repository.default_branch", text("main"));
  const std::string ref = "refs/heads/" + run.branch;
  if (run.event == "push") {
    set_ref(scope, ref, run.branch, "branch");
    scope.set("github.event.ref", text(ref));
    scope.set("github.event.deleted", Value::boolean(false));
    scope.set("github.event.head_commit.message", text("Change"));
  } else if (run.event == "merge_group") {
    set_ref(scope, ref, run.branch, "branch");
  } else if (run.event.starts_with("pull_request")) {
    set_pull_request(scope, run);
    if (run.event == "pull_request_target") {
      set_ref(scope, "refs/heads/" + run.base, run.base, "branch");
    } else {
      set_ref(scope, "refs/pull/7/merge", "7/merge", "branch");
    }
    if (!run.event.starts_with("pull_request_review")) {
      scope.set("github.head_ref", text(run.branch));
      scope.set("github.base_ref", text(run.base));
    }
  } else if (run.event == "issues" || run.event == "issue_comment") {
    set_issue(scope, run);
    set_ref(scope, "refs/heads/main", "main", "branch");
  }
  if (!run.label.empty()) scope.set("github.event.label.name", text(run.label));
  set_body(scope, run.text);
  set_actor(scope, {std::string(person), "User", "MEMBER"});
  return scope;
}

}  // namespace

Scope scope_of(const SupposedRun& run) {
  thread_local std::map<std::string, Scope> made;
  constexpr std::size_t most_kept = 256;
  std::string key;
  for (const std::string* part :
       {&run.event, &run.type, &run.repository, &run.branch, &run.base, &run.text, &run.label}) {
    key += *part;
    key += '\0';
  }
  for (const bool part : {run.fork, run.draft, run.on_pull_request})
    key += part ? '1' : '0';
  const auto known = made.find(key);
  if (known != made.end()) return known->second;
  if (made.size() >= most_kept) made.clear();
  return made.emplace(std::move(key), make_scope_of(run)).first->second;
}

void set_head_in_fork(Scope& scope, std::string_view repository) {
  const std::string own(repository);
  const std::string owner = own.substr(0, own.find('/'));
  const std::string fork = std::string(person) + own.substr(own.find('/'));
  scope.set("github.repository", text(own));
  scope.set("github.repository_owner", text(owner));
  scope.set("github.repository_id", text("1"));
  scope.set("github.repository_owner_id", text("1"));
  set_repository(scope, "github.event.repository", own, 1, false);
  const Value event = scope.get({"github", "event_name"});
  const bool is_run = event.is_known() && event.kind() == Value::Kind::string &&
                      event.as_string() == "workflow_run";
  if (is_run) {
    set_repository(scope, "github.event.workflow_run.head_repository", fork, 2, true);
    set_repository(scope, "github.event.workflow_run.repository", own, 1, false);
    scope.set("github.event.workflow_run.pull_requests", Value::array({}));
    return;
  }
  set_repository(scope, "github.event.pull_request.head.repo", fork, 2, true);
  set_repository(scope, "github.event.pull_request.base.repo", own, 1, false);
  scope.set("github.event.pull_request.head.user.login", text(person));
  scope.set("github.event.pull_request.base.user.login", text(owner));
}

std::vector<std::string> repositories_named(const std::vector<const Expression*>& conditions) {
  std::vector<std::string> names;
  for_each_test(conditions, [&](const std::string& literal, const std::string& compared) {
    const auto slashes = std::count(literal.begin(), literal.end(), '/');
    // `endsWith(github.repository, '/fork')` names no repository, and is mostly about another one.
    if ((compared == "repository" || compared == "full_name") && slashes == 1 &&
        !literal.starts_with('/'))
      add_new(names, literal.ends_with('/') ? literal + "name" : literal);
    if (compared == "repository_owner" && slashes == 0 && !literal.empty())
      add_new(names, literal + "/name");
  });
  if (names.size() == most_named) names.pop_back();
  add_new(names, "owner/name");
  return names;
}

std::vector<std::string> phrases_named(const std::vector<const Expression*>& conditions) {
  std::vector<std::string> phrases;
  for_each_test(conditions, [&](const std::string& literal, const std::string& compared) {
    if ((compared == "body" || compared == "title") && !literal.empty()) add_new(phrases, literal);
  });
  return phrases;
}

std::vector<std::string> labels_named(const std::vector<const Expression*>& conditions) {
  std::vector<std::string> labels;
  for_each_test(conditions, [&](const std::string& literal, const std::string& compared) {
    if (compared == "name" && !literal.empty()) add_new(labels, literal);
  });
  return labels;
}

std::vector<std::string> branches_named(const std::vector<const Expression*>& conditions) {
  constexpr std::string_view prefix = "refs/heads/";
  std::vector<std::string> names;
  for_each_test(conditions, [&](const std::string& literal, const std::string& compared) {
    if (compared != "head_branch" && compared != "head_ref" && compared != "ref" &&
        compared != "ref_name")
      return;
    std::string name = literal.starts_with(prefix) ? literal.substr(prefix.size()) : literal;
    if (!name.empty()) add_new(names, std::move(name));
  });
  return names;
}

}  // namespace refgate::lint
