// The gate says run, the work asks for more and is skipped, and the job ends well: what nobody did
// is recorded as done.

#include <algorithm>
#include <string>
#include <vector>

#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/guard_text.h"
#include "lint/gates/guards.h"
#include "lint/gates/session_end.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

std::string squeezed(std::string_view text) {
  std::string result(text);
  std::erase_if(result, [](char character) { return character == ' ' || character == '\n'; });
  return result;
}

/// Known before the gate is asked: the event, inputs and variables.
bool is_known_before(const Reference& reference) {
  return refers_into(reference, {"github"}) || refers_into(reference, {"inputs"}) ||
         refers_into(reference, {"vars"});
}

struct Narrowing {
  const Step* step = nullptr;
  ByteRange part;  ///< of its condition
};

class Search {
 public:
  Search(const Subject& subject, const GatedJob& gated) : subject_(subject), gated_(gated) {
    for (const auto& event : gated_events(*subject.workflow))
      events_.push_back(event_scope(event));
  }

  /// What all work of the job asks for besides the verdict; the first of them, or none.
  Narrowing find() const {
    Narrowing first;
    for (const Step& step : gated_.job->steps) {
      if (step.index <= gated_.gates.front().step->index || !is_work(step)) continue;
      const Narrowing here = narrowing(step);
      if (here.step == nullptr) return {};
      if (first.step == nullptr) first = here;
    }
    return first;
  }

 private:
  bool is_work(const Step& step) const {
    if (!session_commands(step, subject_.project, subject_.facts()).empty()) return false;
    const Cost cost = cost_of(step, subject_.project, subject_.facts());
    return cost == Cost::work || cost == Cost::unknown;
  }

  Narrowing narrowing(const Step& step) const {
    if (!step.condition) return {};
    const Expression condition = parse_condition(step.condition.value.text());
    if (!condition.is_valid() || has_status_function(condition) ||
        condition.node(condition.root()).kind != ExpressionKind::conjunction ||
        gated_.inside.view.mention(condition) != GateRole::verdict)
      return {};
    const std::vector<Reference> all = references(condition);
    for (const NodeId part : condition.node(condition.root()).operands) {
      const ByteRange range = condition.node(part).range;
      bool any = false;
      const bool known = std::all_of(all.begin(), all.end(), [&](const Reference& reference) {
        if (reference.range.begin < range.begin || reference.range.end > range.end) return true;
        any = true;
        return is_known_before(reference);
      });
      if (any && known && !is_asked_before(step, range) && may_be_false(condition, part))
        return {&step, range};
    }
    return {};
  }

  bool is_asked_before(const Step& step, const ByteRange& range) const {
    const std::string part =
        squeezed(step.condition.value.text().substr(range.begin, range.end - range.begin));
    for (const Entry& condition : {gated_.gates.front().step->condition, gated_.job->condition}) {
      if (squeezed(condition.value.text()).find(part) != std::string::npos) return true;
    }
    return false;
  }

  bool may_be_false(const Expression& condition, NodeId part) const {
    return std::any_of(events_.begin(), events_.end(), [&](const Scope& event) {
      return truth(evaluate(condition, part, event).value) != Truth::yes;
    });
  }

  const Subject& subject_;
  const GatedJob& gated_;
  std::vector<Scope> events_;
};

}  // namespace

void check_work_narrower_than_gate(const Subject& subject, Sink& sink) {
  for (const GatedJob& gated : gated_jobs_of(subject)) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.whole || gate.step == nullptr ||
        gated.inside.gates.empty())
      continue;
    const Step* finish = finish_in(*gated.job, subject.project, subject.facts());
    if (finish == nullptr || is_told_outcome(*finish, "")) continue;
    const Narrowing found = Search(subject, gated).find();
    if (found.step == nullptr) continue;
    const Entry& condition = found.step->condition;
    const std::string part(
        condition.value.text().substr(found.part.begin, found.part.end - found.part.begin));
    sink.report(subject, place_in(*subject.workflow->document, condition.value, found.part),
                "when the gate says run and `" + part +
                    "` is false, nothing is done, the job succeeds, and `finish` records the work "
                    "as done: later events for it are skipped; ask this in the `if` of the job or "
                    "of the gate, or give `finish` the `status: ${{ steps.<id>.outcome }}`")
        .related(subject, finish->main().key, "records what came of it")
        .related(subject, gate.step->main().key, "the gate");
  }
}

}  // namespace refgate::lint
