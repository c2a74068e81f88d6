#include "lint/adoption/adoption.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "lint/adoption/agent_jobs.h"
#include "lint/adoption/callers.h"
#include "lint/adoption/gate_in_job.h"
#include "lint/adoption/jobs_around.h"
#include "lint/adoption/linted_change.h"
#include "lint/adoption/obstacles.h"
#include "lint/finding/fix.h"
#include "lint/gates/session_end.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"

namespace refgate::lint {
namespace {

/// What is said of a gate that lacks something which can be given without asking anybody.
using Rules = std::span<const std::string_view>;
constexpr auto lacking_in_steps =
    std::to_array<std::string_view>({"missing-guard", "unfinished-session"});
constexpr auto lacking_in_job = std::to_array<std::string_view>(
    {"gate-permissions", "agent-without-timeout", "agent-keeps-token"});

bool is_one_of(Rules rules, const Finding& finding) {
  return std::find(rules.begin(), rules.end(), finding.rule) != rules.end();
}

/// Each job is linted with all others, so that a workflow of hundreds is not gone through for ever.
constexpr int most_rounds = 3;

class FileAdoption {
 public:
  FileAdoption(LintedChange& change, const LintConfig& config, std::string file,
               const std::string& action)
      : change_(change), config_(config), action_(action), made_{std::move(file), {}, {}, {}} {}

  /// nullopt when there is nothing to do or to say.
  std::optional<Adoption> adopt() {
    if (agent_launches(workflow(), change_.project(), config_.facts).empty()) return std::nullopt;
    if (workflow().generated) {
      if (!ungated_agent_jobs(workflow(), change_.project(), config_.facts).empty())
        note("the file is made by a program; put the gate into what it is made from");
    } else {
      adopt_jobs();
      complete();
      complete_jobs();
    }
    tell_rest();
    if (made_.changes.empty() && made_.notes.empty()) return std::nullopt;
    made_.after = text();
    return std::move(made_);
  }

 private:
  const Workflow& workflow() const { return *change_.project().workflow_at(made_.file); }
  std::string text() const { return std::string(workflow().document->text()); }
  void note(std::string text, std::string snippet = {}) {
    made_.notes.push_back({std::move(text), std::move(snippet)});
  }

  /// Who is refused for the sake of another is tried again when that one has got its gate.
  void adopt_jobs() {
    for (int round = 0; round < most_rounds; ++round) {
      const std::size_t known = made_.changes.size();
      refused_.clear();
      // A change makes all handles void, so that each job is looked for again by its name.
      std::set<std::string> seen;
      while (adopt_next(seen)) {
      }
      if (made_.changes.size() == known || refused_.empty()) break;
    }
    for (const AgentJob& agent : ungated_agent_jobs(workflow(), change_.project(), config_.facts))
      if (const auto why = refused_.find(std::string(agent.job->id)); why != refused_.end())
        leave(agent, why->second);
  }

  /// Jobs behind others come first: a gate before one that has none yet would open it to
  /// duplicates.
  bool adopt_next(std::set<std::string>& seen) {
    std::vector<AgentJob> agents = ungated_agent_jobs(workflow(), change_.project(), config_.facts);
    std::erase_if(agents,
                  [&](const AgentJob& agent) { return seen.contains(std::string(agent.job->id)); });
    if (agents.empty()) return false;
    const auto is_last = [&](const AgentJob& agent) {
      return std::none_of(agents.begin(), agents.end(), [&](const AgentJob& other) {
        return other.job != agent.job && needs_one_of(workflow(), *other.job, {agent.job});
      });
    };
    const auto next = std::find_if(agents.begin(), agents.end(), is_last);
    const AgentJob& agent = next == agents.end() ? agents.front() : *next;
    seen.insert(std::string(agent.job->id));
    adopt_job(agent);
    return true;
  }

  void adopt_job(const AgentJob& agent) {
    const std::string name = "job `" + std::string(agent.job->id) + "`";
    if (const std::string obstacle = obstacle_of(agent); !obstacle.empty())
      return refuse(agent, obstacle);
    if (const CallerNeeds needs = needs_of_callers(agent, change_.project()); !needs.why.empty())
      return refuse(agent, needs.why, needs.snippet);
    std::vector<std::string> doubts = doubts_of(agent);
    const GateInJob gate = put_gate_in(agent, config_.facts, action_);
    if (!gate.refusal.empty()) return refuse(agent, gate.refusal);
    const auto after = apply_edits(agent.document().text(), gate.edits);
    if (!after) return refuse(agent, "it is written in a form that takes no edit");
    const std::string more = change_.change(made_.file, *after);
    if (!more.empty()) return refuse(agent, "with a gate `refgate lint` would say " + more);
    made_.changes.push_back("a gate in " + name);
    doubts.insert(doubts.end(), gate.notes.begin(), gate.notes.end());
    for (const std::string& doubt : doubts)
      note(name + ": " + doubt);
  }

  struct Refusal {
    std::string why;
    std::string snippet;  ///< what is to be pasted instead of jobs around this one
  };
  void refuse(const AgentJob& agent, std::string why, std::string snippet = {}) {
    refused_[std::string(agent.job->id)] = {std::move(why), std::move(snippet)};
  }

  void leave(const AgentJob& agent, const Refusal& refusal) {
    const std::string& why = refusal.why;
    if (!refusal.snippet.empty())
      return note("job `" + std::string(agent.job->id) + "` is left as it is: " + why,
                  refusal.snippet);
    const JobsAround jobs = put_jobs_around(
        agent, action_, refused_.size() > 1 ? Pasted::beside_others : Pasted::alone);
    std::string text = "job `" + std::string(agent.job->id) + "` is left as it is: " + why +
                       ". To be pasted in its place, with gate and end in jobs of their own:";
    if (jobs.whole.empty()) {
      text = "job `" + std::string(agent.job->id) + "` is left as it is: " + why +
             ". To be pasted beside it, gate and end in jobs of their own:";
    } else if (const std::string more = change_.judge(made_.file, jobs.whole); !more.empty()) {
      text += " (`refgate lint` then says " + more + ")";
    }
    note(std::move(text), jobs.text);
  }

  bool lacks(Rules rules) const {
    const std::vector<Finding> findings = change_.findings_of(made_.file);
    return std::any_of(findings.begin(), findings.end(),
                       [&](const Finding& each) { return is_one_of(rules, each); });
  }

  std::size_t count_of(std::string_view rule, const LintedChange& change) const {
    const std::vector<Finding> findings = change.findings_of(made_.file);
    return static_cast<std::size_t>(std::count_if(
        findings.begin(), findings.end(), [&](const Finding& each) { return each.rule == rule; }));
  }

  /// The end of each session that has none, told what came of the agent as in a job that gets its
  /// gate here: the linter's own fix knows no agent, and tells nothing.
  void complete_ends() {
    std::set<std::string> seen;
    while (lacks_rule("unfinished-session") && end_next(seen)) {
    }
  }

  bool end_next(std::set<std::string>& seen) {
    for (const AgentJob& agent : gated_agent_jobs(workflow(), change_.project(), config_.facts)) {
      if (!seen.insert(std::string(agent.job->id)).second) continue;
      if (finish_in(*agent.job, change_.project(), config_.facts) == nullptr &&
          obstacle_of(agent).empty())
        end_session_of(agent);
      return true;
    }
    return false;
  }

  void end_session_of(const AgentJob& agent) {
    const std::string name = "job `" + std::string(agent.job->id) + "`";
    const auto& steps = agent.job->steps;
    const auto gate = std::find_if(steps.begin(), steps.end(), [](const Step& step) {
      return is_own_action(step.uses_text()) && !step.input("command") && !step.input("run");
    });
    if (gate == steps.end()) return;
    GateLacks lacks;
    lacks.end = gate->uses_text();
    const GateInJob end = complete_gate_in(agent, config_.facts, lacks);
    if (!end.refusal.empty()) return;
    const auto after = apply_edits(agent.document().text(), end.edits);
    if (!after) return;
    // It may be ended elsewhere, in a job behind this one.
    const LintedChange ended(change_.project().with(made_.file, *after), config_);
    if (count_of("unfinished-session", ended) >= count_of("unfinished-session", change_)) return;
    if (change_.change(made_.file, *after).empty())
      made_.changes.push_back("the end of the session in " + name);
  }

  /// Guards and ends that gates of this file lack.
  void complete() {
    complete_ends();
    if (!lacks(lacking_in_steps)) return;
    const FixOutcome outcome = apply_fixes(text(), FixKind::safe, [&](const std::string& changed) {
      LintedChange attempt(change_.project().with(made_.file, changed), config_);
      std::vector<Finding> findings = attempt.findings_of(made_.file);
      std::erase_if(findings,
                    [](const Finding& each) { return !is_one_of(lacking_in_steps, each); });
      return findings;
    });
    if (outcome.applied == 0 || outcome.text == text()) return;
    if (change_.change(made_.file, outcome.text).empty())
      made_.changes.push_back("guards, or the end of the session, for a gate that stood there");
  }

  /// Permissions and a time limit for jobs whose gate lacks them.
  void complete_jobs() {
    std::set<std::string> seen;
    while (lacks(lacking_in_job) && complete_next(seen)) {
    }
  }

  bool complete_next(std::set<std::string>& seen) {
    for (const AgentJob& agent : gated_agent_jobs(workflow(), change_.project(), config_.facts)) {
      if (!seen.insert(std::string(agent.job->id)).second) continue;
      complete_job(agent);
      return true;
    }
    return false;
  }

  bool lacks_rule(std::string_view rule) const { return lacks({&rule, 1}); }

  /// The state lies elsewhere, or is written with a token of its own.
  bool has_other_token(const AgentJob& agent) const {
    return std::any_of(agent.job->steps.begin(), agent.job->steps.end(), [&](const Step& step) {
      return is_own_action(step.uses_text()) && goes_elsewhere({&step, agent.job, agent.workflow});
    });
  }

  void complete_job(const AgentJob& agent) {
    if (!obstacle_of(agent).empty() || !needs_of_callers(agent, change_.project()).why.empty())
      return;
    const std::string name = "job `" + std::string(agent.job->id) + "`";
    const bool permissions = lacks_rule("gate-permissions") && !has_other_token(agent);
    const GateInJob rest = complete_gate_in(agent, config_.facts,
                                            {lacks_rule("agent-without-timeout"),
                                             permissions,
                                             permissions || lacks_rule("agent-keeps-token"),
                                             {}});
    if (!rest.refusal.empty() || rest.edits.empty()) return;
    const auto after = apply_edits(agent.document().text(), rest.edits);
    if (!after || !change_.change(made_.file, *after).empty()) return;
    made_.changes.push_back("what the gate in " + name + " needs of its job");
    for (const std::string& text : rest.notes)
      note(name + ": " + text);
  }

  /// What the linter says of the file, before or after: nobody is told that all is well.
  void tell_rest() {
    std::string list;
    std::size_t count = 0;
    for (const Finding& finding : change_.findings_of(made_.file)) {
      if (++count > 5) continue;
      list += (list.empty() ? "" : ", ") + finding.rule + " (line " +
              std::to_string(finding.location.place.line) + ")";
    }
    if (count == 0) return;
    if (count > 5) list += ", …";
    note("`refgate lint` has " + std::to_string(count) + (count == 1 ? " thing" : " things") +
         " to say of it: " + list);
  }

  LintedChange& change_;
  const LintConfig& config_;
  const std::string& action_;
  Adoption made_;
  std::map<std::string, Refusal> refused_;  ///< by the job
};

}  // namespace

std::vector<Adoption> adopt(const Project& project, const LintConfig& config,
                            const std::string& action) {
  std::vector<Adoption> all;
  if (!launches_agents(project, config.facts)) return all;
  LintedChange change(project, config);
  for (const Workflow& workflow : project.workflows()) {
    if (auto adoption = FileAdoption(change, config, workflow.file, action).adopt())
      all.push_back(*std::move(adoption));
  }
  return all;
}

bool launches_agents(const Project& project, const Facts& facts) {
  return std::any_of(
      project.workflows().begin(), project.workflows().end(),
      [&](const Workflow& workflow) { return !agent_launches(workflow, project, facts).empty(); });
}

}  // namespace refgate::lint
