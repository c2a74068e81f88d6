// An agent that comments, pushes or labels under a name of its own starts the workflows that listen
// to comments, pushes and labels: its own too. Only what GITHUB_TOKEN does starts nothing.

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/dispatches.h"
#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/event_scope.h"
#include "lint/rule/rule.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

enum class Deed : std::uint8_t {
  comment,
  comment_on_line,
  review,
  label,
  push,
  push_branch,  ///< to the branch that the workflow was started for
  open_issue,
  open_pull_request,
  dispatch  ///< of the workflow itself, by hand
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
    case Deed::push_branch:
      return {{"push", ""}};
    case Deed::dispatch:
      return {{"workflow_dispatch", ""}};
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
    case Deed::push_branch:
      return "push";
    case Deed::dispatch:
      return "dispatch";
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

/// A word in a commit's message that keeps GitHub from starting workflows for it. Facts: "Skipping
/// workflow runs".
bool skips_runs(const Job& job) {
  return mentions_any(job.node.source(), {"[skip ci]", "[ci skip]", "[no ci]", "[skip actions]",
                                          "[actions skip]", "skip-checks: true"});
}

/// Whether a script pushes to the branch that it stands on: not to another, and not to a new one.
bool pushes_own_branch(std::string_view script) {
  if (mentions_any(script, {"checkout -b", "switch -c", "checkout -B", "gh pr create"}))
    return false;
  for (std::vector<std::string>& words : shell_commands(script)) {
    const std::vector<std::string> command = launched_command(std::move(words));
    if (command.size() < 2 || command[0] != "git" || command[1] != "push") continue;
    std::vector<std::string> plain;
    for (std::size_t at = 2; at < command.size(); ++at) {
      if (command[at].starts_with("--tags") || command[at].starts_with("--delete")) return false;
      if (!command[at].starts_with('-')) plain.push_back(command[at]);
    }
    if (plain.size() < 2) return true;
    if (plain.size() == 2 && (plain[1] == "HEAD" || plain[1] == "main" || plain[1] == "master" ||
                              mentions_any(plain[1], {"ref_name", "REF_NAME"})))
      return true;
  }
  return false;
}

AgentIdentity identity_of_script(const AgentLaunch& launch, const Step& step) {
  for (const YamlNode env : {step.env.value, launch.job().env.value, launch.workflow().env.value}) {
    for (const char* name : {"GH_TOKEN", "GITHUB_TOKEN"}) {
      if (const Entry token = env.entry(name)) return identity_of_token(token.value, launch.job());
    }
  }
  return {};
}

/// What actions after the agent do that are known for it.
void add_actions(const AgentLaunch& launch, const Step& step, std::vector<Evidence>& found) {
  const std::string_view uses = step.uses_text();
  if (uses.empty()) return;
  const Job& job = launch.job();
  if (matches_action(uses, "stefanzweifel/git-auto-commit-action") && !skips_runs(job)) {
    const AgentIdentity identity = identity_of_git(job, step);
    if (starts_workflows(identity))
      found.push_back({is_on_head(job) ? Deed::push : Deed::push_branch, &step, identity});
  }
  if (matches_action(uses, "peter-evans/create-pull-request")) {
    const Entry token = step.input("token");
    const AgentIdentity identity = token ? identity_of_token(token.value, job) : AgentIdentity();
    if (starts_workflows(identity)) found.push_back({Deed::open_pull_request, &step, identity});
  }
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
    if (step.index >= launch.step->index) add_actions(launch, step, found);
    if (!step.run || launches_agent(step, facts)) continue;
    for (const Deed deed : deeds_in(step.run_text())) {
      const AgentIdentity identity = deed == Deed::push ? identity_of_git(launch.job(), step)
                                                        : identity_of_script(launch, step);
      if (!starts_workflows(identity)) continue;
      if (deed == Deed::push && !is_on_head(launch.job())) {
        if (pushes_own_branch(step.run_text()) && !skips_runs(launch.job()))
          found.push_back({Deed::push_branch, &step, identity});
        continue;
      }
      found.push_back({deed, &step, identity});
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
    if (asks_who_acts(conditions, subject_.project, subject_.facts())) return false;
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
      if (step.index < launch.step->index || !dispatches(step.run_text(), *subject_.workflow))
        continue;
      const bool bound =
          mentions_any(step.run_text(), {"if ", "[ ", "[[", "case ", "test ", "exit", "&&"}) ||
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
          .related(subject_, evidence.step->run.key, "and the next run is started here");
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
