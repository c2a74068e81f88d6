#include "lint/agents/outsiders.h"

#include <algorithm>
#include <set>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// The labels that the templates of a project give the issues that are made with them.
struct TemplateLabels {
  std::set<std::string, std::less<>> labels;
};

/// `[bug, agent]`, `'bug, agent'`, `- agent`.
void add_labels(std::string_view line, TemplateLabels& all) {
  constexpr std::string_view around = " \t\r,[]'\"-";
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(','), line.size());
    std::string_view label = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    label.remove_prefix(std::min(label.find_first_not_of(around), label.size()));
    label = label.substr(0, label.find_last_not_of(around) + 1);
    if (!label.empty()) all.labels.insert(to_lower(label));
  }
}

/// Of a form and of the older kind alike.
void add_template(std::string_view text, TemplateLabels& all) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("labels:")) {
      inside = true;
      line.remove_prefix(7);
    } else if (line.starts_with("---") ||
               (line.find_first_not_of(" \t\r") != std::string_view::npos &&
                std::string_view(" \t-").find(line.front()) == std::string_view::npos)) {
      inside = false;
    }
    if (inside) add_labels(line, all);
  }
}

const TemplateLabels& template_labels(const Subject& subject) {
  return subject.memo.get<TemplateLabels>(&subject.project, [&] {
    TemplateLabels all;
    for (const auto& [file, text] : subject.project.beside()) {
      if (file.starts_with(".github/ISSUE_TEMPLATE/")) add_template(text, all);
    }
    return all;
  });
}

/// Whether a template may give one of the labels that a condition asks for: a text that it names
/// anywhere but in a path, or something that nobody knows.
bool template_may_give(const TemplateLabels& given, const Expression& condition) {
  std::set<NodeId> parts;  // `labels` of `github.event.issue.labels`
  for (const ExpressionNode& node : condition.nodes()) {
    if (node.kind == ExpressionKind::index) parts.insert(node.operands.back());
  }
  for (NodeId id = 0; id < condition.nodes().size(); ++id) {
    const ExpressionNode& node = condition.node(id);
    if (node.kind != ExpressionKind::literal) {
      if (node.name == "vars" || node.name == "env" || node.name == "inputs") return true;
    } else if (node.literal.kind() == Value::Kind::string && !parts.contains(id) &&
               !node.literal.as_string().empty() &&
               given.labels.contains(to_lower(node.literal.as_string()))) {
      return true;
    }
  }
  return false;
}

bool template_may_give(const Subject& subject, const std::vector<const Expression*>& conditions) {
  const TemplateLabels& given = template_labels(subject);
  return !given.labels.empty() &&
         std::any_of(conditions.begin(), conditions.end(), [&](const Expression* condition) {
           return template_may_give(given, *condition);
         });
}

}  // namespace

void take_labels_away(const Subject& subject, const AgentLaunch& launch, Scope& scope) {
  const Value type = scope.get(ContextPath{"github", "event", "action"});
  if (!type.is_known() || type.kind() != Value::Kind::string || type.as_string() != "opened")
    return;
  if (template_may_give(subject, conditions_of(subject, launch).all())) return;
  for (const char* thing : {"issue", "pull_request"}) {
    const ContextPath labels{"github", "event", thing, "labels"};
    const Value there = scope.get({"github", "event", thing});
    if (!there.is_known() || there.kind() != Value::Kind::null) scope.set(labels, Value::array({}));
  }
}

Scope scope_of_outsider(const Start& start) {
  Scope scope = scope_of_event(start.event, start.type);
  set_actor(scope, {"an-outsider", "User", "NONE"});
  return scope;
}

bool outsider_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& caused) {
  Scope scope = caused;
  take_labels_away(subject, launch, scope);
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
