// One act, two runs of the same workflow for the same commit. Facts: "Events that trigger
// workflows": a push to the head branch of an open pull request gives `push` and `pull_request`
// with `synchronize`; a pull request reaches `pull_request` and `pull_request_target`; a merge
// queue pushes the branch that it checks; a single comment on a line of a diff comes with a review
// of its own.

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/github/event_scope.h"
#include "lint/github/own_action.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/rules/events/repeated_starts.h"
#include "lint/text/mention.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

/// What starts a workflow a second time: two triggers and a run of each.
struct Double {
  const Trigger* first = nullptr;
  const Trigger* second = nullptr;
  SupposedRun first_run, second_run;
};

bool listens_to_type(const Trigger& trigger, std::string_view type) {
  const std::vector<std::string> types = patterns_of(trigger.types);
  return listens_to(trigger.event, types.empty() ? nullptr : &types, type);
}

/// A gate that lets only one of two runs through that start at the same time.
/// skip-duplicate-actions does so only when it is told to.
bool decides_between(const Gate& gate) {
  if (gate.kind != GateKind::skip_duplicate_actions || gate.origin == nullptr) return true;
  const std::string_view concurrent = gate.origin->input("concurrent_skipping").value.text();
  return !concurrent.empty() && concurrent != "never" && concurrent != "outdated_runs";
}

/// A step that asks GitHub, or a script, whether the branch has a pull request.
bool asks_for_pull_request(const Step& step) {
  std::string text = to_lower(step.uses_text());
  text += to_lower(step.run_text());
  text += to_lower(step.input("script").value.text());
  for (const char* part : {"get-current-pr", "find-pull-request", "find-current-pr", "gh pr list",
                           "gh pr view", "gh pr status", "/pulls", "pulls.list", "pr-exists",
                           "listpullrequestsassociatedwithcommit", "associatedpullrequests"}) {
    if (text.find(part) != std::string::npos) return true;
  }
  return false;
}

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink)
      : subject_(subject),
        workflow_(*subject.workflow),
        sink_(sink),
        jobs_(job_conditions_of(subject, workflow_)),
        launches_(launches_of(subject)),
        conditions_(jobs_.all()) {
    for (const AgentLaunch& launch : launches_)
      launch_conditions_.push_back(&conditions_of(subject, launch));
  }

  void find() {
    if (!find_push_and_pull_request() && !find_both_pull_requests()) find_push_and_queue();
    find_ready_for_review();
    find_comment_and_review();
    report_repeated_starts(subject_, sink_);
  }

 private:
  std::vector<const Trigger*> triggers(std::string_view event) const {
    std::vector<const Trigger*> found;
    for (const Trigger& trigger : workflow_.triggers) {
      if (trigger.event == event) found.push_back(&trigger);
    }
    return found;
  }

  /// What a job has before it that lets one of the two runs end early.
  bool is_gated(const Job& job) const {
    if (is_own_called_workflow(job.uses.value.text())) return true;
    const std::vector<GateBefore> gates = gates_of_job(subject_, workflow_, job);
    return std::any_of(gates.begin(), gates.end(),
                       [](const GateBefore& each) { return decides_between(*each.gate); });
  }

  /// A job that certainly runs in both runs, without a gate before it.
  bool runs_twice(const Double& twice) const {
    for (const std::string& repository : repositories_named(conditions_)) {
      Double here = twice;
      here.first_run.repository = here.second_run.repository = repository;
      const Scope first = scope_of(here.first_run);
      const Scope second = scope_of(here.second_run);
      for (const Job& job : workflow_.jobs) {
        if (jobs_.runs(job, first) == Truth::yes && jobs_.runs(job, second) == Truth::yes &&
            !is_gated(job))
          return true;
      }
    }
    return false;
  }

  /// Whether a gate stands before each agent of the workflow: what else runs twice costs little.
  bool are_agents_gated() const {
    const bool called =
        std::any_of(workflow_.jobs.begin(), workflow_.jobs.end(),
                    [](const Job& job) { return is_own_called_workflow(job.uses.value.text()); });
    if (launches_.empty()) return called;
    for (std::size_t at = 0; at < launches_.size(); ++at) {
      const std::vector<GateBefore> gates = gates_before(subject_, launches_[at]);
      const bool decides = std::any_of(gates.begin(), gates.end(), [](const GateBefore& each) {
        return decides_between(*each.gate);
      });
      if (!decides && !is_own_called_workflow(launches_[at].own_job().uses.value.text()))
        return false;
    }
    return true;
  }

  /// A job finds out whether there is a pull request, and others depend on what it says.
  bool looks_for_pull_request() const {
    // Few outputs are asked for, so that the scripts are read last. By name: each of many jobs may
    // ask.
    std::set<std::string> asked;
    for (const Expression* condition : conditions_) {
      for (const Reference& each : references(*condition)) {
        if (each.path.size() > 2 && refers_into(each, {"needs"}) && each.path[1] && each.path[2] &&
            same_name(*each.path[2], "outputs"))
          asked.insert(to_lower(*each.path[1]));
      }
    }
    return !asked.empty() &&
           std::any_of(workflow_.jobs.begin(), workflow_.jobs.end(), [&](const Job& job) {
             return asked.contains(to_lower(job.id)) &&
                    std::any_of(job.steps.begin(), job.steps.end(), asks_for_pull_request);
           });
  }

  /// Whether a change can pass the filters of both.
  static bool may_meet(const Trigger& push, const Trigger& pull_request) {
    const EventFilter first = event_filter(push);
    const EventFilter second = event_filter(pull_request);
    const std::optional<FilterList> base = second.branch_list();
    if (!base || !(base->passes_everything() || common_name({&*base}).name)) return false;
    return can_share(first.path_list(), second.path_list()) == Truth::yes;
  }

  bool find_push_and_pull_request() {
    if (subject_.config.forks_only) return false;
    for (const Trigger* push : triggers("push")) {
      const EventFilter filter = event_filter(*push);
      const BranchReach reach = branch_reach(filter);
      if (!is_broad(reach)) continue;
      for (const char* event : {"pull_request", "pull_request_target"}) {
        for (const Trigger* pull_request : triggers(event)) {
          if (!listens_to_type(*pull_request, "synchronize") || !may_meet(*push, *pull_request))
            continue;
          Double twice{push,
                       pull_request,
                       {.event = "push", .branch = topic_branch(filter)},
                       {.event = event, .type = "synchronize"}};
          twice.second_run.branch = twice.first_run.branch;
          if (!runs_twice(twice)) continue;
          // Scripts are read for it, so that it is asked last.
          if (looks_for_pull_request()) return false;
          report_push(*push, *pull_request, reach);
          return true;
        }
      }
    }
    return false;
  }

  void report_push(const Trigger& push, const Trigger& pull_request, BranchReach reach) {
    const std::string branches = default_branches(pull_request);
    auto report = sink_.report(
        subject_, push.key,
        "a push to a branch of this repository that has an open pull request starts this workflow "
        "twice for the same commit: by `push`, "
        "which " +
            reach_in_words(reach) + ", and by " + quoted(pull_request.event) +
            "; limit `push` to the branches that pull requests go to, such as `branches: " +
            branches + "`");
    if (are_agents_gated()) report.severity(Severity::note);
    report.related(subject_, pull_request.key, "starts it for the same commit");
    report.fix(FixKind::unsafe, "Run on pushes to " + branches + " only", narrowed(push, branches));
  }

  bool find_both_pull_requests() {
    for (const Trigger* first : triggers("pull_request")) {
      for (const Trigger* second : triggers("pull_request_target")) {
        if (!may_meet(*first, *second) || !bases_meet(*first, *second)) continue;
        for (const char* type : {"synchronize", "opened", "reopened", "ready_for_review", "labeled",
                                 "closed", "edited"}) {
          if (!listens_to_type(*first, type) || !listens_to_type(*second, type)) continue;
          if (find_both_pull_requests(*first, *second, type)) return true;
        }
      }
    }
    return false;
  }

  bool find_both_pull_requests(const Trigger& first, const Trigger& second,
                               const std::string& type) {
    for (const bool fork : {true, false}) {
      if (subject_.config.forks_only && !fork) continue;
      const Double twice{&first,
                         &second,
                         {.event = "pull_request", .type = type, .fork = fork},
                         {.event = "pull_request_target", .type = type, .fork = fork}};
      if (!runs_twice(twice)) continue;
      const std::string act =
          type == "synchronize" ? "a push to a pull request" : quoted(type) + " of a pull request";
      auto report = sink_.report(subject_, second.key,
                                 act + (fork ? " from a fork" : "") +
                                     " starts this workflow twice, by `pull_request` and by "
                                     "`pull_request_target`; keep one of them, or give each job "
                                     "an `if` on `github.event_name`");
      if (are_agents_gated()) report.severity(Severity::note);
      report.related(subject_, first.key, "starts it for the same commit");
      return true;
    }
    return false;
  }

  static bool bases_meet(const Trigger& first, const Trigger& second) {
    const std::optional<FilterList> left = event_filter(first).branch_list();
    const std::optional<FilterList> right = event_filter(second).branch_list();
    return left && right && can_share(*left, *right) == Truth::yes;
  }

  void find_push_and_queue() {
    const Trigger* queue = workflow_.trigger("merge_group");
    if (queue == nullptr) return;
    for (const Trigger* push : triggers("push")) {
      const EventFilter filter = event_filter(*push);
      const std::optional<FilterList> branches = filter.branch_list();
      const std::string branch =
          "gh-readonly-queue/main/pr-7-6f1c2d3e4b5a69788796a5b4c3d2e1f00f1e2d3c";
      if (!is_broad(branch_reach(filter)) || !branches || !branches->passes(branch)) continue;
      const Double twice{push,
                         queue,
                         {.event = "push", .branch = branch},
                         {.event = "merge_group", .type = "checks_requested", .branch = branch}};
      if (!runs_twice(twice)) continue;
      const std::string main = default_branches(*queue);
      auto report = sink_.report(subject_, push->key,
                                 "adding a pull request to the merge queue starts this workflow "
                                 "twice for the same commit: by `merge_group`, and by `push`, "
                                 "since the queue pushes a branch `gh-readonly-queue/…`; limit "
                                 "`push`, such as to `branches: " +
                                     main + "`");
      report.related(subject_, queue->key, "starts it for the same commit");
      report.fix(FixKind::unsafe, "Run on pushes to " + main + " only", narrowed(*push, main));
      return;
    }
  }

  /// Literal branches of the other filter, else `main`.
  static std::string default_branches(const Trigger& other) {
    const EventFilter filter = event_filter(other);
    if (filter.branches) {
      if (const auto names = FilterList(*filter.branches, false).only_literals();
          names && !names->empty()) {
        std::string list;
        for (const std::string& name : *names) {
          if (name.find_first_not_of(
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/-") !=
              std::string::npos)
            return "[main]";
          list += (list.empty() ? "" : ", ") + name;
        }
        return "[" + list + "]";
      }
    }
    return "[main]";
  }

  std::vector<TextEdit> narrowed(const Trigger& push, const std::string& branches) const {
    const Document& document = *workflow_.document;
    for (const Filter* filter : {&push.branches, &push.branches_ignore}) {
      if (*filter)
        return {{filter->entry.key.place().begin, filter->entry.value.place().end,
                 "branches: " + branches}};
    }
    if (push.config.is_mapping() && push.config.size() == 0)
      return {replace_node(push.config, "{branches: " + branches + "}")};
    if (push.config.is_mapping()) return add_entry(document, push.config, "branches", branches);
    const YamlNode on = workflow_.on.value;
    if (push.config) {
      if (on.style() == Style::flow || push.config.style() != Style::empty) return {};
      const std::uint32_t end = push.config.place().end;
      return {
          {end, end,
           line_end() + std::string(push.key.place().column + 1, ' ') + "branches: " + branches}};
    }
    // `on: [push, pull_request]` has no place for filters.
    std::string mapping(workflow_.on.key.source());
    mapping += ":";
    for (const Trigger& trigger : workflow_.triggers) {
      mapping += line_end() + "  " + std::string(trigger.event) + ":";
      if (&trigger == &push) mapping += line_end() + "    branches: " + branches;
    }
    const std::uint32_t begin = workflow_.on.key.place().begin;
    const std::uint32_t end = on.place().end;
    if (document.text().substr(begin, end - begin).find('#') != std::string_view::npos) return {};
    return {{begin, end, mapping}};
  }

  std::string line_end() const {
    return workflow_.document->text().find("\r\n") == std::string_view::npos ? "\n" : "\r\n";
  }

  bool is_gated(std::size_t launch) const {
    return !gates_before(subject_, launches_[launch]).empty();
  }

  /// The launches that certainly are reached in a run and that no gate stands before.
  std::vector<std::size_t> reached(SupposedRun run) const {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < launches_.size(); ++at) {
      const std::vector<std::string> repositories =
          repositories_named(launch_conditions_[at]->all());
      const bool runs =
          std::any_of(repositories.begin(), repositories.end(), [&](const std::string& repository) {
            run.repository = repository;
            return launch_conditions_[at]->runs(scope_of(run)) == Truth::yes;
          });
      if (runs && answers_text(*launches_[at].launch, run.text) && !is_gated(at))
        found.push_back(at);
    }
    return found;
  }

  /// A draft is looked at when it is opened or pushed to, and again, with no new commit, when it is
  /// marked ready.
  void find_ready_for_review() {
    for (const char* event : {"pull_request", "pull_request_target"}) {
      for (const Trigger* trigger : triggers(event)) {
        if (!trigger->types || !listens_to_type(*trigger, "ready_for_review")) continue;
        for (const char* type : {"synchronize", "opened"}) {
          if (!listens_to_type(*trigger, type)) continue;
          const std::vector<std::size_t> first =
              reached({.event = event, .type = type, .draft = true});
          const std::vector<std::size_t> second =
              reached({.event = event, .type = "ready_for_review"});
          const auto both = std::find_if(first.begin(), first.end(), [&](std::size_t at) {
            return std::find(second.begin(), second.end(), at) != second.end();
          });
          if (both == first.end()) continue;
          report_ready(*trigger, type, launches_[*both]);
          return;
        }
      }
    }
  }

  void report_ready(const Trigger& trigger, const std::string& type, const AgentLaunch& launch) {
    const auto value_of = [&](std::string_view wanted) {
      const auto found = std::find_if(trigger.types.values.begin(), trigger.types.values.end(),
                                      [&](YamlNode value) { return value.text() == wanted; });
      return found == trigger.types.values.end() ? trigger.key : *found;
    };
    auto report = sink_.report(subject_, value_of("ready_for_review"),
                               "marking a draft ready launches the agent again for a commit that " +
                                   quoted(type) +
                                   " launched it for already, since drafts are not left out; give "
                                   "the job `if: ${{ !github.event.pull_request.draft }}`");
    report.confidence(Confidence::medium)
        .related(subject_, value_of(type), "launches it for the draft");
    report.related(subject_, launch.place().key, "the agent is launched here");
    if (!launch.own_job().condition) {
      report.fix(FixKind::unsafe, "Leave drafts out",
                 add_entry(*workflow_.document, launch.own_job().node, "if",
                           "${{ !github.event.pull_request.draft }}"));
    }
  }

  void find_comment_and_review() {
    const Trigger* comment = workflow_.trigger("pull_request_review_comment");
    const Trigger* review = workflow_.trigger("pull_request_review");
    if (comment == nullptr || review == nullptr || launches_.empty()) return;
    if (!listens_to_type(*comment, "created") || !listens_to_type(*review, "submitted")) return;
    std::vector<std::string> phrases{"A remark"};
    for (const LaunchConditions* conditions : launch_conditions_) {
      for (std::string& phrase : phrases_named(conditions->all()))
        phrases.push_back(std::move(phrase));
    }
    for (const std::string& phrase : phrases) {
      const std::vector<std::size_t> first =
          reached({.event = "pull_request_review_comment", .type = "created", .text = phrase});
      const std::vector<std::size_t> second =
          reached({.event = "pull_request_review", .type = "submitted"});
      if (first.empty() || second.empty()) continue;
      sink_
          .report(subject_, review->key,
                  "a single comment on a line of a pull request launches the agent twice: it comes "
                  "as `pull_request_review_comment` and, with an "
                  "empty body, as "
                  "`pull_request_review`; give the job an `if` that asks for "
                  "`github.event.review.body`")
          .related(subject_, comment->key, "launches it for the same comment")
          .related(subject_, launches_[second.front()].place().key, "the agent is launched here");
      return;
    }
  }

  const Subject& subject_;
  const Workflow& workflow_;
  Sink& sink_;
  const JobConditions& jobs_;
  const std::vector<AgentLaunch>& launches_;
  std::vector<const LaunchConditions*> launch_conditions_;
  std::vector<const Expression*> conditions_;
};

}  // namespace

void check_duplicate_trigger(const Subject& subject, Sink& sink) {
  // GitHub asks for push and pull_request here, so that the steps can be tried before they are
  // merged.
  const std::string_view file = subject.workflow->file;
  if (file.ends_with("copilot-setup-steps.yml") || file.ends_with("copilot-setup-steps.yaml"))
    return;
  Finder(subject, sink).find();
}

}  // namespace refgate::lint
