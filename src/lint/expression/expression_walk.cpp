// Questions about a parsed expression.

#include <algorithm>

#include "lint/expression/expression.h"

namespace refgate::lint {
namespace {

constexpr NodeId no_parent = std::numeric_limits<NodeId>::max();

bool is_status_function(std::string_view name) {
  return same_name(name, "success") || same_name(name, "failure") || same_name(name, "cancelled") ||
         same_name(name, "always");
}

std::optional<std::string> literal_index(const Expression& expression, NodeId id) {
  const ExpressionNode& node = expression.node(id);
  if (node.kind != ExpressionKind::literal) return std::nullopt;
  return to_text(node.literal);
}

bool equal_parts(const Reference& reference, const ContextPath& path) {
  return std::equal(path.begin(), path.end(), reference.path.begin(),
                    [](const std::string& name, const std::optional<std::string>& part) {
                      return part && same_name(*part, name);
                    });
}

}  // namespace

bool has_status_function(const Expression& expression) {
  return std::any_of(expression.nodes().begin(), expression.nodes().end(),
                     [](const ExpressionNode& node) {
                       return node.kind == ExpressionKind::call && is_status_function(node.name);
                     });
}

bool Reference::is_literal() const {
  return std::all_of(path.begin(), path.end(), [](const auto& part) { return part.has_value(); });
}

std::string Reference::text() const {
  std::string text;
  for (const auto& part : path)
    text += (text.empty() ? "" : ".") + part.value_or("*");
  return text;
}

std::vector<Reference> references(const Expression& expression) {
  const auto& nodes = expression.nodes();
  std::vector<NodeId> accessed_by(nodes.size(), no_parent);
  for (NodeId id = 0; id < nodes.size(); ++id)
    if (nodes[id].kind == ExpressionKind::index || nodes[id].kind == ExpressionKind::filter)
      accessed_by[nodes[id].operands.front()] = id;

  std::vector<Reference> found;
  for (NodeId id = 0; id < nodes.size(); ++id) {
    if (nodes[id].kind != ExpressionKind::context) continue;
    Reference reference{{nodes[id].name}, nodes[id].range, id};
    for (NodeId outer = accessed_by[id]; outer != no_parent; outer = accessed_by[outer]) {
      reference.path.push_back(nodes[outer].kind == ExpressionKind::index
                                   ? literal_index(expression, nodes[outer].operands[1])
                                   : std::nullopt);
      reference.range = nodes[outer].range;
      reference.node = outer;
    }
    found.push_back(std::move(reference));
  }
  return found;
}

std::vector<FunctionUse> functions(const Expression& expression) {
  std::vector<FunctionUse> found;
  for (NodeId id = 0; id < expression.nodes().size(); ++id) {
    const ExpressionNode& node = expression.node(id);
    if (node.kind == ExpressionKind::call) found.push_back({node.name, node.range, id});
  }
  return found;
}

ContextPath parse_path(std::string_view dotted) {
  ContextPath path;
  for (std::size_t at = 0; at <= dotted.size();) {
    const std::size_t dot = std::min(dotted.find('.', at), dotted.size());
    path.emplace_back(dotted.substr(at, dot - at));
    at = dot + 1;
  }
  return path;
}

bool refers_to(const Reference& reference, const ContextPath& path) {
  return reference.path.size() == path.size() && equal_parts(reference, path);
}

bool refers_into(const Reference& reference, const ContextPath& path) {
  return reference.path.size() >= path.size() && equal_parts(reference, path);
}

}  // namespace refgate::lint
