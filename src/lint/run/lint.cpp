#include "lint/run/lint.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "lint/github/callee_memo.h"
#include "lint/rule/rule.h"
#include "lint/run/ignore.h"
#include "lint/workflow/parallel.h"

namespace refgate::lint {
namespace {

bool is_on(const Rule& rule, const RuleConfig& config) {
  return !config.off && (config.on || rule.on_by_default);
}

/// What the rules of one file are called with, or those of the whole project when it is neither.
struct Task {
  const Workflow* workflow = nullptr;
  const Action* action = nullptr;

  bool takes(const Rule& rule) const {
    if (workflow == nullptr && action == nullptr) return rule.scope == RuleScope::project;
    return rule.scope == RuleScope::file ||
           (rule.scope == RuleScope::workflow && workflow != nullptr);
  }
};

std::vector<Task> tasks_of(const Project& project) {
  std::vector<Task> tasks = {{}};
  for (const Workflow& workflow : project.workflows()) {
    if (workflow.selected) tasks.push_back({&workflow, nullptr});
  }
  for (const Action& action : project.actions()) {
    if (action.selected) tasks.push_back({nullptr, &action});
  }
  return tasks;
}

void run_rules(const Task& task, const Project& project, const LintConfig& config,
               std::vector<Finding>& findings) {
  Memo memo;
  for (const Rule& rule : rules()) {
    const RuleConfig& rule_config = config.rule(rule.id);
    if (!task.takes(rule) || !is_on(rule, rule_config)) continue;
    Sink sink(rule, findings);
    rule.check({project, config, rule_config.options, memo, task.workflow, task.action}, sink);
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
    for (const SyntaxProblem& problem : file.document->problems())
      sink.report(file, problem.place, problem.message);
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

LintResult lint_project(const Project& project, const LintConfig& given, unsigned threads) {
  std::vector<Finding> findings;
  LintConfig config = given;
  config.facts.scripts = std::make_shared<const ProjectScripts>(project, config.facts);
  config.facts.callees = std::make_shared<const CalleeMemo>();
  if (is_on(*find_rule("syntax"), config.rule("syntax"))) report_syntax(project, findings);
  const std::vector<Task> tasks = tasks_of(project);
  std::vector<std::vector<Finding>> found(tasks.size());
  for_each_index(tasks.size(), threads, [&](std::size_t index) {
    run_rules(tasks[index], project, config, found[index]);
  });
  for (std::vector<Finding>& part : found)
    std::move(part.begin(), part.end(), std::back_inserter(findings));
  keep_selected(project, findings);
  Sifted sifted = sift(project, config, std::move(findings));
  sort_findings(sifted.kept);
  return {std::move(sifted.kept), sifted.ignored};
}

std::vector<Finding> lint(const Project& project, const LintConfig& config) {
  return lint_project(project, config).findings;
}

}  // namespace refgate::lint
