// An agent that comments, pushes or labels under a name of its own starts the workflows that listen
// to comments, pushes and labels: its own too. Only what GITHUB_TOKEN does starts nothing.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/deeds/deeds.h"
#include "lint/deeds/dispatches.h"
#include "lint/deeds/own_deeds.h"
#include "lint/deeds/script_bounds.h"
#include "lint/expression/expression_value.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// A text that says every word which conditions look for with `contains`; of those only that stand
/// in `script`, unless that is nullopt.
std::string text_with_words(const std::vector<const Expression*>& conditions,
                            std::optional<std::string_view> script) {
  std::string text = "The work is done.";
  for (const Expression* condition : conditions) {
    for (const ExpressionNode& node : condition->nodes()) {
      if (node.kind != ExpressionKind::call || !same_name(node.name, "contains") ||
          node.operands.size() != 2)
        continue;
      const ExpressionNode& word = condition->node(node.operands[1]);
      if (word.kind != ExpressionKind::literal || word.literal.kind() != Value::Kind::string)
        continue;
      if (!script || script->find(word.literal.as_string()) != std::string_view::npos)
        text += " " + word.literal.as_string();
    }
  }
  return text;
}

bool looks_at_commit(const LaunchConditions& conditions) {
  const std::vector<const Expression*> all = conditions.all();
  return std::any_of(all.begin(), all.end(), [](const Expression* condition) {
    const std::vector<Reference> found = references(*condition);
    return std::any_of(found.begin(), found.end(), [](const Reference& each) {
      return refers_into(each, {"github", "event", "head_commit"}) ||
             refers_into(each, {"github", "event", "commits"});
    });
  });
}

/// Which conditions an own deed passes.
enum class Passage : std::uint8_t { shut, with_words, open };

/// `script`: that in which all stands that the deed says; nullopt where the agent chooses the
/// words.
Passage passage(const LaunchConditions& conditions, const Start& start, const Evidence& evidence,
                std::optional<std::string_view> script) {
  // What the commit says is the bound, or may be.
  if ((evidence.deed == Deed::push_branch || evidence.deed == Deed::push_tag) &&
      looks_at_commit(conditions))
    return Passage::shut;
  Scope scope = scope_of_event(start.event, start.type);
  set_details(scope, evidence.about);
  const bool is_app = evidence.identity.kind == AgentIdentity::Kind::app;
  if (is_app) set_actor(scope, {evidence.identity.login, "Bot", "NONE"});
  const std::vector<const Expression*> all = conditions.all();
  // Whose login it is, is not known: a condition that compares logins may mean this one. Who has a
  // token of his own is mostly one of those whom an association lets in.
  if (!evidence.identity.login && conditions.runs(scope) != Truth::no &&
      std::any_of(all.begin(), all.end(), [&](const Expression* each) {
        return names_actor(*each) && (is_app || !names_association_only(*each));
      })) {
    return Passage::shut;
  }
  Scope silent = scope;
  const std::string said = evidence.about.says.value_or("");
  set_body(silent, said.empty() ? "The work is done." : said);
  if (conditions.runs(silent) != Truth::no) return Passage::open;
  Scope speaking = scope;
  set_body(speaking, said + " " + text_with_words(all, script));
  return conditions.runs(speaking) != Truth::no ? Passage::with_words : Passage::shut;
}

bool looks_at_label(const LaunchConditions& conditions) {
  const std::vector<const Expression*> all = conditions.all();
  return std::any_of(all.begin(), all.end(), [](const Expression* condition) {
    const std::vector<Reference> found = references(*condition);
    return std::any_of(found.begin(), found.end(), [](const Reference& each) {
      return refers_into(each, {"github", "event", "label"});
    });
  });
}

/// Whether a filter may let a tag through of whose name only the beginning is known: as far as it
/// goes, the pattern and the name say the same.
bool may_match(std::string_view pattern, std::string_view begin) {
  const std::string_view literal = pattern.substr(0, pattern.find_first_of("*?+[\\"));
  return literal.starts_with(begin) || begin.starts_with(literal);
}

/// Whether a push may pass the filters. Whether the agent's change passes one of paths cannot be
/// told.
bool passes_filters(const Evidence& evidence, const Trigger& trigger) {
  const GitBranch& branch = evidence.about.branch;
  if (evidence.deed == Deed::push_branch) {
    if (trigger.paths || trigger.paths_ignore || (trigger.tags && !trigger.branches)) return false;
    return branch.kind != GitBranch::Kind::named || passes_branches(trigger, branch);
  }
  if (evidence.deed == Deed::open_pull_request && evidence.about.base &&
      evidence.about.base->find('$') == std::string::npos)
    return passes_branches(trigger, {GitBranch::Kind::named, *evidence.about.base, true});
  if (evidence.deed != Deed::push_tag) return true;
  if (trigger.tags_ignore || (!trigger.tags && (trigger.branches || trigger.branches_ignore)))
    return false;
  // A tag of which nothing is known.
  const std::vector<YamlNode>& patterns = trigger.tags.values;
  if (!trigger.tags) return !trigger.paths && !trigger.paths_ignore;
  if (evidence.tag.empty())
    return std::any_of(patterns.begin(), patterns.end(),
                       [](YamlNode each) { return each.text() == "*" || each.text() == "**"; });
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](YamlNode each) { return may_match(each.text(), evidence.tag); }) &&
         std::none_of(patterns.begin(), patterns.end(),
                      [](YamlNode each) { return each.text().starts_with('!'); });
}

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink)
      : subject_(subject), sink_(sink), starts_(starts_of(*subject.workflow, subject.facts())) {}

  /// True when a finding was made.
  bool check(const AgentLaunch& launch) {
    if (launch.is_called()) return false;
    const LaunchConditions& conditions = conditions_of(subject_, launch);
    if (asks_for_output(conditions.all())) return false;
    if (asks_who_acts(subject_, launch)) return false;
    const OfJob& of_job = job_of(launch);
    for (const Evidence& evidence : evidence_of(launch, subject_.facts(), of_job.deeds)) {
      const std::optional<std::string> login = evidence.identity.login;
      const bool is_app = evidence.identity.kind == AgentIdentity::Kind::app;
      if (is_app && turns_bot_away(*launch.launch, login, subject_.facts())) continue;
      if (evidence.deed == Deed::label && looks_at_label(conditions)) continue;
      for (const DeedEvent& event : events_of(evidence.deed)) {
        const auto start = std::find_if(starts_.begin(), starts_.end(), [&](const Start& each) {
          return each.event == event.name && each.type == event.type;
        });
        if (start == starts_.end()) continue;
        if (!passes_filters(evidence, *start->trigger) || !is_done(evidence, launch, *start))
          continue;
        if (evidence.deed == Deed::comment && !evidence.by_agent &&
            keeps_own_words_out(launch, conditions, scope_of_event(start->event, start->type)))
          continue;
        if (evidence.deed == Deed::open_pull_request &&
            keeps_own_branch_out(launch, conditions, scope_of_event(start->event, start->type)))
          continue;
        const Passage way = passage(conditions, *start, evidence, script_of(launch, evidence));
        if (way == Passage::shut) continue;
        report(launch, evidence, *start, way);
        return true;
      }
    }
    return dispatches_itself(launch, conditions, of_job);
  }

 private:
  /// Whether the step that speaks or pushes does so in the run that it started, too.
  static bool is_done(const Evidence& evidence, const AgentLaunch& launch, const Start& start) {
    if (evidence.step == launch.step || !evidence.step->condition) return true;
    const Expression condition = parse_condition(evidence.step->condition.value.text());
    if (!condition.is_valid() || names_actor(condition) || asks_for_output({&condition}))
      return false;
    Scope scope = scope_of_event(start.event, start.type);
    set_details(scope, evidence.about);
    scope.set_status(Truth::yes, Truth::no, Truth::no);
    return evaluate_condition(condition, scope) != Truth::no;
  }

  /// What the steps of a job do, looked at once for all agents in it.
  struct OfJob {
    std::vector<Evidence> deeds;
    std::vector<std::pair<const Step*, const Start*>>
        dispatches;                        ///< of this workflow itself, unasked
    std::set<std::string_view> agents;     ///< the ids of their steps
    std::map<const Step*, bool> own_only;  ///< whether nothing of the agents is in its comments
  };

  const OfJob& job_of(const AgentLaunch& launch) {
    const auto [known, is_new] = jobs_.try_emplace(&launch.job());
    OfJob& of_job = known->second;
    if (!is_new) return of_job;
    of_job.deeds = deeds_of(launch.workflow(), launch.job(), subject_.facts());
    for (const AgentLaunch& each : launches_of(subject_)) {
      if (&each.job() == &launch.job() && !each.step->id.empty())
        of_job.agents.insert(each.step->id);
    }
    for (const Step& step : launch.job().steps) {
      const Start* start = started_by(launch.job(), step);
      if (start != nullptr && !asks_before_dispatch(launch.workflow(), launch.job(), step))
        of_job.dispatches.emplace_back(&step, start);
    }
    return of_job;
  }

  /// The script whose words are all that a deed says.
  std::optional<std::string_view> script_of(const AgentLaunch& launch, const Evidence& evidence) {
    if (evidence.by_agent) return std::nullopt;
    OfJob& of_job = jobs_.at(&launch.job());
    const auto [known, is_new] = of_job.own_only.try_emplace(evidence.step, false);
    if (is_new) known->second = says_own_words_only(*evidence.step, of_job.agents);
    if (!known->second) return std::nullopt;
    return evidence.step->run_text();
  }

  /// A step after the agent that starts the workflow again, whatever came of it. A condition, in
  /// the script or of the step, may be the bound that ends it.
  bool dispatches_itself(const AgentLaunch& launch, const LaunchConditions& conditions,
                         const OfJob& of_job) {
    for (const auto& [place, start] : of_job.dispatches) {
      const Step& step = *place;
      if (step.index < launch.step->index) continue;
      const bool bound = (step.condition && step.condition.value.text() != "always()" &&
                          step.condition.value.text() != "success()") ||
                         conditions.runs(scope_of_event(start->event, start->type)) != Truth::yes;
      if (bound) continue;
      report(launch, {Deed::dispatch, &step, {}, {}}, *start, Passage::open);
      return true;
    }
    return false;
  }

  /// What of this workflow's own a step starts by a dispatch; nullptr when it starts nothing.
  const Start* started_by(const Job& job, const Step& step) const {
    if (std::none_of(starts_.begin(), starts_.end(), [](const Start& each) {
          return each.event == "workflow_dispatch" || each.event == "repository_dispatch";
        }))
      return nullptr;
    const bool by_hand = dispatches(*subject_.workflow, job, step, *subject_.workflow);
    const std::optional<std::string> sent = sent_event(*subject_.workflow, job, step);
    const auto start = std::find_if(starts_.begin(), starts_.end(), [&](const Start& each) {
      if (each.event == "workflow_dispatch") return by_hand;
      return each.event == "repository_dispatch" && sent &&
             (each.type.empty() || each.type == *sent);
    });
    return start == starts_.end() ? nullptr : &*start;
  }

  void report(const AgentLaunch& launch, const Evidence& evidence, const Start& start,
              Passage way) {
    const std::string who = evidence.identity.login ? "`" + *evidence.identity.login + "`"
                            : evidence.identity.kind == AgentIdentity::Kind::app
                                ? "its app"
                                : "the owner of its token";
    const std::string deed(words_for(evidence.deed));
    const std::string when =
        way == Passage::with_words ? " as soon as it says the words that `if:` looks for" : "";
    if (evidence.deed == Deed::dispatch) {
      sink_
          .report(
              subject_, start.trigger->key,
              "each run starts the next one, agent and all, and nothing ends it: a dispatch "
              "starts a workflow whoever's token makes it. Count the rounds in an input and ask "
              "for it, or put a condition on the step")
          .related(subject_, launch.place().key, "the agent is launched here")
          .related(subject_, evidence.step->main().key, "and the next run is started here");
      return;
    }
    auto report = sink_.report(subject_, start.trigger->key,
                               "the agent's own " + deed + " starts this workflow again" + when +
                                   ": it bears the name of " + who +
                                   ", not GITHUB_TOKEN's, and no condition keeps " + who +
                                   " out. Each round is paid for; add " +
                                   (evidence.identity.kind == AgentIdentity::Kind::app
                                        ? "`github.event.sender.type != 'Bot'`"
                                        : "a test of `github.actor`") +
                                   " to the job's `if:`");
    if (way == Passage::with_words || evidence.is_told()) report.confidence(Confidence::medium);
    report.related(subject_, launch.place().key, "the agent is launched here");
    if (evidence.step != launch.step)
      report.related(subject_, (evidence.step->uses ? evidence.step->uses : evidence.step->run).key,
                     "and this speaks for it");
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Start> starts_;
  std::map<const Job*, OfJob> jobs_;
};

}  // namespace

void check_self_trigger(const Subject& subject, Sink& sink) {
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  if (launches.empty()) return;
  Finder finder(subject, sink);
  for (const AgentLaunch& launch : launches) {
    if (finder.check(launch)) return;
  }
}

}  // namespace refgate::lint
