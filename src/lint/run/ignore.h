#pragma once
// Which findings somebody has decided to live with, and which of these decisions are void.

#include <string>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/rule/lint_config.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

struct Sifted {
  std::vector<Finding> kept;
  std::size_t ignored = 0;
};

/// Applies the configured levels and path ignores and the comments, and reports comments that
/// ignore nothing (`unused-ignore`) or name no rule.
///
/// A comment applies to a finding of its rule whose span has the comment's line in it, or which
/// begins on the line after a comment of its own line (further such comments and blank lines
/// between them do not count).
Sifted sift(const Project& project, const LintConfig& config, std::vector<Finding> findings);

}  // namespace refgate::lint
