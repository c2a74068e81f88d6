#include "lint/gates/guard_holes.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/decision/decision.h"
#include "lint/expression/expression_value.h"
#include "lint/gates/guard_text.h"

namespace refgate::lint {
namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace

std::optional<std::string> open_by_code(const Expression& condition, const GateView& seen,
                                        const Scope& open, const std::string& what) {
  const std::vector<Reference> all = references(condition);
  const auto signal =
      std::find_if(seen.signals().begin(), seen.signals().end(), [&](const GateSignal& each) {
        return each.code && std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
                 return refers_to(reference, each.path);
               });
      });
  if (signal == seen.signals().end()) return std::nullopt;
  const auto value_for = [&](bool skip, ReasonCode code) {
    Scope scope = seen.scope(skip, open);
    scope.set(signal->path, Value::string(std::string(name_of(code))));
    return evaluate_truth(condition, scope);
  };
  if (value_for(false, ReasonCode::first) != Truth::yes) return std::nullopt;
  static constexpr auto skips = std::to_array<ReasonCode>(
      {ReasonCode::active_session, ReasonCode::already_done, ReasonCode::retry_suppressed,
       ReasonCode::pr_lock, ReasonCode::max_attempts, ReasonCode::cooldown, ReasonCode::breaker,
       ReasonCode::budget, ReasonCode::queued, ReasonCode::limited, ReasonCode::superseded,
       ReasonCode::paused, ReasonCode::wait_expired});
  const auto* const let_through = std::find_if(skips.begin(), skips.end(), [&](ReasonCode code) {
    return value_for(true, code) == Truth::yes;
  });
  if (let_through == skips.end()) return std::nullopt;
  return "the gate says skip with the reason " + quoted(name_of(*let_through)) +
         " too, and this condition then lets " + what + " run; compare the verdict, " +
         quoted(guard_for(seen, GateKind::refgate));
}

std::optional<std::string> open_by_holder(const Expression& condition, const GateView& seen,
                                          const Scope& open, const std::string& what) {
  static constexpr auto names = std::to_array<std::string_view>({"own_failure", "holder_outcome"});
  Scope scope = seen.scope(true, open);
  std::string_view asked;
  for (const Reference& reference : references(condition)) {
    for (const GateSignal& signal : seen.signals()) {
      if (!refers_to(reference, signal.path)) continue;
      const auto* const name = std::find(names.begin(), names.end(), signal.path.back());
      if (name == names.end()) continue;
      asked = *name;
      scope.set(signal.path, Value::string(asked == "own_failure" ? "false" : ""));
    }
  }
  scope.set_status(Truth::yes, Truth::no, Truth::no);
  if (asked.empty() || evaluate_truth(condition, scope) != Truth::yes) return std::nullopt;
  return quoted(asked) + " tells nothing of a session that is still at work, and this condition " +
         "then lets " + what + " run beside it; compare the verdict, " +
         quoted(guard_for(seen, GateKind::refgate));
}

bool is_by_status(const Expression& condition) {
  if (!has_status_function(condition)) return false;
  Scope well;
  well.set_status(Truth::yes, Truth::no, Truth::no);
  Scope badly;
  badly.set_status(Truth::no, Truth::yes, Truth::no);
  return evaluate_truth(condition, badly) != Truth::no ||
         evaluate_truth(condition, well) == Truth::no;
}

bool misspelt(const std::optional<Expression>& condition, const GateView& seen) {
  if (!condition) return false;
  for (const Reference& reference : references(*condition)) {
    const ContextPath* outputs = seen.completed(reference);
    if (outputs == nullptr) continue;
    const auto names = seen.names_in(*outputs);
    const std::string& name = *reference.path[outputs->size()];
    if (std::none_of(names.begin(), names.end(),
                     [&](std::string_view each) { return same_name(each, name); }))
      return true;
  }
  return false;
}

std::vector<bool> all_behind(const JobGraph& graph, JobGraph::Index job) {
  std::vector<bool> behind(graph.size());
  std::vector<JobGraph::Index> open{job};
  while (!open.empty()) {
    const JobGraph::Index next = open.back();
    open.pop_back();
    for (const JobGraph::Index each : graph.needed_by(next)) {
      if (behind[each]) continue;
      behind[each] = true;
      open.push_back(each);
    }
  }
  return behind;
}

}  // namespace refgate::lint
