// Small workflows and what one rule says of them: how often. What a page of lint-rules/ shows is
// not repeated here; these are the other forms of a kind, and the neighbours that stay silent.

#pragma once

#include <algorithm>
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

inline std::size_t found(std::string_view rule, const MemoryFiles& files) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : files.texts)
    paths.push_back(path);
  LintConfig config;
  const std::vector<Finding> findings = lint(files.project(paths), config);
  for (const Finding& finding : findings)
    REQUIRE(finding.rule != "syntax");
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& each) { return each.rule == rule; }));
}

inline std::size_t found(std::string_view rule, const std::string& text) {
  return found(rule, MemoryFiles{{{".github/workflows/example.yml", text}}});
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
