#include "lint/finding/finding.h"

#include <algorithm>
#include <tuple>

namespace refgate::lint {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::low:
      return "low";
    case Confidence::medium:
      return "medium";
    case Confidence::high:
      break;
  }
  return "high";
}

std::string_view name_of(FixKind kind) {
  switch (kind) {
    case FixKind::none:
      return "none";
    case FixKind::safe:
      return "safe";
    case FixKind::unsafe:
      break;
  }
  return "unsafe";
}

void sort_findings(std::vector<Finding>& findings) {
  const auto key = [](const Finding& finding) {
    return std::tuple(std::string_view(finding.location.file), finding.location.place.begin,
                      -static_cast<int>(finding.severity), std::string_view(finding.rule),
                      std::string_view(finding.message), finding.location.place.end);
  };
  std::sort(findings.begin(), findings.end(),
            [&](const Finding& left, const Finding& right) { return key(left) < key(right); });
}

}  // namespace refgate::lint
