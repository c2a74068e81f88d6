#include "lint/agents/agent_launch.h"

#include <algorithm>
#include <set>

#include "core/text/blank.h"
#include "lint/expression/evaluate.h"
#include "lint/expression/expression.h"
#include "lint/github/callee_memo.h"
#include "lint/github/own_action.h"

namespace refgate::lint {
namespace {

constexpr int deepest_action = 10;
constexpr std::size_t deepest_call = 4;

/// The folders into which the steps of a job so far checked out an agent's repository.
class AgentCheckouts {
 public:
  explicit AgentCheckouts(const Facts& facts) : facts_(facts) {}

  void add(const Step& step) {
    if (!matches_action(step.uses_text(), "actions/checkout")) return;
    const std::string_view repository = step.input("repository").value.text();
    std::string_view path = step.input("path").value.text();
    if (path.starts_with("./")) path.remove_prefix(2);
    while (path.ends_with('/'))
      path.remove_suffix(1);
    if (!repository.empty() && !path.empty() &&
        (names_agent_action(repository, facts_) || resembles_agent_action(repository, facts_)))
      folders_.insert(path);
  }

  /// Whether a step runs an action out of one of them.
  bool has_action_of(const Step& step) const {
    std::string_view folder = step.uses_text();
    if (folders_.empty() || !folder.starts_with("./")) return false;
    folder.remove_prefix(2);
    while (!folders_.contains(folder)) {
      const std::size_t slash = folder.rfind('/');
      if (slash == std::string_view::npos) return false;
      folder = folder.substr(0, slash);
    }
    return true;
  }

 private:
  const Facts& facts_;
  std::set<std::string_view> folders_;
};

/// The first launch of an action, for all steps that use it.
struct LaunchInside {
  AgentLaunch launch;
  bool is_there = false;
};

struct MayLaunch {
  bool yes = false;
};

/// Looks for the launch at or below a step, through the actions of the repository.
class LaunchSearch {
 public:
  LaunchSearch(const Project& its_project, const Facts& its_facts, AgentLaunch& launch)
      : project_(its_project), facts_(its_facts), found_(launch) {}

  /// `action`: whose step it is; nullptr for a job's own.
  bool at(const Step& step, const Action* action = nullptr, int depth = 0) {
    // Few steps launch anything, so that their conditions are read last.
    if (launches_agent(step, facts_)) {
      found_.launch = &step;
      found_.action = action;
      found_.is_likely = is_likely(step);
      found_.by_name = found_.is_likely || (step.uses && !script_of(step) &&
                                            !names_agent_action(step.uses_text(), facts_));
      return !is_switched_off(step.condition);
    }
    const Action* local =
        depth < deepest_action ? project_.local_action(step.uses_text()) : nullptr;
    if (local == nullptr || is_switched_off(step.condition)) return false;
    if (!local->composite()) {
      if (!is_handed_credential(step, facts_)) return false;
      found_.launch = &step;
      found_.action = action;
      found_.by_name = found_.is_likely = true;
      return true;
    }
    const auto inside = of_callee<LaunchInside>(facts_, local, depth, [&] {
      LaunchInside first{{}, false};
      LaunchSearch below(project_, facts_, first.launch);
      first.is_there =
          std::any_of(local->steps.begin(), local->steps.end(),
                      [&](const Step& inner) { return below.at(inner, local, depth + 1); });
      return first;
    });
    if (!inside->is_there) return false;
    found_.launch = inside->launch.launch;
    found_.action = inside->launch.action;
    found_.by_name = inside->launch.by_name;
    found_.is_likely = inside->launch.is_likely;
    return true;
  }

 private:
  bool is_likely(const Step& step) const {
    const std::string_view uses = step.uses_text();
    if (names_agent_action(uses, facts_) || resembles_agent_action(uses, facts_)) return false;
    return likely_launches_agent(step, facts_) &&
           agent_commands_in(step.run_text(), facts_).empty();
  }

  const Project& project_;
  const Facts& facts_;
  AgentLaunch& found_;
};

/// Whether a workflow may launch anything at all: what callers of one that does not need not walk.
bool may_launch(const Workflow& workflow, const Project& project, const Facts& facts, int depth) {
  return of_callee<MayLaunch>(
             facts, &workflow, depth,
             [&] {
               const bool yes =
                   std::any_of(workflow.jobs.begin(), workflow.jobs.end(), [&](const Job& job) {
                     if (calls_agent_workflow(job, facts)) return true;
                     const Workflow* called = depth < static_cast<int>(deepest_call)
                                                  ? project.called_workflow(job.uses.value.text())
                                                  : nullptr;
                     if (called != nullptr && may_launch(*called, project, facts, depth + 1))
                       return true;
                     AgentCheckouts checkouts(facts);
                     return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
                       checkouts.add(step);
                       AgentLaunch launch{{}, &step};
                       return checkouts.has_action_of(step) ||
                              LaunchSearch(project, facts, launch).at(step);
                     });
                   });
               return MayLaunch{yes};
             })
      ->yes;
}

void add_launches(const std::vector<JobPlace>& path, const Workflow& workflow,
                  const Project& project, const Facts& facts, std::vector<AgentLaunch>& found) {
  for (const Job& job : workflow.jobs) {
    const std::size_t before = found.size();
    if (before == most_launches) return;
    std::vector<JobPlace> here = path;
    here.push_back({&workflow, &job});
    AgentCheckouts checkouts(facts);
    for (const Step& step : job.steps) {
      if (found.size() == most_launches) return;
      AgentLaunch launch{{}, &step};
      checkouts.add(step);
      if (checkouts.has_action_of(step) && !is_switched_off(step.condition)) {
        launch.launch = &step;
        launch.by_name = true;
      } else if (!LaunchSearch(project, facts, launch).at(step)) {
        continue;
      }
      launch.path = here;
      found.push_back(std::move(launch));
    }
    if (calls_agent_workflow(job, facts))
      found.push_back({here, &job.call, &job.call, nullptr, false, false});
    const Workflow* called =
        here.size() < deepest_call ? project.called_workflow(job.uses.value.text()) : nullptr;
    const bool again = std::any_of(here.begin(), here.end(),
                                   [&](const JobPlace& place) { return place.workflow == called; });
    if (called != nullptr && !again &&
        may_launch(*called, project, facts, static_cast<int>(here.size())))
      add_launches(here, *called, project, facts, found);
    if (found.size() > before && is_switched_off(job.condition)) found.resize(before);
  }
}

bool lists(std::string_view names, std::string_view login) {
  const auto bare = [](std::string_view name) {
    name = trimmed(name);
    if (name.ends_with("[bot]")) name.remove_suffix(5);
    return name;
  };
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t end = std::min(names.find(',', at), names.size());
    if (same_name(bare(names.substr(at, end - at)), bare(login))) return true;
    at = end + 1;
  }
  return false;
}

/// Who made the token that `steps.<id>.outputs.*` holds.
AgentIdentity::Kind kind_of_step(const Job& job, std::string_view id) {
  const Step* step = job.step(id);
  if (step == nullptr) return AgentIdentity::Kind::unknown;
  const std::string_view uses = step->uses_text();
  for (const std::string_view maker :
       {"actions/create-github-app-token", "tibdex/github-app-token",
        "peter-murray/workflow-application-token-action", "getsentry/action-github-app-token"}) {
    if (matches_action(uses, maker)) return AgentIdentity::Kind::app;
  }
  return AgentIdentity::Kind::unknown;
}

AgentIdentity::Kind kind_of_reference(const Reference& reference, const Job& job) {
  using Kind = AgentIdentity::Kind;
  if (names_job_token(reference)) return Kind::github_token;
  if (!reference.is_literal() || reference.path.size() < 2) return Kind::unknown;
  if (same_name(*reference.path[0], "secrets")) return Kind::other;
  if (same_name(*reference.path[0], "steps")) return kind_of_step(job, *reference.path[1]);
  return Kind::unknown;
}

}  // namespace

bool is_switched_off(const Entry& condition) {
  if (!condition || !condition.value.is_scalar()) return false;
  const Expression expression = parse_condition(condition.value.text());
  return expression.is_valid() && evaluate_condition(expression, Scope()) == Truth::no;
}

std::vector<AgentLaunch> agent_launches(const Workflow& workflow, const Project& project,
                                        const Facts& facts) {
  std::vector<AgentLaunch> found;
  add_launches({}, workflow, project, facts, found);
  return found;
}

const AgentActionFact* agent_action_fact(const Step& launch, const Facts& facts) {
  const auto found = std::find_if(
      facts.agent_checks.begin(), facts.agent_checks.end(),
      [&](const AgentActionFact& fact) { return matches_action(launch.uses_text(), fact.uses); });
  return found == facts.agent_checks.end() ? nullptr : &*found;
}

bool names_job_token(const Reference& reference) {
  return refers_to(reference, {"github", "token"}) ||
         refers_to(reference, {"secrets", "GITHUB_TOKEN"});
}

bool asks_for_write(const Step& launch, const Facts& facts) {
  const AgentActionFact* fact = agent_action_fact(launch, facts);
  if (fact == nullptr || !fact->asks_for_write) return false;
  if (fact->open_input.empty()) return true;
  // claude-code-action heeds the list only together with a token of the workflow's.
  if (!fact->token_input.empty() && !launch.input(fact->token_input)) return true;
  return trimmed(launch.input(fact->open_input).value.text()) != "*";
}

bool turns_bot_away(const Step& launch, const std::optional<std::string>& login,
                    const Facts& facts) {
  const AgentActionFact* fact = agent_action_fact(launch, facts);
  if (fact == nullptr || !fact->turns_bots_away) return false;
  if (fact->bots_input.empty()) return true;
  const Entry given = launch.input(fact->bots_input);
  const std::string_view names = trimmed(given.value.text());
  if (names == "*") return false;
  return given.value.has_expression() || !login || !lists(names, *login);
}

AgentIdentity identity_of_token(YamlNode value, const Job& job) {
  return value.has_expression() ? identity_of_token(value.text(), job) : AgentIdentity();
}

AgentIdentity identity_of_token(std::string_view text, const Job& job) {
  const Expression expression = parse_template(text);
  if (!expression.is_valid()) return {};
  const std::vector<Reference> all = references(expression);
  if (all.empty()) return {};
  // `a || b`: the first one that is there. GITHUB_TOKEN always is, so it only counts in the first
  // place.
  return {kind_of_reference(all.front(), job), std::nullopt};
}

AgentIdentity identity_of(const AgentLaunch& launch, const Facts& facts) {
  using Kind = AgentIdentity::Kind;
  // What an action of this repository passes on is not followed.
  if (launch.action != nullptr) return {};
  const AgentActionFact* fact = agent_action_fact(*launch.launch, facts);
  if (fact != nullptr && !fact->token_input.empty()) {
    if (const Entry token = launch.launch->input(fact->token_input))
      return identity_of_token(token.value, launch.job());
  }
  if (fact != nullptr && !fact->app_login.empty()) return {Kind::app, fact->app_login};
  for (const YamlNode env :
       {launch.step->env.value, launch.job().env.value, launch.workflow().env.value}) {
    for (const char* name : {"GH_TOKEN", "GITHUB_TOKEN"}) {
      if (const Entry token = env.entry(name)) return identity_of_token(token.value, launch.job());
    }
  }
  return {};
}

}  // namespace refgate::lint
