#include "lint/agents/actor_checks.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/callee_memo.h"
#include "lint/github/supposed_run.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

constexpr int deepest_action = 10;

struct ChecksActor {
  bool yes = false;
};

bool is_inside(const ByteRange& inner, const ByteRange& outer) {
  return outer.begin <= inner.begin && inner.end <= outer.end;
}

/// What asks who somebody is, by its name.
bool is_named_like_a_check(std::string_view uses) {
  return mentions_any(to_lower(uses.substr(0, uses.find('@'))),
                      {"permission", "member", "collaborator", "authoriz", "authoris", "allow",
                       "access", "actor", "trust", "team", "verify", "gate", "vouch"});
}

/// Whether a step, in lower case, may end its job or say something that others heed.
bool decides(const std::string& step) {
  return mentions_any(step, {"exit 1", "github_output", "setoutput", "setfailed", "process.exit"});
}

/// Whether a step asks who the actor is and what he may do. By its words: what a script does with
/// the answer is not followed.
bool checks_actor(const Step& step, const Project& project, const Facts& facts, int depth) {
  const std::string_view uses = step.uses_text();
  if (is_named_like_a_check(uses)) return true;
  if (const Action* action = project.local_action(uses);
      action != nullptr && depth < deepest_action) {
    return of_callee<ChecksActor>(
               facts, action, depth,
               [&] {
                 return ChecksActor{std::any_of(
                     action->steps.begin(), action->steps.end(), [&](const Step& inner) {
                       return checks_actor(inner, project, facts, depth + 1);
                     })};
               })
        ->yes;
  }
  const std::string text = to_lower(step.node.source());
  if (mentions_any(text,
                   {"author_association", "authorassociation", "/permission", "collaborators/",
                    "collaboratorpermission", "membership", "checkcollaborator"})) {
    return true;
  }
  return decides(text) && mentions_any(text, {"github.actor", "github_actor", "triggering_actor",
                                              "sender", "user.login", "user.type", "context.actor",
                                              "['login']", "[\"login\"]"});
}

/// Whether a step asks where the branch lies and may end the job for a fork's.
bool checks_fork(const Step& step) {
  const std::string text = to_lower(step.node.source());
  return decides(text) &&
         mentions_any(text, {"head.repo", "head_repo", "iscrossrepository", "is_fork", ".fork"});
}

template <class Asks>
std::size_t first_that(const std::vector<Step>& steps, Asks&& asks) {
  return static_cast<std::size_t>(std::find_if(steps.begin(), steps.end(), asks) - steps.begin());
}

/// How many steps of a job, or of an action, come before the first that asks.
struct FirstActorCheck {
  std::size_t step;
};
struct FirstForkCheck {
  std::size_t step;
};
struct FirstHandedActor {
  std::size_t step;
};

/// Whether one of the steps before a launch asks: of its job, of its action, and of all jobs that
/// are needed on the way.
template <class First, class Asks>
bool is_asked_before(const Subject& subject, const AgentLaunch& launch, Asks&& asks) {
  const auto first = [&](const std::vector<Step>& steps) {
    return subject.memo.get<First>(&steps, [&] { return First{first_that(steps, asks)}; }).step;
  };
  for (const JobPlace& place : launch.path) {
    for (const Job* job : job_conditions_of(subject, *place.workflow).needed(*place.job)) {
      if (first(job->steps) < job->steps.size()) return true;
    }
  }
  return first(launch.job().steps) < launch.step->index ||
         (launch.action != nullptr && first(launch.action->steps) < launch.launch->index);
}

/// Whether a called workflow on the way asks who the actor is.
bool is_asked_in_call(const Subject& subject, const AgentLaunch& launch) {
  const std::vector<const Job*> calls = conditions_of(subject, launch).calls_before();
  return std::any_of(calls.begin(), calls.end(), [&](const Job* job) {
    if (is_named_like_a_check(job->uses.value.text()) || is_named_like_a_check(job->id))
      return true;
    const Workflow* called = subject.project.called_workflow(job->uses.value.text());
    if (called == nullptr) return false;
    return of_callee<ChecksActor>(
               subject.facts(), called, 0,
               [&] {
                 return ChecksActor{
                     std::any_of(called->jobs.begin(), called->jobs.end(), [&](const Job& inner) {
                       return std::any_of(
                           inner.steps.begin(), inner.steps.end(), [&](const Step& step) {
                             return checks_actor(step, subject.project, subject.facts(), 0);
                           });
                     })};
               })
        ->yes;
  });
}

/// Whether a command runs a program of the repository's own: `./filter.sh`, `python filter.py`,
/// `npm run filter`.
bool is_script_call(const std::vector<std::string>& command) {
  constexpr auto runners =
      std::to_array<std::string_view>({"npm", "pnpm", "yarn", "bun", "make", "just", "task"});
  constexpr auto ends = std::to_array<std::string_view>(
      {".sh", ".bash", ".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".pl", ".php", ".ps1"});
  if (command.empty()) return false;
  const std::string& name = command[0];
  if (name.find('/') != std::string::npos && !name.starts_with('/')) return true;
  if (command.size() < 2) return false;
  if (std::find(runners.begin(), runners.end(), name) != runners.end())
    return command[1] != "install" && command[1] != "ci" && command[1] != "i";
  if ((name == "go" || name == "cargo" || name == "deno") && command[1] == "run") return true;
  const std::size_t most = std::min<std::size_t>(command.size(), 4);
  return std::any_of(command.begin(), command.begin() + static_cast<std::ptrdiff_t>(most),
                     [&](const std::string& word) {
                       return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
                         return word.ends_with(end);
                       });
                     });
}

/// Whether a text hands on who acts, or the event, which says it.
bool hands_actor(std::string_view text, bool whole_event) {
  std::string lower = to_lower(text);
  std::erase_if(lower, [](char character) { return character == ' '; });
  if (mentions_any(lower, {"github.actor", "github_actor", "triggering_actor", "event.sender",
                           "comment.user", "review.user"}))
    return true;
  return whole_event &&
         mentions_any(lower,
                      {"tojson(github.event)", "tojson(github)", "tojson(github.event.comment)",
                       "tojson(github.event.review)", "github_event_path", "github.event_path"});
}

struct HandedActor {
  bool yes = false;
};

/// Whether a step hands the actor, or the event, to a program that may ask: a script of the
/// repository's or an action.
bool is_handed_actor(const Subject& subject, const JobPlace& place, const Step& step) {
  return subject.memo
      .get<HandedActor>(
          &step,
          [&] {
            if (step.uses)
              return HandedActor{!matches_action(step.uses_text(), "actions/github-script") &&
                                 hands_actor(step.with.value.source(), false)};
            const bool handed = hands_actor(step.node.source(), true) ||
                                hands_actor(place.job->env.value.source(), true) ||
                                hands_actor(place.workflow->env.value.source(), true);
            if (!handed) return HandedActor{};
            std::vector<std::vector<std::string>> commands = shell_commands(step.run_text());
            return HandedActor{
                std::any_of(commands.begin(), commands.end(), [](std::vector<std::string>& words) {
                  return is_script_call(launched_command(std::move(words)));
                })};
          })
      .yes;
}

constexpr int longest_way_of_output = 5;

/// Whether an expression asks for an output that such a step gives.
bool asks_handed(const Subject& subject, const Expression& expression, const JobPlace& place,
                 int depth) {
  const std::vector<Reference> all = references(expression);
  return std::any_of(all.begin(), all.end(), [&](const Reference& each) {
    if (each.path.size() != 4 || !each.is_literal() || !same_name(*each.path[2], "outputs"))
      return false;
    if (refers_into(each, {"steps"})) {
      const Step* step = place.job->step(*each.path[1]);
      return step != nullptr && is_handed_actor(subject, place, *step);
    }
    if (!refers_into(each, {"needs"}) || depth == longest_way_of_output) return false;
    const Job* needed = place.workflow->job(*each.path[1]);
    if (needed == nullptr) return false;
    const Entry output = needed->outputs.value.entry(*each.path[3]);
    if (!output || !output.value.has_expression()) return false;
    const Expression source = parse_template(output.value.text());
    return source.is_valid() && asks_handed(subject, source, {place.workflow, needed}, depth + 1);
  });
}

struct GuardedByScript {
  bool yes = false;
};

/// Whether an output guards the launch that comes of a step which is handed who acts: what it makes
/// of it is not followed.
bool is_guarded_by_script(const Subject& subject, const AgentLaunch& launch) {
  return subject.memo
      .get<GuardedByScript>(
          &launch,
          [&] {
            const std::vector<const Expression*> all = conditions_of(subject, launch).all();
            const bool yes =
                std::any_of(launch.path.begin(), launch.path.end(), [&](const JobPlace& place) {
                  return std::any_of(all.begin(), all.end(), [&](const Expression* each) {
                    return asks_handed(subject, *each, place, 0);
                  });
                });
            return GuardedByScript{yes};
          })
      .yes;
}

}  // namespace

bool asks_who_acts(const Subject& subject, const AgentLaunch& launch) {
  return is_asked_before<FirstActorCheck>(subject, launch,
                                          [&](const Step& step) {
                                            return checks_actor(step, subject.project,
                                                                subject.facts(), 0);
                                          }) ||
         is_asked_in_call(subject, launch) || is_guarded_by_script(subject, launch);
}

bool may_ask_who_acts(const Subject& subject, const AgentLaunch& launch) {
  return is_asked_before<FirstHandedActor>(subject, launch, [&](const Step& step) {
    return step.run && is_handed_actor(subject, launch.path.back(), step);
  });
}

bool asks_something_unknown(const Expression& condition, const Scope& scope) {
  const std::vector<Reference> all = references(condition);
  const Value name = scope.get({"github", "event_name"});
  const std::string event =
      name.is_known() && name.kind() == Value::Kind::string ? name.as_string() : "";
  for (NodeId id = 0; id < condition.nodes().size(); ++id) {
    const ExpressionNode& node = condition.node(id);
    const bool asks = node.kind == ExpressionKind::call || node.kind == ExpressionKind::equal ||
                      node.kind == ExpressionKind::not_equal;
    if (!asks || truth(evaluate(condition, id, scope).value) != Truth::unknown) continue;
    if (std::any_of(all.begin(), all.end(), [&](const Reference& each) {
          return names_actor(each) && !names_subject_only(each, event) &&
                 is_inside(each.range, node.range);
        }))
      return true;
  }
  return false;
}

bool asks_for_fork(const Subject& subject, const AgentLaunch& launch) {
  return is_asked_before<FirstForkCheck>(subject, launch, checks_fork);
}

bool fork_reaches(const Subject& subject, const AgentLaunch& launch, const Scope& scope) {
  if (asks_for_fork(subject, launch)) return false;
  const LaunchConditions& conditions = conditions_of(subject, launch);
  const std::vector<std::string> names = repositories_named(conditions.all());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    Scope from_fork = scope;
    set_head_in_fork(from_fork, name);
    return conditions.runs(from_fork) != Truth::no;
  });
}

}  // namespace refgate::lint
