// Small workflows and what one rule says of them: how often. What a page of lint-rules/ shows is
// not repeated here; these are the other forms of a kind, and the neighbours that stay silent.

#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catch.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
inline std::string put_in(std::string text, std::string_view mark, std::string_view value) {
  const std::size_t at = text.find(mark);
  REQUIRE(at != std::string::npos);
  return text.replace(at, mark.size(), value);
}

inline std::vector<Finding> findings_of(const MemoryFiles& files) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : files.texts)
    paths.push_back(path);
  return lint(files.project(paths), {});
}

inline std::size_t found(std::string_view rule, const MemoryFiles& files) {
  const std::vector<Finding> findings = findings_of(files);
  for (const Finding& finding : findings)
    REQUIRE(finding.rule != "syntax");
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& each) { return each.rule == rule; }));
}

inline std::size_t found(std::string_view rule, const std::string& text) {
  return found(rule, MemoryFiles{{{".github/workflows/example.yml", text}}});
}

/// The first finding of a rule in a workflow; nullopt when there is none.
inline std::optional<Finding> finding_of(std::string_view rule, const std::string& text) {
  for (Finding& each : findings_of(MemoryFiles{{{".github/workflows/example.yml", text}}})) {
    if (each.rule == rule) return std::move(each);
  }
  return std::nullopt;
}

/// How severe the first finding of a rule is.
inline std::string severity_of(std::string_view rule, const std::string& text) {
  const std::optional<Finding> finding = finding_of(rule, text);
  return finding ? std::string(name_of(finding->severity)) : "none";
}

/// A text that is put in at `%`, and how many findings that gives.
using Rows = std::vector<std::pair<std::string, std::size_t>>;

inline void check(std::string_view rule, const std::string& workflow, const Rows& rows) {
  for (const auto& [text, count] : rows) {
    INFO(text);
    CHECK(found(rule, put_in(workflow, "%", text)) == count);
  }
}

}  // namespace refgate::lint
