// A listener whose source does not exist never starts, and nothing says so. Facts: "Events that
// trigger workflows", workflow_run: `workflows` lists the names of workflows; one without `name` is
// known by its path.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/rule/rule.h"
#include "lint/text/nearest.h"
#include "lint/workflow/glob.h"

namespace refgate::lint {
namespace {

/// Workflows that GitHub itself runs, with no file in the repository.
constexpr auto made_by_github = std::to_array<std::string_view>({
    "pages-build-deployment",
    "pages build and deployment",
    "CodeQL",
    "Code Quality",
    "Dependabot Updates",
    "Dependabot",
    "Graph Update",
    "Dependency Graph",
    "Automatic Dependency Submission",
    "Copilot",
    "Copilot code review",
    "Copilot coding agent",
    "Copilot cloud agent",
    "Running Copilot",
    "Running Copilot coding agent",
    "Running Copilot cloud agent",
    "Agentic security review",
});

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  return text;
}

bool is_made_by_github(std::string_view name, const RuleOptions& options) {
  const auto same = [&](std::string_view known) { return same_name(known, name); };
  if (std::any_of(made_by_github.begin(), made_by_github.end(), same)) return true;
  const auto more = options.find("names");
  return more != options.end() && std::any_of(more->second.begin(), more->second.end(), same);
}

/// `name` is the path of a workflow, or its file's name, with or without an extension.
const Workflow* workflow_of_file(const Project& project, std::string_view name) {
  for (const Workflow& workflow : project.workflows()) {
    const std::string_view file =
        std::string_view(workflow.file).substr(workflow.file.rfind('/') + 1);
    if (same_name(file, name) || same_name(file.substr(0, file.rfind('.')), name)) return &workflow;
  }
  return nullptr;
}

bool is_known(const Project& project, std::string_view name) {
  // Wildcards are in use, though not documented. A name may also hold such characters itself.
  const Glob glob(name);
  return std::any_of(project.workflows().begin(), project.workflows().end(),
                     [&](const Workflow& workflow) {
                       const std::string_view bears = trimmed(workflow.display_name());
                       return same_name(bears, name) || workflow.file == name ||
                              (!glob.error() && glob.matches(bears));
                     });
}

/// As it is written: plain where YAML reads the same back.
std::string as_yaml(std::string_view name) {
  const bool plain = !name.empty() &&
                     name.find_first_not_of(
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _./()") ==
                         std::string_view::npos &&
                     !(name.front() >= '0' && name.front() <= '9') && name.front() != '.' &&
                     !same_name(name, "true") && !same_name(name, "false") &&
                     !same_name(name, "null");
  if (plain) return std::string(name);
  std::string quoted = "'";
  for (const char character : name) {
    quoted += character;
    if (character == '\'') quoted += character;
  }
  return quoted + "'";
}

}  // namespace

void check_workflow_run_unknown(const Subject& subject, Sink& sink) {
  const Project& project = subject.project;
  const auto& workflows = project.workflows();
  if (!project.complete() ||
      std::any_of(workflows.begin(), workflows.end(),
                  [](const Workflow& each) { return each.name.value.has_expression(); }))
    return;
  std::vector<std::string_view> names;
  for (const Workflow& workflow : workflows) {
    if (&workflow != subject.workflow) names.push_back(trimmed(workflow.display_name()));
  }
  for (const Trigger& trigger : subject.workflow->triggers) {
    if (trigger.event != "workflow_run") continue;
    for (const YamlNode source : trigger.workflows.values) {
      const std::string_view name = trimmed(source.text());
      if (name.empty() || name.starts_with('!') || source.has_expression() || source.is_alias())
        continue;
      if (is_known(project, name) || is_made_by_github(name, subject.options)) continue;
      std::string message = "no workflow of this repository is named `" + std::string(name) +
                            "`, so that this one never starts for it";
      const Workflow* of_file = workflow_of_file(project, name);
      std::string_view meant =
          of_file != nullptr ? trimmed(of_file->display_name()) : nearest(name, names);
      const auto is_meant = [&](YamlNode other) { return same_name(trimmed(other.text()), meant); };
      // What is listed already was not meant a second time.
      if (std::any_of(trigger.workflows.values.begin(), trigger.workflows.values.end(), is_meant))
        meant = {};
      if (of_file != nullptr && !meant.empty()) {
        message +=
            "; that is a file, and `workflows` takes names: write `" + std::string(meant) + "`";
      } else if (!meant.empty()) {
        message += "; is `" + std::string(meant) + "` meant?";
      } else {
        message += "; `workflows` takes what other workflows have as their `name`";
      }
      auto report = sink.report(subject, source, message);
      if (meant.empty()) continue;
      for (const Workflow* workflow : project.workflows_named(meant)) {
        report.related(*workflow, workflow->name ? workflow->name.value : workflow->on.key,
                       "this workflow has that name");
      }
      report.fix(FixKind::unsafe, "Write " + as_yaml(meant),
                 {replace_node(source, as_yaml(meant))});
    }
  }
}

}  // namespace refgate::lint
