#pragma once
// A rule is a row of one table (rules/rules.cpp), a check in the room of its concern
// (rules/<room>/<id_with_underscores>.cpp) and a page (lint-rules/<id>.md). Adding one touches
// these three:
//
//   rules/gates/my_rule.cpp  void check_my_rule(const Subject& subject, Sink& sink) { … }
//   rules/rules.cpp          RULE(my_rule, "my-rule", workflow, warning, high, true, safe, "", "…")
//   lint-rules/my-rule.md    front matter equal to the row, then Why, Bad, Good, Exceptions; its
//                            examples are the rule's tests
//
// A check reads values and reports values. It never prints, never looks at the configuration of
// ignores and levels, and keeps no state. What several rules need of a workflow (its launches,
// gates, guards) is worked out once and asked of the subject: `launches_of`, `gated_jobs_of`, ….

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "lint/finding/finding.h"
#include "lint/github/facts.h"
#include "lint/rule/lint_config.h"
#include "lint/rule/memo.h"
#include "lint/workflow/project.h"
#include "lint/workflow/workflow.h"

namespace refgate::lint {

/// How often a check is called: once for each selected workflow, once for each selected workflow
/// and each selected action, or once for the project.
enum class RuleScope : std::uint8_t { workflow, file, project };

/// What a check is called with.
struct Subject {
  const Project& project;
  const LintConfig& config;
  const RuleOptions& options;  ///< of this rule
  Memo& memo;                  ///< shared by the rules of this file, or of the project
  const Workflow* workflow =
      nullptr;  ///< set for RuleScope::workflow; for RuleScope::file either this one or `action`
  const Action* action = nullptr;

  const Facts& facts() const { return config.facts; }
};

/// A file that a finding can lie in.
struct FileRef {
  FileRef(const Workflow& workflow)
      : file(workflow.file), document(workflow.document.get()), generated(workflow.generated) {}
  FileRef(const Action& action) : file(action.file), document(action.document.get()) {}
  FileRef(const Subject& subject)
      : FileRef(subject.workflow != nullptr ? FileRef(*subject.workflow)
                                            : FileRef(*subject.action)) {}

  std::string_view file;
  const Document* document;
  bool generated = false;
};

struct Rule;

/// Where findings go. The row's id, severity and confidence are filled in; the configured level
/// comes later. What was reported already, in the same words at the same place, is left out: an
/// alias repeats content. After max_reports findings further ones are only counted, and the last
/// one says so.
class Sink {
 public:
  static constexpr std::size_t max_reports = 1000;

  explicit Sink(const Rule& rule, std::vector<Finding>& findings)
      : rule_(rule), findings_(findings) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink();

  /// What was just reported, to add to. Valid until the next report.
  class Report {
   public:
    Report& confidence(Confidence value);
    Report& severity(Severity value);
    Report& related(const FileRef& file, YamlNode node, std::string message);
    Report& related(const FileRef& file, const Place& place, std::string message);
    Report& fix(FixKind kind, std::string description, std::vector<TextEdit> edits);

   private:
    friend class Sink;
    Report(Finding& finding, const Document* document) : finding_(finding), document_(document) {}
    Finding& finding_;
    const Document* document_;
  };

  Report report(const FileRef& file, YamlNode node, std::string message);
  Report report(const FileRef& file, const Place& place, std::string message);

 private:
  const Rule& rule_;
  std::vector<Finding>& findings_;
  std::size_t reported_ = 0;
  std::unordered_set<std::string> known_;
  Finding overflow_;  ///< what is not kept
};

using Check = void (*)(const Subject& subject, Sink& sink);

struct Rule {
  std::string_view id;
  RuleScope scope;
  Severity severity;
  Confidence confidence;
  bool on_by_default;
  FixKind fix;
  std::string_view options;  ///< names of its options, separated by blanks
  std::string_view summary;
  Check check;
};

/// All rows, sorted by id.
std::span<const Rule> rules();
const Rule* find_rule(std::string_view id);
/// All ids, sorted.
std::vector<std::string_view> rule_ids();

/// The text of the rule's page, front matter included; empty when there is no such rule.
std::string_view rule_page(std::string_view id);
/// What `--explain RULE` prints: the page without its front matter, headed by the facts of it; or
/// one sentence that names the nearest rule, with `known` false.
struct Explanation {
  bool known = false;
  std::string text;
};
Explanation explain_rule(std::string_view id);

/// Where the page can be read, for SARIF; empty when the project was built without a homepage.
std::string rule_url(std::string_view id);

}  // namespace refgate::lint
