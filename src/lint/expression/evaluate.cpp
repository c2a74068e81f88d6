#include "lint/expression/evaluate.h"

#include <algorithm>
#include <cmath>

#include "lint/expression/evaluate_functions.h"

namespace refgate::lint {
namespace {

bool is_comparison(ExpressionKind kind) {
  return kind >= ExpressionKind::equal && kind <= ExpressionKind::greater_or_equal;
}

/// What an index means: for objects a name, for arrays a position.
struct Index {
  explicit Index(const Value& value) {
    if (value.is_primitive()) name = to_text(value);
    const double number = to_number(value);
    if (std::isfinite(number) && number >= 0) position = std::floor(number);
  }

  const Value* in(const Value::Items& items) const {
    if (!position || *position >= static_cast<double>(items.size())) return nullptr;
    return &items[static_cast<std::size_t>(*position)];
  }

  std::optional<std::string> name;
  std::optional<double> position;
};

/// Throws ExpressionError where GitHub certainly fails.
class Evaluator {
 public:
  Evaluator(const Expression& expression, const Scope& scope)
      : expression_(expression), scope_(scope) {}

  Value value(NodeId id) {
    const ExpressionNode& node = expression_.node(id);
    switch (node.kind) {
      case ExpressionKind::literal:
        return node.literal;
      case ExpressionKind::context:
        return scope_.context(node.name);
      case ExpressionKind::index:
        return index(node);
      case ExpressionKind::filter:
        return filter(value(node.operands[0]));
      case ExpressionKind::call:
        return call(node);
      case ExpressionKind::negation:
        return Value::of(!truth(value(node.operands[0])));
      case ExpressionKind::conjunction:
        return logical(node, Truth::no);
      case ExpressionKind::disjunction:
        return logical(node, Truth::yes);
      case ExpressionKind::concatenation:
        return concatenate(values(node.operands));
      default:
        return comparisons(id);
    }
  }

 private:
  std::vector<Value> values(const std::vector<NodeId>& ids) {
    std::vector<Value> result;
    result.reserve(ids.size());
    for (NodeId id : ids)
      result.push_back(value(id));
    return result;
  }

  /// The first operand whose truth is `stop` is the result, else the last one. With an operand that
  /// may be it, only the truth of the result can be told.
  Value logical(const ExpressionNode& node, Truth stop) {
    bool may_have_stopped = false;
    for (std::size_t at = 0; at < node.operands.size(); ++at) {
      const bool last = at + 1 == node.operands.size();
      Value operand;
      if (may_have_stopped) {
        try {
          operand = value(node.operands[at]);
        } catch (const ExpressionError&) {
          return Value::unknown();  // it fails, or it stopped before
        }
      } else {
        operand = value(node.operands[at]);
      }
      const Truth truthiness = truth(operand);
      if (truthiness == stop) return may_have_stopped ? Value::unknown(stop) : operand;
      if (last) return may_have_stopped ? Value::unknown() : operand;
      if (truthiness == Truth::unknown) may_have_stopped = true;
    }
    return Value::unknown();
  }

  /// A chain like a == b == c leans to the left as deep as the text is long; it is walked, not
  /// descended into.
  Value comparisons(NodeId id) {
    std::vector<const ExpressionNode*> chain;
    while (is_comparison(expression_.node(id).kind)) {
      chain.push_back(&expression_.node(id));
      id = chain.back()->operands[0];
    }
    Value left = value(id);
    for (auto node = chain.rbegin(); node != chain.rend(); ++node)
      left = Value::of(compare((*node)->kind, left, value((*node)->operands[1])));
    return left;
  }

  static Truth compare(ExpressionKind kind, const Value& left, const Value& right) {
    switch (kind) {
      case ExpressionKind::equal:
        return equals(left, right);
      case ExpressionKind::not_equal:
        return !equals(left, right);
      case ExpressionKind::less:
        return less_than(left, right);
      case ExpressionKind::less_or_equal:
        return either(equals(left, right), less_than(left, right));
      case ExpressionKind::greater:
        return greater_than(left, right);
      default:
        return either(equals(left, right), greater_than(left, right));
    }
  }

  Value index(const ExpressionNode& node) {
    const Value key = value(node.operands[1]);
    const Value base = value(node.operands[0]);
    switch (base.kind()) {
      case Value::Kind::unknown:
        return Value::unknown();
      case Value::Kind::object: {
        if (!key.is_known()) return Value::unknown();
        const Index at(key);
        return at.name ? base.property(*at.name) : Value();
      }
      case Value::Kind::array: {
        if (base.is_filtered()) return each(base.items(), &key);
        if (!key.is_known()) return Value::unknown();
        const Value* item = Index(key).in(base.items());
        return item != nullptr ? *item : Value();
      }
      default:
        return Value();
    }
  }

  static Value filter(const Value& base) {
    switch (base.kind()) {
      case Value::Kind::unknown:
        return Value::unknown(Truth::yes);
      case Value::Kind::object: {
        if (base.completeness() == Completeness::open) return Value::unknown(Truth::yes);
        Value::Items items;
        for (const auto& property : base.properties())
          items.push_back(property.second);
        return Value::filtered_array(std::move(items));
      }
      case Value::Kind::array:
        return base.is_filtered() ? each(base.items(), nullptr)
                                  : Value::filtered_array(base.items());
      default:
        return Value::filtered_array({});
    }
  }

  /// An index, or `*` without a key, on each item of a filtered array: items that have no such
  /// property fall out.
  static Value each(const Value::Items& items, const Value* key) {
    const Value some_array = Value::unknown(Truth::yes);
    if (key != nullptr && !key->is_known()) return some_array;
    const std::optional<Index> at = key != nullptr ? std::optional<Index>(*key) : std::nullopt;
    Value::Items result;
    for (const Value& item : items) {
      switch (item.kind()) {
        case Value::Kind::unknown:
          return some_array;
        case Value::Kind::object: {
          if (!at) {
            if (item.completeness() == Completeness::open) return some_array;
            for (const auto& property : item.properties())
              result.push_back(property.second);
          } else if (at->name) {
            if (const Value* property = item.find(*at->name)) {
              result.push_back(*property);
            } else if (item.completeness() == Completeness::open) {
              return some_array;
            }
          }
          break;
        }
        case Value::Kind::array:
          if (!at) {
            result.insert(result.end(), item.items().begin(), item.items().end());
          } else if (const Value* inner = at->in(item.items())) {
            result.push_back(*inner);
          }
          break;
        default:
          break;
      }
    }
    return Value::filtered_array(std::move(result));
  }

  Value call(const ExpressionNode& node) {
    const std::vector<Value> arguments = values(node.operands);
    for (std::string_view status : {"success", "failure", "cancelled", "always"}) {
      if (!same_name(node.name, status)) continue;
      std::vector<std::string> jobs;
      for (const Value& argument : arguments) {
        if (!argument.is_known()) return Value::unknown();
        jobs.push_back(to_lower(to_text(argument)));
      }
      return Value::of(scope_.status(status, jobs));
    }
    try {
      return call_function(node.name, arguments);
    } catch (FunctionFailure& failure) {
      throw ExpressionError{std::move(failure.message), node.range};
    }
  }

  const Expression& expression_;
  const Scope& scope_;
};

}  // namespace

Outcome evaluate(const Expression& expression, NodeId node, const Scope& scope) {
  try {
    return {Evaluator(expression, scope).value(node), std::nullopt};
  } catch (ExpressionError& error) {
    return {Value::unknown(), std::move(error)};
  }
}

Outcome evaluate(const Expression& expression, const Scope& scope) {
  if (!expression.is_valid()) return {Value::unknown(), expression.error()};
  return evaluate(expression, expression.root(), scope);
}

Truth evaluate_truth(const Expression& expression, const Scope& scope) {
  return truth(evaluate(expression, scope).value);
}

Truth evaluate_condition(const Expression& condition, const Scope& scope) {
  const Truth written = evaluate_truth(condition, scope);
  return has_status_function(condition) ? written : both(scope.status("success", {}), written);
}

}  // namespace refgate::lint
