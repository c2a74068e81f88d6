#include "lint/gates/guarded_condition.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/decision/decision.h"
#include "lint/gates/guard_text.h"
#include "lint/text/mention.h"

namespace refgate::lint {

GuardFinding& add_finding(std::vector<GuardFinding>& found, bool broken, const Place& place,
                          const Place& gate) {
  GuardFinding& finding = found.emplace_back();
  finding.broken = broken;
  finding.place = place;
  finding.gate = gate;
  return finding;
}

void offer_fix(GuardFinding& finding, std::vector<TextEdit> edits, const std::string& guard) {
  finding.fix_description =
      finding.broken ? "Compare with the text that the gate writes" : "Require `" + guard + "`";
  finding.fix = std::move(edits);
}

void ConditionJudge::never_runs(const Guarded& guarded) const {
  const auto& [condition, entry, fate, seen, what, gate] = guarded;
  if (fate.on_run != Truth::no || fate.without == Truth::no) return;
  const auto verdicts = seen.verdicts(condition);
  if (verdicts.empty()) return;
  Scope scope = fate.reached;
  scope.set_status(Truth::unknown, Truth::unknown, Truth::unknown);
  const GuardJudgement judgement = judge_guard(condition, verdicts, nullptr, scope);
  // What is left for a skip that has failed is not meant for a run.
  if (judgement.fault == GuardFault::none || judgement.effect.on_run != Truth::no ||
      judgement.effect.on_skip != Truth::no)
    return;
  GuardFinding& finding =
      add_finding(found_, true, place_in(document_, entry.value, judgement.place), gate);
  finding.message = explain_guard(judgement, verdicts, entry.value.text(), what);
  offer_fix(finding, mend_guard(entry.value, judgement, verdicts), "");
}

void ConditionJudge::wrong(const Guarded& guarded, Cost cost, bool for_skips) const {
  const auto& [condition, entry, fate, seen, what, gate] = guarded;
  const auto verdicts = seen.verdicts(condition);
  if (verdicts.empty() || !fate.opens || holds_but_for_overrides(condition, seen, fate.open))
    return;
  const GuardJudgement judgement = judge_guard(condition, verdicts, nullptr, fate.open);
  if (judgement.fault == GuardFault::none || judgement.effect.on_skip == Truth::no) return;
  if (judgement.effect.on_skip == Truth::unknown && names_something_new(condition)) return;
  const bool inverted =
      judgement.fault == GuardFault::inverted || judgement.effect.on_run == Truth::no;
  if (inverted && for_skips) return;
  if (judgement.fault == GuardFault::bypassed && cost == Cost::cheap) return;
  GuardFinding& finding =
      add_finding(found_, true, place_in(document_, entry.value, judgement.place), gate);
  finding.message = explain_guard(judgement, verdicts, entry.value.text(), what);
  if (judgement.effect.on_skip == Truth::unknown) finding.confidence = Confidence::medium;
  offer_fix(finding, mend_guard(entry.value, judgement, verdicts), "");
}

bool ConditionJudge::by_code(const Guarded& guarded) const {
  const GateView& seen = guarded.seen;
  const auto signal =
      std::find_if(seen.signals().begin(), seen.signals().end(), [&](const GateSignal& each) {
        const std::vector<Reference> all = references(guarded.condition);
        return each.code && std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
                 return refers_to(reference, each.path);
               });
      });
  if (signal == seen.signals().end()) return false;
  const auto value_for = [&](bool skip, ReasonCode code) {
    Scope scope = seen.scope(skip, guarded.fate.open);
    scope.set(signal->path, Value::string(std::string(name_of(code))));
    return evaluate_truth(guarded.condition, scope);
  };
  if (value_for(false, ReasonCode::first) != Truth::yes) return false;
  static constexpr auto skips = std::to_array<ReasonCode>(
      {ReasonCode::active_session, ReasonCode::already_done, ReasonCode::retry_suppressed,
       ReasonCode::pr_lock, ReasonCode::max_attempts, ReasonCode::cooldown, ReasonCode::breaker,
       ReasonCode::budget, ReasonCode::queued, ReasonCode::limited, ReasonCode::superseded,
       ReasonCode::paused, ReasonCode::wait_expired, ReasonCode::claim_lost});
  const auto* const open = std::find_if(skips.begin(), skips.end(), [&](ReasonCode code) {
    return value_for(true, code) == Truth::yes;
  });
  if (open == skips.end()) return false;
  add_finding(found_, true, guarded.entry.value.place(), guarded.gate).message =
      "the gate says skip with the reason " + quoted(name_of(*open)) +
      " too, and this condition then lets " + guarded.what + " run; compare the verdict, " +
      quoted(guard_for(seen, GateKind::refgate));
  return true;
}

void ConditionJudge::by_holder(const Guarded& guarded) const {
  static constexpr auto names = std::to_array<std::string_view>({"own_failure", "holder_outcome"});
  const GateView& seen = guarded.seen;
  const std::vector<Reference> all = references(guarded.condition);
  Scope scope = seen.scope(true, guarded.fate.open);
  std::string_view asked;
  for (const Reference& reference : all) {
    for (const GateSignal& signal : seen.signals()) {
      if (!refers_to(reference, signal.path)) continue;
      const auto* const name = std::find(names.begin(), names.end(), signal.path.back());
      if (name == names.end()) continue;
      asked = *name;
      scope.set(signal.path, Value::string(asked == "own_failure" ? "false" : ""));
    }
  }
  scope.set_status(Truth::yes, Truth::no, Truth::no);
  if (asked.empty() || evaluate_truth(guarded.condition, scope) != Truth::yes) return;
  add_finding(found_, true, guarded.entry.value.place(), guarded.gate).message =
      quoted(asked) + " tells nothing of a session that is still at work, and this condition " +
      "then lets " + guarded.what + " run beside it; compare the verdict, " +
      quoted(guard_for(seen, GateKind::refgate));
}

bool is_misspelt(const std::optional<Expression>& condition, const GateView& seen) {
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

bool is_by_status(const Expression& condition) {
  if (!has_status_function(condition)) return false;
  Scope well;
  well.set_status(Truth::yes, Truth::no, Truth::no);
  Scope badly;
  badly.set_status(Truth::no, Truth::yes, Truth::no);
  return evaluate_truth(condition, badly) != Truth::no ||
         evaluate_truth(condition, well) == Truth::no;
}

}  // namespace refgate::lint
