#pragma once
// Findings to text. One file a format; none of them sorts, filters or looks at anything but the
// findings.

#include <cstddef>
#include <string>
#include <vector>

#include "lint/finding/finding.h"

namespace refgate::lint {

enum class Format { text, json, sarif, github };

struct ReportFacts {
  std::size_t files = 0;    ///< how many were linted
  std::size_t ignored = 0;  ///< how many findings were ignored
  bool colour = false;      ///< text only
};

/// One paragraph a finding: place, message, rule, the line and a caret; then one line of counts.
/// Control characters of the files are shown, not sent.
std::string render_text(const std::vector<Finding>& findings, const ReportFacts& facts);

/// One object: `version`, `findings`, counts.
std::string render_json(const std::vector<Finding>& findings, const ReportFacts& facts);

/// SARIF 2.1.0 as GitHub's code scanning reads it: rules with their pages, places relative to
/// %SRCROOT%, fingerprints that survive moved lines, fixes.
std::string render_sarif(const std::vector<Finding>& findings, const ReportFacts& facts);

/// Workflow commands of the runner. GitHub shows ten annotations a step and level: the most severe
/// ten are printed as commands, the others as plain lines, and one line says how many.
std::string render_github(const std::vector<Finding>& findings, const ReportFacts& facts);

std::string render(Format format, const std::vector<Finding>& findings, const ReportFacts& facts);

}  // namespace refgate::lint
