#include "lint/finding/fix.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "lint/text/document.h"

namespace refgate::lint {
namespace {

/// A fix that was tried, told by what stays the same when lines move.
using Tried = std::tuple<std::string, std::string, std::string, std::string>;

Tried key_of(const Finding& finding, const Fix& fix) {
  return {finding.rule, finding.message, finding.location.line, fix.description};
}

const Fix* applicable(const Finding& finding, FixKind allowed) {
  if (finding.generated) return nullptr;
  const auto found = std::find_if(finding.fixes.begin(), finding.fixes.end(),
                                  [&](const Fix& fix) { return fix.kind <= allowed; });
  return found == finding.fixes.end() ? nullptr : &*found;
}

std::size_t count_of(const std::vector<Finding>& findings, std::string_view rule) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.rule == rule; }));
}

}  // namespace

std::optional<std::string> apply_edits(std::string_view text, std::vector<TextEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const TextEdit& left, const TextEdit& right) {
    return left.begin < right.begin;
  });
  std::string result;
  std::uint32_t at = 0;
  for (const TextEdit& edit : edits) {
    if (edit.begin < at || edit.end < edit.begin || edit.end > text.size()) return std::nullopt;
    result += text.substr(at, edit.begin - at);
    result += edit.replacement;
    at = edit.end;
  }
  result += text.substr(at);
  return result;
}

FixOutcome apply_fixes(const std::string& text, FixKind allowed, const Relint& relint,
                       int attempts) {
  FixOutcome outcome{text};
  if (allowed == FixKind::none) return outcome;
  std::vector<Finding> findings = relint(text);
  std::set<Tried> rejected;
  for (; attempts > 0; --attempts) {
    const Fix* fix = nullptr;
    const auto next = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      fix = applicable(finding, allowed);
      return fix != nullptr && !rejected.contains(key_of(finding, *fix));
    });
    if (next == findings.end()) return outcome;

    std::optional<std::string> fixed = apply_edits(outcome.text, fix->edits);
    if (fixed && std::holds_alternative<Document>(read_document(*fixed))) {
      std::vector<Finding> after = relint(*fixed);
      if (count_of(after, next->rule) < count_of(findings, next->rule) &&
          count_of(after, "syntax") <= count_of(findings, "syntax")) {
        outcome.text = *std::move(fixed);
        ++outcome.applied;
        findings = std::move(after);
        continue;
      }
    }
    ++outcome.dropped;
    rejected.insert(key_of(*next, *fix));
  }
  outcome.unfinished = true;
  return outcome;
}

}  // namespace refgate::lint
