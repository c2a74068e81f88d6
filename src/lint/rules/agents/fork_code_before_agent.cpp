// The agent is started in the code of a fork, with the secrets of this repository: whoever opened
// the pull request wrote its settings, its hooks and its instructions. Facts: "Keeping your GitHub
// Actions and workflows secure: Preventing pwn requests".

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/fork_code.h"
#include "lint/agents/launches.h"
#include "lint/agents/outsiders.h"
#include "lint/github/supposed_run.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// Whether a pull request of a fork may be what the run is about. Of `labeled` and the like
/// somebody of the project decides.
bool comes_from_fork(const Subject& subject, const Start& start) {
  if (start.event == "pull_request_target")
    return start.type == "opened" || start.type == "synchronize" || start.type == "reopened" ||
           start.type == "edited" || start.type == "ready_for_review";
  if (start.event != "workflow_run") return false;
  const std::vector<YamlNode>& names = start.trigger->workflows.values;
  return names.empty() || std::any_of(names.begin(), names.end(), [&](YamlNode name) {
           const auto& sources = subject.project.workflows_named(name.text());
           return sources.empty() ||
                  std::any_of(sources.begin(), sources.end(), [](const Workflow* source) {
                    return std::any_of(source->triggers.begin(), source->triggers.end(),
                                       [](const Trigger& trigger) {
                                         return trigger.event.starts_with("pull_request");
                                       });
                  });
         });
}

bool has_secrets(const AgentLaunch& launch) {
  const auto any = [](YamlNode node) {
    return mentions_any(node.source(), {"secrets.", "github.token", "id-token"});
  };
  return any(launch.job().node) || any(launch.workflow().env.value) ||
         (launch.is_called() && launch.own_job().secrets);
}

/// A person may have to approve what reaches such a job.
bool waits_for_approval(const Subject& subject, const AgentLaunch& launch) {
  return std::any_of(launch.path.begin(), launch.path.end(), [&](const JobPlace& place) {
    const std::vector<const Job*> needed =
        job_conditions_of(subject, *place.workflow).needed(*place.job);
    return place.job->environment || std::any_of(needed.begin(), needed.end(), [](const Job* each) {
             return static_cast<bool>(each->environment);
           });
  });
}

/// Whether two launches stand in the same job, called by the same ones.
bool are_on_one_way(const AgentLaunch& one, const AgentLaunch& other) {
  return std::equal(
      one.path.begin(), one.path.end(), other.path.begin(), other.path.end(),
      [](const JobPlace& left, const JobPlace& right) { return left.job == right.job; });
}

/// An agent that is told to leave what stands in its folder alone.
bool leaves_settings(const AgentLaunch& launch) {
  const std::string_view source = launch.launch->node.source();
  return source.find("--bare") != std::string_view::npos ||
         (source.find("--setting-sources") != std::string_view::npos &&
          source.find("project") == std::string_view::npos);
}

struct Found {
  const Start* start;
  ForkCheckout checkout;
};

/// The events by which a fork's code may come, each with the scope of such a run, made once.
class ForkStarts {
 public:
  explicit ForkStarts(const Subject& subject)
      : subject_(subject), starts_(starts_of(*subject.workflow, subject.facts())) {
    std::erase_if(starts_, [&](const Start& start) { return !comes_from_fork(subject, start); });
  }

  std::optional<Found> find(const AgentLaunch& launch) {
    if (starts_.empty()) return std::nullopt;
    if (asks_for_fork(subject_, launch)) return std::nullopt;
    const std::vector<std::string> names =
        repositories_named(conditions_of(subject_, launch).all());
    for (const Start& start : starts_) {
      // An action that asks by itself asks for people: a run that another one started has none.
      if (start.event == "pull_request_target" && asks_for_write(*launch.launch, subject_.facts()))
        continue;
      for (const std::string& name : names) {
        const Scope& scope = scope_of(start, name);
        if (!outsider_reaches(subject_, launch, scope)) continue;
        if (const auto checkout = code_of(launch, scope).before(launch, subject_.facts()))
          return Found{&start, *checkout};
      }
    }
    return std::nullopt;
  }

 private:
  const Scope& scope_of(const Start& start, const std::string& name) {
    const auto [made, is_new] = scopes_.try_emplace({&start, name});
    if (is_new) {
      made->second = scope_of_outsider(start);
      set_fork_code(made->second, start.event, name);
    }
    return made->second;
  }

  /// Of the job of the last launch, since the launches of a job follow each other.
  const ForkCode& code_of(const AgentLaunch& launch, const Scope& scope) {
    if (last_ == nullptr || !are_on_one_way(*last_, launch)) codes_.clear();
    last_ = &launch;
    const auto known = codes_.find(&scope);
    if (known != codes_.end()) return known->second;
    return codes_
        .try_emplace(&scope, subject_.project, launch.path.back(), scope_in(launch, scope),
                     &outputs_)
        .first->second;
  }

  /// The scope in the workflow that launches, which is given its inputs on the way.
  const Scope& scope_in(const AgentLaunch& launch, const Scope& scope) {
    const Scope* here = &scope;
    for (std::size_t hop = 0; hop + 1 < launch.path.size(); ++hop) {
      const ForkCode caller(subject_.project, launch.path[hop], *here, &outputs_);
      here = &called_.emplace_back(caller.inside_of_call());
    }
    return *here;
  }

  const Subject& subject_;
  std::vector<Start> starts_;
  std::map<std::pair<const Start*, std::string>, Scope> scopes_;
  ForkOutputs outputs_;
  std::deque<Scope> called_;  ///< of the workflows that are called; they stay where they are
  const AgentLaunch* last_ = nullptr;
  std::map<const Scope*, ForkCode> codes_;  ///< of the job of `last_`
};

std::string message_of(const AgentLaunch& launch, const Found& found) {
  const std::string who = launch.is_called() ? "the workflow that is called here" : "this";
  constexpr const char* files =
      "its settings, hooks and instructions (`.claude`, `CLAUDE.md`, `AGENTS.md`)";
  if (found.checkout.guard == ForkGuard::refuses)
    return who +
           " brings the code of a pull request, in a run that has the secrets of this repository "
           "(`" +
           found.start->event +
           "`), for an agent: of a fork actions/checkout refuses that since July 2026, so that no "
           "agent is started for those. Do not allow it, since " +
           files + " would be what a stranger wrote; stay on the base and hand the agent the diff";
  const bool run = found.start->event == "workflow_run";
  return who +
         " brings the code of a pull request, which may be a fork's, in a run that has the secrets "
         "of this repository (`" +
         found.start->event + "`), and an agent is then started in it: " + files +
         " are what a stranger wrote; stay on the base and hand the agent the diff, or " +
         (run ? "ask whether `github.event.workflow_run.head_repository` is this one"
              : "ask whether `github.event.pull_request.head.repo` is this one");
}

}  // namespace

void check_fork_code_before_agent(const Subject& subject, Sink& sink) {
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  if (launches.empty()) return;
  ForkStarts starts(subject);
  const Job* reported = nullptr;
  const AgentLaunch* last = nullptr;
  bool in_danger = false;  // of all launches on the way of the last one
  for (const AgentLaunch& launch : launches) {
    if (const AgentLaunch* before = std::exchange(last, &launch);
        before == nullptr || !are_on_one_way(*before, launch))
      in_danger = has_secrets(launch) && !waits_for_approval(subject, launch);
    // One launch of a job for all.
    if (!in_danger || reported == &launch.own_job() || leaves_settings(launch)) continue;
    const std::optional<Found> found = starts.find(launch);
    if (!found) continue;
    reported = &launch.own_job();
    const ForkCheckout& checkout = found->checkout;
    const std::string message = message_of(launch, *found);
    auto report = launch.is_called() ? sink.report(subject, launch.own_job().uses.key, message)
                                     : sink.report(subject, checkout.step->main().key, message);
    if (launch.is_called())
      report.related(launch.workflow(), checkout.step->main().key, "brought here");
    if (launch.is_likely || checkout.guard == ForkGuard::may_refuse)
      report.confidence(Confidence::medium);
    if (checkout.guard == ForkGuard::refuses) report.severity(Severity::note);
    report.related(subject, found->start->trigger->key, "started by this event");
    report.related(subject, launch.place().key, "the agent is launched here");
  }
}

}  // namespace refgate::lint
