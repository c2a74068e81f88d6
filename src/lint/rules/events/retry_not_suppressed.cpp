// A session that failed has been paid for. What starts it again by itself pays again, as often as
// it likes, and no gate sees it: it is the same run.

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/agents/shell_loops.h"
#include "lint/deeds/dispatches.h"
#include "lint/expression/expression_value.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/shell_commands.h"

namespace refgate::lint {
namespace {

/// Limits of retry actions, by the names that are in use.
bool is_single_attempt(const Step& step) {
  for (const std::string_view name :
       {"max_attempts", "max-attempts", "attempt_limit", "attempts"}) {
    const auto number = step.input(name).value.number();
    if (number && *number <= 1) return true;
  }
  return false;
}

bool is_retry_action(const Step& step, const Facts& facts) {
  return !step.uses_text().empty() &&
         std::any_of(
             facts.retry_actions.begin(), facts.retry_actions.end(),
             [&](const std::string& action) { return matches_action(step.uses_text(), action); });
}

/// The input of a retry action that launches an agent: a command line, or the name of an action.
Entry retried_input(const Step& step, const Facts& facts) {
  for (const Entry& input : step.with.value.entries()) {
    const std::string_view text = input.value.text();
    const bool is_agent =
        std::any_of(facts.agent_actions.begin(), facts.agent_actions.end(),
                    [&](const std::string& action) { return matches_action(text, action); });
    if (is_agent || !agent_commands_in(text, facts).empty()) return input;
  }
  return {};
}

void check_action(const Subject& subject, const Step& step, Sink& sink) {
  if (!is_retry_action(step, subject.facts()) || is_single_attempt(step)) return;
  const Entry input = retried_input(step, subject.facts());
  if (!input) return;
  sink.report(subject, step.uses.value,
              "this retry action launches the agent again each time it fails, and each session is "
              "paid for; no gate sees it, since it is the same run. "
              "Launch the agent once, and let a failed run fail")
      .related(subject, input.key, "the agent is launched here");
}

void check_script(const Subject& subject, const Step& step, Sink& sink) {
  const Entry script = script_of(step);
  if (!script) return;
  const std::vector<RetriedCommand> agents = retried_agents(script.value.text(), subject.facts());
  if (agents.empty()) return;
  const std::vector<std::string> command = agent_command(agents.front().command, subject.facts());
  const std::string name = command.empty() ? "agent" : command[0];
  sink.report(subject, script.key,
              "`" + name + "` stands in " + agents.front().how +
                  ": when a session fails, the next one is launched in the same run, where no gate "
                  "sees it, and each is paid for. Launch it once, and let a "
                  "failed run fail");
}

Scope after(const Step& step, std::string_view outcome) {
  Scope scope;
  for (const char* property : {"outcome", "conclusion"}) {
    if (step.id.empty()) break;
    scope.set(ContextPath{"steps", std::string(step.id), property},
              Value::string(std::string(outcome)));
  }
  // `continue-on-error` keeps the job's status what it was.
  const YamlNode goes_on = step.continue_on_error.value;
  Truth failed = outcome == "failure" ? Truth::yes : Truth::no;
  if (failed == Truth::yes && goes_on)
    failed = goes_on.boolean().value_or(false) ? Truth::no
             : goes_on.has_expression()        ? Truth::unknown
                                               : failed;
  scope.set_status(!failed, failed, Truth::no);
  return scope;
}

bool is_same_agent(const Step& left, const Step& right, const Facts& facts) {
  if (left.uses) return same_name(left.uses_text(), right.uses_text());
  const auto first = agent_commands_in(left.run_text(), facts);
  const auto second = agent_commands_in(right.run_text(), facts);
  return !first.empty() && !second.empty() &&
         launched_command(first.front()) == launched_command(second.front());
}

bool has_same_prompt(const Step& left, const Step& right) {
  const auto text = [](const Step& step) {
    return std::string(step.input("prompt").value.text()) +
           std::string(step.input("prompt_file").value.text());
  };
  return text(left) == text(right);
}

bool is_same_session(const Step& left, const Step& right, const Facts& facts) {
  return is_same_agent(left, right, facts) && (!left.uses || has_same_prompt(left, right));
}

bool names_step(const Expression& condition, const Step& step) {
  if (step.id.empty()) return false;
  const std::vector<Reference> all = references(condition);
  return std::any_of(all.begin(), all.end(), [&](const Reference& each) {
    return refers_into(each, {"steps", std::string(step.id)});
  });
}

/// A step that launches the same agent when an earlier one that launched it did not succeed.
void check_second_steps(const Subject& subject, const Job& job, Sink& sink) {
  for (std::size_t second = 1; second < job.steps.size(); ++second) {
    const Step& step = job.steps[second];
    if (!step.condition || !launches_agent(step, subject.facts())) continue;
    const Expression condition = parse_condition(step.condition.value.text());
    if (!condition.is_valid()) continue;
    const bool asks_for_status = has_status_function(condition);
    for (std::size_t first = 0; first < second; ++first) {
      const Step& before = job.steps[first];
      if ((!asks_for_status && !names_step(condition, before)) ||
          !launches_agent(before, subject.facts()) ||
          !is_same_session(before, step, subject.facts()))
        continue;
      if (evaluate_condition(condition, after(before, "success")) != Truth::no ||
          evaluate_condition(condition, after(before, "failure")) == Truth::no) {
        continue;
      }
      sink.report(subject, step.main().key,
                  "this step launches the same agent again when " +
                      (before.id.empty() ? "an earlier step"
                                         : "step `" + std::string(before.id) + "`") +
                      " failed: the second session is paid for too, and no gate sees it, since it "
                      "is the same run")
          .related(subject, before.id.empty() ? before.main().key : before.id_entry.value,
                   "the first session")
          .related(subject, step.condition.value, "which only runs after its failure");
      break;
    }
  }
}

const Step* launching_step(const Job& job, const Facts& facts) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(),
                                  [&](const Step& each) { return launches_agent(each, facts); });
  return found == job.steps.end() ? nullptr : &*found;
}

/// Of a workflow so many jobs are looked at that ask how others have ended.
constexpr std::size_t most_second_jobs = 20;

/// A job that launches the same agent when one that it needs did not succeed.
void check_second_jobs(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  std::size_t looked_at = 0;
  for (const Job& job : workflow.jobs) {
    if (!job.condition || job.needed.empty() || is_switched_off(job.condition)) continue;
    const Expression condition = parse_condition(job.condition.value.text());
    if (!condition.is_valid() || !has_status_function(condition)) continue;
    const Step* again = launching_step(job, subject.facts());
    if (again == nullptr || ++looked_at > most_second_jobs) continue;
    const JobConditions& jobs = job_conditions_of(subject, workflow);
    const auto runs_after = [&](const Job& before, JobResult result) {
      return JobRun(jobs.graph(), {}, {{jobs.node(before), result}}, true)
          .fate(jobs.node(job))
          .runs;
    };
    for (const YamlNode need : job.needed) {
      const Job* before = workflow.job(need.text());
      const Step* first = before == nullptr ? nullptr : launching_step(*before, subject.facts());
      if (first == nullptr || !is_same_session(*first, *again, subject.facts()) ||
          runs_after(*before, JobResult::success) != Truth::no ||
          runs_after(*before, JobResult::failure) == Truth::no)
        continue;
      sink.report(subject, again->main().key,
                  "this job launches the same agent again when job `" + std::string(before->id) +
                      "` failed: the second session is paid for too, and no gate that the first "
                      "one had knows it for the same work")
          .related(subject, first->main().key, "the first session")
          .related(subject, job.condition.value, "which only runs after its failure");
      break;
    }
  }
}

bool only_after_failure(const JobConditions& conditions, const Job& job) {
  Scope scope = scope_of_event("workflow_run", "completed");
  scope.set("github.event.workflow_run.conclusion", Value::string("success"));
  const Truth on_success = conditions.runs(job, scope);
  scope.set("github.event.workflow_run.conclusion", Value::string("failure"));
  return on_success == Truth::no && conditions.runs(job, scope) != Truth::no;
}

/// A workflow that waits for one that launches agents to fail, and starts it again.
void check_followers(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  const Trigger* trigger = workflow.trigger("workflow_run");
  if (trigger == nullptr) return;
  const JobConditions& conditions = job_conditions_of(subject, workflow);
  for (const YamlNode name : trigger->workflows.values) {
    for (const Workflow* source : subject.project.workflows_named(name.text())) {
      if (launches_of(subject, *source).empty()) continue;
      for (const Job& job : workflow.jobs) {
        if (!only_after_failure(conditions, job)) continue;
        const auto step = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& each) {
          return dispatches(workflow, job, each, *source);
        });
        if (step == job.steps.end()) continue;
        sink.report(subject, step->main().key,
                    "when `" + std::string(source->display_name()) +
                        "` fails, this starts it again, and with it the agent; the new run is "
                        "another event, so that "
                        "no gate knows it for the same work")
            .related(subject, name, "waits for it here")
            .related(*source, source->on.key, "the workflow that launches an agent");
        return;
      }
    }
  }
}

/// By default the first failure of a matrix cancels the sessions that still work. Whether that is
/// wanted is for the author to say.
void check_matrix(const Subject& subject, const Job& job, Sink& sink) {
  if (!job.has_several_legs() || job.fail_fast) return;
  const auto step = std::find_if(job.steps.begin(), job.steps.end(), [&](const Step& each) {
    return launches_agent(each, subject.facts());
  });
  if (step == job.steps.end()) return;
  sink.report(
          subject, job.matrix.entry.key,
          "each row launches an agent, and without `fail-fast` the first row that fails cancels "
          "the sessions of all others, which are paid for and "
          "leave nothing. Say `fail-fast: false` to let them finish, or `true` if that is meant")
      .severity(Severity::note)
      .related(subject, (step->uses ? step->uses : step->run).key, "the agent is launched here");
}

}  // namespace

void check_retry_not_suppressed(const Subject& subject, Sink& sink) {
  const auto may_launch = [&](const Step& step) {
    return launches_agent(step, subject.facts()) ||
           names_agent(script_of(step).value.text(), subject.facts()) ||
           is_retry_action(step, subject.facts());
  };
  for (const Job& job : subject.workflow->jobs) {
    if (std::none_of(job.steps.begin(), job.steps.end(), may_launch) ||
        is_switched_off(job.condition))
      continue;
    for (const Step& step : job.steps) {
      check_action(subject, step, sink);
      check_script(subject, step, sink);
    }
    check_second_steps(subject, job, sink);
    check_matrix(subject, job, sink);
  }
  check_second_jobs(subject, sink);
  check_followers(subject, sink);
}

}  // namespace refgate::lint
