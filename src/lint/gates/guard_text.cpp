#include "lint/gates/guard_text.h"

#include <algorithm>
#include <utility>

#include "lint/finding/edit.h"
#include "lint/gates/guards.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

std::string literal(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Where the scalar's text begins in the file, if it stands there as it is; nullopt when it is
/// folded or escaped.
std::optional<std::uint32_t> text_offset(YamlNode node) {
  const std::string_view text = node.text();
  const std::size_t found = text.empty() ? std::string_view::npos : node.source().find(text);
  if (found == std::string_view::npos) return std::nullopt;
  return node.place().begin + static_cast<std::uint32_t>(found);
}

std::string in_style(YamlNode node, std::string replacement) {
  if (node.style() != Style::single_quoted) return replacement;
  std::string doubled;
  for (const char character : replacement) {
    doubled += character;
    if (character == '\'') doubled += '\'';
  }
  return doubled;
}

bool one_line(YamlNode node) {
  const Style style = node.style();
  return node.source().find('\n') == std::string_view::npos &&
         (style == Style::plain || style == Style::single_quoted || style == Style::double_quoted);
}

}  // namespace

std::string dotted(const ContextPath& path) {
  std::string text;
  for (const std::string& part : path)
    text += (text.empty() ? "" : ".") + part;
  return text;
}

std::string guard_for(const GateView& view, GateKind kind) {
  const GateSignal* best = nullptr;
  for (const GateSignal& signal : view.signals()) {
    if (signal.role != GateRole::verdict || signal.path.size() != 4 ||
        !signal.on_skip.is_primitive())
      continue;
    if (best == nullptr || (same_name(signal.path.back(), "skip_execution") &&
                            !same_name(best->path.back(), "skip_execution")))
      best = &signal;
  }
  if (best == nullptr) return {};
  const bool closes = kind == GateKind::refgate && best->on_run.is_primitive();
  return dotted(best->path) + (closes ? " == " + literal(to_text(best->on_run))
                                      : " != " + literal(to_text(best->on_skip)));
}

const GateSignal* attempt_of(const GateView& view) {
  const auto found =
      std::find_if(view.signals().begin(), view.signals().end(),
                   [](const GateSignal& signal) { return signal.role == GateRole::attempt; });
  return found == view.signals().end() ? nullptr : &*found;
}

std::vector<TextEdit> hand_attempt_on(const Document& document, const GatedJob& gated) {
  const Gate& gate = gated.gates.front();
  if (gate.step == nullptr || gate.step->id.empty() || !gated.job->outputs) return {};
  return add_entry(document, gated.job->outputs.value, "run_attempt",
                   "${{ steps." + std::string(gate.step->id) + ".outputs.run_attempt }}");
}

std::string attempt_guard(const GatedJob& gated) {
  const GateSignal* attempt = attempt_of(gated.view);
  const std::string path = attempt != nullptr
                               ? dotted(attempt->path)
                               : "needs." + std::string(gated.job->id) + ".outputs.run_attempt";
  return path + " == github.run_attempt";
}

bool asks_for_each_attempt(const Gate& gate) {
  return gate.kind == GateKind::refgate && gate.origin != nullptr &&
         gate.origin->input("retry").value.text() != "allow";
}

std::string explain_guard(const GuardJudgement& judgement, const std::vector<GateOutput>& verdicts,
                          std::string_view condition, const std::string& what) {
  const GateOutput& output = verdicts.front();
  const std::string name = quoted(dotted(output.path));
  const std::string skip = literal(output.skip_value);
  const std::string run = literal(output.run_value);
  const std::string part =
      judgement.place ? quoted(condition.substr(judgement.place->begin,
                                                judgement.place->end - judgement.place->begin))
                      : "the condition";
  const bool opens = judgement.effect.on_skip != Truth::no;
  const std::string effect = opens ? what + " runs on a duplicate too" : what + " never runs";
  const std::string instead = "; compare with text, `" + dotted(output.path) + " != " + skip + "`";
  switch (judgement.fault) {
    case GuardFault::always_true:
      if (has_expression(condition))
        return "text outside of `${{ }}` makes this condition a text, which is always true: " +
               effect;
      return "this condition is true whatever " + name + " says: " + effect;
    case GuardFault::never_true:
      return "this condition is false when the gate says skip and when it says run (" + name +
             " is then " + run + "): " + effect;
    case GuardFault::inverted:
      return "this condition is the wrong way round: " + name + " is " + skip +
             " when the gate says skip and " + run + " when it says run, so " + what +
             " runs on duplicates only";
    case GuardFault::string_is_true:
      return name + " is a text, " + skip + " or " + run +
             ", and every text that is not empty is true, so " + part +
             " does not tell them apart: " + effect + instead;
    case GuardFault::wrong_type:
      return part + " compares a text with a boolean, and " + name + " is the text " + skip +
             " or " + run + ", which equals neither: " + effect + instead;
    case GuardFault::bypassed:
      return part + " lets " + what + " run when the gate says skip";
    case GuardFault::none:
    case GuardFault::absent:
    case GuardFault::unknown_output:
      break;
  }
  return "this condition does not keep " + what + " from running when the gate says skip";
}

Place place_in(const Document& document, YamlNode node, std::optional<ByteRange> range) {
  const auto offset = text_offset(node);
  if (!range || !offset || range->end > node.text().size() || range->begin >= range->end)
    return node.place();
  return document.place(*offset + static_cast<std::uint32_t>(range->begin),
                        *offset + static_cast<std::uint32_t>(range->end));
}

std::vector<TextEdit> add_guard(const Document& document, YamlNode mapping, const Entry& condition,
                                const Entry& after, const std::string& guard) {
  if (guard.empty()) return {};
  if (!condition) return add_entry(document, mapping, "if", guard, after);
  const YamlNode node = condition.value;
  const auto offset = text_offset(node);
  const Expression expression = parse_condition(node.text());
  if (!offset || !one_line(node) || node.is_alias() || !expression.is_valid()) return {};
  const ExpressionNode& root = expression.node(expression.root());
  if (root.kind == ExpressionKind::concatenation) return {};
  const std::string_view text = node.text();
  std::size_t begin = text.find("${{");
  std::size_t end = text.rfind("}}");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  if (end == std::string_view::npos || begin == 0) end = text.size();
  while (begin < end && text[begin] == ' ')
    ++begin;
  while (end > begin && text[end - 1] == ' ')
    --end;
  const auto first = *offset + static_cast<std::uint32_t>(begin);
  const auto last = *offset + static_cast<std::uint32_t>(end);
  const bool group = root.kind == ExpressionKind::disjunction;
  std::vector<TextEdit> edits;
  if (group) edits.push_back({first, first, "("});
  edits.push_back({last, last, in_style(node, (group ? ") && " : " && ") + guard)});
  return edits;
}

std::vector<TextEdit> mend_guard(YamlNode condition, const GuardJudgement& judgement,
                                 const std::vector<GateOutput>& verdicts) {
  const auto offset = text_offset(condition);
  if (!offset || !judgement.place || condition.is_alias()) return {};
  const ByteRange range = *judgement.place;
  const std::string part(condition.text().substr(range.begin, range.end - range.begin));
  std::string mended;
  if (judgement.fault == GuardFault::string_is_true && part.starts_with('!') &&
      verdicts.front().skip_value == "true") {
    mended = dotted(verdicts.front().path) + " != 'true'";
  } else if (judgement.fault == GuardFault::wrong_type) {
    for (const char* word : {"true", "false"}) {
      const std::string wrong(word);
      if (part.ends_with(" " + wrong))
        mended = part.substr(0, part.size() - wrong.size()) + literal(wrong);
    }
  }
  if (mended.empty() ||
      (condition.style() == Style::plain && range.begin == 0 && mended.starts_with('!')))
    return {};
  const auto begin = *offset + static_cast<std::uint32_t>(range.begin);
  return {{begin, begin + static_cast<std::uint32_t>(part.size()),
           in_style(condition, std::move(mended))}};
}

bool needs_job(const Job& job, const Job& other) {
  return std::any_of(job.needed.begin(), job.needed.end(),
                     [&](YamlNode need) { return same_name(need.text(), other.id); });
}

std::string why_unseen(const Reference& reference, const Job& job, const Step* step,
                       const std::vector<GatedJob>& jobs) {
  const auto& path = reference.path;
  if (path.size() < 4 || !path[0] || !path[1] || !path[2] || !same_name(*path[2], "outputs"))
    return {};
  const std::string& context = *path[0];
  const std::string& name = *path[1];
  const std::string value = quoted(context + "." + name + ".outputs");
  for (const GatedJob& gated : jobs) {
    if (same_name(context, "needs") && same_name(gated.job->id, name)) {
      if (&job == gated.job || needs_job(job, *gated.job)) continue;
      return "job " + quoted(job.id) + " does not need " + quoted(gated.job->id) + ", so " + value +
             " is empty here whatever the gate says; add it to `needs`";
    }
    if (!same_name(context, "steps")) continue;
    for (const Gate& gate : gated.gates) {
      if (gate.step == nullptr || !same_name(gate.step->id, name)) continue;
      if (step == nullptr) {
        return "the `if` of a job cannot read `steps`, and GitHub refuses the workflow; hand the "
               "verdict on in `outputs` of " +
               quoted(gated.job->id) + " and compare `needs." + std::string(gated.job->id) +
               ".outputs`";
      }
      if (&job == gated.job && step->index <= gate.step->index && step != gate.step) {
        return "this step stands before the gate " + quoted(name) + ", so " + value +
               " is still empty here; put it after the gate";
      }
      if (&job != gated.job && job.step(name) == nullptr) {
        return "the gate " + quoted(name) + " is a step of job " + quoted(gated.job->id) + ", so " +
               value +
               " is empty here whatever it says; hand the verdict on in `outputs` of that job and "
               "need it";
      }
    }
  }
  return {};
}

}  // namespace refgate::lint
