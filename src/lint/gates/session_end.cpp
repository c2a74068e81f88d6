#include "lint/gates/session_end.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lint/expression/expression.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_costs.h"

namespace refgate::lint {

const Step* finish_in(const Job& job, const Project& project, const Facts& facts) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return has_session_command(step, project, facts, "finish");
  });
  return found == job.steps.end() ? nullptr : &*found;
}

bool is_told_outcome(const Step& finish, std::string_view work) {
  const Entry status = finish.input("status");
  if (!status)
    return finish.run_text().find("--status") != std::string_view::npos ||
           finish.env.value.entry("REFGATE_STATUS") ||
           finish.input("flags").value.text().find("status") != std::string_view::npos;
  const Expression expression = parse_template(status.value.text());
  if (!expression.is_valid()) return true;
  const std::vector<Reference> all = references(expression);
  if (all.size() != 1 || !all.front().is_literal()) return true;
  return !refers_to(all.front(), {"job", "status"}) &&
         !refers_to(all.front(), {"steps", std::string(work), "conclusion"});
}

namespace {

/// Whether a condition asks for more than what the gates of the job say.
bool asks_for_more(const Entry& condition, const GateView& seen) {
  const Expression expression = parse_condition(condition.value.text());
  if (!condition || !expression.is_valid()) return false;
  const std::vector<Reference> all = references(expression);
  return std::any_of(all.begin(), all.end(), [&](const Reference& reference) {
    return std::none_of(
        seen.signals().begin(), seen.signals().end(),
        [&](const GateSignal& signal) { return refers_to(reference, signal.path); });
  });
}

}  // namespace

const Step* narrower_work(const Job& job, const GatedSteps& gated, const Project& project,
                          const Facts& facts) {
  const Step* last = nullptr;
  for (const Step& step : job.steps) {
    if (step.index <= gated.gates.front().step->index) continue;
    const Cost cost = cost_of(step, project, facts);
    if (cost != Cost::work && cost != Cost::unknown) continue;
    if (!asks_for_more(step.condition, gated.view)) return nullptr;
    last = &step;
  }
  return last;
}

std::vector<TextEdit> add_finish(const Document& document, const Job& job, const Gate& gate,
                                 const Step* work) {
  const YamlNode list = job.steps_entry.value;
  const Step& last = job.steps.back();
  if (list.style() != Style::block || list.is_alias() || last.parallel ||
      last.node.style() != Style::block || last.node.is_alias())
    return {};
  const std::uint32_t begin = last.node.outer_begin();
  const std::uint32_t line = document.line_start(document.place(begin, begin).line);
  const std::string before(document.text().substr(line, begin - line));
  if (before.find_first_not_of(" -") != std::string::npos ||
      std::count(before.begin(), before.end(), '-') != 1)
    return {};
  const std::string indent(before.size(), ' ');
  const Place end = document.place(last.node.place().end, last.node.place().end);
  const auto at =
      document.line_start(end.line) + static_cast<std::uint32_t>(document.line(end.line).size());
  std::vector<TextEdit> edits;
  std::string id;
  if (work != nullptr) {
    id = work->id.empty() ? "work" : std::string(work->id);
    if (work->id.empty()) {
      if (job.step(id) != nullptr || work->node.is_alias()) return {};
      edits = add_entry(document, work->node, "id", id);
      if (edits.empty()) return {};
    }
  }
  const std::string new_line = std::string(line_break(document)) + indent;
  std::string text = std::string(line_break(document)) + before + "if: always()" + new_line +
                     "uses: " + std::string(gate.step->uses_text()) + new_line +
                     "with:" + new_line + "  command: finish";
  if (work != nullptr) text += new_line + "  status: ${{ steps." + id + ".outcome }}";
  edits.push_back({at, at, text});
  return edits;
}

std::vector<TextEdit> hand_own_failure_on(const Document& document, const GatedJob& gated,
                                          const Step& finish) {
  const Gate& gate = gated.gates.front();
  if (gate.step == nullptr || gate.step->id.empty() || !gated.job->outputs.value.is_mapping() ||
      finish.node.source().find("own") != std::string_view::npos)
    return {};
  const std::string origin = "steps." + std::string(gate.step->id) + ".outputs.own_failure";
  std::string name;
  for (const Entry& output : gated.job->outputs.value.entries()) {
    if (output.value.text().find(origin) != std::string_view::npos) name = output.key.text();
  }
  std::vector<TextEdit> edits;
  if (name.empty()) {
    name = "own_failure";
    edits = add_entry(document, gated.job->outputs.value, name, "${{ " + origin + " }}");
    if (edits.empty()) return {};
  }
  const std::string value = "${{ needs." + std::string(gated.job->id) + ".outputs." + name + " }}";
  std::vector<TextEdit> told;
  if (finish.uses && finish.with.value.is_mapping()) {
    told = add_entry(document, finish.with.value, "own-failure", value);
  } else if (finish.run && finish.env.value.is_mapping()) {
    told = add_entry(document, finish.env.value, "REFGATE_OWN_FAILURE", value);
  } else if (finish.run) {
    told = add_entry(document, finish.node, "env", "{REFGATE_OWN_FAILURE: '" + value + "'}");
  }
  if (told.empty()) return {};
  edits.insert(edits.end(), told.begin(), told.end());
  return edits;
}

}  // namespace refgate::lint
