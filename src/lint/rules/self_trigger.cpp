// An agent that comments, pushes or labels under a name of its own starts the workflows that listen
// to comments, pushes and labels: its own too. Only what GITHUB_TOKEN does starts nothing.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

enum class Deed : std::uint8_t {
  comment,
  comment_on_line,
  review,
  label,
  push,
  open_issue,
  open_pull_request
};

/// Something that a step does under a name that starts workflows.
struct Evidence {
  Deed deed;
  const Step* step;
  AgentIdentity identity;
};

bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

/// What a script or a list of an agent's tools says that is done.
std::vector<Deed> deeds_in(std::string_view text) {
  std::vector<Deed> found;
  if (mentions_any(text,
                   {"gh pr comment", "gh issue comment", "createComment(", "add_issue_comment"}))
    found.push_back(Deed::comment);
  if (mentions_any(text, {"create_inline_comment", "createReviewComment("}))
    found.push_back(Deed::comment_on_line);
  if (mentions_any(text, {"gh pr review", "createReview("})) found.push_back(Deed::review);
  if (mentions_any(text, {"--add-label", "addLabels("})) found.push_back(Deed::label);
  if (mentions_any(text, {"git push"})) found.push_back(Deed::push);
  if (mentions_any(text, {"gh issue create"})) found.push_back(Deed::open_issue);
  if (mentions_any(text, {"gh pr create"})) found.push_back(Deed::open_pull_request);
  return found;
}

struct Event {
  std::string_view name;
  std::string_view type;
};

std::vector<Event> events_of(Deed deed) {
  switch (deed) {
    case Deed::comment:
      return {{"issue_comment", "created"}};
    case Deed::comment_on_line:
      return {{"pull_request_review_comment", "created"}};
    case Deed::review:
      return {{"pull_request_review", "submitted"}};
    case Deed::label:
      return {
          {"issues", "labeled"}, {"pull_request", "labeled"}, {"pull_request_target", "labeled"}};
    case Deed::push:
      return {{"pull_request", "synchronize"}, {"pull_request_target", "synchronize"}};
    case Deed::open_issue:
      return {{"issues", "opened"}};
    case Deed::open_pull_request:
      return {{"pull_request", "opened"}, {"pull_request_target", "opened"}};
  }
  return {};
}

std::string_view words_for(Deed deed) {
  switch (deed) {
    case Deed::comment:
    case Deed::comment_on_line:
      return "comment";
    case Deed::review:
      return "review";
    case Deed::label:
      return "label";
    case Deed::push:
      return "push";
    case Deed::open_issue:
      return "issue";
    case Deed::open_pull_request:
      return "pull request";
  }
  return "";
}

bool starts_workflows(const AgentIdentity& identity) {
  return identity.kind == AgentIdentity::Kind::app || identity.kind == AgentIdentity::Kind::other;
}

/// Whose token the git commands of a job use: that of the checkout that came before.
AgentIdentity identity_of_git(const Job& job, const Step& step) {
  AgentIdentity identity;
  for (const Step& each : job.steps) {
    if (&each == &step) break;
    if (!matches_action(each.uses_text(), "actions/checkout")) continue;
    const Entry token = each.input("token");
    identity = token ? identity_of_token(token.value, job)
                     : AgentIdentity{AgentIdentity::Kind::github_token, std::nullopt};
  }
  return identity;
}

/// Whether the job works on the branch of the pull request that started it.
bool is_on_head(const Job& job) {
  return std::any_of(job.steps.begin(), job.steps.end(), [](const Step& step) {
    const std::string_view ref = step.input("ref").value.text();
    return (matches_action(step.uses_text(), "actions/checkout") &&
            mentions_any(ref, {"head.ref", "head_ref"})) ||
           mentions_any(step.run_text(), {"gh pr checkout"});
  });
}

AgentIdentity identity_of_script(const AgentLaunch& launch, const Step& step) {
  for (const YamlNode env : {step.env.value, launch.job().env.value, launch.workflow().env.value}) {
    for (const char* name : {"GH_TOKEN", "GITHUB_TOKEN"}) {
      if (const Entry token = env.entry(name)) return identity_of_token(token.value, launch.job());
    }
  }
  return {};
}

/// What the agent does, and what the steps of its job do with what it made.
std::vector<Evidence> evidence_of(const AgentLaunch& launch, const Facts& facts) {
  std::vector<Evidence> found;
  const AgentIdentity agent = identity_of(launch, facts);
  const AgentActionFact* fact = agent_action_fact(*launch.launch, facts);
  // Without a prompt these actions answer with a comment of their own; with one when they are told
  // to.
  const auto is_told = [&](std::string_view input) {
    return launch.launch->input(input).value.text() == "true";
  };
  const bool answers =
      fact != nullptr && !fact->app_login.empty() &&
      ((!launch.launch->input("prompt") && !launch.launch->input("direct_prompt")) ||
       is_told("track_progress") || is_told("use_sticky_comment"));
  if (starts_workflows(agent) && launch.action == nullptr) {
    if (answers) found.push_back({Deed::comment, launch.launch, agent});
    for (const Deed deed : deeds_in(launch.launch->with.value.source())) {
      if (deed != Deed::push) found.push_back({deed, launch.launch, agent});
    }
  }
  for (const Step& step : launch.job().steps) {
    if (!step.run || launches_agent(step, facts)) continue;
    for (const Deed deed : deeds_in(step.run_text())) {
      const AgentIdentity identity = deed == Deed::push ? identity_of_git(launch.job(), step)
                                                        : identity_of_script(launch, step);
      if (deed == Deed::push && !is_on_head(launch.job())) continue;
      if (starts_workflows(identity)) found.push_back({deed, &step, identity});
    }
  }
  return found;
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

/// Which conditions an own deed passes.
enum class Passage : std::uint8_t { shut, with_words, open };

Passage passage(const LaunchConditions& conditions, const Start& start, const Evidence& evidence) {
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
    if (asks_who_acts(conditions, subject_.project)) return false;
    for (const Evidence& evidence : evidence_of(launch, subject_.facts())) {
      const std::optional<std::string> login = evidence.identity.login;
      const bool is_app = evidence.identity.kind == AgentIdentity::Kind::app;
      if (is_app && turns_bot_away(*launch.launch, login, subject_.facts())) continue;
      if (evidence.deed == Deed::label && looks_at_label(conditions)) continue;
      for (const Event& event : events_of(evidence.deed)) {
        const auto start = std::find_if(starts_.begin(), starts_.end(), [&](const Start& each) {
          return each.event == event.name && each.type == event.type;
        });
        if (start == starts_.end()) continue;
        const Passage way = passage(conditions, *start, evidence);
        if (way == Passage::shut) continue;
        report(launch, evidence, *start, way);
        return true;
      }
    }
    return false;
  }

 private:
  void report(const AgentLaunch& launch, const Evidence& evidence, const Start& start,
              Passage way) {
    const std::string who = evidence.identity.login ? "`" + *evidence.identity.login + "`"
                            : evidence.identity.kind == AgentIdentity::Kind::app
                                ? "its app"
                                : "the owner of its token";
    const std::string deed(words_for(evidence.deed));
    const std::string when =
        way == Passage::with_words ? " as soon as it says the words that `if:` looks for" : "";
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
