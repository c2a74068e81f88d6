#pragma once
// Findings to text. One file a format; none of them sorts, filters or looks at anything but the
// findings.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lint/finding/finding.h"

namespace refgate::lint {

enum class Format { text, json, sarif, github };

/// A finding that the baseline names and that is no longer there.
struct GoneFinding {
  std::string file, rule, line;
  std::size_t count = 1;
};

struct ReportFacts {
  std::size_t files = 0;    ///< how many were linted
  std::size_t ignored = 0;  ///< how many findings were ignored
  bool colour = false;      ///< text only
  std::size_t named = 0;    ///< files that were named one by one and are no workflow
  std::size_t known = 0;    ///< findings that the baseline names
  std::vector<GoneFinding> gone = {};
  std::optional<double> seconds = {};  ///< what the run took, for people
};

/// The last line of a report for people: how many of each severity in how many files, what was left
/// out, and how long it took.
std::string summary_line(const std::vector<Finding>& findings, const ReportFacts& facts);
/// A line for each finding that is gone.
std::string gone_lines(const ReportFacts& facts);

/// One paragraph a finding: place, message, rule, the line and a caret; then one line of counts.
/// Control characters of the files are shown, not sent.
std::string render_text(const std::vector<Finding>& findings, const ReportFacts& facts);

/// One object: `version`, `findings`, `gone`, counts.
std::string render_json(const std::vector<Finding>& findings, const ReportFacts& facts);

/// SARIF 2.1.0 as GitHub's code scanning reads it: rules with their pages, places relative to
/// %SRCROOT%, fingerprints that survive moved lines, fixes.
std::string render_sarif(const std::vector<Finding>& findings, const ReportFacts& facts);

/// Workflow commands of the runner. GitHub shows ten annotations a step and level: the most severe
/// ten are printed as commands, the others as plain lines, and one line says how many.
std::string render_github(const std::vector<Finding>& findings, const ReportFacts& facts);

std::string render(Format format, const std::vector<Finding>& findings, const ReportFacts& facts);

}  // namespace refgate::lint
