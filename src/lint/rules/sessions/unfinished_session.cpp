// A session that is not ended stays live until its lease has passed, and then counts as lost,
// whatever came of it.

#include <algorithm>
#include <map>
#include <string>

#include "lint/agents/launches.h"
#include "lint/expression/expression_value.h"
#include "lint/finding/edit.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/guard_text.h"
#include "lint/gates/guards.h"
#include "lint/gates/session_end.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// How the work that comes before an ending step may have gone.
struct Coverage {
  bool success = false;
  bool failure = false;
  bool complete() const { return success && failure; }
};

bool may_run(const Entry& condition, Scope scope, bool failed) {
  scope.set_status(failed ? Truth::no : Truth::yes, failed ? Truth::yes : Truth::no, Truth::no);
  if (!condition) return !failed;
  const Expression expression = parse_condition(condition.value.text());
  return !expression.is_valid() || evaluate_condition(expression, scope) != Truth::no;
}

struct Ending {
  const Job* job = nullptr;
  const Step* step = nullptr;
};

class Endings {
 public:
  Endings(const Subject& subject, Sink& sink)
      : subject_(subject),
        sink_(sink),
        workflow_(*subject.workflow),
        gated_(gated_jobs_of(subject)) {}

  void check() {
    for (const GatedJob& gated : gated_) {
      const Gate& gate = gated.gates.front();
      if (gate.kind == GateKind::refgate && !gate.ends_session) {
        check_commands(gated, {"finish"});
      } else if (gate.kind == GateKind::positional) {
        check_commands(gated, {"cleanup", "audit"});
      }
    }
  }

 private:
  void check_commands(const GatedJob& gated, const std::vector<std::string>& commands) {
    std::vector<std::string> missing;
    for (const std::string& command : commands) {
      std::vector<Ending> endings;
      if (elsewhere(gated, command, endings)) continue;
      if (endings.empty()) {
        missing.push_back(command);
      } else {
        check_endings(gated, command, endings);
      }
    }
    // A caller may end what a called workflow has begun.
    if (missing.empty() || (workflow_.only_called() && gated.job->outputs)) return;
    const Gate& gate = gated.gates.front();
    const Entry what = gate.step == nullptr ? gated.job->uses
                       : gate.step->uses    ? gate.step->uses
                                            : gate.step->run;
    std::string list;
    for (const std::string& command : missing)
      list += (list.empty() ? "" : " and no ") + quoted(command);
    const bool finish = commands.front() == "finish";
    auto report = sink_.report(
        subject_, what.key,
        "there is no " + list + " for this session, so " +
            (finish
                 ? std::string("it stays live until its lease has passed, and then counts as lost")
                 : "it stays as it is until its window has passed, and how it ended is not "
                   "recorded") +
            "; end it in a step with `if: always()`" +
            (gated.works ? "" : " in the last job, with the gate's `claim-id`"));
    if (finish && gated.works && gate.step != nullptr && gate.step->uses &&
        gate.origin_file.empty()) {
      report.fix(
          FixKind::safe, "Add `finish` as the last step",
          add_finish(*workflow_.document, *gated.job, gate,
                     narrower_work(*gated.job, gated.inside, subject_.project, subject_.facts())));
    }
  }

  /// The steps that run a command; true when one is somewhere that is not looked into.
  bool elsewhere(const GatedJob& gated, const std::string& command,
                 std::vector<Ending>& endings) const {
    for (const Job& job : workflow_.jobs) {
      if (&job != gated.job && is_gated(job, gated.gates.front().kind) && !goes_on(job, gated))
        continue;  // it ends the session of that job's own gate
      if (const Workflow* called = subject_.project.called_workflow(job.uses.value.text())) {
        const auto known = session_commands(*called, subject_.project, subject_.facts());
        if (std::find(known.begin(), known.end(), command) != known.end()) return true;
      }
      for (const Step& step : job.steps) {
        const std::vector<std::string> found =
            session_commands(step, subject_.project, subject_.facts());
        // The gate's own script, in a trap for instance.
        if (gated.gates.front().step == &step &&
            step.run_text().find(command) != std::string_view::npos)
          return true;
        if (std::find(found.begin(), found.end(), command) != found.end()) {
          endings.push_back({&job, &step});
        } else if (found.empty() && step.run &&
                   step.run_text().find(command) != std::string_view::npos &&
                   (step.run_text().find("refgate") != std::string_view::npos ||
                    step.run_text().find("session") != std::string_view::npos)) {
          return true;  // a script of the repository that does it in its own way
        }
      }
    }
    return false;
  }

  void check_endings(const GatedJob& gated, const std::string& command,
                     const std::vector<Ending>& endings) {
    Coverage covered;
    const Ending* in_job = nullptr;
    const Scope scope = gated.inside.view.scope(false, {});
    for (const Ending& ending : endings) {
      if (ending.job != gated.job) continue;
      in_job = &ending;
      covered.success = covered.success || may_run(ending.step->condition, scope, false);
      covered.failure = covered.failure || may_run(ending.step->condition, scope, true);
    }
    if (command == "finish" && in_job != nullptr && is_too_early(gated, *in_job)) return;
    const Job* consumer = first_consumer(gated);
    if (in_job != nullptr) {
      if (command == "finish" && consumer != nullptr && !gated.works &&
          std::all_of(endings.begin(), endings.end(),
                      [&](const Ending& each) { return each.job == gated.job; })) {
        sink_
            .report(subject_, main(*in_job->step).key,
                    "this ends the session before job " + quoted(consumer->id) +
                        " has begun the work; end it in the last job, with the gate's `claim-id`")
            .related(subject_, consumer->key, "the work");
      } else if (!covered.complete()) {
        not_always(*in_job, command, covered, "a step before it");
      } else if (command == "finish" &&
                 std::all_of(endings.begin(), endings.end(), [&](const Ending& each) {
                   return each.job == gated.job && is_left_out_when_cancelled(each.step->condition);
                 })) {
        not_when_cancelled(in_job->step->condition ? in_job->step->condition.value
                                                   : main(*in_job->step).key);
      }
      return;
    }
    for (const Ending& ending : endings)
      in_other_job(gated, command, ending);
  }

  /// Ends the session, as the last one of its job, while a later step has its work to do.
  bool is_too_early(const GatedJob& gated, const Ending& ending) {
    const std::size_t gate =
        gated.gates.front().step == nullptr ? 0 : gated.gates.front().step->index;
    bool worked = false;
    bool agent = false;
    const Step* work = nullptr;
    for (const Step& step : gated.job->steps) {
      if (step.index == ending.step->index || step.index <= gate) continue;
      const bool runs = runs_agent(step, subject_.project, subject_.facts());
      if (step.index < ending.step->index) {
        agent = agent || runs;
        worked = worked || does_work(step);
        continue;
      }
      if (!step.condition || !names_verdict(step, gated) ||
          cost_of(step, subject_.project, subject_.facts()) == Cost::cheap)
        continue;
      // What comes behind the work, and is no agent, says what came of it.
      if (runs ? !agent : !worked && !agent) work = &step;
      if (work != nullptr) break;
    }
    if (work == nullptr) return false;
    sink_
        .report(subject_, main(*ending.step).key,
                "this ends the session before the work of a later step has begun: whoever comes "
                "meanwhile is told that it is done, and what comes of the work is recorded "
                "nowhere; put it last")
        .related(subject_, main(*work).key, "the work");
    return true;
  }

  /// More than to bring what the work needs, or to end a session.
  bool does_work(const Step& step) const {
    const Cost cost = cost_of(step, subject_.project, subject_.facts());
    return (cost == Cost::work || cost == Cost::unknown) && !only_installs(step) &&
           session_commands(step, subject_.project, subject_.facts()).empty();
  }

  static bool names_verdict(const Step& step, const GatedJob& gated) {
    const Expression condition = parse_condition(step.condition.value.text());
    return condition.is_valid() && gated.inside.view.mention(condition) >= GateRole::hint;
  }

  void in_other_job(const GatedJob& gated, const std::string& command, const Ending& ending) {
    if (command == "finish" && !has_claim(ending) && !goes_on(*ending.job, gated)) {
      sink_
          .report(subject_, main(*ending.step).key,
                  "a `finish` in another job than the gate's does not know the session without "
                  "`claim-id`, and ends nothing; hand `claim_id` on in the "
                  "outputs of " +
                      quoted(gated.job->id) + " and give it here")
          .related(subject_, gated.job->key, "the gate");
      return;
    }
    const JobConditions& jobs = job_conditions_of(subject_, workflow_);
    std::unordered_map<JobGraph::Index, JobResult> failed{
        {jobs.node(*gated.job), JobResult::success}};
    const Job* consumer = nullptr;
    const Job* later = nullptr;
    for (const Job& job : workflow_.jobs) {
      if (&job == ending.job || !is_consumer(job, gated)) continue;
      if (jobs.needs(job, *ending.job)) {
        if (later == nullptr || (!has_agent(*later) && has_agent(job))) later = &job;
        continue;
      }
      if (!jobs.needs(*ending.job, job)) {
        sink_
            .report(subject_, ending.job->needs ? ending.job->needs.key : ending.job->key,
                    "this ends the session while job " + quoted(job.id) +
                        " may still be at work; add it to `needs`")
            .confidence(Confidence::medium)
            .related(subject_, job.key, "the work");
        return;
      }
      consumer = consumer == nullptr ? &job : consumer;
      failed[jobs.node(job)] = JobResult::failure;
    }
    // What comes behind the work, and is no agent, says what came of it.
    if (later != nullptr &&
        (has_agent(*later) ? !follows_agent(*ending.job) : consumer == nullptr)) {
      sink_
          .report(subject_, ending.job->needs ? ending.job->needs.key : ending.job->key,
                  "this ends the session before job " + quoted(later->id) +
                      ", which waits for it, has begun the work; let that job come first")
          .confidence(Confidence::medium)
          .related(subject_, later->key, "the work");
      return;
    }
    const Scope scope = gated.view.scope(false, {});
    const bool reached =
        JobRun(jobs.graph(), scope, failed).fate(jobs.node(*ending.job)).runs != Truth::no;
    if (!reached) {
      auto report = sink_.report(
          subject_, ending.job->condition ? ending.job->condition.value : ending.job->key,
          quoted(command) + " is not reached when " +
              (consumer != nullptr ? "job " + quoted(consumer->id)
                                   : std::string("a job before it")) +
              " fails, so the session stays live until its lease has passed; write `if: always()` "
              "at the job");
      if (!ending.job->condition) {
        std::vector<TextEdit> edits =
            add_entry(*workflow_.document, ending.job->node, "if", "always()", ending.job->needs);
        const std::vector<TextEdit> told =
            hand_own_failure_on(*workflow_.document, gated, *ending.step);
        if (!edits.empty()) edits.insert(edits.end(), told.begin(), told.end());
        report.fix(FixKind::safe, "Run it always", std::move(edits));
      }
      return;
    }
    if (command == "finish" && asks_for_status(ending.job->condition) &&
        is_left_out_when_cancelled(ending.job->condition))
      not_when_cancelled(ending.job->condition.value);
    if (!may_run(ending.step->condition, scope, false))
      not_always(ending, command, {false, true}, "the job");
  }

  void not_always(const Ending& ending, const std::string& command, const Coverage& covered,
                  const std::string& what) {
    const Entry& condition = ending.step->condition;
    auto report = sink_.report(
        subject_, condition ? condition.value : main(*ending.step).key,
        quoted(command) + " is not run when " + what + (covered.success ? " fails" : " succeeds") +
            ", so the session stays as it is until its lease has passed; write `if: always()`");
    if (!condition)
      report.fix(
          FixKind::safe, "Run it always",
          add_entry(*workflow_.document, ending.step->node, "if", "always()", ending.step->name));
  }

  /// `!cancelled()`, `success() || failure()`, or no condition at all.
  static bool is_left_out_when_cancelled(const Entry& condition) {
    if (!condition) return true;
    Scope scope;
    scope.set_status(Truth::no, Truth::no, Truth::yes);
    const Expression expression = parse_condition(condition.value.text());
    return expression.is_valid() && evaluate_condition(expression, scope) == Truth::no;
  }

  static bool asks_for_status(const Entry& condition) {
    const Expression expression = parse_condition(condition.value.text());
    return condition && expression.is_valid() && has_status_function(expression);
  }

  void not_when_cancelled(YamlNode place) {
    sink_
        .report(subject_, place,
                "`finish` is not run when the run is cancelled, so the session stays live until "
                "its lease has passed; `always()` runs then too")
        .severity(Severity::note);
  }

  static Entry main(const Step& step) { return step.uses ? step.uses : step.run; }

  static bool has_claim(const Ending& ending) {
    const Step& step = *ending.step;
    if (step.input("claim-id") || step.run_text().find("claim") != std::string_view::npos)
      return true;
    if (step.input("args").value.text().find("claim") != std::string_view::npos ||
        step.uses_text().starts_with("./"))
      return true;
    for (const Entry& env : {step.env, ending.job->env}) {
      if (env.value.entry("REFGATE_CLAIM_ID")) return true;
    }
    return false;
  }

  /// Whether the job asks again about the session of this gate, by its `claim-id`, and so knows it.
  static bool goes_on(const Job& job, const GatedJob& gated) {
    const std::string needed = "needs." + std::string(gated.job->id) + ".";
    return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
      const Entry claim = step.input("claim-id");
      return claim && step.input("command").value.text() != "finish" &&
             claim.value.text().find(needed) != std::string_view::npos;
    });
  }

  bool is_gated(const Job& job, GateKind kind) const {
    return std::any_of(gated_.begin(), gated_.end(), [&](const GatedJob& gated) {
      return gated.job == &job && gated.gates.front().kind == kind;
    });
  }

  /// Work in another job that the verdict lets run.
  bool is_consumer(const Job& job, const GatedJob& gated) const {
    if (&job == gated.job || !needs_job(job, *gated.job) || !job.condition ||
        cost_of_job(job, subject_) == Cost::cheap)
      return false;
    const bool ends = std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
      return has_session_command(step, subject_.project, subject_.facts(), "finish");
    });
    const Expression condition = parse_condition(job.condition.value.text());
    if (ends || !condition.is_valid() || gated.view.verdicts(condition).empty()) return false;
    Scope scope = gated.view.scope(true, {});
    return evaluate_truth(condition, scope) == Truth::no;
  }

  bool has_agent(const Job& job) const {
    const auto& launches = launches_of(subject_);
    return std::any_of(launches.begin(), launches.end(),
                       [&](const AgentLaunch& launch) { return &launch.own_job() == &job; });
  }

  bool follows_agent(const Job& job) const {
    const JobConditions& jobs = job_conditions_of(subject_, workflow_);
    return std::any_of(workflow_.jobs.begin(), workflow_.jobs.end(), [&](const Job& other) {
      return has_agent(other) && jobs.needs(job, other);
    });
  }

  const Job* first_consumer(const GatedJob& gated) const {
    const auto found = std::find_if(workflow_.jobs.begin(), workflow_.jobs.end(),
                                    [&](const Job& job) { return is_consumer(job, gated); });
    return found == workflow_.jobs.end() ? nullptr : &*found;
  }

  const Subject& subject_;
  Sink& sink_;
  const Workflow& workflow_;
  const std::vector<GatedJob>& gated_;
};

}  // namespace

void check_unfinished_session(const Subject& subject, Sink& sink) {
  Endings(subject, sink).check();
}

}  // namespace refgate::lint
