// GitHub refuses a whole file for one expression that it cannot read, and no rule that reads
// conditions can say anything about it.

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>

#include "lint/finding/edit.h"
#include "lint/gates/guard_text.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// `"text"` for `'text'`, outside of texts; empty when there is none, or one that holds a `'`.
std::string with_single_quotes(std::string_view text) {
  std::string mended;
  bool changed = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\'') {
      const std::size_t end = text.find('\'', at + 1);
      if (end == std::string_view::npos) return {};
      mended += text.substr(at, end - at + 1);
      at = end;
    } else if (text[at] == '"') {
      const std::size_t end = text.find('"', at + 1);
      if (end == std::string_view::npos) return {};
      const std::string_view inner = text.substr(at + 1, end - at - 1);
      if (inner.find('\'') != std::string_view::npos) return {};
      mended += "'" + std::string(inner) + "'";
      changed = true;
      at = end;
    } else {
      mended += text[at];
    }
  }
  return changed ? mended : std::string();
}

class Search {
 public:
  Search(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {}

  void condition(const Entry& entry) {
    if (!entry || !entry.value.is_scalar() || conditions_.contains(entry.value.text())) return;
    look(entry.value, parse_condition(entry.value.text()), true);
  }

  void text(YamlNode node) {
    if (node.is_alias()) return;
    if (!has_plain_paths_only(node.text()) && !templates_.contains(node.text()))
      look(node, parse_template(node.text()), false);
    for (const YamlNode item : node.items())
      text(item);
    for (const Entry& entry : node.entries())
      text(entry.value);
  }

  /// A mapping whose `if` is an expression without `${{ }}` too.
  void with_condition(YamlNode mapping) {
    if (mapping.is_alias()) return;
    for (const Entry& entry : mapping.entries()) {
      if (entry.key.text() == "if") {
        condition(entry);
      } else if (entry.key.text() == "steps") {
        steps(entry.value);
      } else {
        text(entry.value);
      }
    }
  }

  void steps(YamlNode list) {
    if (list.is_alias()) return;
    for (const YamlNode step : list.items()) {
      with_condition(step);
      steps(step["parallel"]);
    }
  }

 private:
  void look(YamlNode node, const Expression& expression, bool is_condition) {
    if (expression.is_valid()) (is_condition ? conditions_ : templates_).insert(node.text());
    if (expression.is_valid() || node.is_alias()) return;
    const FileRef file(subject_);
    const ExpressionError& error = *expression.error();
    const std::string_view text = node.text();
    const std::string mended = with_single_quotes(text);
    const bool quotes =
        !mended.empty() &&
        (is_condition ? parse_condition(mended) : parse_template(mended)).is_valid();
    auto report = sink_.report(
        file, place_in(*file.document, node, error.range),
        "GitHub cannot read this expression and refuses the whole file: " + error.message +
            (quotes ? "; texts have single quotes here" : ""));
    // Quoting and folding of YAML stand between the text and the file.
    const std::size_t at = node.source().find(text);
    if (!quotes || at == std::string_view::npos || node.style() == Style::single_quoted) return;
    const auto begin = node.place().begin + static_cast<std::uint32_t>(at);
    report.fix(FixKind::safe, "Write texts with single quotes",
               {{begin, begin + static_cast<std::uint32_t>(text.size()), mended}});
  }

  const Subject& subject_;
  Sink& sink_;
  /// What was read and is valid: the same few stand again and again.
  std::unordered_set<std::string_view> conditions_, templates_;
};

}  // namespace

void check_invalid_expression(const Subject& subject, Sink& sink) {
  Search search(subject, sink);
  if (subject.action != nullptr) {
    const Action& action = *subject.action;
    search.text(action.outputs.value);
    search.with_condition(action.runs.value);
    return;
  }
  const Workflow& workflow = *subject.workflow;
  search.text(workflow.run_name.value);
  search.text(workflow.env.value);
  search.text(workflow.concurrency.entry.value);
  for (const Trigger& trigger : workflow.triggers)
    search.text(trigger.outputs.value);
  for (const Job& job : workflow.jobs)
    search.with_condition(job.node);
}

}  // namespace refgate::lint
