// Any text is an expression or an error with a place in the text, and what the evaluator claims
// with parts unknown is true when they are known.
//
// Input: one digit of flags, then the text. Flags modulo 3 choose a bare expression, a scalar with
// `${{ }}`, or an `if`.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lint/expression/evaluate.h"
#include "lint/github/semantics.h"

namespace {

using namespace refgate::lint;

// Not assert: that would vanish in a release build.
void demand(bool holds) {
  if (!holds) std::abort();
}

void check_tree(const Expression& expression, std::string_view text) {
  for (NodeId id = 0; id < expression.nodes().size(); ++id) {
    const ExpressionNode& node = expression.node(id);
    demand(node.range.begin <= node.range.end && node.range.end <= text.size());
    for (NodeId operand : node.operands)
      demand(operand < id);
  }
  for (const Reference& reference : references(expression)) {
    demand(!reference.path.empty() && reference.range.begin < reference.range.end);
    demand(expression.node(reference.node).range == reference.range);
  }
}

Scope partial_scope() {
  Scope scope;
  scope.set("github.event_name", Value::string("push"));
  scope.set("env.list", Value::array({Value::string("a"), Value::unknown(), Value::number(1)}));
  return scope;
}

/// The same with every context known.
Scope whole_scope() {
  Scope scope = partial_scope();
  scope.set("env.list",
            Value::array({Value::string("a"), Value::string("true"), Value::number(1)}));
  scope.set("needs.gate.outputs.skip", Value::string("true"));
  for (const char* context :
       {"github", "env", "needs.gate.outputs", "needs.gate", "needs", "steps", "matrix", "a"})
    scope.close(context);
  scope.set_status(Truth::yes, Truth::no, Truth::no);
  return scope;
}

void check_claim(const Outcome& claim, const Outcome& real) {
  if (real.error || !real.value.is_known()) return;
  demand(!claim.error);
  if (claim.value.is_known()) demand(claim.value.kind() == real.value.kind());
  if (claim.value.is_known() && claim.value.is_primitive())
    demand(to_text(claim.value) == to_text(real.value));
  if (truth(claim.value) != Truth::unknown) demand(truth(claim.value) == truth(real.value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 30'000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static const Scope partial = partial_scope();
  static const Scope whole = whole_scope();
  const unsigned mode = data[0] % 3u;
  const Expression expression = mode == 0   ? parse_expression(text)
                                : mode == 1 ? parse_template(text)
                                            : parse_condition(text);
  if (mode == 1 && has_plain_paths_only(text)) demand(expression.is_valid());
  if (!expression.is_valid()) {
    demand(!expression.error()->message.empty());
    demand(expression.error()->range.begin <= expression.error()->range.end &&
           expression.error()->range.end <= text.size());
    return 0;
  }
  check_tree(expression, text);
  check_claim(evaluate(expression, partial), evaluate(expression, whole));
  const GateOutput gate{{"needs", "gate", "outputs", "skip"}, "true", "false"};
  const GuardJudgement judgement = judge_guard(expression, {gate}, nullptr, partial);
  if (judgement.effect.is_sound()) demand(judgement.fault == GuardFault::none);
  if (judgement.place) demand(judgement.place->end <= text.size());
  return 0;
}
