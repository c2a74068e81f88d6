#pragma once
// A change of a workflow that is judged by the linter before it stays.

#include <memory>
#include <string>
#include <vector>

#include "lint/finding/finding.h"
#include "lint/rule/lint_config.h"
#include "lint/workflow/project.h"

namespace refgate::lint {

/// A project while it is changed, file by file.
class LintedChange {
 public:
  LintedChange(const Project& project, const LintConfig& config);

  const Project& project() const { return *project_; }
  /// The findings of the project as it is now, at the level of a warning or over it.
  std::vector<Finding> findings_of(const std::string& file) const;

  /// What the linter would have to say of this text that it does not say now, in any file, in the
  /// words of the first such finding: "`rule`: message (file:line)". Empty: nothing, and the change
  /// stays.
  std::string change(const std::string& file, const std::string& text);
  /// The same, and it does not stay.
  std::string judge(const std::string& file, const std::string& text) const;

 private:
  std::string compare(const Project& changed, std::vector<Finding>& found) const;
  std::vector<Finding> lint_project_now(const Project& project) const;

  std::unique_ptr<const Project> project_;
  const LintConfig& config_;
  std::vector<Finding> findings_;
};

}  // namespace refgate::lint
