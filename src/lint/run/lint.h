#pragma once
// The linter: a project in, findings out; and the one entry that the command line calls.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/report/report.h"
#include "lint/rule/lint_config.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// The findings of the selected files of a project, sorted; ignored ones are left out.
std::vector<Finding> lint(const Project& project, const LintConfig& config);

struct LintResult {
  std::vector<Finding> findings;
  std::size_t ignored = 0;  ///< how many were left out
};
/// Files are looked at by up to `threads` threads.
LintResult lint_project(const Project& project, const LintConfig& config, unsigned threads = 1);

/// What the command line says.
struct LintRequest {
  std::vector<std::string> paths;  ///< empty: "."
  Format format = Format::text;
  bool with_sarif = false;  ///< SARIF beside the output
  /// Findings below it are neither shown nor counted. Unset: all are shown, and warnings and errors
  /// decide the exit status.
  std::optional<Severity> min_severity;
  FixKind fix = FixKind::none;
  bool diff = false;  ///< print what `fix` would change (safe fixes unless `fix` says more),
                      ///< instead of the findings, and change nothing
  bool colour = false;
  /// Rules by their ids: only these (none: all that are on), and all but these. What is no YAML is
  /// reported in any case, unless `syntax` is ignored.
  std::vector<std::string> select, ignore;
  std::string baseline;         ///< path of a list of known findings; empty: none
  bool write_baseline = false;  ///< hand the list of all findings out, instead of reporting them
  std::string explain;          ///< a rule's id: print its page, and nothing else
  std::string config;  ///< path of the configuration; empty: `.github/refgate.yml` of each project,
                       ///< if there is one
  unsigned threads = 1;
};

struct LintSeams {
  Files files;
  /// Writes a fixed file; false when that failed. Only called with `fix` and without `diff`.
  std::function<bool(const std::string& path, const std::string& text)> write;
  /// Files read and to read. Called from one thread at a time, for a terminal; may be empty.
  std::function<void(std::size_t done, std::size_t total)> progress;
  /// Seconds of some clock, for the summary; may be empty.
  std::function<double()> clock = {};
};

struct LintOutcome {
  int status = 0;      ///< 0 nothing found; 1 findings at or over the level (0 in SARIF, where the
                       ///< findings are the product); 2 wrong usage; 3 failed
  std::string output;  ///< for the standard output
  std::string
      errors;  ///< for the standard error: what went wrong, and what was not checked because of it
  std::string baseline;  ///< with `write_baseline`, unless the run failed: the list to write
  std::string sarif;     ///< with `with_sarif`, unless the run failed: code scanning takes what is
                         ///< missing in a report for mended
};

/// Finds, reads, lints, fixes and renders. Repositories are handled one by one or side by side, and
/// each is forgotten when it is done, so that memory is bounded by the largest one, or as many
/// small ones as there are threads. Never throws.
///
/// Files are named relative to what a relative path names (as a compiler does), and relative to the
/// repository when its path is absolute, since reports travel; only text for people keeps absolute
/// paths, when it comes alone.
LintOutcome run_lint(const LintRequest& request, const LintSeams& seams);

}  // namespace refgate::lint
