// A schedule of minutes starts an agent some hundred times a day, whether or not there is anything
// to do. Facts: "Events that trigger workflows", schedule: every five minutes at the most.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lint/agents/launches.h"
#include "lint/deeds/script_bounds.h"
#include "lint/expression/expression_value.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/gate_costs.h"
#include "lint/gates/told_settings.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/shell/shell_call.h"
#include "lint/text/mention.h"
#include "lint/workflow/cron.h"

namespace refgate::lint {
namespace {

/// Once an hour is somebody's decision.
constexpr std::size_t most_a_day = 24;
/// Of so many schedules it is asked whether they reach a launch.
constexpr std::size_t most_crons = 50;

/// Whether a gate on the way bounds what a schedule starts: events of a schedule are never
/// duplicates, unless an identity says what they are about.
bool is_bounded(const Subject& subject, const AgentLaunch& launch) {
  const std::vector<GateBefore> gates = gates_before(subject, launch);
  return std::any_of(gates.begin(), gates.end(), [](const GateBefore& each) {
    if (each.gate->kind != GateKind::refgate || each.place.step == nullptr) return true;
    const auto names = {"identity", "identity-by", "budget", "config"};
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return static_cast<bool>(told(each.place, name)); });
  });
}

/// Whether a condition, of a job or of one of its steps, asks for what an earlier step or job gave,
/// other than a gate's verdict.
bool asks_for_other_output(const Subject& subject, const Workflow& workflow, const Job& job,
                           const Expression& condition) {
  const std::vector<Reference> all = references(condition);
  return std::any_of(all.begin(), all.end(), [&](const Reference& each) {
    if (!refers_into(each, {"steps"}) && !refers_into(each, {"needs"})) return false;
    if (each.path.size() > 2 && each.path[2] && !same_name(*each.path[2], "outputs")) return false;
    const auto is_gates = [&](const GateView& view) {
      return std::any_of(view.signals().begin(), view.signals().end(),
                         [&](const GateSignal& signal) {
                           return signal.role != GateRole::other && refers_into(each, signal.path);
                         });
    };
    const std::vector<GatedJob>& gated = gated_jobs_of(subject, workflow);
    return std::none_of(gated.begin(), gated.end(),
                        [&](const GatedJob& other) { return is_gates(view_from(job, other)); });
  });
}

std::vector<YamlNode> environments_of(const AgentLaunch& launch, const Step& step) {
  return {step.env.value, launch.job().env.value, launch.workflow().env.value};
}

/// Whether a step's condition asks for something else than secrets and configuration.
bool is_conditional(const AgentLaunch& launch, const Step& step) {
  if (!step.condition) return false;
  const Expression condition = parse_condition(step.condition.value.text());
  if (!condition.is_valid()) return true;
  const std::vector<YamlNode> environments = environments_of(launch, step);
  const std::vector<Reference> all = references(condition);
  return std::any_of(all.begin(), all.end(), [&](const Reference& each) {
    if (refers_into(each, {"secrets"}) || refers_into(each, {"vars"})) return false;
    const bool of_env = refers_into(each, {"env"}) && each.path.size() == 2 && each.path[1];
    return !of_env || !is_setting(*each.path[1], environments);
  });
}

/// What an earlier step may do to its job, by what it asks.
struct MayEnd {
  bool yes = false;
};

bool may_end(const Subject& subject, const AgentLaunch& launch, const Step& step) {
  return subject.memo
      .get<MayEnd>(
          &step,
          [&] {
            if (!step.run || is_program_shell(launch.workflow().shell_of(launch.job(), step)))
              return MayEnd{stops_the_job(step) ||
                            mentions_any(step.run_text(), {"exit 1", "exit 78"})};
            const ScriptQuestions script =
                questions_of(step.run_text(), environments_of(launch, step));
            return MayEnd{script.may_fail || (script.always_fails && is_conditional(launch, step))};
          })
      .yes;
}

/// Whether the script that launches asks before it does.
struct AsksInScript {
  bool yes = false;
};

bool asks_in_script(const Subject& subject, const AgentLaunch& launch) {
  const std::string_view script = script_of(*launch.launch).value.text();
  if (script.empty()) return false;
  if (is_program_shell(launch.workflow().shell_of(launch.job(), *launch.launch)))
    return mentions_any(script, {"if ", "while ", "for ", "exit("});
  return subject.memo
      .get<AsksInScript>(
          launch.launch,
          [&] {
            std::vector<YamlNode> all = environments_of(launch, *launch.launch);
            all.push_back(launch.step->env.value);
            return AsksInScript{asks_before_agents(questions_of(script, all), subject.facts())};
          })
      .yes;
}

/// Whether something on the way asks if there is anything to do: an output of an earlier step or
/// job, files, an earlier step that may end the job, or the script itself.
bool asks_for_work(const Subject& subject, const AgentLaunch& launch) {
  const LaunchConditions& conditions = conditions_of(subject, launch);
  // Of the jobs on the way only: another job's condition keeps nobody from this one.
  std::vector<const Expression*> on_the_way;
  for (const JobPlace& place : launch.path) {
    for (const Expression* each : job_conditions_of(subject, *place.workflow).path(*place.job)) {
      if (asks_for_other_output(subject, *place.workflow, *place.job, *each)) return true;
      on_the_way.push_back(each);
    }
  }
  if (launch.step->condition) {
    const Expression own = parse_condition(launch.step->condition.value.text());
    if (own.is_valid() && asks_for_other_output(subject, launch.workflow(), launch.job(), own))
      return true;
  }
  if (mentions_any(launch.step->condition.value.text(), {"hashFiles", "env."}) ||
      (launch.launch != launch.step &&
       mentions_any(launch.launch->condition.value.text(), {"steps.", "inputs.", "env."})))
    return true;
  for (const Expression* each : on_the_way) {
    if (std::any_of(each->nodes().begin(), each->nodes().end(), [](const ExpressionNode& node) {
          return node.kind == ExpressionKind::call && same_name(node.name, "hashFiles");
        }))
      return true;
  }
  const std::vector<const Step*> before = conditions.steps_before();
  return std::any_of(before.begin(), before.end(),
                     [&](const Step* step) { return may_end(subject, launch, *step); }) ||
         asks_in_script(subject, launch);
}

struct Schedule {
  std::size_t starts = 0;  ///< on the day on which there are most
  std::size_t crons = 0;
  YamlNode first;
};

/// The crons that reach launches, by the launch.
class Schedules {
 public:
  Schedules(const Subject& subject, const Trigger& trigger) : subject_(subject) {
    for (const YamlNode cron : trigger.crons) {
      if (crons_.size() == most_crons) break;
      if (starts_a_day(cron.text()) > 0) crons_.push_back(cron);
    }
  }

  Schedule of(const AgentLaunch& launch) {
    const LaunchConditions& conditions = conditions_of(subject_, launch);
    std::vector<std::string_view> reaching;
    YamlNode first;
    for (const YamlNode cron : crons_) {
      Scope scope = scope_of_event("schedule");
      scope.set("github.event.schedule", Value::string(std::string(cron.text())));
      if (conditions.runs(scope) == Truth::no) continue;
      if (reaching.empty() || starts_a_day(cron.text()) > starts_a_day(first.text())) first = cron;
      reaching.push_back(cron.text());
    }
    const auto [known, is_new] = starts_.try_emplace(reaching);
    if (is_new) known->second = starts_on_one_day(reaching);
    return {known->second, reaching.size(), first};
  }

 private:
  const Subject& subject_;
  std::vector<YamlNode> crons_;
  std::map<std::vector<std::string_view>, std::size_t> starts_;  ///< of what reaches a launch
};

}  // namespace

void check_agent_too_often(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  const Trigger* trigger = workflow.trigger("schedule");
  if (trigger == nullptr) return;
  Schedules schedules(subject, *trigger);
  std::vector<const Job*> reported;
  for (const AgentLaunch& launch : launches_of(subject)) {
    const Job* job = &launch.own_job();
    if (launch.is_likely || std::find(reported.begin(), reported.end(), job) != reported.end())
      continue;
    const Schedule schedule = schedules.of(launch);
    if (schedule.starts <= most_a_day || is_bounded(subject, launch) ||
        asks_for_work(subject, launch))
      continue;
    reported.push_back(job);
    const bool gated = !gates_before(subject, launch).empty();
    auto report = sink.report(
        subject, schedule.first,
        std::string(schedule.crons > 1 ? "these schedules start" : "this starts") +
            " an agent up to " + std::to_string(schedule.starts) + " times a day, in job `" +
            std::string(job->id) + "`, whether or not there is anything to do" +
            (gated ? " (to a gate each run of a schedule is other work): state in the gate's "
                     "`identity` what is looked at, or let a first job ask whether there is any"
                   : ": let a first job ask, or put a gate before it whose `identity` is the state "
                     "that is looked at"));
    report.related(subject, launch.place().key, "the agent is launched here");
  }
}

}  // namespace refgate::lint
