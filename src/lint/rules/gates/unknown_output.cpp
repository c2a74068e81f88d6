// A name that the gate does not write is empty: a comparison with it is always the same, whatever
// the verdict.

#include <algorithm>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/guard_text.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"
#include "lint/text/nearest.h"

namespace refgate::lint {
namespace {

class Search {
 public:
  Search(const Subject& subject, Sink& sink) : subject_(subject), file_(subject), sink_(sink) {}

  void of(const Job& job, const GateView& view) {
    job_ = &job;
    in(job.node, view);
  }

  /// Every scalar below a node that sees `view`.
  void in(YamlNode node, const GateView& view, bool condition = false) {
    if (node.is_alias()) return;
    if (node.is_scalar() && (condition || node.has_expression())) {
      look(node, condition ? parse_condition(node.text()) : parse_template(node.text()), view,
           condition);
    }
    for (const YamlNode item : node.items())
      in(item, view);
    for (const Entry& entry : node.entries())
      in(entry.value, view, entry.key.text() == "if");
  }

 private:
  void look(YamlNode node, const Expression& expression, const GateView& view, bool condition) {
    if (!expression.is_valid()) return;
    for (const Reference& reference : references(expression)) {
      missing_step(node, reference, view);
      const ContextPath* outputs = view.completed(reference);
      if (outputs == nullptr) continue;
      const std::vector<std::string_view> names = view.names_in(*outputs);
      const std::string& name = *reference.path[outputs->size()];
      if (std::any_of(names.begin(), names.end(),
                      [&](std::string_view each) { return same_name(each, name); }))
        continue;
      const std::string_view meant = nearest(name, names);
      const bool of_job = same_name(outputs->front(), "needs");
      std::string message = (of_job ? "job " : "the gate ") + quoted((*outputs)[1]) +
                            " has no output " + quoted(name) + ", so " + quoted(reference.text()) +
                            " is empty";
      if (condition) message += effect(expression, view);
      message += meant.empty() ? "; it has " + list(names) : "; " + quoted(meant) + " is meant?";
      auto report =
          sink_.report(file_, place_in(*file_.document, node, reference.range), std::move(message));
      if (meant.empty()) continue;
      const Place place = place_in(*file_.document, node, reference.range);
      const std::string_view text =
          file_.document->text().substr(place.begin, place.end - place.begin);
      const std::size_t at = text.rfind(name);
      if (at == std::string_view::npos ||
          text.size() != reference.range.end - reference.range.begin)
        continue;
      const auto begin = place.begin + static_cast<std::uint32_t>(at);
      report.fix(FixKind::unsafe, "Write " + quoted(meant),
                 {{begin, begin + static_cast<std::uint32_t>(name.size()), std::string(meant)}});
    }
  }

  /// `steps.x.outputs.should_skip` where no step is `x`: the gate's id is misspelt.
  void missing_step(YamlNode node, const Reference& reference, const GateView& view) {
    if (job_ == nullptr || reference.path.size() < 4 || !reference.is_literal()) return;
    const auto& path = reference.path;
    if (!same_name(*path[0], "steps") || !same_name(*path[2], "outputs") ||
        job_->step(*path[1]) != nullptr)
      return;
    const auto signal =
        std::find_if(view.signals().begin(), view.signals().end(), [&](const GateSignal& each) {
          return each.path.size() == 4 && each.path[0] == "steps" &&
                 each.role == GateRole::verdict && same_name(each.path[3], *path[3]);
        });
    if (signal == view.signals().end()) return;
    sink_.report(file_, place_in(*file_.document, node, reference.range),
                 "no step of this job has the id " + quoted(*path[1]) + ", so " +
                     quoted(reference.text()) + " is empty whatever the gate says; " +
                     quoted(signal->path[1]) + " is meant?");
  }

  /// What an empty output makes of a condition.
  static std::string effect(const Expression& condition, const GateView& view) {
    Scope base;
    base.set_status(Truth::yes, Truth::no, Truth::no);
    const Truth skip = evaluate_truth(condition, view.scope(true, base));
    const Truth run = evaluate_truth(condition, view.scope(false, base));
    if (skip == Truth::yes && run == Truth::yes) return " and this condition always true";
    if (skip == Truth::no && run == Truth::no) return " and this condition never true";
    return "";
  }

  static std::string list(const std::vector<std::string_view>& names) {
    std::string text;
    for (const std::string_view name : names)
      text += (text.empty() ? "" : ", ") + quoted(name);
    return names.empty() ? "none" : text;
  }

  const Subject& subject_;
  FileRef file_;
  Sink& sink_;
  const Job* job_ = nullptr;
};

}  // namespace

void check_unknown_output(const Subject& subject, Sink& sink) {
  Search search(subject, sink);
  if (subject.action != nullptr) {
    const GatedSteps gated = gates_in(subject.action->steps, subject.project, subject.facts());
    if (gated.gates.empty()) return;
    search.in(subject.action->runs.value, gated.view);
    search.in(subject.action->outputs.value, gated.view);
    return;
  }
  const std::vector<GatedJob>& jobs = gated_jobs_of(subject);
  if (jobs.empty()) return;
  for (const Job& job : subject.workflow->jobs) {
    GateView view;
    for (const GatedJob& gated : jobs) {
      if (gated.job == &job) view.add_all(gated.inside.view);
      if (needs_job(job, *gated.job)) view.add_all(gated.view);
    }
    if (!view.empty()) search.of(job, view);
  }
}

}  // namespace refgate::lint
