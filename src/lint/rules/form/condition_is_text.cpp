// Text outside of `${{ }}` makes a condition a text, and a text that is not empty is true. Facts:
// "Evaluate expressions in workflows and actions", and the order in which GitHub's parsers replace
// `${{ }}` before they look at the outcome.

#include <algorithm>
#include <string>

#include "lint/finding/edit.h"
#include "lint/gates/guards.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

bool joins(std::string_view text) {
  return text.find_first_not_of(" \t\r\n()!&|") == std::string_view::npos;
}

/// What was meant when nothing but operators stands between the parts: one expression. Empty when
/// something else does.
std::string as_one(std::string_view text) {
  std::string whole;
  std::size_t at = 0;
  int parts = 0;
  bool other = false;
  for (; at < text.size();) {
    const std::size_t open = text.find("${{", at);
    const std::size_t end = open == std::string_view::npos ? open : text.find("}}", open);
    const std::string_view between =
        text.substr(at, open == std::string_view::npos ? open : open - at);
    if (!joins(between)) return {};
    other = other || between.find_first_of("&|!()") != std::string_view::npos;
    whole += between;
    if (end == std::string_view::npos) break;
    const std::string_view part = text.substr(open + 3, end - open - 3);
    const Expression expression = parse_expression(part);
    if (!expression.is_valid()) return {};
    const ExpressionKind kind = expression.node(expression.root()).kind;
    const std::size_t first = part.find_first_not_of(" \t\r\n");
    const std::string inner(part.substr(first, part.find_last_not_of(" \t\r\n") - first + 1));
    whole += kind == ExpressionKind::disjunction || kind == ExpressionKind::conjunction
                 ? "(" + inner + ")"
                 : inner;
    ++parts;
    at = end + 2;
  }
  if (parts == 1 && !other) {
    // Parentheses around the only part say nothing.
    const std::size_t open = text.find("${{") + 3;
    whole = text.substr(open, text.find("}}", open) - open);
  }
  std::replace(whole.begin(), whole.end(), '\n', ' ');
  const std::size_t first = whole.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  whole = whole.substr(first, whole.find_last_not_of(" \t\r") - first + 1);
  std::string squeezed;
  for (const char character : whole) {
    if (character != ' ' || squeezed.empty() || squeezed.back() != ' ') squeezed += character;
  }
  const std::string one = "${{ " + squeezed + " }}";
  const Expression expression = parse_condition(one);
  const bool plain = one.find(": ") == std::string::npos && one.find(" #") == std::string::npos;
  return expression.is_valid() && plain ? one : std::string();
}

class Search {
 public:
  Search(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {}

  void look(const Entry& condition) {
    const YamlNode node = condition.value;
    if (!node.is_scalar() || !node.has_expression() || node.is_alias()) return;
    const Expression expression = parse_condition(node.text());
    if (!expression.is_valid() ||
        expression.node(expression.root()).kind != ExpressionKind::concatenation || is_guard(node))
      return;
    auto report = sink_.report(FileRef(subject_), node,
                               "text outside of `${{ }}` makes this condition a text, which is "
                               "always true, whatever its parts say");
    const std::string one = as_one(node.text());
    if (!one.empty()) report.fix(FixKind::safe, "Write one expression", {replace_node(node, one)});
  }

 private:
  /// `broken-guard` says it of guards, with what it does there.
  bool is_guard(YamlNode node) const {
    const std::vector<GuardFinding>& all = guard_findings(subject_);
    return std::any_of(all.begin(), all.end(), [&](const GuardFinding& finding) {
      return finding.broken && finding.place.begin >= node.place().begin &&
             finding.place.end <= node.place().end;
    });
  }

  const Subject& subject_;
  Sink& sink_;
};

}  // namespace

void check_condition_is_text(const Subject& subject, Sink& sink) {
  Search search(subject, sink);
  if (subject.action != nullptr) {
    for (const Step& step : subject.action->steps)
      search.look(step.condition);
    return;
  }
  for (const Job& job : subject.workflow->jobs) {
    search.look(job.condition);
    for (const Step& step : job.steps)
      search.look(step.condition);
  }
}

}  // namespace refgate::lint
