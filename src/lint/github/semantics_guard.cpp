// What a condition does for each verdict of a gate, and what is wrong with it when it lets a skip
// through.

#include <algorithm>

#include "lint/github/semantics.h"

namespace refgate::lint {
namespace {

/// The scope in which every verdict output has the value that `choose` picks.
template <class Choose>
Scope with_outputs(const std::vector<GateOutput>& outputs, const Scope& scope, Choose&& choose) {
  Scope result = scope;
  for (const GateOutput& output : outputs)
    result.set(output.path, choose(output));
  return result;
}

/// A gate that gave a verdict has succeeded.
void set_gate_result(Scope& scope, const std::vector<GateOutput>& outputs) {
  for (const GateOutput& output : outputs) {
    if (output.path.size() < 2) continue;
    for (const char* property : {"result", "outcome", "conclusion"}) {
      const bool is_of_job = property == std::string_view("result");
      if (is_of_job != same_name(output.path[0], "needs")) continue;
      const ContextPath path{output.path[0], output.path[1], property};
      if (!scope.get(path).is_known()) scope.set(path, Value::string("success"));
    }
  }
}

/// One scope for each verdict.
struct Verdicts {
  Verdicts(const std::vector<GateOutput>& outputs, const Scope& scope)
      : skip(with_outputs(
            outputs, scope,
            [](const GateOutput& output) { return Value::string(output.skip_value); })),
        run(with_outputs(outputs, scope,
                         [](const GateOutput& output) { return Value::string(output.run_value); })),
        empty(with_outputs(outputs, scope, [](const GateOutput&) { return Value::string(""); })),
        unset(with_outputs(outputs, scope, [](const GateOutput&) { return Value(); })) {
    set_gate_result(skip, outputs);
    set_gate_result(run, outputs);
  }

  Scope skip;
  Scope run;
  Scope empty;
  Scope unset;
};

/// Whether the value at `path` can be part of what the reference gives.
bool can_reach(const Reference& reference, const ContextPath& path) {
  for (std::size_t at = 0; at < std::min(reference.path.size(), path.size()); ++at)
    if (reference.path[at] && !same_name(*reference.path[at], path[at])) return false;
  return true;
}

bool reaches_any(const Reference& reference, const std::vector<GateOutput>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(),
                     [&](const GateOutput& output) { return can_reach(reference, output.path); });
}

bool names_gate(const Reference& reference, const GateOutput& output) {
  return output.path.size() >= 2 && refers_into(reference, {output.path[0], output.path[1]});
}

bool is_boolean(const ExpressionNode& node) {
  return node.kind == ExpressionKind::literal && node.literal.kind() == Value::Kind::boolean;
}

class GuardJudge {
 public:
  GuardJudge(const Expression& condition, const std::vector<GateOutput>& verdicts,
             const Scope& scope)
      : condition_(condition),
        verdicts_(verdicts),
        scopes_(verdicts, scope),
        references_(references(condition)) {}

  GuardJudgement judge(const std::vector<std::string>* known) const {
    GuardJudgement result;
    result.effect = guard_effect();
    const GuardEffect& effect = result.effect;
    if (effect.is_sound()) return result;
    const auto blame = [&](GuardFault fault, std::optional<ByteRange> place = std::nullopt) {
      result.fault = fault;
      result.place = place;
      return result;
    };
    if (const auto place = unknown_output(known)) return blame(GuardFault::unknown_output, place);
    if (!effect.mentions_output && effect.holds()) return result;  // false whatever the gate says
    if (condition_.node(condition_.root()).kind == ExpressionKind::concatenation)
      return blame(GuardFault::always_true);
    if (!effect.mentions_output) return blame(GuardFault::absent);
    if (const auto place = compared_with_boolean()) return blame(GuardFault::wrong_type, place);
    if (const auto place = taken_for_boolean()) return blame(GuardFault::string_is_true, place);
    if (effect.holds()) return blame(GuardFault::never_true);
    if (effect.on_run == Truth::no) return blame(GuardFault::inverted);
    if (const auto place = way_around()) return blame(GuardFault::bypassed, place);
    if (effect.on_skip == Truth::yes && effect.on_run == Truth::yes)
      return blame(GuardFault::always_true);
    return blame(effect.on_skip == Truth::yes ? GuardFault::inverted : GuardFault::bypassed);
  }

  GuardEffect guard_effect() const {
    GuardEffect effect;
    effect.on_skip = evaluate_truth(condition_, scopes_.skip);
    effect.on_run = evaluate_truth(condition_, scopes_.run);
    effect.on_empty = evaluate_truth(condition_, scopes_.empty);
    effect.on_unset = evaluate_truth(condition_, scopes_.unset);
    for (const Reference& reference : references_) {
      if (reaches_any(reference, verdicts_)) {
        effect.mentions_output = true;
      } else if (std::any_of(verdicts_.begin(), verdicts_.end(), [&](const GateOutput& output) {
                   return names_gate(reference, output);
                 })) {
        effect.mentions_gate = true;
      }
    }
    return effect;
  }

 private:
  std::optional<ByteRange> unknown_output(const std::vector<std::string>* known) const {
    if (known == nullptr) return std::nullopt;
    for (const Reference& reference : references_)
      for (const GateOutput& output : verdicts_) {
        const std::size_t depth = output.path.size();
        if (depth < 2 || reference.path.size() < depth || !reference.path[depth - 1]) continue;
        if (!refers_into(reference, ContextPath(output.path.begin(), output.path.end() - 1)))
          continue;
        const std::string& name = *reference.path[depth - 1];
        if (std::none_of(known->begin(), known->end(),
                         [&](const std::string& listed) { return same_name(listed, name); }))
          return reference.range;
      }
    return std::nullopt;
  }

  /// The node is a verdict output itself.
  bool is_output(NodeId id) const {
    return std::any_of(references_.begin(), references_.end(), [&](const Reference& reference) {
      return reference.node == id &&
             std::any_of(verdicts_.begin(), verdicts_.end(), [&](const GateOutput& output) {
               return refers_to(reference, output.path);
             });
    });
  }

  /// `x == true`: compared as numbers, and 'true' is none.
  std::optional<ByteRange> compared_with_boolean() const {
    for (const ExpressionNode& node : condition_.nodes()) {
      if (node.kind != ExpressionKind::equal && node.kind != ExpressionKind::not_equal) continue;
      const NodeId left = node.operands[0];
      const NodeId right = node.operands[1];
      if ((is_output(left) && is_boolean(condition_.node(right))) ||
          (is_output(right) && is_boolean(condition_.node(left))))
        return node.range;
    }
    return std::nullopt;
  }

  /// `!x`, `x && …`, or nothing but `x`: 'false' is as true as any text.
  std::optional<ByteRange> taken_for_boolean() const {
    for (NodeId id = 0; id < condition_.nodes().size(); ++id) {
      const ExpressionNode& node = condition_.node(id);
      if (id == condition_.root() && is_output(id)) return node.range;
      const bool is_logic = node.kind == ExpressionKind::negation ||
                            node.kind == ExpressionKind::conjunction ||
                            node.kind == ExpressionKind::disjunction;
      if (!is_logic) continue;
      for (NodeId operand : node.operands)
        if (is_output(operand))
          return node.kind == ExpressionKind::negation ? node.range
                                                       : condition_.node(operand).range;
    }
    return std::nullopt;
  }

  /// An alternative beside a part that would be a good guard alone.
  std::optional<ByteRange> way_around() const {
    for (NodeId id = 0; id < condition_.nodes().size(); ++id) {
      const ExpressionNode& node = condition_.node(id);
      if (node.kind != ExpressionKind::disjunction ||
          !std::any_of(node.operands.begin(), node.operands.end(),
                       [&](NodeId part) { return guards(part); }))
        continue;
      for (NodeId part : node.operands)
        if (truth(evaluate(condition_, part, scopes_.skip).value) != Truth::no)
          return condition_.node(part).range;
    }
    return std::nullopt;
  }

  bool guards(NodeId part) const {
    return truth(evaluate(condition_, part, scopes_.skip).value) == Truth::no &&
           truth(evaluate(condition_, part, scopes_.run).value) != Truth::no;
  }

  const Expression& condition_;
  const std::vector<GateOutput>& verdicts_;
  Verdicts scopes_;
  std::vector<Reference> references_;
};

}  // namespace

GuardEffect guard_effect(const Expression& condition, const std::vector<GateOutput>& outputs,
                         const Scope& scope) {
  return GuardJudge(condition, outputs, scope).guard_effect();
}

GuardEffect guard_effect(const Expression& condition, const GateOutput& output,
                         const Scope& scope) {
  return guard_effect(condition, std::vector<GateOutput>{output}, scope);
}

GuardJudgement judge_guard(const Expression& condition, const std::vector<GateOutput>& verdicts,
                           const std::vector<std::string>* known, const Scope& scope) {
  Scope closed = scope;
  if (known != nullptr && !verdicts.empty() && verdicts.front().path.size() >= 2) {
    const ContextPath outputs(verdicts.front().path.begin(), verdicts.front().path.end() - 1);
    for (const std::string& name : *known) {
      ContextPath path = outputs;
      path.push_back(name);
      closed.set(path, scope.get(path));
    }
    closed.close(outputs);
  }
  if (!condition.is_valid()) return {};
  return GuardJudge(condition, verdicts, closed).judge(known);
}

}  // namespace refgate::lint
