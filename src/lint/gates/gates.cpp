#include "lint/gates/gates.h"

#include <algorithm>
#include <array>
#include <utility>

#include "lint/gates/gate_costs.h"
#include "lint/github/callee_memo.h"
#include "lint/github/own_action.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

constexpr int deepest_file = 10;

struct KnownOutput {
  std::string_view name;
  GateRole role;
};

// What these gates hand out besides the outputs of the facts. This project's outputs are those of
// its action.yml; what the names here say of the verdict is all that is known of them apart.
constexpr auto refgate_roles = std::to_array<KnownOutput>({{"run_attempt", GateRole::attempt},
                                                           {"session_key", GateRole::other},
                                                           {"group", GateRole::other},
                                                           {"retrieve", GateRole::other},
                                                           {"matrix", GateRole::other},
                                                           {"count", GateRole::other},
                                                           {"dropped", GateRole::other}});
constexpr auto skip_duplicate_outputs =
    std::to_array<KnownOutput>({{"reason", GateRole::hint},
                                {"skipped_by", GateRole::hint},
                                {"paths_result", GateRole::hint},
                                {"changed_files", GateRole::hint}});

GateKind kind_of(const GateFact& fact) {
  if (fact.uses == "fkirc/skip-duplicate-actions") return GateKind::skip_duplicate_actions;
  if (fact.command.ends_with(" check") || fact.input_value == "check") return GateKind::positional;
  const bool own = fact.uses.ends_with("/refgate") || fact.command == "refgate gate" ||
                   fact.command == "refgate run";
  return own ? GateKind::refgate : GateKind::configured;
}

bool differ(const Value& skip, const Value& run) {
  const Truth skip_truth = truth(skip);
  const Truth run_truth = truth(run);
  if (skip_truth != Truth::unknown && run_truth != Truth::unknown && skip_truth != run_truth)
    return true;
  return skip.is_primitive() && run.is_primitive() && equals(skip, run) == Truth::no;
}

bool has_name(const GateView& view, std::string_view name) {
  return std::any_of(view.signals().begin(), view.signals().end(), [&](const GateSignal& signal) {
    return same_name(signal.path.front(), name);
  });
}

template <class List>
void add_known(Gate& gate, const List& list) {
  for (const KnownOutput& output : list) {
    if (!has_name(gate.outputs, output.name))
      gate.outputs.add(
          {{std::string(output.name)}, Value::unknown(), Value::unknown(), output.role});
  }
}

void add_own_outputs(Gate& gate) {
  for (const std::string& name : own_action().outputs) {
    if (has_name(gate.outputs, name)) continue;
    const auto known = std::find_if(refgate_roles.begin(), refgate_roles.end(),
                                    [&](const KnownOutput& output) { return output.name == name; });
    gate.outputs.add({{name},
                      Value::unknown(),
                      Value::unknown(),
                      known == refgate_roles.end() ? GateRole::hint : known->role,
                      name == "reason_code"});
  }
}

Gate gate_from(const GateFact& fact, const Step& step) {
  Gate gate;
  gate.kind = kind_of(fact);
  gate.step = gate.origin = &step;
  gate.whole = gate.works = gate.ends_session =
      gate.kind == GateKind::refgate && (is_whole_session(step) || fact.command == "refgate run");
  for (const VerdictOutput& output : fact.outputs) {
    const Value run = !output.run.empty()
                          ? Value::string(output.run)
                          : Value::unknown(output.skip.empty() ? Truth::yes : Truth::unknown);
    gate.outputs.add({{output.name}, Value::string(output.skip), run, GateRole::verdict});
  }
  if (gate.kind == GateKind::refgate || gate.kind == GateKind::positional) add_own_outputs(gate);
  if (gate.kind == GateKind::skip_duplicate_actions) add_known(gate, skip_duplicate_outputs);
  // A script may write outputs of its own beside those of the gate.
  const std::string_view script = step.run_text();
  const std::size_t first = script.find("GITHUB_OUTPUT");
  const bool writes_more = first != std::string_view::npos &&
                           (script.find("GITHUB_OUTPUT", first + 1) != std::string_view::npos ||
                            script.find("echo") != std::string_view::npos ||
                            script.find("printf") != std::string_view::npos);
  gate.complete = gate.kind != GateKind::configured && !writes_more;
  return gate;
}

/// The outputs of a gate as seen at `path`.
void add_outputs(GateView& view, const ContextPath& path, const Gate& gate) {
  for (const GateSignal& output : gate.outputs.signals()) {
    GateSignal signal = output;
    signal.path.insert(signal.path.begin(), path.begin(), path.end());
    view.add(std::move(signal));
  }
  if (gate.complete) {
    view.complete(path);
  } else {
    view.add({path, Value::unknown(), Value::unknown(), GateRole::hint});
  }
}

/// The same for a step, which has succeeded when there is a verdict.
void add_step(GateView& view, const std::string& id, const Gate& gate) {
  add_outputs(view, {"steps", id, "outputs"}, gate);
  for (const char* property : {"outcome", "conclusion"}) {
    view.add({{"steps", id, property},
              Value::string("success"),
              Value::string("success"),
              GateRole::other});
  }
}

/// What a text with `${{ }}` is for each verdict.
GateSignal derive(ContextPath path, std::string_view text, const GateView& seen) {
  GateSignal signal;
  signal.path = std::move(path);
  const Expression expression = parse_template(text);
  if (!expression.is_valid()) return signal;
  signal.role = seen.mention(expression);
  if (signal.role < GateRole::hint) {
    const bool whole = expression.node(expression.root()).kind == ExpressionKind::index;
    if (signal.role == GateRole::attempt && !whole) signal.role = GateRole::other;
    return signal;
  }
  const std::vector<Reference> named = references(expression);
  signal.code =
      expression.node(expression.root()).kind == ExpressionKind::index && named.size() == 1 &&
      std::any_of(seen.signals().begin(), seen.signals().end(), [&](const GateSignal& each) {
        return each.code && refers_to(named.front(), each.path);
      });
  const auto as_text = [](const Value& value) {
    return value.is_primitive() ? Value::string(to_text(value)) : Value::unknown(truth(value));
  };
  signal.on_skip = as_text(evaluate(expression, seen.scope(true, {})).value);
  signal.on_run = as_text(evaluate(expression, seen.scope(false, {})).value);
  signal.role = differ(signal.on_skip, signal.on_run) ? GateRole::verdict : GateRole::hint;
  return signal;
}

/// `echo "name=${{ … }}" >> "$GITHUB_OUTPUT"` and nothing else in a script copies values for
/// certain; everything else that mentions a verdict may hand it on in some way.
void add_copies(const Step& step, GateView& view) {
  const bool by_script = view.mention(step.run.value) >= GateRole::hint ||
                         view.mention(step.env.value) >= GateRole::hint;
  if (!by_script && view.mention(step.with.value) < GateRole::hint) return;
  const std::string id(step.id);
  const std::string_view script = step.run_text();
  bool certain = by_script && !step.env;
  std::vector<GateSignal> copies;
  for (const std::vector<std::string>& words : shell_commands(script)) {
    const bool is_copy = words.size() == 4 && words[0] == "echo" && words[2] == ">>" &&
                         words[1].find('=') != std::string::npos;
    const bool to_env = is_copy && (words[3] == "$GITHUB_ENV" || words[3] == "${GITHUB_ENV}");
    if (!is_copy || (!to_env && words[3] != "$GITHUB_OUTPUT" && words[3] != "${GITHUB_OUTPUT}")) {
      certain = false;
      break;
    }
    const std::size_t equals = words[1].find('=');
    const std::string name = words[1].substr(0, equals);
    copies.push_back(
        derive(to_env ? ContextPath{"env", name} : ContextPath{"steps", id, "outputs", name},
               std::string_view(words[1]).substr(equals + 1), view));
  }
  if (certain) {
    for (GateSignal& copy : copies)
      view.add(std::move(copy));
    return;
  }
  if (!id.empty())
    view.add({{"steps", id, "outputs"}, Value::unknown(), Value::unknown(), GateRole::hint});
  if (script.find("GITHUB_ENV") != std::string_view::npos)
    view.add({{"env"}, Value::unknown(), Value::unknown(), GateRole::hint});
}

GateFact own_action_fact(const Facts& facts) {
  const auto found = std::find_if(facts.gates.begin(), facts.gates.end(), [](const GateFact& fact) {
    return fact.uses == "*/refgate" && fact.input_value == "gate";
  });
  return found == facts.gates.end() ? GateFact{} : *found;
}

std::optional<Gate> gate_at(const Step& step, const Project& project, const Facts& facts,
                            int depth);
std::optional<Gate> gate_of_action(const Action& action, const Project& project, const Facts& facts,
                                   int depth);

/// The gate that an action is to those who use it, and that a workflow is to those who call it.
struct ActionGate {
  std::optional<Gate> gate;
};
struct WorkflowGate {
  std::optional<Gate> gate;
};

GatedSteps gates_in(const std::vector<Step>& steps, const Project& project, const Facts& facts,
                    int depth) {
  GatedSteps result;
  for (const Step& step : steps) {
    if (result.gates.size() == most_gates) break;
    if (std::optional<Gate> gate = gate_at(step, project, facts, depth)) {
      if (!step.id.empty()) add_step(result.view, std::string(step.id), *gate);
      result.gates.push_back(std::move(*gate));
    } else if (!result.view.empty()) {
      add_copies(step, result.view);
    }
  }
  return result;
}

/// Whether the verdict guards work beside the gate. Where it is handed on, steps of which nothing
/// is known are taken for part of the gate.
/// The outputs that are looked at, and whether those are all.
std::vector<Entry> first_outputs(const Entry& outputs, bool& all) {
  std::vector<Entry> first;
  all = true;
  for (const Entry& output : outputs.value.entries()) {
    all = first.size() < most_outputs;
    if (!all) break;
    first.push_back(output);
  }
  return first;
}

bool has_work(const GatedSteps& gated, const std::vector<Step>& steps, const GateView& handed_on,
              const Project& project, const Facts& facts) {
  if (gated.gates.empty()) return false;
  const bool is_handed_on =
      std::any_of(handed_on.signals().begin(), handed_on.signals().end(),
                  [](const GateSignal& signal) { return signal.role >= GateRole::hint; });
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return step.index > gated.gates.front().step->index &&
           session_commands(step, project, facts).empty() &&
           cost_of(step, project, facts) >= (is_handed_on ? Cost::set_up : Cost::unknown);
  });
}

bool ends_session(const std::vector<Step>& steps, const Project& project, const Facts& facts) {
  return std::any_of(steps.begin(), steps.end(), [&](const Step& step) {
    return has_session_command(step, project, facts, "finish");
  });
}

std::optional<Gate> gate_at(const Step& step, const Project& project, const Facts& facts,
                            int depth) {
  if (const GateFact* fact = gate_of(step, facts)) return gate_from(*fact, step);
  const Action* action = project.local_action(step.uses_text());
  if (action == nullptr || depth >= deepest_file) return std::nullopt;
  if (is_refgate_action(*action, facts)) {
    const Entry command = step.input("command");
    if (command && command.value.text() != "gate" && command.value.text() != "run")
      return std::nullopt;
    return gate_from(own_action_fact(facts), step);
  }
  std::optional<Gate> gate = of_callee<ActionGate>(facts, action, depth, [&] {
                               return ActionGate{gate_of_action(*action, project, facts, depth)};
                             })->gate;
  if (gate) gate->step = &step;
  return gate;
}

/// What a step that uses the action is, but for the step itself.
std::optional<Gate> gate_of_action(const Action& action, const Project& project, const Facts& facts,
                                   int depth) {
  const GatedSteps inside = gates_in(action.steps, project, facts, depth + 1);
  if (inside.gates.empty()) return std::nullopt;
  Gate gate;
  const Gate& first = inside.gates.front();
  gate.kind = first.kind;
  gate.origin = first.origin;
  gate.origin_file = first.origin_file.empty() ? action.file : first.origin_file;
  gate.ends_session = first.ends_session || ends_session(action.steps, project, facts);
  gate.whole = first.whole;
  for (const Entry& output : first_outputs(action.outputs, gate.complete)) {
    gate.outputs.add(
        derive({std::string(output.key.text())}, output.value["value"].text(), inside.view));
  }
  gate.works = first.works || has_work(inside, action.steps, gate.outputs, project, facts);
  return gate;
}

GatedJob gated_job(const Job& job, const Project& project, const Facts& facts, int depth);
std::optional<Gate> gate_of_workflow(const Workflow& called, const Trigger& call,
                                     const Project& project, const Facts& facts, int depth);

std::optional<Gate> gate_called_by(const Job& job, const Project& project, const Facts& facts,
                                   int depth) {
  const Workflow* called = project.called_workflow(job.uses.value.text());
  const Trigger* call = called == nullptr ? nullptr : called->trigger("workflow_call");
  if (call == nullptr || depth >= deepest_file) return std::nullopt;
  std::optional<Gate> gate =
      of_callee<WorkflowGate>(facts, called, depth, [&] {
        return WorkflowGate{gate_of_workflow(*called, *call, project, facts, depth)};
      })->gate;
  if (gate) gate->job = &job;
  return gate;
}

/// What a job that calls the workflow is, but for the job itself.
std::optional<Gate> gate_of_workflow(const Workflow& called, const Trigger& call,
                                     const Project& project, const Facts& facts, int depth) {
  std::optional<Gate> gate;
  GateView seen;
  for (const Job& inner : called.jobs) {
    const GatedJob gated = gated_job(inner, project, facts, depth + 1);
    if (gated.gates.empty()) continue;
    if (!gate) {
      gate = gated.gates.front();
      gate->outputs = {};
      if (gate->origin_file.empty()) gate->origin_file = called.file;
    }
    gate->works = gate->works || gated.works;
    for (GateSignal signal : gated.view.signals()) {
      signal.path.front() = "jobs";
      seen.add(std::move(signal));
    }
  }
  if (!gate) return std::nullopt;
  gate->step = nullptr;
  for (const Job& inner : called.jobs) {
    gate->works =
        gate->works || (!inner.needed.empty() &&
                        std::any_of(inner.steps.begin(), inner.steps.end(),
                                    [&](const Step& step) {
                                      return cost_of(step, project, facts) >= Cost::checkout ||
                                             cost_of(step, project, facts) == Cost::unknown;
                                    }) &&
                        !ends_session(inner.steps, project, facts));
    gate->ends_session = gate->ends_session || ends_session(inner.steps, project, facts);
  }
  for (const Entry& output : first_outputs(call.outputs, gate->complete)) {
    gate->outputs.add(derive({std::string(output.key.text())}, output.value["value"].text(), seen));
  }
  return gate;
}

bool names_missing_step(YamlNode value, const Job& job) {
  const Expression expression = parse_template(value.text());
  const std::vector<Reference> all = references(expression);
  return std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
    return reference.path.size() > 2 && reference.path[0] &&
           same_name(*reference.path[0], "steps") && reference.path[1] &&
           job.step(*reference.path[1]) == nullptr;
  });
}

GatedJob gated_job(const Job& job, const Project& project, const Facts& facts, int depth) {
  GatedJob gated;
  gated.job = &job;
  const ContextPath outputs{"needs", std::string(job.id), "outputs"};
  if (job.calls_workflow()) {
    if (std::optional<Gate> gate = gate_called_by(job, project, facts, depth)) {
      add_outputs(gated.view, outputs, *gate);
      gated.works = gate->works;
      gated.gates.push_back(std::move(*gate));
    }
    return gated;
  }
  gated.inside = gates_in(job.steps, project, facts, depth);
  gated.gates = gated.inside.gates;
  if (gated.gates.empty()) return gated;
  for (const Entry& output : first_outputs(job.outputs, gated.all_outputs)) {
    ContextPath path = outputs;
    path.emplace_back(output.key.text());
    GateSignal signal = derive(std::move(path), output.value.text(), gated.inside.view);
    // A step that is not there: what was meant is not known, and `unknown-output` says so.
    if (signal.role == GateRole::other && names_missing_step(output.value, job))
      signal.role = GateRole::hint;
    gated.view.add(std::move(signal));
  }
  if (gated.all_outputs) gated.view.complete(outputs);
  gated.works =
      gated.gates.front().works || has_work(gated.inside, job.steps, gated.view, project, facts);
  return gated;
}

/// Whether the value at `path`, or one below it, can be part of what the reference gives.
bool can_reach(const Reference& reference, const ContextPath& path) {
  for (std::size_t at = 0; at < std::min(reference.path.size(), path.size()); ++at) {
    if (reference.path[at] && !same_name(*reference.path[at], path[at])) return false;
  }
  return true;
}

}  // namespace

void GateView::add_all(const GateView& other) {
  signals_.insert(signals_.end(), other.signals_.begin(), other.signals_.end());
  complete_.insert(complete_.end(), other.complete_.begin(), other.complete_.end());
}

Scope GateView::scope(bool skip, Scope base) const {
  // What is below a hint is not known; it must not become known through a sibling.
  for (const GateSignal& signal : signals_) {
    if (signal.role != GateRole::hint || signal.path.size() > 3)
      base.set(signal.path, skip ? signal.on_skip : signal.on_run);
  }
  for (const ContextPath& path : complete_)
    base.close(path);
  return base;
}

GateRole GateView::mention(const Expression& expression) const {
  GateRole most = GateRole::other;
  for (const Reference& reference : references(expression)) {
    for (const GateSignal& signal : signals_) {
      if (!can_reach(reference, signal.path)) continue;
      const bool exact = refers_to(reference, signal.path);
      most = std::max(most, !exact && signal.role == GateRole::verdict   ? GateRole::hint
                            : !exact && signal.role == GateRole::attempt ? GateRole::other
                                                                         : signal.role);
    }
  }
  return most;
}

GateRole GateView::mention(YamlNode node) const {
  GateRole most = GateRole::other;
  if (node.is_scalar() && node.has_expression()) {
    const Expression expression = parse_template(node.text());
    if (expression.is_valid()) most = mention(expression);
  }
  for (const YamlNode item : node.items())
    most = std::max(most, mention(item));
  for (const Entry& entry : node.entries())
    most = std::max(most, mention(entry.value));
  return most;
}

std::vector<GateOutput> GateView::verdicts(const Expression& expression) const {
  std::vector<GateOutput> found;
  const std::vector<Reference> all = references(expression);
  for (const GateSignal& signal : signals_) {
    if (signal.role != GateRole::verdict ||
        std::none_of(all.begin(), all.end(),
                     [&](const Reference& each) { return refers_to(each, signal.path); }))
      continue;
    const auto text = [](const Value& value) {
      return value.is_primitive() ? to_text(value)
                                  : std::string(truth(value) == Truth::no ? "" : "other");
    };
    found.push_back({signal.path, text(signal.on_skip), text(signal.on_run)});
  }
  return found;
}

const ContextPath* GateView::completed(const Reference& reference) const {
  const auto found = std::find_if(complete_.begin(), complete_.end(), [&](const ContextPath& path) {
    return reference.path.size() > path.size() && reference.path[path.size()] &&
           refers_into(reference, path);
  });
  return found == complete_.end() ? nullptr : &*found;
}

std::vector<std::string_view> GateView::names_in(const ContextPath& object) const {
  std::vector<std::string_view> names;
  for (const GateSignal& signal : signals_) {
    if (signal.path.size() == object.size() + 1 &&
        std::equal(object.begin(), object.end(), signal.path.begin()))
      names.push_back(signal.path.back());
  }
  return names;
}

std::optional<Gate> gate_at(const Step& step, const Project& project, const Facts& facts) {
  return gate_at(step, project, facts, 0);
}

std::optional<Gate> gate_called_by(const Job& job, const Project& project, const Facts& facts) {
  return gate_called_by(job, project, facts, 0);
}

GatedSteps gates_in(const std::vector<Step>& steps, const Project& project, const Facts& facts) {
  return gates_in(steps, project, facts, 0);
}

std::vector<GatedJob> gated_jobs(const Workflow& workflow, const Project& project,
                                 const Facts& facts) {
  std::vector<GatedJob> found;
  for (const Job& job : workflow.jobs) {
    if (found.size() == most_gated_jobs) break;
    GatedJob gated = gated_job(job, project, facts, 0);
    if (!gated.gates.empty()) found.push_back(std::move(gated));
  }
  return found;
}

GateView env_view(const Entry& env, const GateView& seen) {
  GateView view;
  for (const Entry& entry : env.value.entries()) {
    GateSignal signal = derive({"env", std::string(entry.key.text())}, entry.value.text(), seen);
    if (signal.role != GateRole::other) view.add(std::move(signal));
  }
  return view;
}

}  // namespace refgate::lint
