// `finish` looks for the session where it is told to. Where the gate was told something else, it
// finds none and ends nothing.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/told_settings.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

std::string spelt(const std::optional<Told>& told) {
  if (!told) return "nothing";
  return "`" + told->text.substr(0, 60) + "`";
}

std::string squeezed(const std::optional<Told>& told) {
  std::string text = told ? told->text : "";
  std::erase(text, ' ');
  return text;
}

class Pairs {
 public:
  Pairs(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    if (gated_jobs_of(subject).empty()) return;
    for (const Job& job : subject.workflow->jobs) {
      for (const Step& step : job.steps) {
        if (is_finish(step)) endings_.push_back({&job, &step});
      }
    }
  }

  void check(const GatedJob& gated) {
    const Gate& gate = gated.gates.front();
    if (gate.kind != GateKind::refgate || gate.whole || gate.step == nullptr ||
        gate.step != gate.origin)
      return;
    for (const Ending& ending : endings_) {
      const bool same = ending.job == gated.job;
      if (same ? ending.step->index < gate.step->index : !names_gate_job(*ending.step, gated))
        continue;
      compare(gated, gate, {ending.step, ending.job, subject_.workflow});
      if (!same) claim(gated, gate, *ending.step);
    }
  }

 private:
  struct Ending {
    const Job* job;
    const Step* step;
  };

  bool is_finish(const Step& step) const {
    // One that a local action wraps is told what that action tells it.
    return !step.uses_text().starts_with("./") &&
           has_session_command(step, subject_.project, subject_.facts(), "finish");
  }

  static bool names_gate_job(const Step& step, const GatedJob& gated) {
    const std::string name = "needs." + std::string(gated.job->id) + ".";
    return step.node.source().find(name) != std::string_view::npos;
  }

  void compare(const GatedJob& gated, const Gate& gate, const StepPlace& finish) {
    const StepPlace asked{gate.step, gated.job, subject_.workflow};
    const bool elsewhere = told(asked, "remote") || told(finish, "remote");
    for (const std::string_view name : {"namespace", "remote", "config", "token"}) {
      // The job's own token serves the job's own repository, whoever else may.
      if (name == "token" && !elsewhere) continue;
      const auto at_gate = told(asked, name);
      const auto at_finish = told(finish, name);
      if (squeezed(at_gate) == squeezed(at_finish)) continue;
      const Step& step = *finish.step;
      const YamlNode place =
          at_finish && at_finish->entry ? at_finish->entry.value : step.main().key;
      auto report = sink_.report(
          subject_, place,
          "the gate is told " + spelt(at_gate) + " for `" + std::string(name) +
              "` and this `finish` " + spelt(at_finish) +
              ": it looks for the session where there is none, and the session stays live until "
              "its "
              "lease has passed; tell both the same, or set `REFGATE_…` in the job's `env`");
      report.related(subject_, gate.step->main().key, "the gate");
      if (!at_finish && at_gate && at_gate->entry && step.with.value.is_mapping() &&
          at_gate->entry.value.style() != Style::literal &&
          at_gate->entry.value.style() != Style::folded && gate.step->input(name)) {
        report.fix(FixKind::safe, "Tell `finish` the same",
                   add_entry(*subject_.workflow->document, step.with.value, name,
                             at_gate->entry.value.source(), step.input("command")));
      }
      return;
    }
  }

  /// `claim-id` that is given another output of the gate.
  void claim(const GatedJob& gated, const Gate& gate, const Step& step) {
    const Entry given = step.input("claim-id");
    if (!given || !given.value.has_expression()) return;
    const Expression expression = parse_template(given.value.text());
    if (!expression.is_valid()) return;
    for (const Reference& reference : references(expression)) {
      if (!reference.is_literal() || reference.path.size() != 4 ||
          !refers_into(reference, {"needs", std::string(gated.job->id), "outputs"}))
        continue;
      const Entry output = gated.job->outputs.value.entry(*reference.path[3]);
      if (!output) continue;
      const Expression source = parse_template(output.value.text());
      if (!source.is_valid()) continue;
      const std::vector<Reference> from = references(source);
      if (from.size() != 1 || !from.front().is_literal() || from.front().path.size() != 4 ||
          !refers_into(from.front(), {"steps", std::string(gate.step->id), "outputs"}) ||
          same_name(*from.front().path[3], "claim_id"))
        continue;
      sink_
          .report(subject_, given.value,
                  "`claim-id` is given the gate's `" + *from.front().path[3] +
                      "`, by which no session is known: this `finish` ends nothing; hand "
                      "`claim_id` on")
          .related(subject_, output.value, "what it is given comes from here");
    }
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Ending> endings_;
};

}  // namespace

void check_gate_mismatch(const Subject& subject, Sink& sink) {
  Pairs pairs(subject, sink);
  for (const GatedJob& gated : gated_jobs_of(subject))
    pairs.check(gated);
}

}  // namespace refgate::lint
