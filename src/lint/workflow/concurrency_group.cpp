#include "lint/workflow/concurrency_group.h"

#include <algorithm>
#include <array>

#include "lint/expression/expression_value.h"

namespace refgate::lint {
namespace {

bool refers_to_any(const Reference& reference, const std::vector<ContextPath>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const ContextPath& path) { return refers_to(reference, path); });
}

const std::vector<ContextPath>& run_properties() {
  static const std::vector<ContextPath> paths = {{"github", "run_id"}, {"github", "run_number"}};
  return paths;
}

const std::vector<ContextPath>& event_properties() {
  static const std::vector<ContextPath> paths = [] {
    std::vector<ContextPath> all;
    for (const char* part : {"comment", "review"}) {
      for (const char* property :
           {"id", "node_id", "html_url", "url", "created_at", "submitted_at"})
        all.push_back({"github", "event", part, property});
    }
    return all;
  }();
  return paths;
}

/// What each event of these kinds brings anew: its own run, check or commit.
bool is_of_one_event(const Reference& reference, const Scope& scope) {
  static const std::vector<ContextPath> ids = {{"github", "event", "workflow_run", "id"},
                                               {"github", "event", "workflow_run", "run_number"},
                                               {"github", "event", "check_run", "id"},
                                               {"github", "event", "check_suite", "id"},
                                               {"github", "event", "issue", "updated_at"},
                                               {"github", "event", "discussion", "updated_at"},
                                               {"github", "event", "pull_request", "updated_at"}};
  static const std::vector<ContextPath> commits = {
      {"github", "sha"},
      {"github", "event", "after"},
      {"github", "event", "head_commit", "id"},
      {"github", "event", "head_commit", "timestamp"},
      {"github", "event", "head_commit", "tree_id"},
      {"github", "event", "head_commit", "url"},
      {"github", "event", "before"},
      {"github", "event", "compare"},
      {"github", "event", "pull_request", "head", "sha"}};
  if (refers_to_any(reference, ids)) return true;
  const Value event = scope.get({"github", "event_name"});
  if (!event.is_known()) return false;
  // Elsewhere these are of the default branch, or not there.
  const std::string name = to_text(event);
  const bool pushed = name == "push" || name == "pull_request" || name == "pull_request_target";
  return pushed && refers_to_any(reference, commits) &&
         !(name == "pull_request_target" && refers_to(reference, {"github", "sha"}));
}

class UniqueFinder {
 public:
  UniqueFinder(const Expression& group, const Scope& scope, Uniqueness uniqueness)
      : group_(group), scope_(scope), uniqueness_(uniqueness), references_(references(group)) {}

  std::optional<std::string> find(NodeId id) const {
    const ExpressionNode& node = group_.node(id);
    for (const Reference& reference : references_) {
      if (reference.node != id) continue;
      if (refers_to_any(reference, run_properties())) return reference.text();
      // The property is there only when the event brings a comment or review.
      if (uniqueness_ == Uniqueness::event && refers_to_any(reference, event_properties()) &&
          is_true(id) != Truth::no)
        return reference.text();
      if (uniqueness_ == Uniqueness::subject && is_true(id) != Truth::no &&
          (refers_to_any(reference, event_properties()) || is_of_one_event(reference, scope_)))
        return reference.text();
    }
    switch (node.kind) {
      case ExpressionKind::concatenation:
        return any_of(node.operands);
      case ExpressionKind::call:
        // format('a-{0}', x) and join(x, '-') have what their arguments have.
        if (same_name(node.name, "format") || same_name(node.name, "join"))
          return any_of(node.operands);
        if (uniqueness_ == Uniqueness::subject && same_name(node.name, "toJSON"))
          return whole_event(node.operands);
        return std::nullopt;
      case ExpressionKind::disjunction:
        return in_disjunction(node);
      case ExpressionKind::conjunction:
        return in_conjunction(node);
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<std::string> any_of(const std::vector<NodeId>& operands) const {
    for (const NodeId operand : operands) {
      if (auto found = find(operand)) return found;
    }
    return std::nullopt;
  }

  /// `toJSON(github.event)` has the times and ids of its event in it.
  std::optional<std::string> whole_event(const std::vector<NodeId>& operands) const {
    for (const Reference& reference : references_) {
      if (std::find(operands.begin(), operands.end(), reference.node) == operands.end()) continue;
      if (refers_to(reference, {"github"}) || refers_to(reference, {"github", "event"}) ||
          refers_to(reference, {"github", "event", "comment"}) ||
          refers_to(reference, {"github", "event", "review"}))
        return "toJSON(" + reference.text() + ")";
    }
    return std::nullopt;
  }

  Truth is_true(NodeId id) const { return truth(evaluate(group_, id, scope_).value); }

  /// The first operand that can be chosen has to be unique, and is then always chosen.
  std::optional<std::string> in_disjunction(const ExpressionNode& node) const {
    for (const NodeId operand : node.operands) {
      if (auto found = find(operand)) return found;
      if (is_true(operand) != Truth::no) return std::nullopt;
    }
    return std::nullopt;
  }

  /// All but the last operand have to be true.
  std::optional<std::string> in_conjunction(const ExpressionNode& node) const {
    for (std::size_t at = 0; at + 1 < node.operands.size(); ++at) {
      if (is_true(node.operands[at]) != Truth::yes) return std::nullopt;
    }
    return find(node.operands.back());
  }

  const Expression& group_;
  const Scope& scope_;
  Uniqueness uniqueness_;
  std::vector<Reference> references_;
};

/// A `${{ }}` in one spelling: no blanks outside of strings, names in lower case.
std::string spelled(std::string_view expression) {
  std::string result;
  bool in_string = false;
  for (const char character : expression) {
    if (character == '\'') in_string = !in_string;
    if (!in_string &&
        (character == ' ' || character == '\t' || character == '\n' || character == '\r'))
      continue;
    result += character;
  }
  return to_lower(result);
}

/// Contexts that are the same everywhere in a run.
bool is_shared_context(std::string_view name) {
  static constexpr std::array<std::string_view, 3> shared = {"github", "vars", "secrets"};
  return std::any_of(shared.begin(), shared.end(),
                     [&](std::string_view each) { return same_name(each, name); });
}

}  // namespace

std::optional<std::string> unique_part(const Expression& group, const Scope& scope,
                                       Uniqueness uniqueness) {
  if (!group.is_valid()) return std::nullopt;
  return UniqueFinder(group, scope, uniqueness).find(group.root());
}

std::optional<std::string> group_identity(YamlNode group, std::string_view workflow_name,
                                          const InputIdentity& input) {
  if (!group.is_scalar() || group.text().empty()) return std::nullopt;
  const std::string_view text = group.text();
  std::string identity;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find("${{", at), text.size());
    identity += to_lower(text.substr(at, open - at));
    if (open == text.size()) break;
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view inner = text.substr(open + 3, close - open - 3);
    at = close + 2;
    const Expression expression = parse_expression(inner);
    if (!expression.is_valid()) return std::nullopt;
    const std::string spelling = spelled(inner);
    if (spelling == "github.workflow") {
      identity += to_lower(workflow_name);
      continue;
    }
    if (input && spelling.starts_with("inputs.")) {
      const std::optional<std::string> given = input(spelling.substr(7));
      if (!given) return std::nullopt;
      identity += *given;
      continue;
    }
    for (const Reference& reference : references(expression)) {
      if (reference.path.empty() || !reference.path[0] || !is_shared_context(*reference.path[0]))
        return std::nullopt;
      // These differ between a workflow, its jobs and the workflow that calls it.
      if (refers_into(reference, {"github", "job"}) || refers_into(reference, {"github", "action"}))
        return std::nullopt;
    }
    identity += "${{" + spelling + "}}";
  }
  return identity;
}

Truth cancels_in_progress(const Concurrency& concurrency, const Scope& scope) {
  if (!concurrency.cancel_in_progress) return Truth::no;
  const YamlNode value = concurrency.cancel_in_progress.value;
  if (const auto boolean = value.boolean()) return *boolean ? Truth::yes : Truth::no;
  if (!value.has_expression()) return value.text() == "true" ? Truth::yes : Truth::no;
  const Expression expression = parse_template(value.text());
  if (!expression.is_valid()) return Truth::unknown;
  return evaluate_truth(expression, scope);
}

}  // namespace refgate::lint
