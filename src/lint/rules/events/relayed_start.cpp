// Workflows that start each other: what a job does under a name that starts workflows starts
// another one, and that one the next. A ring through an agent has no end, and two deeds of one job
// may start the same agent twice. Facts: "Triggering a workflow from a workflow".

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/deeds/deeds.h"
#include "lint/deeds/dispatches.h"
#include "lint/deeds/own_deeds.h"
#include "lint/deeds/script_bounds.h"
#include "lint/gates/gate_before.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"
#include "lint/workflow/trigger_filter.h"

namespace refgate::lint {
namespace {

/// Each job that does something is compared with every workflow.
constexpr std::size_t most_doers = 50;

using Index = std::size_t;

/// A job of a workflow that may be started.
struct Node {
  const Workflow* workflow;
  const Job* job;
  const AgentLaunch* launch = nullptr;  ///< the first one in it
};

/// What is known of a run that something started, when its end starts the next one.
struct Began {
  std::string event;  ///< empty: nothing is known
  GitBranch branch;   ///< that it is of; no name: nobody knows which

  auto key() const { return std::tuple(event, branch.name, branch.whole); }
};

/// Why one job is started when another one has run.
struct Edge {
  Index to;
  const Trigger* trigger;
  bool certain = false;        ///< whatever is not known of the run
  const Step* step = nullptr;  ///< what starts it; nullptr: the end of the run
  Deed deed = Deed::comment;
  Began began = {};
  bool is_told = false;  ///< by the words of a prompt alone
};

/// What a commit says may be what the agent's own commits say.
bool names_message(const Reference& reference) {
  return refers_into(reference, {"github", "event", "head_commit"}) ||
         refers_into(reference, {"github", "event", "commits"}) ||
         refers_into(reference, {"github", "event", "workflow_run", "head_commit"}) ||
         refers_into(reference, {"github", "event", "workflow_run", "display_title"});
}

/// What comes of an earlier step or job, or of a setting, may be the bound that ends a ring.
bool may_be_bound(const Expression& condition) {
  if (!condition.is_valid()) return true;
  const std::vector<Reference> all = references(condition);
  return std::any_of(all.begin(), all.end(), [](const Reference& each) {
    return refers_into(each, {"steps"}) || refers_into(each, {"needs"}) ||
           refers_into(each, {"vars"}) || refers_into(each, {"inputs"}) ||
           refers_into(each, {"env"}) || names_message(each);
  });
}

/// Whether a step's program asks before it acts, which is not followed, or its condition does.
bool is_bound(const Step& step) {
  const std::string_view program = step.input("script").value.text();
  return mentions_any(program, {"if (", "if(", " ? ", "return"}) ||
         (step.condition && may_be_bound(parse_condition(step.condition.value.text())));
}

/// A line that is false for a number that has grown, and then ends its script: with what is said of
/// it, or as the line that it is.
bool ends_by_number(std::string_view line) {
  if (!mentions_any(line, {"-lt ", "-le ", "-gt ", "-ge ", "(("})) return false;
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const bool is_test = line.starts_with("[") || line.starts_with("test ") || line.starts_with("((");
  return is_test && !mentions_any(line, {"&&", "||"});
}

/// Whether a step counts something and may end its job by it: `[ "$N" -lt 3 ] || exit 1`.
bool ends_by_count(const Step& step) {
  const std::string_view program = step.input("script").value.text();
  if (mentions_any(program, {"setFailed(", "throw ", "process.exit(1"}) &&
      mentions_any(program, {" < ", " <= ", " > ", " >= "}))
    return true;
  const std::string_view script = step.run_text();
  const bool compares = mentions_any(script, {"-lt ", "-le ", "-gt ", "-ge ", "(("});
  if (!compares) return false;
  if (script.find("gh run cancel") != std::string_view::npos) return true;
  for (std::size_t at = script.find("exit "); at != std::string_view::npos;
       at = script.find("exit ", at + 1)) {
    if (!script.substr(at + 5).starts_with('0')) return true;
  }
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = std::min(script.find('\n', at), script.size());
    if (ends_by_number(script.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

bool is_counted_before(const Job& job, const Step& step) {
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& each) {
    return each.index < step.index && !each.continue_on_error && ends_by_count(each);
  });
}

/// Cheap to see, and asked before each workflow is.
bool may_dispatch(const Step& step) {
  return step.run_text().find("workflow") != std::string_view::npos ||
         step.input("script").value.text().find("createWorkflowDispatch") !=
             std::string_view::npos ||
         step.uses_text().find("workflow-dispatch") != std::string_view::npos;
}

/// The same of every kind of dispatch.
bool may_start(const Step& step) {
  return may_dispatch(step) || step.run_text().find("/dispatches") != std::string_view::npos ||
         step.input("script").value.text().find("createDispatchEvent") != std::string_view::npos ||
         step.uses_text().find("repository-dispatch") != std::string_view::npos;
}

class Relays {
 public:
  Relays(const Subject& subject, Sink& sink) : subject_(subject), sink_(sink) {
    const auto& workflows = subject.project.workflows();
    if (std::all_of(workflows.begin(), workflows.end(), [&](const Workflow& workflow) {
          return launches_of(subject, workflow).empty();
        }))
      return;
    for (const Workflow& workflow : workflows) {
      if (workflow.generated) continue;
      first_[&workflow] = nodes_.size();
      for (const Job& job : workflow.jobs) {
        if (!job.calls_workflow() && !is_switched_off(job.condition))
          nodes_.push_back({&workflow, &job});
      }
      last_[&workflow] = nodes_.size();
      for (const AgentLaunch& launch : launches_of(subject, workflow)) {
        for (Index at = first_[&workflow]; at < nodes_.size(); ++at) {
          if (nodes_[at].job == &launch.own_job() && nodes_[at].launch == nullptr)
            nodes_[at].launch = &launch;
        }
      }
      starts_[&workflow] = starts_of(workflow, subject.facts());
    }
    edges_.resize(nodes_.size());
  }

  void find() {
    if (std::none_of(nodes_.begin(), nodes_.end(),
                     [](const Node& node) { return node.launch != nullptr; }))
      return;
    for (Index at = 0; at < nodes_.size() && doers_.size() < most_doers; ++at) {
      if (follow(at)) doers_.push_back(at);
      find_twice(at);
    }
    if (!doers_.empty()) find_ring();
  }

 private:
  /// What the job's steps start. True when there is anything that may.
  bool follow(Index from) {
    const Node& node = nodes_[from];
    bool does = false;
    const std::vector<const Job*> needed =
        job_conditions_of(subject_, *node.workflow).needed(*node.job);
    if (std::any_of(needed.begin(), needed.end(), [](const Job* job) {
          return std::any_of(job->steps.begin(), job->steps.end(), ends_by_count);
        }))
      return false;
    const auto counted = std::find_if(
        node.job->steps.begin(), node.job->steps.end(),
        [](const Step& step) { return !step.continue_on_error && ends_by_count(step); });
    const std::size_t end =
        counted == node.job->steps.end() ? node.job->steps.size() : counted->index;
    std::vector<Evidence> deeds = deeds_of(*node.workflow, *node.job, subject_.facts());
    if (node.launch != nullptr && !node.launch->is_called())
      deeds = evidence_of(*node.launch, subject_.facts(), deeds);
    for (const Evidence& deed : deeds) {
      if (deed.is_asked || is_bound(*deed.step) || deed.step->index > end) continue;
      does = true;
      for (const DeedEvent& event : events_of(deed.deed))
        start(from, deed, event);
      if (deed.deed == Deed::push) start(from, deed, {"push", ""});
    }
    for (const Step& step : node.job->steps) {
      if (is_bound(step) || step.index > end || !may_start(step) ||
          asks_before_dispatch(*node.workflow, *node.job, step))
        continue;
      if (const auto sent = sent_event(*node.workflow, *node.job, step)) {
        does = true;
        start(from, {Deed::dispatch, &step, {}, {}}, {"repository_dispatch", *sent});
      }
      if (!may_dispatch(step)) continue;
      for (const auto& [workflow, starts] : starts_) {
        if (workflow == node.workflow || !dispatches(*node.workflow, *node.job, step, *workflow))
          continue;
        does = true;
        reach(from, *workflow, {Deed::dispatch, &step, {}, {}}, {"workflow_dispatch", ""});
      }
    }
    return does;
  }

  void start(Index from, const Evidence& deed, const DeedEvent& event) {
    for (const auto& [workflow, starts] : starts_) {
      if (workflow != nodes_[from].workflow) reach(from, *workflow, deed, event);
    }
  }

  void reach(Index from, const Workflow& workflow, const Evidence& deed, const DeedEvent& event) {
    const std::vector<Start>& starts = starts_.at(&workflow);
    const auto start = std::find_if(starts.begin(), starts.end(), [&](const Start& each) {
      // Who listens to every `repository_dispatch` names no type.
      return each.event == event.name &&
             (each.type == event.type ||
              (each.type.empty() && event.name == "repository_dispatch"));
    });
    if (start == starts.end() || !passes(*start->trigger, deed)) return;
    for (Index to = first_.at(&workflow); to < last_.at(&workflow); ++to) {
      const Truth reached = reaches(nodes_[to], *start, deed);
      if (reached == Truth::no) continue;
      // Whether the head of a pull request lies in this repository is not known.
      const bool certain = reached == Truth::yes && deed.about.branch.kind != GitBranch::Kind::head;
      edges_[from].push_back({to,
                              start->trigger,
                              certain && !deed.is_told(),
                              deed.step,
                              deed.deed,
                              {start->event, deed.about.branch},
                              deed.step != nullptr && deed.is_told()});
    }
  }

  /// Which files change cannot be told, nor whether it is the usual branch that stands for the own
  /// one.
  static bool passes(const Trigger& trigger, const Evidence& deed) {
    if (deed.deed == Deed::push_tag) return false;
    if (deed.deed == Deed::open_pull_request)
      return !deed.about.base || deed.about.base->find('$') != std::string::npos ||
             passes_branches(trigger, {GitBranch::Kind::named, *deed.about.base, true});
    if (deed.deed != Deed::push && deed.deed != Deed::push_branch) return true;
    if (trigger.paths || trigger.paths_ignore) return false;
    if (deed.about.branch.kind != GitBranch::Kind::own || trigger.event != "push")
      return passes_branches(trigger, deed.about.branch);
    const std::optional<FilterList> branches = event_filter(trigger).branch_list();
    return branches && (branches->passes("main") || branches->passes("master"));
  }

  Truth reaches(const Node& node, const Start& start, const Evidence& deed,
                const Began& began = {}) const {
    std::vector<const Expression*> all;
    const JobConditions& jobs = job_conditions_of(subject_, *node.workflow);
    if (node.launch != nullptr) {
      const LaunchConditions& conditions = conditions_of(subject_, *node.launch);
      const bool is_app = deed.identity.kind == AgentIdentity::Kind::app;
      if ((is_app && turns_bot_away(*node.launch->launch, deed.identity.login, subject_.facts())) ||
          asks_who_acts(subject_, *node.launch) ||
          is_counted_before(node.launch->own_job(), *node.launch->step) ||
          !gates_before(subject_, *node.launch).empty())
        return Truth::no;
      all = conditions.all();
    } else {
      all = jobs.path(*node.job);
    }
    for (const Expression* condition : all) {
      // Whose login it is, is not known: who compares logins may mean this one.
      if (may_be_bound(*condition) ||
          (names_actor(*condition) && !names_association_only(*condition)))
        return Truth::no;
    }
    return runs(node, jobs, supposed(start, deed, all, began));
  }

  /// What is known of the run that a deed starts. The same scope for the same knowledge, so that
  /// what was worked out of it is found again.
  const Scope& supposed(const Start& start, const Evidence& deed,
                        const std::vector<const Expression*>& conditions,
                        const Began& began) const {
    const bool by_run = deed.step == nullptr;
    const bool is_app = !by_run && deed.identity.kind == AgentIdentity::Kind::app;
    const std::string_view said = by_run           ? std::string_view()
                                  : deed.step->run ? deed.step->run_text()
                                                   : deed.step->with.value.source();
    const auto is_said = [&](const std::string& word) {
      return said.find(word) != std::string_view::npos;
    };
    const std::string own = deed.about.says.value_or("");
    std::string text = own.empty() ? "The work is done." : own;
    std::string label;
    if (!by_run) {
      for (const std::string& phrase : phrases_named(conditions)) {
        if (is_said(phrase) && text.find(phrase) == std::string::npos) text += " " + phrase;
      }
    }
    if (deed.deed == Deed::label) {
      const std::vector<std::string> labels = labels_named(conditions);
      const auto found = std::find_if(labels.begin(), labels.end(), is_said);
      label = found == labels.end() ? std::string("another label") : *found;
    }
    const std::string login = is_app ? deed.identity.login.value_or("") : "";
    const auto [known, is_new] =
        scopes_.try_emplace(std::tuple(start.event, start.type, is_app, login, text, label,
                                       by_run ? nullptr : deed.step, began.key()),
                            Scope());
    if (!is_new) return known->second;
    Scope& scope = known->second = scope_of_event(start.event, start.type);
    if (!began.event.empty()) {
      scope.set("github.event.workflow_run.event", Value::string(began.event));
      set_branch(scope, began.branch);
      set_default_branch(scope, began);
    }
    // What a deed starts is a new run, whatever attempt the one is that does it.
    scope.set("github.run_attempt", Value::string("1"));
    if (start.event == "workflow_run")
      scope.set("github.event.workflow_run.run_attempt", Value::number(1));
    set_details(scope, deed.about);
    if (is_app) set_actor(scope, {deed.identity.login, "Bot", "NONE"});
    if (!by_run) set_body(scope, text);
    if (!label.empty()) scope.set("github.event.label.name", Value::string(label));
    return scope;
  }

  Truth runs(const Node& node, const JobConditions& jobs, const Scope& scope) const {
    if (node.launch != nullptr) return conditions_of(subject_, *node.launch).runs(scope);
    return jobs.runs(*node.job, scope);
  }

  /// A run that another one's end starts is of the default branch, which no named branch of an
  /// agent is.
  static void set_default_branch(Scope& scope, const Began& began) {
    constexpr const char* name = "main";
    if (began.event == "pull_request")
      scope.set("github.event.workflow_run.pull_requests",
                Value::array({Value::object({}, Completeness::open)}));
    if (began.branch.name.empty() || began.branch.name == name) return;
    scope.set("github.event.repository.default_branch", Value::string(name));
    scope.set("github.ref_name", Value::string(name));
    scope.set("github.ref", Value::string("refs/heads/main"));
  }

  /// The jobs of workflows that hear of the end of such a run of this one.
  const std::vector<Edge>& at_end_of(const Workflow& source, const Began& began) {
    const auto [known, is_new] = at_end_.try_emplace(std::pair(&source, began.key()));
    if (!is_new) return known->second;
    if (!listeners_made_) make_listeners();
    const auto found = listeners_.find(source.display_name());
    if (found == listeners_.end()) return known->second;
    for (const auto& [workflow, trigger] : found->second) {
      if (workflow == &source) continue;
      if (!began.branch.name.empty() && !passes_branches(*trigger, began.branch)) continue;
      const Start start{trigger, "workflow_run", "completed"};
      for (Index to = first_.at(workflow); to < last_.at(workflow); ++to) {
        if (reaches(nodes_[to], start, {Deed::comment, nullptr, {}, {}}, began) != Truth::no)
          known->second.push_back(
              {to, trigger, false, nullptr, Deed::comment, {"workflow_run", {}}});
      }
    }
    return known->second;
  }

  void make_listeners() {
    listeners_made_ = true;
    for (const auto& [workflow, starts] : starts_) {
      for (const Trigger& trigger : workflow->triggers) {
        if (trigger.event != "workflow_run") continue;
        for (const YamlNode name : trigger.workflows.values)
          listeners_[name.text()].emplace_back(workflow, &trigger);
      }
    }
  }

  /// Two steps of a job that start the same agent by two events.
  void find_twice(Index from) {
    std::map<Index, const Edge*> seen;
    for (const Edge& edge : edges_[from]) {
      if (nodes_[edge.to].launch == nullptr || !edge.certain || edge.step->condition) continue;
      const Edge* first = seen.try_emplace(edge.to, &edge).first->second;
      if (first->trigger == edge.trigger || first->deed == edge.deed ||
          !nodes_[from].workflow->selected)
        continue;
      const Workflow& target = *nodes_[edge.to].workflow;
      sink_
          .report(*nodes_[from].workflow, edge.step->main().key,
                  "this starts the agent of job `" + std::string(nodes_[edge.to].job->id) +
                      "` of " + target.file + " a second time: the " +
                      std::string(words_for(first->deed)) +
                      " before it starts that one too; leave one of the two out")
          .related(*nodes_[from].workflow, first->step->main().key,
                   "starts it by `" + std::string(first->trigger->event) + "`")
          .related(target, edge.trigger->key, "starts it here");
      return;
    }
  }

  using Way = std::vector<std::pair<Index, const Edge*>>;

  /// The shortest way from a job that does something back to it, by way of an agent.
  void find_ring() {
    for (const Index doer : doers_) {
      Way way = way_back(doer);
      const auto agent = std::find_if(way.begin(), way.end(), [&](const auto& part) {
        return nodes_[part.first].launch != nullptr && nodes_[part.first].workflow->selected;
      });
      if (agent == way.end()) continue;
      std::rotate(way.begin(), agent, way.end());
      if (ends_at_own_branch(way)) continue;
      report_ring(way);
      return;
    }
  }

  Way way_back(Index start) {
    /// A job that is reached, by what, and from which of the ones before.
    struct Visit {
      Index node;
      const Edge* by;
      std::size_t before;
    };
    // So many are looked at.
    constexpr std::size_t most_visits = 10'000;
    std::vector<Visit> visits;
    std::set<std::pair<Index, decltype(std::declval<Began>().key())>> seen;
    constexpr auto none = static_cast<std::size_t>(-1);
    const auto look = [&](std::size_t before, const std::vector<Edge>& edges) {
      for (const Edge& edge : edges) {
        if (visits.size() == most_visits) return;
        if (seen.emplace(edge.to, edge.began.key()).second)
          visits.push_back({edge.to, &edge, before});
      }
    };
    // A ring has a deed in it somewhere, so that it is found from there.
    look(none, edges_[start]);
    std::size_t at = 0;
    while (at < visits.size() && visits[at].node != start) {
      const Visit visit = visits[at];
      look(at, edges_[visit.node]);
      look(at, at_end_of(*nodes_[visit.node].workflow, visit.by->began));
      ++at;
    }
    if (at == visits.size()) return {};
    Way way;
    while (at != none) {
      const Visit& visit = visits[at];
      way.emplace_back(visit.before == none ? start : visits[visit.before].node, visit.by);
      at = visit.before;
    }
    std::reverse(way.begin(), way.end());
    return way;
  }

  /// The agent opens a pull request, whose runs end in the agent again: its branch may be the
  /// bound.
  bool ends_at_own_branch(const Way& way) const {
    const auto& [first, opened] = way.front();
    if (opened->step == nullptr || opened->deed != Deed::open_pull_request ||
        std::any_of(way.begin() + 1, way.end(),
                    [](const auto& part) { return part.second->step != nullptr; }))
      return false;
    const AgentLaunch& launch = *nodes_[first].launch;
    return keeps_own_branch_out(launch, conditions_of(subject_, launch),
                                scope_of_event("workflow_run", "completed"));
  }

  void report_ring(const Way& way) {
    const Node& agent = nodes_[way.front().first];
    std::string names;
    for (const auto& [node, edge] : way)
      names += (names.empty() ? "" : ", ") + nodes_[edge->to].workflow->file;
    auto report =
        sink_.report(*agent.workflow, way.back().second->trigger->key,
                     "the agent of job `" + std::string(agent.job->id) +
                         "` starts itself again by way of other workflows (" + names +
                         "), and nothing ends it: each round is paid for. Count the rounds, or "
                         "ask for the actor in one of the conditions");
    if (std::any_of(way.begin(), way.end(), [](const auto& part) { return part.second->is_told; }))
      report.confidence(Confidence::medium);
    report.related(*agent.workflow, agent.launch->place().key, "the agent is launched here");
    for (const auto& [node, edge] : way) {
      if (edge->step != nullptr) {
        report.related(*nodes_[node].workflow, edge->step->main().key,
                       "this " + std::string(words_for(edge->deed)) + " starts " +
                           nodes_[edge->to].workflow->file);
      } else {
        report.related(*nodes_[edge->to].workflow, edge->trigger->key,
                       "hears of each run of " + nodes_[node].workflow->file);
      }
    }
  }

  struct ByFile {
    bool operator()(const Workflow* left, const Workflow* right) const {
      return left->file < right->file;
    }
  };

  const Subject& subject_;
  Sink& sink_;
  std::vector<Node> nodes_;
  std::map<const Workflow*, Index> first_, last_;
  std::map<const Workflow*, std::vector<Start>, ByFile> starts_;
  std::map<std::string_view, std::vector<std::pair<const Workflow*, const Trigger*>>> listeners_;
  bool listeners_made_ = false;
  std::vector<std::vector<Edge>> edges_;  ///< what its steps start
  std::map<std::pair<const Workflow*, decltype(std::declval<Began>().key())>, std::vector<Edge>>
      at_end_;
  std::vector<Index> doers_;
  mutable std::map<std::tuple<std::string, std::string, bool, std::string, std::string, std::string,
                              const Step*, decltype(std::declval<Began>().key())>,
                   Scope>
      scopes_;
};

}  // namespace

void check_relayed_start(const Subject& subject, Sink& sink) { Relays(subject, sink).find(); }

}  // namespace refgate::lint
