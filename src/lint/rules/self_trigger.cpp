// An agent that comments, pushes or labels under a name of its own starts the workflows that listen
// to comments, pushes and labels: its own too. Only what GITHUB_TOKEN does starts nothing.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/deeds.h"
#include "lint/agents/dispatches.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// A text that says every word which conditions look for with `contains`.
std::string text_with_words(const std::vector<const Expression*>& conditions) {
  std::string text = "The work is done.";
  for (const Expression* condition : conditions) {
    for (const ExpressionNode& node : condition->nodes()) {
      if (node.kind != ExpressionKind::call || !same_name(node.name, "contains") ||
          node.operands.size() != 2)
        continue;
      const ExpressionNode& word = condition->node(node.operands[1]);
      if (word.kind == ExpressionKind::literal && word.literal.kind() == Value::Kind::string)
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

Passage passage(const LaunchConditions& conditions, const Start& start, const Evidence& evidence) {
  // What the commit says is the bound, or may be.
  if (evidence.deed == Deed::push_branch && looks_at_commit(conditions)) return Passage::shut;
  Scope scope = scope_of_event(start.event, start.type);
  const bool is_app = evidence.identity.kind == AgentIdentity::Kind::app;
  if (is_app) set_actor(scope, {evidence.identity.login, "Bot", "NONE"});
  const std::vector<const Expression*> all = conditions.all();
  // Whose login it is, is not known: a condition that compares logins may mean this one.
  if (!evidence.identity.login && conditions.runs(scope) != Truth::no &&
      std::any_of(all.begin(), all.end(),
                  [](const Expression* each) { return names_actor(*each); })) {
    return Passage::shut;
  }
  Scope silent = scope;
  set_body(silent, "The work is done.");
  if (conditions.runs(silent) != Truth::no) return Passage::open;
  Scope speaking = scope;
  set_body(speaking, text_with_words(all));
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

class Finder {
 public:
  Finder(const Subject& subject, Sink& sink)
      : subject_(subject), sink_(sink), starts_(starts_of(*subject.workflow, subject.facts())) {}

  /// True when a finding was made.
  bool check(const AgentLaunch& launch) {
    if (launch.is_called()) return false;
    const LaunchConditions& conditions = conditions_of(subject_, launch);
    if (asks_who_acts(conditions, subject_.project, subject_.facts())) return false;
    for (const Evidence& evidence : evidence_of(launch, subject_.facts())) {
      const std::optional<std::string> login = evidence.identity.login;
      const bool is_app = evidence.identity.kind == AgentIdentity::Kind::app;
      if (is_app && turns_bot_away(*launch.launch, login, subject_.facts())) continue;
      if (evidence.deed == Deed::label && looks_at_label(conditions)) continue;
      for (const DeedEvent& event : events_of(evidence.deed)) {
        const auto start = std::find_if(starts_.begin(), starts_.end(), [&](const Start& each) {
          return each.event == event.name && each.type == event.type;
        });
        if (start == starts_.end()) continue;
        // Whether the agent's change passes a filter of paths cannot be told.
        if (evidence.deed == Deed::push_branch &&
            (start->trigger->paths || start->trigger->paths_ignore ||
             (start->trigger->tags && !start->trigger->branches)))
          continue;
        const Passage way = passage(conditions, *start, evidence);
        if (way == Passage::shut) continue;
        report(launch, evidence, *start, way);
        return true;
      }
    }
    return dispatches_itself(launch, conditions);
  }

 private:
  /// A step after the agent that starts the workflow again, whatever came of it. A condition, in
  /// the script or of the step, may be the bound that ends it.
  bool dispatches_itself(const AgentLaunch& launch, const LaunchConditions& conditions) {
    const auto start = std::find_if(starts_.begin(), starts_.end(), [](const Start& each) {
      return each.event == "workflow_dispatch";
    });
    if (start == starts_.end() || conditions.runs(scope_of_event("workflow_dispatch")) == Truth::no)
      return false;
    for (const Step& step : launch.job().steps) {
      if (step.index < launch.step->index || !dispatches(step, *subject_.workflow, true)) continue;
      const bool bound =
          mentions_any(step.run_text(), {"if ", "[ ", "[[", "case ", "test ", "exit", "&&"}) ||
          mentions_any(step.input("script").value.text(), {"if (", "if(", "? ", "return"}) ||
          (step.condition && step.condition.value.text() != "always()" &&
           step.condition.value.text() != "success()") ||
          launch.own_job().condition;
      if (bound) continue;
      report(launch, {Deed::dispatch, &step, {}}, *start, Passage::open);
      return true;
    }
    return false;
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
    if (way == Passage::with_words) report.confidence(Confidence::medium);
    report.related(subject_, launch.place().key, "the agent is launched here");
    if (evidence.step != launch.step)
      report.related(subject_, (evidence.step->uses ? evidence.step->uses : evidence.step->run).key,
                     "and this speaks for it");
  }

  const Subject& subject_;
  Sink& sink_;
  std::vector<Start> starts_;
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
