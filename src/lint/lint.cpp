#include "lint/lint.h"

#include <algorithm>
#include <utility>

#include "lint/ignore.h"
#include "lint/rule.h"

namespace refgate::lint {
namespace {

bool is_on(const Rule& rule, const RuleConfig& config) { return !config.off && (config.on || rule.on_by_default); }

void run_rule(const Rule& rule, const Project& project, const LintConfig& config, std::vector<Finding>& findings) {
  const RuleConfig& rule_config = config.rule(rule.id);
  if (!is_on(rule, rule_config)) return;
  const auto run = [&](const Workflow* workflow, const Action* action) {
    Sink sink(rule, findings);
    rule.check({project, config, rule_config.options, workflow, action}, sink);
  };
  if (rule.scope == RuleScope::project) {
    run(nullptr, nullptr);
    return;
  }
  for (const Workflow& workflow : project.workflows()) {
    if (workflow.selected) run(&workflow, nullptr);
  }
  if (rule.scope != RuleScope::file) return;
  for (const Action& action : project.actions()) {
    if (action.selected) run(nullptr, &action);
  }
}

/// What reading found: files that are no YAML, and what GitHub does not take of YAML.
void report_syntax(const Project& project, std::vector<Finding>& findings) {
  const Rule& rule = *find_rule("syntax");
  for (const Unreadable& unreadable : project.unreadable()) {
    if (unreadable.missing) continue;
    Finding& finding = findings.emplace_back();
    finding.rule = rule.id;
    finding.severity = rule.severity;
    finding.confidence = rule.confidence;
    finding.message = unreadable.problem.message;
    finding.location = {unreadable.file, unreadable.problem.place, unreadable.line};
  }
  Sink sink(rule, findings);
  const auto report = [&](const FileRef& file) {
    for (const SyntaxProblem& problem : file.document->problems()) sink.report(file, problem.place, problem.message);
  };
  for (const Workflow& workflow : project.workflows()) {
    if (workflow.selected) report(workflow);
  }
  for (const Action& action : project.actions()) {
    if (action.selected) report(action);
  }
}

/// Rules that look across files may report in a file that was read for look-ups only.
void keep_selected(const Project& project, std::vector<Finding>& findings) {
  std::erase_if(findings, [&](const Finding& finding) {
    const Workflow* workflow = project.workflow_at(finding.location.file);
    return workflow != nullptr && !workflow->selected;
  });
}

}  // namespace

LintResult lint_project(const Project& project, const LintConfig& config) {
  std::vector<Finding> findings;
  if (is_on(*find_rule("syntax"), config.rule("syntax"))) report_syntax(project, findings);
  for (const Rule& rule : rules()) run_rule(rule, project, config, findings);
  keep_selected(project, findings);
  Sifted sifted = sift(project, config, std::move(findings));
  sort_findings(sifted.kept);
  return {std::move(sifted.kept), sifted.ignored};
}

std::vector<Finding> lint(const Project& project, const LintConfig& config) { return lint_project(project, config).findings; }

}  // namespace refgate::lint
