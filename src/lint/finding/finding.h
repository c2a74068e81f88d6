#pragma once
// What a rule says. A value: made once, sorted once, rendered once.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lint/text/document.h"

namespace refgate::lint {

enum class Severity : std::uint8_t { note, warning, error };
enum class Confidence : std::uint8_t { low, medium, high };

/// `safe`: the workflow does what it did, except for what the rule is about. `unsafe`: a person has
/// to look.
enum class FixKind : std::uint8_t { none, safe, unsafe };

std::string_view name_of(Severity severity);      ///< "note", "warning", "error"
std::string_view name_of(Confidence confidence);  ///< "low", "medium", "high"
std::string_view name_of(FixKind kind);           ///< "none", "safe", "unsafe"

/// Replaces the bytes [begin, end) of the file as it was read.
struct TextEdit {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string replacement;
  Place place = {};  ///< of [begin, end); filled in when it is reported

  bool operator==(const TextEdit&) const = default;
};

/// Edits of the finding's own file that belong together: all of them or none.
struct Fix {
  FixKind kind = FixKind::safe;
  std::string description;  ///< imperative, for people: "Remove the second `main`"
  std::vector<TextEdit> edits;
};

/// A span of a file, with the text of its first line, so that a finding can be shown when the
/// document is gone.
struct Location {
  std::string file;  ///< relative to the project's root, with `/`
  Place place;
  std::string line;  ///< the first line of the span, at most 400 bytes of it
};

struct Related {
  Location location;
  std::string message;
};

struct Finding {
  std::string rule;
  Severity severity = Severity::warning;
  Confidence confidence = Confidence::high;
  std::string message;  ///< what is wrong and what it does, in one or two sentences
  Location location;
  std::vector<Related> related;
  std::vector<Fix> fixes;
  bool generated = false;  ///< the file is made by a program: never fixed, one level lower
};

/// File, line, column, then the more severe first, then rule and message: a total order, so that
/// two runs print the same.
void sort_findings(std::vector<Finding>& findings);

}  // namespace refgate::lint
