// A listener whose source does not exist never starts, and nothing says so. Facts: "Events that
// trigger workflows", workflow_run: `workflows` lists the names of workflows; one without `name` is
// known by its path.

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/text/blank.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"
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

bool is_made_by_github(std::string_view name, const RuleOptions& options) {
  const auto same = [&](std::string_view known) { return same_name(known, name); };
  if (std::any_of(made_by_github.begin(), made_by_github.end(), same)) return true;
  const auto more = options.find("names");
  return more != options.end() && std::any_of(more->second.begin(), more->second.end(), same);
}

/// The names and files of a project's workflows, to be found by a name in a list.
class Names {
 public:
  explicit Names(const Project& project) : project_(project) {
    for (const Workflow& workflow : project.workflows()) {
      const std::string_view name = trimmed(workflow.display_name());
      borne_.insert(to_lower(name));
      files_.insert(workflow.file);
      if (!workflow.only_called()) with_runs_.emplace_back(&workflow, name);
      const std::string file = to_lower(workflow.file.substr(workflow.file.rfind('/') + 1));
      by_file_.emplace(file, &workflow);
      by_file_.emplace(file.substr(0, file.rfind('.')), &workflow);
    }
  }

  /// Wildcards are in use, though not documented. A name may also hold such characters itself.
  bool is_known(std::string_view name) const {
    if (borne_.contains(to_lower(name)) || files_.contains(name)) return true;
    if (name.find_first_of("*?+[\\") == std::string_view::npos) return false;
    if (++patterns_ > most_patterns) return true;
    const Glob glob(name);
    return !glob.error() && std::any_of(project_.workflows().begin(), project_.workflows().end(),
                                        [&](const Workflow& workflow) {
                                          return glob.matches(trimmed(workflow.display_name()));
                                        });
  }

  /// `name` is the name of a workflow's file, with or without an extension.
  const Workflow* of_file(std::string_view name) const {
    const auto found = by_file_.find(to_lower(name));
    return found == by_file_.end() ? nullptr : found->second;
  }

  /// The nearest whole name of another workflow. That one begins with the other does not make two
  /// names near: `Test` is no slip for `Test Coverage`.
  std::string_view near(std::string_view name, const Workflow& listener) const {
    std::vector<std::string_view> candidates;
    for (const auto& [workflow, each] : with_runs_) {
      if (workflow != &listener && (!each.starts_with(name) || each.size() < name.size() + 3))
        candidates.push_back(each);
    }
    return nearest(name, candidates);
  }

 private:
  /// Each is compared with every workflow; what is not may be the name of one.
  static constexpr std::size_t most_patterns = 60;

  const Project& project_;
  std::unordered_set<std::string> borne_;  ///< in lower case
  std::set<std::string_view> files_;
  std::vector<std::pair<const Workflow*, std::string_view>> with_runs_;
  std::unordered_map<std::string, const Workflow*> by_file_;
  mutable std::size_t patterns_ = 0;
};

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

/// At most so many are compared with all names for what they may have meant.
constexpr std::size_t most_suggested = 30;

/// A name of a list that starts nothing.
struct Dead {
  YamlNode source;
  std::string_view name;
  bool only_called = false;  ///< workflows bear it, but they have no runs of their own
  std::string_view meant;    ///< empty when nothing is near
  bool of_file = false;      ///< it is a file's name, and `meant` the name of its workflow
};

class Listeners {
 public:
  Listeners(const Subject& subject, Sink& sink)
      : subject_(subject), sink_(sink), names_(subject.project) {}

  void check(const Workflow& workflow, const Trigger& trigger) {
    std::vector<Dead> dead;
    std::size_t listed = 0;
    for (const YamlNode source : trigger.workflows.values) {
      const std::string_view name = trimmed(source.text());
      if (name.empty() || name.starts_with('!')) continue;
      ++listed;
      // What is not judged may start it.
      if (source.has_expression() || source.is_alias() || !is_dead(name)) continue;
      dead.push_back({source, name, names_.is_known(name), {}, false});
    }
    if (dead.empty()) return;
    for (Dead& each : dead) {
      if (++suggested_ > most_suggested) break;
      suggest(workflow, trigger, each);
    }
    report(workflow, trigger, dead, dead.size() == listed);
  }

 private:
  bool is_dead(std::string_view name) const {
    if (is_made_by_github(name, subject_.options)) return false;
    return !names_.is_known(name) || is_only_called(name);
  }

  bool is_only_called(std::string_view name) const {
    const std::vector<const Workflow*> bearers = subject_.project.workflows_named(name);
    return !bearers.empty() &&
           std::all_of(bearers.begin(), bearers.end(),
                       [](const Workflow* each) { return each->only_called(); });
  }

  void suggest(const Workflow& workflow, const Trigger& trigger, Dead& dead) const {
    const Workflow* of_file = dead.only_called ? nullptr : names_.of_file(dead.name);
    if (of_file != nullptr && of_file->only_called()) of_file = nullptr;
    dead.of_file = of_file != nullptr;
    dead.meant =
        of_file != nullptr ? trimmed(of_file->display_name()) : names_.near(dead.name, workflow);
    // What is listed already was not meant a second time.
    if (std::any_of(trigger.workflows.values.begin(), trigger.workflows.values.end(),
                    [&](YamlNode other) { return same_name(trimmed(other.text()), dead.meant); }))
      dead.meant = {};
  }

  static std::string advice(const Dead& dead) {
    if (dead.meant.empty()) return "; `workflows` takes what other workflows have as their `name`";
    return dead.of_file
               ? "; that is a file, and `workflows` takes names: write " + quoted(dead.meant)
               : "; is " + quoted(dead.meant) + " meant?";
  }

  void report(const Workflow& workflow, const Trigger& trigger, const std::vector<Dead>& dead,
              bool all) {
    const Dead& first = dead.front();
    // By hand, on a schedule or by a call it may start all the same.
    const bool others = workflow.triggers.size() > 1;
    const std::string starts =
        others ? ", so that none starts this one" : ", so that this one never starts";
    const std::string never = all ? starts : ", so that this one never starts for it";
    std::string message;
    if (dead.size() == 1) {
      message =
          (first.only_called ? quoted(first.name) +
                                   " is only called by other workflows and has no runs of "
                                   "its own"
                             : "no workflow of this repository is named " + quoted(first.name)) +
          never + (first.only_called ? "; name the one that calls it" : advice(first));
    } else {
      message = "no run of this repository bears one of the names ";
      constexpr std::size_t most_named = 5;
      for (std::size_t at = 0; at < std::min(dead.size(), most_named); ++at)
        message += (at == 0 ? "" : ", ") + quoted(dead[at].name);
      if (dead.size() > most_named)
        message += " and " + std::to_string(dead.size() - most_named) + " more";
      message += all ? starts : ", so that this one never starts for them";
      message += "; `workflows` takes what other workflows have as their `name`";
    }
    auto made = dead.size() == 1 ? sink_.report(workflow, first.source, message)
                                 : sink_.report(workflow, trigger.workflows.entry.key, message);
    if (!all) made.severity(Severity::warning);
    std::vector<TextEdit> edits;
    std::string description;
    for (const Dead& each : dead) {
      if (each.meant.empty()) continue;
      for (const Workflow* meant : subject_.project.workflows_named(each.meant)) {
        made.related(*meant, meant->name ? meant->name.value : meant->on.key,
                     "this workflow has that name");
      }
      edits.push_back(replace_node(each.source, as_yaml(each.meant)));
      description += (description.empty() ? "Write " : ", ") + as_yaml(each.meant);
    }
    made.fix(FixKind::unsafe, description, std::move(edits));
  }

  const Subject& subject_;
  Sink& sink_;
  Names names_;
  std::size_t suggested_ = 0;
};

}  // namespace

void check_workflow_run_unknown(const Subject& subject, Sink& sink) {
  const auto& workflows = subject.project.workflows();
  if (!subject.project.complete() ||
      std::any_of(workflows.begin(), workflows.end(),
                  [](const Workflow& each) { return each.name.value.has_expression(); }))
    return;
  Listeners listeners(subject, sink);
  for (const Workflow& workflow : workflows) {
    if (!workflow.selected) continue;
    for (const Trigger& trigger : workflow.triggers) {
      if (trigger.event == "workflow_run") listeners.check(workflow, trigger);
    }
  }
}

}  // namespace refgate::lint
