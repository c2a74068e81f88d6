// Two launches of one agent for one event and the same work: two reviews of one commit, two answers
// to one comment.

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/share_names.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

/// So many pairs are compared, and of so many it is asked whether one event reaches both.
constexpr std::size_t most_pairs = 100'000;
constexpr std::size_t most_meetings = 1'000;

/// A launch with what is needed to ask when it is reached.
struct Candidate {
  const Workflow* workflow;
  const AgentLaunch* launch;
  const LaunchConditions* conditions;
  AgentWork work;
  std::vector<Start> starts;
  std::vector<std::string> phrases, labels, repositories;
  std::string asks;                  ///< the texts of all its conditions
  std::vector<std::string> absent;   ///< the steps that it asks about and that are not there
  std::optional<std::string> share;  ///< of the gates before it; empty when none of them names one
};

/// Someone asks for just this workflow.
bool is_asked_for(std::string_view event) {
  return event == "workflow_call" || event == "workflow_dispatch" || event == "repository_dispatch";
}

bool is_comment(std::string_view event) {
  return event == "issue_comment" || event == "pull_request_review" ||
         event == "pull_request_review_comment" || event == "discussion_comment";
}

std::optional<std::string> share_of(const Subject& subject, const AgentLaunch& launch) {
  const std::vector<GateBefore> gates = gates_before(subject, launch);
  if (gates.empty()) return std::nullopt;
  for (const GateBefore& each : gates) {
    if (each.place.step == nullptr) continue;
    if (auto share = told(each.place, "share")) return std::move(share->text);
  }
  return "";
}

bool has_common_text(const std::vector<YamlNode>& left, const std::vector<YamlNode>& right) {
  std::unordered_set<std::string_view> texts;
  for (const YamlNode node : right)
    texts.insert(node.text());
  return std::any_of(left.begin(), left.end(),
                     [&](YamlNode node) { return texts.contains(node.text()); });
}

/// Cheap to see, and asked for each pair of launches first.
bool sources_meet(const Trigger& left, const Trigger& right) {
  if (left.event == "schedule") return has_common_text(left.crons, right.crons);
  return left.event != "workflow_run" ||
         has_common_text(left.workflows.values, right.workflows.values);
}

bool filters_meet(const Trigger& left, const Trigger& right) {
  if (left.event == "schedule") return true;
  const EventFilter first = event_filter(left);
  const EventFilter second = event_filter(right);
  const auto share = [](const std::optional<FilterList>& one,
                        const std::optional<FilterList>& other) {
    return one && other && can_share(*one, *other) == Truth::yes;
  };
  const bool paths = can_share(first.path_list(), second.path_list()) == Truth::yes;
  const bool refs = share(first.branch_list(), second.branch_list()) ||
                    share(first.tag_list(), second.tag_list());
  return refs && (paths || left.event == "workflow_run");
}

/// The ids of the steps whose outputs a condition asks for.
std::vector<std::string> steps_asked(const Entry& condition) {
  std::vector<std::string> ids;
  if (!condition || !condition.value.is_scalar()) return ids;
  const Expression expression = parse_condition(condition.value.text());
  if (!expression.is_valid()) return ids;
  for (const Reference& each : references(expression)) {
    if (refers_into(each, {"steps"}) && each.path.size() > 1 && each.path[1])
      ids.push_back(*each.path[1]);
  }
  return ids;
}

/// The steps that the launch asks about and that its job does not have, as an alias of another
/// job's step does: their outputs are empty.
std::vector<std::string> absent_steps(const AgentLaunch& launch) {
  std::vector<std::string> ids = steps_asked(launch.step->condition);
  std::erase_if(ids, [&](const std::string& id) { return launch.job().step(id) != nullptr; });
  return ids;
}

std::string conditions_text(const Subject& subject, const AgentLaunch& launch) {
  std::string text;
  const auto add = [&](const Entry& condition) {
    text += std::string(condition.value.text()) + "\n";
  };
  // The same words are another question when they are about another step.
  for (const std::string& id : steps_asked(launch.step->condition)) {
    if (const Step* step = launch.job().step(id)) text += std::string(step->node.source()) + "\n";
  }
  for (const JobPlace& place : launch.path) {
    for (const Job* needed : job_conditions_of(subject, *place.workflow).needed(*place.job))
      add(needed->condition);
    add(place.job->condition);
  }
  add(launch.step->condition);
  if (launch.launch != launch.step) add(launch.launch->condition);
  return text;
}

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    for (const Workflow& workflow : subject.project.workflows()) {
      // What a program makes from its sources is united, or not, by that program.
      if (workflow.only_called() || workflow.generated) continue;
      const std::vector<AgentLaunch>& launches = launches_of(subject, workflow);
      for (const AgentLaunch& launch : launches) {
        // What a program is told that nobody knows cannot be seen.
        if (!launch.is_likely) add(workflow, launch);
      }
      if (launches.size() == most_launches && workflow.selected) {
        sink_
            .report(workflow, launches.back().own_job().key,
                    "there are so many launches of agents that no rule looks at those after "
                    "this one")
            .severity(Severity::note);
      }
    }
  }

  void find() {
    std::size_t pairs = 0;
    for (std::size_t at = 0; at < candidates_.size(); ++at) {
      for (std::size_t other = at + 1; other < candidates_.size(); ++other) {
        if (++pairs > most_pairs || meetings_ > most_meetings) {
          report_rest(candidates_[at]);
          return;
        }
        compare(candidates_[at], candidates_[other]);
      }
    }
  }

 private:
  void add(const Workflow& workflow, const AgentLaunch& launch) {
    const LaunchConditions& conditions = conditions_of(subject_, launch);
    const std::vector<const Expression*> all = conditions.all();
    std::vector<std::string> phrases = phrases_named(all);
    if (const std::string_view awaited = awaited_phrase(*launch.launch); !awaited.empty())
      phrases.emplace_back(awaited);
    auto share = share_of(subject_, launch);
    candidates_.push_back({&workflow, &launch, &conditions, work_of(launch, subject_.facts()),
                           starts_of(workflow, subject_.facts()), std::move(phrases),
                           labels_named(all), repositories_named(all),
                           conditions_text(subject_, launch), absent_steps(launch),
                           std::move(share)});
  }

  void compare(const Candidate& first, const Candidate& second) {
    const bool same_workflow = first.workflow == second.workflow;
    if (repeated_.contains(second.launch)) return;
    if (same_workflow && is_repeated(first, second)) return report_repeated(first, second);
    if (same_workflow && !are_side_by_side(first, second)) return;
    if (first.work.agent != second.work.agent) return;
    if (first.share && second.share &&
        (same_workflow || (!first.share->empty() && *first.share == *second.share) ||
         share_names_of(subject_).is_slip(*first.share, *second.share)))
      return;
    if (!first.workflow->selected && !second.workflow->selected) return;
    std::optional<bool> same;
    for (const Start& start : first.starts) {
      for (const Start& other : second.starts) {
        if (start.event != other.event || start.type != other.type || is_asked_for(start.event))
          continue;
        if (!same_workflow && !sources_meet(*start.trigger, *other.trigger)) continue;
        if (!same) same = is_same_work(first.work, second.work);
        const bool same_work = *same;
        if (!same_work && (same_workflow || !is_comment(start.event))) continue;
        if (!same_workflow && !filters_meet(*start.trigger, *other.trigger)) continue;
        ++meetings_;
        const std::optional<std::string> text = meet(first, second, start, same_work);
        if (!text) continue;
        report(first, second, start, other, *text);
        return;
      }
    }
  }

  /// A step that an alias repeats in its own job, whatever came of the first time.
  static bool is_repeated(const Candidate& first, const Candidate& second) {
    const AgentLaunch& again = *second.launch;
    return &first.launch->own_job() == &again.own_job() && first.workflow->selected &&
           !again.is_called() && again.step->node.is_alias() &&
           again.step->condition.value.text().find("failure") == std::string_view::npos &&
           is_same_work(first.work, second.work);
  }

  void report_repeated(const Candidate& first, const Candidate& second) {
    repeated_.insert(second.launch);
    sink_
        .report(*second.workflow, second.launch->step->node,
                "this repeats a step that launches " + second.work.agent +
                    " in the same job, for the same work: both are paid for; remove one")
        .related(*first.workflow, first.launch->step->main().key, "the first time");
  }

  /// Two jobs of one workflow, neither of which waits for the other.
  bool are_side_by_side(const Candidate& first, const Candidate& second) const {
    const Job& one = first.launch->own_job();
    const Job& other = second.launch->own_job();
    if (&one == &other) return false;
    const JobConditions& jobs = job_conditions_of(subject_, *first.workflow);
    return !jobs.needs(one, other) && !jobs.needs(other, one);
  }

  /// What the event brings, in a run of which both launches are certainly reached: a comment's
  /// text, or nothing. Without the same prompt, both must be asked for by words of that text.
  std::optional<std::string> meet(const Candidate& first, const Candidate& second,
                                  const Start& start, bool same_work) const {
    const bool same_question = same_work && first.asks == second.asks;
    std::vector<std::string> texts;
    if (same_work) texts.emplace_back();
    if (same_work || (!first.phrases.empty() && !second.phrases.empty())) {
      texts.insert(texts.end(), first.phrases.begin(), first.phrases.end());
      texts.insert(texts.end(), second.phrases.begin(), second.phrases.end());
    }
    std::vector<std::string> labels{""};
    if (start.type == "labeled") {
      labels.insert(labels.end(), first.labels.begin(), first.labels.end());
      labels.insert(labels.end(), second.labels.begin(), second.labels.end());
    }
    std::vector<std::string> repositories = first.repositories;
    repositories.insert(repositories.end(), second.repositories.begin(), second.repositories.end());
    const EventFilter filter = event_filter(*start.trigger);
    for (const std::string& text : texts) {
      for (const std::string& label : labels) {
        for (const std::string& repository : repositories) {
          for (const bool on_pull_request : {true, false}) {
            SupposedRun run{.event = start.event,
                            .type = start.type,
                            .repository = repository,
                            .on_pull_request = on_pull_request,
                            .text = text,
                            .label = label};
            if (start.event == "push") run.branch = topic_branch(filter);
            if (reached(first, run, same_question) && reached(second, run, same_question))
              return text;
          }
        }
      }
    }
    return std::nullopt;
  }

  /// Of the same work behind the same conditions, either both are launched or none: what is not
  /// known (a variable, an output) makes no difference.
  static bool reached(const Candidate& candidate, const SupposedRun& run, bool same_question) {
    Scope scope = scope_of(run);
    for (const std::string& id : candidate.absent)
      scope.set(ContextPath{"steps", id}, Value());
    const Truth runs = candidate.conditions->runs(scope);
    return (runs == Truth::yes || (same_question && runs == Truth::unknown)) &&
           answers_text(*candidate.launch->launch, run.text);
  }

  void report_rest(const Candidate& last) {
    if (!last.workflow->selected) return;
    sink_
        .report(*last.workflow, last.launch->own_job().key,
                "there are so many launches of agents that not every pair was compared; from this "
                "one on, pairs that share an event are not found")
        .severity(Severity::note);
  }

  void report(const Candidate& first, const Candidate& second, const Start& start,
              const Start& other, const std::string& text) {
    const bool swap = !second.workflow->selected;
    const Candidate& here = swap ? first : second;
    const Candidate& there = swap ? second : first;
    const Job& job = here.launch->own_job();
    const std::string event =
        "`" + start.event + "`" + (start.type.empty() ? "" : " (`" + start.type + "`)");
    const std::string with = text.empty() ? "" : " with `" + text.substr(0, 60) + "`";
    const std::string place = here.workflow == there.workflow ? "" : " of " + there.workflow->file;
    sink_
        .report(*here.workflow, job.key,
                event + with + " launches " + here.work.agent + " here and in job `" +
                    std::string(there.launch->own_job().id) + "`" + place +
                    ", for the same work: both are paid for; remove one, give them conditions of "
                    "which only one can be true, or a gate before each "
                    "that names the same `share`")
        .related(*there.workflow, there.launch->own_job().key, "launches the same agent")
        .related(*here.workflow, (swap ? start : other).trigger->key, "starts this one")
        .related(*there.workflow, (swap ? other : start).trigger->key, "starts the other one");
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Candidate> candidates_;
  std::unordered_set<const AgentLaunch*> repeated_;  ///< by an alias, and reported for that
  std::size_t meetings_ = 0;
};

}  // namespace

void check_agents_share_event(const Subject& subject, Sink& sink) { Finder(subject, sink).find(); }

}  // namespace refgate::lint
