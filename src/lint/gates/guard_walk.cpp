#include "lint/gates/guard_walk.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "lint/gates/guards.h"

namespace refgate::lint {
namespace {

Truth condition_of(const WalkedStep& walked, const Scope& scope) {
  return walked.condition ? evaluate_condition(*walked.condition, scope)
                          : scope.status("success", {});
}

/// What a way through the steps leaves behind, on a skip.
struct SkipTrace {
  const std::vector<Truth>* on_run;  ///< the values of the conditions on a run
  std::vector<Scope> before;         ///< what is known before each step without the gate
  bool stopped = false;              ///< a step certainly ends the job without success
  Scope end;
};

/// One way through the steps: the values of their conditions. `trace`: on a skip.
std::vector<Truth> walk_once(const std::vector<WalkedStep>& steps, const GateView* seen,
                             const Scope& event, SkipTrace* trace) {
  const bool skip = trace != nullptr;
  Scope scope = seen != nullptr ? seen->scope(skip, event) : event;
  Scope bare = event;
  std::vector<Truth> values;
  for (const WalkedStep& walked : steps) {
    const Truth value =
        condition_of(walked, seen != nullptr ? walked.env.scope(skip, scope) : scope);
    values.push_back(value);
    if (skip) trace->before.push_back(bare);
    if (value == Truth::no && !walked.step->id.empty()) {
      Scope skipped;
      skipped.set("step.outputs", Value::object({}));
      skipped.set("step.outcome", Value::string("skipped"));
      skipped.set("step.conclusion", Value::string("skipped"));
      const ContextPath path{"steps", std::string(walked.step->id)};
      scope.set(path, skipped.context("step"));
      bare.set(path, skipped.context("step"));
    }
    // Where a run gets through too, without being asked about, `exit 1` is for errors.
    if (skip && value == Truth::yes && walked.stops &&
        (walked.asks || (*trace->on_run)[values.size() - 1] != Truth::yes)) {
      scope.set_status(Truth::no, Truth::yes, Truth::unknown);
      bare.set_status(Truth::no, Truth::yes, Truth::unknown);
      trace->stopped = true;
    }
  }
  if (skip) trace->end = scope;
  return values;
}

/// Contexts that a person sets to have a run in spite of the gate.
bool is_override(const Reference& reference) {
  static const auto paths =
      std::to_array<ContextPath>({{"inputs"},
                                  {"vars"},
                                  {"github", "ref"},
                                  {"github", "ref_name"},
                                  {"github", "ref_type"},
                                  {"github", "run_attempt"},
                                  {"github", "event", "inputs"},
                                  {"github", "event", "label"},
                                  {"github", "event", "schedule"},
                                  {"github", "event", "client_payload"},
                                  {"github", "event", "head_commit", "message"},
                                  {"github", "event", "comment", "body"},
                                  {"github", "event", "pull_request", "labels"},
                                  {"github", "event", "pull_request", "title"},
                                  {"github", "event", "pull_request", "body"}});
  return std::any_of(paths.begin(), paths.end(),
                     [&](const ContextPath& path) { return refers_into(reference, path); });
}

bool is_repository(const Reference& reference) {
  return refers_to(reference, {"github", "repository"}) ||
         refers_to(reference, {"github", "repository_owner"});
}

class OverrideWalk {
 public:
  OverrideWalk(const Expression& condition, const GateView& seen, const Scope& scope)
      : condition_(condition),
        seen_(seen),
        scope_(seen.scope(true, scope)),
        event_known_(scope.get({"github", "event_name"}).is_known()),
        references_(references(condition)) {}

  Truth value(NodeId id) const {
    const ExpressionNode& node = condition_.node(id);
    // An alternative to something else than the verdict opens nothing.
    if (node.kind == ExpressionKind::disjunction && names_verdict(node.range)) {
      Truth any = Truth::no;
      for (NodeId part : node.operands) {
        if (!overrides(part)) any = either(any, value(part));
      }
      return any;
    }
    if (node.kind == ExpressionKind::conjunction) {
      Truth all = Truth::yes;
      for (NodeId part : node.operands)
        all = both(all, value(part));
      return all;
    }
    return truth(evaluate(condition_, id, scope_).value);
  }

 private:
  bool overrides(NodeId id) const {
    const ByteRange range = condition_.node(id).range;
    bool found = false;
    for (const Reference& reference : references_) {
      if (reference.range.begin < range.begin || reference.range.end > range.end) continue;
      const bool is_event = refers_to(reference, {"github", "event_name"});
      const bool by_hand =
          is_override(reference) || hints(reference) || (is_event && !event_known_);
      if (!by_hand && !is_event && !is_repository(reference)) return false;
      found = found || by_hand;
    }
    return found;
  }

  bool names_verdict(const ByteRange& range) const {
    return std::any_of(references_.begin(), references_.end(), [&](const Reference& reference) {
      return reference.range.begin >= range.begin && reference.range.end <= range.end &&
             std::any_of(
                 seen_.signals().begin(), seen_.signals().end(), [&](const GateSignal& signal) {
                   return signal.role == GateRole::verdict && refers_to(reference, signal.path);
                 });
    });
  }

  bool hints(const Reference& reference) const {
    return std::any_of(seen_.signals().begin(), seen_.signals().end(),
                       [&](const GateSignal& signal) {
                         return signal.role == GateRole::hint && signal.path.size() > 3 &&
                                refers_to(reference, signal.path);
                       });
  }

  const Expression& condition_;
  const GateView& seen_;
  Scope scope_;
  bool event_known_;
  std::vector<Reference> references_;
};

}  // namespace

void Fate::add(Truth skip, Truth run, Truth nothing, const Scope& scope) {
  if (skip != Truth::no && (!opens || (skip == Truth::yes && on_skip != Truth::yes))) {
    open = scope;
    opens = true;
  }
  if (nothing != Truth::no && !reaches) {
    reached = scope;
    reaches = true;
  }
  if (on_skip != Truth::yes && skip != Truth::no) on_skip = skip;
  if (on_run != Truth::yes && run != Truth::no) on_run = run;
  if (without != Truth::yes && nothing != Truth::no) without = nothing;
}

bool walk_steps(std::vector<WalkedStep>& steps, const GateView& seen,
                const std::vector<Scope>& events, std::vector<Scope>* ends) {
  bool always_stops = !events.empty();
  for (Scope event : events) {
    event.set_status(Truth::yes, Truth::no, Truth::no);
    const std::vector<Truth> run = walk_once(steps, &seen, event, nullptr);
    SkipTrace trace{.on_run = &run, .before = {}, .end = {}};
    const std::vector<Truth> skip = walk_once(steps, &seen, event, &trace);
    if (ends != nullptr) ends->push_back(trace.end);
    Scope anything = event;
    anything.set_status(Truth::unknown, Truth::unknown, Truth::unknown);
    const std::vector<Truth> without = walk_once(steps, nullptr, anything, nullptr);
    const std::vector<Truth> whatever_status = walk_once(steps, &seen, anything, nullptr);
    for (std::size_t at = 0; at < steps.size(); ++at) {
      // Cleaning up after a failure is done on a run too.
      Truth on_run = run[at];
      if (on_run == Truth::no && steps[at].condition && has_status_function(*steps[at].condition) &&
          whatever_status[at] != Truth::no)
        on_run = Truth::unknown;
      steps[at].fate.add(skip[at], on_run, without[at], trace.before[at]);
    }
    always_stops = always_stops && trace.stopped;
  }
  return always_stops;
}

bool names_something_new(const Expression& condition) {
  static constexpr auto known_functions = std::to_array<std::string_view>(
      {"contains", "startsWith", "endsWith", "format", "join", "toJSON", "fromJSON", "case",
       "hashFiles", "success", "failure", "always", "cancelled"});
  static constexpr auto known_contexts =
      std::to_array<std::string_view>({"github", "env", "vars", "job", "jobs", "steps", "runner",
                                       "secrets", "strategy", "matrix", "needs", "inputs"});
  const auto is_new = [](const auto& known, std::string_view name) {
    return std::none_of(known.begin(), known.end(),
                        [&](std::string_view each) { return same_name(each, name); });
  };
  for (const FunctionUse& use : functions(condition)) {
    if (is_new(known_functions, use.name)) return true;
  }
  const std::vector<Reference> all = references(condition);
  return std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
    return !reference.path.empty() && reference.path[0] &&
           is_new(known_contexts, *reference.path[0]);
  });
}

bool holds_but_for_overrides(const Expression& condition, const GateView& seen,
                             const Scope& scope) {
  return OverrideWalk(condition, seen, scope).value(condition.root()) == Truth::no;
}

std::vector<std::optional<std::string>> gated_events(const Workflow& workflow) {
  std::vector<std::optional<std::string>> all;
  std::vector<std::optional<std::string>> judged;
  for (const Trigger& trigger : workflow.triggers) {
    const std::optional<std::string> event =
        trigger.event == "workflow_call" ? std::nullopt : std::optional(std::string(trigger.event));
    if (std::find(all.begin(), all.end(), event) != all.end()) continue;
    all.push_back(event);
    static constexpr auto never_duplicates =
        std::to_array<std::string_view>({"workflow_dispatch", "repository_dispatch", "schedule"});
    if (std::find(never_duplicates.begin(), never_duplicates.end(), trigger.event) ==
        never_duplicates.end())
      judged.push_back(event);
  }
  return judged.empty() ? all : judged;
}

Scope event_scope(const std::optional<std::string>& event) {
  Scope scope;
  if (event) scope.set("github.event_name", Value::string(*event));
  return scope;
}

std::vector<Scope> events_of(const GatedJob& gated, const JobConditions& jobs,
                             const std::vector<Scope>& events) {
  std::vector<Scope> found;
  const Gate& first = gated.gates.front();
  // Events that skip-duplicate-actions never skips: its default, unless the step says otherwise.
  const Entry given = first.origin != nullptr ? first.origin->input("do_not_skip") : Entry();
  const std::string_view listed =
      given ? given.value.text() : R"(["workflow_dispatch", "schedule", "merge_group"])";
  const std::string never(first.kind == GateKind::skip_duplicate_actions ? listed : "");
  for (const Scope& event : events) {
    const Value name = event.get({"github", "event_name"});
    if (name.is_known() && never.find('"' + to_text(name) + '"') != std::string::npos) continue;
    if (jobs.runs(*gated.job, event) == Truth::no) continue;
    if (first.step != nullptr && first.step->condition) {
      const Expression condition = parse_condition(first.step->condition.value.text());
      if (condition.is_valid() && evaluate_condition(condition, event) == Truth::no) continue;
    }
    found.push_back(event);
  }
  return found;
}

}  // namespace refgate::lint
