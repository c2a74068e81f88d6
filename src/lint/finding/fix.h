#pragma once
// Fixes applied to the text, one after the other, each proven before it stays.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/finding/finding.h"

namespace refgate::lint {

struct FixOutcome {
  std::string text;
  std::size_t applied = 0;
  std::size_t dropped =
      0;  ///< fixes that would have left something that is no YAML, or the finding where it was
  bool unfinished = false;  ///< there was still something to fix after the last attempt
};

/// The findings of one file, given its text.
using Relint = std::function<std::vector<Finding>(const std::string& text)>;

/// Applies the fixes of a file up to `allowed` (none: nothing; unsafe: safe ones too), one after
/// the other, each on what the one before it left, until nothing is left to fix or `attempts` are
/// over. A fix is dropped when its result does not parse, when there are then not fewer findings of
/// its rule, or when it is of a generated file.
FixOutcome apply_fixes(const std::string& text, FixKind allowed, const Relint& relint,
                       int attempts = 500);

/// The text with these edits; edits must not overlap. Empty optional when they do or lie outside of
/// the text.
std::optional<std::string> apply_edits(std::string_view text, std::vector<TextEdit> edits);

/// Unified diff with three lines of context; empty when the texts are equal. `name` is what stands
/// after `--- a/` and `+++ b/`.
std::string unified_diff(std::string_view name, std::string_view before, std::string_view after);

}  // namespace refgate::lint
