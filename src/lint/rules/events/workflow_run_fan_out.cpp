// One run that starts several: workflows that listen to the same workflow, and a workflow that
// listens to several of one commit. Facts: "Events that trigger workflows", workflow_run: without
// `types` a run is heard of when it is requested, in progress and completed.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lint/agents/agent_work.h"
#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

/// A run of a source, as its listeners hear of it.
struct Heard {
  const Workflow* source = nullptr;
  std::string type = "completed";
  std::string conclusion = "success";
  std::string event = "push";
  std::string branch = "main";
};

Scope scope_of(const Heard& heard, const std::string& repository) {
  Scope scope = refgate::lint::scope_of(
      {.event = "workflow_run", .type = heard.type, .repository = repository});
  const auto set = [&](const std::string& name, const std::string& value) {
    scope.set("github.event.workflow_run." + name, Value::string(value));
  };
  set("name", std::string(heard.source->display_name()));
  set("path", heard.source->file);
  set("event", heard.event);
  set("head_branch", heard.branch);
  set("head_repository.full_name", repository);
  set("repository.full_name", repository);
  set("status", heard.type == "requested" ? "queued" : heard.type);
  scope.set("github.event.workflow_run.head_repository.fork", Value::boolean(false));
  scope.set("github.event.workflow_run.run_attempt", Value::number(1));
  scope.set("github.event.workflow_run.conclusion",
            heard.type == "completed" ? Value::string(heard.conclusion) : Value());
  scope.set("github.event.workflow.name", Value::string(std::string(heard.source->display_name())));
  return scope;
}

/// A workflow with the place where it names a source.
struct Listener {
  const Workflow* workflow;
  const Trigger* trigger;
  YamlNode name;
  std::string branch;  ///< one that it waits for
};

const std::vector<std::string>& all_types() {
  static const std::vector<std::string> types{"requested", "in_progress", "completed"};
  return types;
}

std::vector<std::string> types_of(const Trigger& trigger) {
  return trigger.types ? patterns_of(trigger.types) : all_types();
}

/// What a workflow does for a run. Agents behind a gate are left out: the gate decides.
class Listening {
 public:
  Listening(const Workflow& workflow, const Subject& subject)
      : workflow_(workflow), jobs_(job_conditions_of(subject, workflow)) {
    for (const AgentLaunch& launch : launches_of(subject, workflow)) {
      if (!gates_before(subject, launch).empty()) continue;
      launches_.push_back(&launch);
      conditions_.push_back(&conditions_of(subject, launch));
    }
    repositories_ = repositories_named(jobs_.all());
    for (const Expression* condition : jobs_.all())
      note_read(*condition);
    for (const LaunchConditions* launch : conditions_) {
      for (const Expression* condition : launch->all())
        note_read(*condition);
    }
  }

  /// Whether one of its jobs certainly runs.
  bool runs(const Heard& heard) const {
    const auto [known, is_new] = runs_.try_emplace(told(heard), false);
    if (is_new) known->second = find_runs(heard);
    return known->second;
  }

  /// The first launch that may be reached, none of them certainly not.
  const AgentLaunch* launches(const Heard& heard) const {
    const auto [known, is_new] = first_.try_emplace(told(heard), nullptr);
    if (is_new) known->second = find_launch(heard);
    return known->second;
  }

 private:
  /// What the conditions ask of the run that is heard of. Most ask nothing, and then one answer is
  /// good for every run.
  void note_read(const Expression& condition) {
    for (const Reference& reference : references(condition)) {
      if (!reference.path[0] || !same_name(*reference.path[0], "github")) continue;
      const auto may_be = [&](std::size_t at, std::string_view name) {
        return reference.path.size() <= at || !reference.path[at] ||
               same_name(*reference.path[at], name);
      };
      if (!may_be(1, "event")) continue;
      const bool of_run = may_be(2, "workflow_run");
      reads_source_ = reads_source_ || (of_run && (may_be(3, "name") || may_be(3, "path"))) ||
                      may_be(2, "workflow");
      reads_event_ = reads_event_ || (of_run && may_be(3, "event"));
      reads_branch_ = reads_branch_ || (of_run && may_be(3, "head_branch"));
      reads_end_ = reads_end_ || may_be(2, "action") ||
                   (of_run && (may_be(3, "status") || may_be(3, "conclusion")));
    }
  }

  /// As much of a run as the conditions ask for.
  std::string told(const Heard& heard) const {
    std::string key;
    if (reads_source_) key += heard.source->file;
    key += '\0';
    if (reads_event_) key += heard.event;
    key += '\0';
    if (reads_branch_) key += heard.branch;
    key += '\0';
    if (reads_end_) key += heard.type + '\0' + heard.conclusion;
    return key;
  }

  bool find_runs(const Heard& heard) const {
    return std::any_of(
        repositories_.begin(), repositories_.end(), [&](const std::string& repository) {
          const Scope scope = scope_of(heard, repository);
          return std::any_of(workflow_.jobs.begin(), workflow_.jobs.end(),
                             [&](const Job& job) { return jobs_.runs(job, scope) == Truth::yes; });
        });
  }

  const AgentLaunch* find_launch(const Heard& heard) const {
    for (std::size_t at = 0; at < launches_.size(); ++at) {
      const bool reached = std::any_of(
          repositories_.begin(), repositories_.end(), [&](const std::string& repository) {
            return conditions_[at]->runs(scope_of(heard, repository)) != Truth::no;
          });
      if (reached) return launches_[at];
    }
    return nullptr;
  }

  const Workflow& workflow_;
  const JobConditions& jobs_;
  std::vector<const AgentLaunch*> launches_;
  std::vector<const LaunchConditions*> conditions_;
  std::vector<std::string> repositories_;
  bool reads_source_ = false;
  bool reads_event_ = false;
  bool reads_branch_ = false;
  bool reads_end_ = false;  ///< what became of the run so far
  mutable std::map<std::string, bool> runs_;
  mutable std::map<std::string, const AgentLaunch*> first_;
};

bool hears(const Trigger& trigger, const Heard& heard) {
  const std::vector<std::string> types = types_of(trigger);
  if (std::find(types.begin(), types.end(), heard.type) == types.end()) return false;
  const std::optional<FilterList> branches = event_filter(trigger).branch_list();
  return branches && branches->passes(heard.branch);
}

/// Names of branches that a run of this event can be about, those among them that a listener waits
/// for; of a tag, for a push of tags only.
std::vector<std::string> branches_of(const Trigger& trigger,
                                     const std::vector<Listener>& listeners) {
  std::vector<std::string> names{"main", "topic"};
  for (const Listener& listener : listeners) {
    if (!listener.branch.empty() &&
        std::find(names.begin(), names.end(), listener.branch) == names.end())
      names.push_back(listener.branch);
  }
  if (trigger.event != "push") return names;
  const EventFilter filter = event_filter(trigger);
  const std::optional<FilterList> branches = filter.branch_list();
  std::erase_if(names,
                [&](const std::string& name) { return !branches || !branches->passes(name); });
  const std::optional<FilterList> passing = branches ? branches : filter.tag_list();
  if (const auto name = passing ? common_name({&*passing}).name : std::nullopt;
      names.empty() && name)
    names.push_back(*name);
  return names;
}

/// The events of a workflow that a commit causes, with the branches that they are about.
std::vector<Heard> runs_of(const Workflow& source, const std::vector<Listener>& listeners) {
  std::vector<Heard> runs;
  for (const Trigger& trigger : source.triggers) {
    if (trigger.event == "workflow_call") continue;
    Heard heard{.source = &source, .event = std::string(trigger.event)};
    for (const std::string& branch : branches_of(trigger, listeners)) {
      heard.branch = branch;
      for (const std::string& type : all_types()) {
        heard.type = type;
        for (const char* conclusion : {"success", "failure", "cancelled"}) {
          heard.conclusion = conclusion;
          runs.push_back(heard);
          if (type != "completed") break;
        }
      }
    }
  }
  return runs;
}

bool takes_every_source(const RuleOptions& options) {
  const auto found = options.find("sources");
  return found != options.end() &&
         std::find(found->second.begin(), found->second.end(), "all") != found->second.end();
}

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    for (const Workflow& workflow : subject.project.workflows()) {
      for (const Trigger& trigger : workflow.triggers) {
        if (trigger.event != "workflow_run") continue;
        const std::string branch = topic_branch(event_filter(trigger));
        for (const YamlNode name : trigger.workflows.values) {
          for (const Workflow* source : subject.project.workflows_named(name.text())) {
            if (source != &workflow) add({&workflow, &trigger, name, branch}, *source);
          }
        }
      }
    }
  }

  void find() {
    for (const auto& [source, listeners] : listeners_)
      find_several(*source, listeners);
    for (const auto& [workflow, sources] : sources_) {
      if (workflow->selected) find_repeated(*workflow, sources);
    }
  }

 private:
  struct ByFile {
    bool operator()(const Workflow* left, const Workflow* right) const {
      return left->file < right->file;
    }
  };

  void add(const Listener& listener, const Workflow& source) {
    std::vector<Listener>& known = listeners_[&source];
    // A name that is listed twice is for duplicate-entry.
    if (std::any_of(known.begin(), known.end(),
                    [&](const Listener& each) { return each.workflow == listener.workflow; }))
      return;
    known.push_back(listener);
    sources_[listener.workflow].emplace_back(&source, listener);
    listening_.try_emplace(listener.workflow, *listener.workflow, subject_);
  }

  const Listening& listening(const Workflow* workflow) const { return listening_.at(workflow); }

  /// Several workflows that one run of a source starts.
  void find_several(const Workflow& source, const std::vector<Listener>& listeners) {
    std::vector<Listener> most;
    std::vector<Listener> same_agent;
    for (const Heard& heard : runs_of(source, listeners)) {
      std::vector<Listener> started;
      std::map<std::string, std::vector<Listener>> by_agent;
      for (const Listener& listener : listeners) {
        if (!hears(*listener.trigger, heard) || !listening(listener.workflow).runs(heard)) continue;
        started.push_back(listener);
        if (const AgentLaunch* launch = listening(listener.workflow).launches(heard))
          by_agent[agent_of(*launch, subject_.facts())].push_back(listener);
      }
      if (started.size() > most.size()) most = started;
      for (auto& [agent, group] : by_agent) {
        if (group.size() > same_agent.size()) same_agent = std::move(group);
      }
    }
    const bool agents = same_agent.size() > 1;
    if (agents) most = same_agent;
    // What reports, deploys or publishes has nothing to share.
    if (!agents && !takes_every_source(subject_.options) && !share_preparation(most) &&
        std::none_of(most.begin(), most.end(),
                     [&](const Listener& each) { return is_dear(*each.workflow); }))
      return;
    const auto first = std::find_if(most.begin(), most.end(), [](const Listener& listener) {
      return listener.workflow->selected;
    });
    if (most.size() < 2 || first == most.end()) return;
    auto report = sink_.report(
        *first->workflow, first->name,
        "each run of `" + std::string(source.display_name()) + "` starts " +
            std::to_string(most.size()) + " workflows" +
            (agents ? " that launch the same agent; let one of them do the work, or put a gate "
                      "before each that names the same `share`"
                    : "; jobs of one workflow would start once and could share what they prepare"));
    if (agents) report.severity(Severity::warning);
    for (const Listener& listener : most) {
      if (listener.workflow != first->workflow)
        report.related(*listener.workflow, listener.name, "listens to it too");
    }
  }

  /// It launches an agent, or asks a gate.
  bool is_dear(const Workflow& workflow) const {
    return !launches_of(subject_, workflow).empty() || !gated_jobs_of(subject_, workflow).empty();
  }

  /// What a workflow does before its work: the steps up to the last set-up among its first ones.
  std::string preparation(const Workflow& workflow) const {
    std::string text;
    std::string so_far;
    for (const Job& job : workflow.jobs) {
      for (const Step& step : job.steps) {
        const Cost cost = cost_of(step, subject_.project, subject_.facts());
        so_far += std::string(step.uses_text()) + std::string(step.run_text()) + "\n" +
                  std::string(step.with.value.source()) + "\n";
        if (cost == Cost::set_up || (cost == Cost::work && step.run)) {
          text = so_far;
          if (cost == Cost::work) return text;
        } else if (cost != Cost::checkout && cost != Cost::cheap) {
          return text;
        }
      }
      break;
    }
    return text;
  }

  /// Two of them begin with the same checkout, tools and packages.
  bool share_preparation(const std::vector<Listener>& listeners) const {
    std::set<std::string> known;
    return std::any_of(listeners.begin(), listeners.end(), [&](const Listener& listener) {
      std::string text = preparation(*listener.workflow);
      return text.find("setup") != std::string::npos && !known.insert(std::move(text)).second;
    });
  }

  using Sources = std::vector<std::pair<const Workflow*, Listener>>;

  /// A workflow that several runs of one commit start, or one run several times.
  void find_repeated(const Workflow& workflow, const Sources& sources) {
    const Listening& own = listening(&workflow);
    for (const auto& [source, listener] : sources) {
      if (find_types(own, *source, listener)) break;
    }
    // What a pull request starts comes first: that is where most agents work.
    if (!find_same_commit(own, sources, true)) find_same_commit(own, sources, false);
  }

  bool find_same_commit(const Listening& own, const Sources& sources, bool of_pull_request) {
    for (const auto& [source, listener] : sources) {
      for (const Heard& heard : runs_of(*source, {listener})) {
        if (heard.event.starts_with("pull_request") != of_pull_request) continue;
        if (heard.type != "completed" || !hears(*listener.trigger, heard) || !own.runs(heard))
          continue;
        std::vector<std::pair<const Workflow*, Listener>> same_commit{{source, listener}};
        for (const auto& [other, other_listener] : sources) {
          if (other != source && other_listener.trigger == listener.trigger &&
              runs_with(heard, *other) && own.runs(with_source(heard, *other)))
            same_commit.emplace_back(other, other_listener);
        }
        if (same_commit.size() < 2) continue;
        report_sources(own, heard, same_commit);
        return true;
      }
    }
    return false;
  }

  static Heard with_source(Heard heard, const Workflow& source) {
    heard.source = &source;
    return heard;
  }

  /// Whether the commit that started a run starts this source too, by the same event.
  static bool runs_with(const Heard& heard, const Workflow& other) {
    if (heard.event != "push" && heard.event != "pull_request" &&
        heard.event != "pull_request_target" && heard.event != "merge_group")
      return false;
    const Trigger* first = heard.source->trigger(heard.event);
    const Trigger* second = other.trigger(heard.event);
    if (first == nullptr || second == nullptr) return false;
    const EventFilter left = event_filter(*first);
    const EventFilter right = event_filter(*second);
    const std::optional<FilterList> branches = left.branch_list();
    const std::optional<FilterList> others = right.branch_list();
    if (!branches || !others || can_share(left.path_list(), right.path_list()) != Truth::yes)
      return false;
    if (heard.event == "push") return others->passes(heard.branch);
    const auto types = [](const Trigger& trigger) {
      const std::vector<std::string> listed = patterns_of(trigger.types);
      return trigger.event == "merge_group" ||
             listens_to(trigger.event, listed.empty() ? nullptr : &listed, "synchronize");
    };
    return types(*first) && types(*second) && can_share(*branches, *others) == Truth::yes;
  }

  void report_sources(const Listening& own, const Heard& heard, const Sources& sources) {
    const AgentLaunch* launch = own.launches(heard);
    // Mostly it is meant: a report, a message or another attempt for each of them.
    if (launch == nullptr && !takes_every_source(subject_.options)) return;
    const Listener& listener = sources.front().second;
    const std::string ended =
        heard.conclusion == "success" ? "" : " and that end with `" + heard.conclusion + "`";
    auto report = sink_.report(
        *listener.workflow, listener.trigger->workflows.entry.key,
        "one commit starts this workflow up to " + std::to_string(sources.size()) +
            " times, once for each of the workflows that `" + heard.event + "` starts" + ended +
            (launch != nullptr ? ", and may launch the agent each time" : "") +
            "; ask in an `if` which one it was, or put a gate before the work");
    if (launch != nullptr)
      report.severity(Severity::warning)
          .related(*listener.workflow, launch->place().key, "the agent is launched here");
    for (const auto& [source, each] : sources) {
      if (const Trigger* trigger = source->trigger(heard.event))
        report.related(*source, trigger->key,
                       "starts `" + std::string(source->display_name()) + "`");
    }
  }

  /// One run of a source that is heard of as requested, in progress and completed.
  bool find_types(const Listening& own, const Workflow& source, const Listener& listener) {
    for (const Heard& heard : runs_of(source, {listener})) {
      if (heard.conclusion != "success" || heard.type != "completed") continue;
      std::vector<std::string> starting;
      for (const std::string& type : all_types()) {
        Heard each = heard;
        each.type = type;
        if (hears(*listener.trigger, each) && own.runs(each)) starting.push_back(type);
      }
      if (starting.size() < 2) continue;
      const YamlNode place =
          listener.trigger->types ? listener.trigger->types.entry.key : listener.trigger->key;
      const AgentLaunch* launch = own.launches(heard);
      auto report = sink_.report(
          *listener.workflow, place,
          "each run of `" + std::string(source.display_name()) + "` starts this workflow " +
              std::to_string(starting.size()) + " times, " +
              (listener.trigger->types ? "once for each of these types"
                                       : "when it is requested, in progress and completed") +
              "; write `types: [completed]`");
      report.confidence(Confidence::medium).severity(Severity::warning);
      if (launch != nullptr)
        report.related(*listener.workflow, launch->place().key, "the agent is launched here");
      return true;
    }
    return false;
  }

  const Subject& subject_;
  Sink& sink_;
  std::map<const Workflow*, std::vector<Listener>, ByFile> listeners_;
  std::map<const Workflow*, Sources, ByFile> sources_;
  std::map<const Workflow*, Listening> listening_;
};

}  // namespace

void check_workflow_run_fan_out(const Subject& subject, Sink& sink) {
  Finder(subject, sink).find();
}

}  // namespace refgate::lint
