#include "lint/adoption/linted_change.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "lint/run/lint.h"

namespace refgate::lint {

LintedChange::LintedChange(const Project& project, const LintConfig& config)
    : project_(std::make_unique<const Project>(project)),
      config_(config),
      findings_(lint_project_now(*project_)) {}

std::vector<Finding> LintedChange::findings_of(const std::string& file) const {
  std::vector<Finding> found;
  std::copy_if(findings_.begin(), findings_.end(), std::back_inserter(found),
               [&](const Finding& each) { return each.location.file == file; });
  return found;
}

std::string LintedChange::change(const std::string& file, const std::string& text) {
  auto changed = std::make_unique<const Project>(project_->with(file, text));
  std::vector<Finding> found;
  std::string more = compare(*changed, found);
  if (!more.empty()) return more;
  project_ = std::move(changed);
  findings_ = std::move(found);
  return {};
}

std::string LintedChange::judge(const std::string& file, const std::string& text) const {
  std::vector<Finding> found;
  return compare(project_->with(file, text), found);
}

std::string LintedChange::compare(const Project& changed, std::vector<Finding>& found) const {
  if (changed.workflows().size() != project_->workflows().size())
    return "the file would be no YAML any more";
  found = lint_project_now(changed);
  std::map<std::pair<std::string, std::string>, int> known;
  for (const Finding& finding : findings_)
    ++known[{finding.location.file, finding.rule}];
  for (const Finding& finding : found) {
    if (--known[{finding.location.file, finding.rule}] >= 0) continue;
    return "`" + finding.rule + "`: " + finding.message + " (" + finding.location.file + ":" +
           std::to_string(finding.location.place.line) + ")";
  }
  return {};
}

std::vector<Finding> LintedChange::lint_project_now(const Project& project) const {
  std::vector<Finding> found = lint(project, config_);
  std::erase_if(found, [](const Finding& each) { return each.severity == Severity::note; });
  return found;
}

}  // namespace refgate::lint
