#include "lint/gates/guards.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lint/agents/launches.h"
#include "lint/gates/gate_before.h"
#include "lint/gates/guard_text.h"
#include "lint/gates/guard_walk.h"
#include "lint/gates/guarded_condition.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// For each job whether it needs this one, directly or not.
std::vector<bool> all_behind(const JobGraph& graph, JobGraph::Index job) {
  std::vector<bool> behind(graph.size());
  std::vector<JobGraph::Index> open{job};
  while (!open.empty()) {
    const JobGraph::Index next = open.back();
    open.pop_back();
    for (const JobGraph::Index each : graph.needed_by(next)) {
      if (behind[each]) continue;
      behind[each] = true;
      open.push_back(each);
    }
  }
  return behind;
}

class GuardSearch {
 public:
  explicit GuardSearch(const Subject& subject)
      : subject_(subject),
        file_(subject),
        gated_(subject.workflow != nullptr ? gated_jobs_of(subject) : no_gates()) {}

  std::vector<GuardFinding> in_action(const Action& action) {
    const GatedSteps gated = gates_in(action.steps, subject_.project, subject_.facts());
    if (!gated.gates.empty())
      steps_behind(action.steps, nullptr, gated, {event_scope(std::nullopt)});
    return std::move(found_);
  }

  std::vector<GuardFinding> in_workflow(const Workflow& workflow) {
    if (gated_.empty()) return {};
    workflow_ = &workflow;
    jobs_ = &job_conditions_of(subject_, workflow);
    for (const auto& event : gated_events(workflow))
      events_.push_back(event_scope(event));
    for (const GatedJob& gated : gated_) {
      const std::vector<Scope> events = events_of(gated, *jobs_, events_);
      if (events.empty()) continue;
      bool ends_failed = false;
      ends_.clear();
      if (!gated.inside.gates.empty())
        ends_failed = steps_behind(gated.job->steps, gated.job, gated.inside, events);
      jobs_behind(gated, events, ends_failed);
      unused(gated);
    }
    for (const Job& job : workflow.jobs)
      out_of_reach(job);
    std::sort(found_.begin(), found_.end(),
              [](const GuardFinding& left, const GuardFinding& right) {
                return left.place.begin < right.place.begin;
              });
    return std::move(found_);
  }

 private:
  static const std::vector<GatedJob>& no_gates() {
    static const std::vector<GatedJob> none;
    return none;
  }

  const Document& document() const { return *file_.document; }

  std::vector<WalkedStep> walked(const std::vector<Step>& steps, std::size_t from, const Job* job,
                                 const GateView& seen) const {
    std::vector<WalkedStep> list;
    GateView outer;
    if (workflow_ != nullptr) outer.add_all(env_view(workflow_->env, seen));
    if (job != nullptr) outer.add_all(env_view(job->env, seen));
    for (const Step& step : steps) {
      if (step.index < from) continue;
      WalkedStep& each = list.emplace_back();
      each.step = &step;
      if (step.condition) each.condition = parse_condition(step.condition.value.text());
      each.env = outer;
      each.env.add_all(env_view(step.env, seen));
      each.stops = stops_the_job(step);
      each.asks = seen.mention(step.run.value) >= GateRole::hint ||
                  seen.mention(step.env.value) >= GateRole::hint ||
                  seen.mention(step.with.value) >= GateRole::hint;
    }
    return list;
  }

  /// Steps after the first gate of a job or an action. Returns whether a skip ends the job without
  /// success.
  bool steps_behind(const std::vector<Step>& steps, const Job* job, const GatedSteps& gated,
                    const std::vector<Scope>& events) {
    const Gate& gate = gated.gates.front();
    if (gate.whole) return false;
    std::vector<WalkedStep> list = walked(steps, gate.step->index + 1, job, gated.view);
    ends_.clear();
    const bool ends_failed = walk_steps(list, gated.view, events, &ends_);
    for_skips_ = std::count_if(list.begin(), list.end(), [&](const WalkedStep& each) {
      return each.condition && each.fate.on_skip == Truth::yes &&
             gated.view.mention(*each.condition) == GateRole::verdict;
    });
    const std::size_t before = found_.size();
    bool guarded = false;
    dear_only_ = job != nullptr && is_asked_elsewhere(*job);
    for (const WalkedStep& each : list) {
      const auto judge = [&](const GateView& seen) {
        guarded = guarded || seen.mention(each.step->node) >= GateRole::hint;
        judge_step(each, seen, gate, gate.step->node.place());
      };
      if (each.env.empty()) {
        judge(gated.view);
        continue;
      }
      GateView seen = gated.view;
      seen.add_all(each.env);
      judge(seen);
    }
    dear_only_ = false;
    // Without an id no step can read the verdict: that is one mistake.
    if (!guarded && gate.step->id.empty() && found_.size() > before) {
      std::vector<GuardFinding> rest(found_.begin() + static_cast<std::ptrdiff_t>(before),
                                     found_.end());
      found_.resize(before);
      const Entry what = gate.step->uses ? gate.step->uses : gate.step->run;
      GuardFinding& one = add(false, what.key.place(), gate.step->node.place());
      one.message =
          "this gate has no `id`, so no later step can read its verdict, and " +
          (rest.size() == 1 ? "the step behind it runs"
                            : "all " + std::to_string(rest.size()) + " steps behind it run") +
          " on a duplicate too";
    }
    return ends_failed;
  }

  void judge_step(const WalkedStep& walked, const GateView& seen, const Gate& gate,
                  const Place& gate_place) {
    const std::size_t before = found_.size();
    judge_written(walked, seen, gate, gate_place);
    for (std::size_t at = before; at < found_.size(); ++at)
      repeat_at(*walked.step, found_[at]);
  }

  /// What an alias repeats is wrong where it is repeated, and right or wrong elsewhere for itself.
  static void repeat_at(const Step& step, GuardFinding& finding) {
    if (!step.node.is_alias()) return;
    finding.written = finding.place;
    finding.place = step.node.place();
    finding.fix.clear();
  }

  void judge_written(const WalkedStep& walked, const GateView& seen, const Gate& gate,
                     const Place& gate_place) {
    const Step& step = *walked.step;
    if (walked.condition && !walked.condition->is_valid()) return;
    if (gate_at(step, subject_.project, subject_.facts())) return;
    const std::vector<std::string> commands =
        session_commands(step, subject_.project, subject_.facts());
    if (!commands.empty() &&
        std::none_of(commands.begin(), commands.end(),
                     [](const std::string& each) { return each == "register" || each == "run"; }))
      return;
    const GateRole said = walked.condition ? seen.mention(*walked.condition) : GateRole::other;
    const Cost cost =
        commands.empty() ? cost_of(step, subject_.project, subject_.facts()) : Cost::work;
    const auto guarded = [&] {
      return Guarded{*walked.condition, step.condition, walked.fate, seen, "the step", gate_place};
    };
    if (walked.fate.on_skip == Truth::no) {
      if (said == GateRole::verdict) judge_.never_runs(guarded());
      return;
    }
    if (walked.fate.on_run == Truth::no && walked.fate.without == Truth::no) return;
    if (said == GateRole::verdict) {
      // What more than says something, as the only thing that is run for a skip, was meant for a
      // run.
      const bool alone =
          for_skips_ == 1 && (cost == Cost::checkout || (cost == Cost::unknown && step.run));
      const bool for_skips = (cost < Cost::set_up && !alone) || is_for_duplicates(step.node, {});
      judge_.wrong(guarded(), cost, for_skips);
      return;
    }
    if (said == GateRole::hint && !judge_.by_code(guarded()) && cost == Cost::work &&
        !is_for_duplicates(step.node, {}))
      judge_.by_holder(guarded());
    if (said == GateRole::hint || is_misspelt(walked.condition, seen) || cost == Cost::cheap ||
        seen.mention(step.node) >= GateRole::hint ||
        (walked.condition && names_something_new(*walked.condition)))
      return;
    if (dear_only_ && cost < Cost::set_up) return;
    const bool by_status = walked.condition && is_by_status(*walked.condition);
    if (by_status && !runs_agent(step, subject_.project, subject_.facts())) return;
    const Entry main = step.uses ? step.uses : step.run;
    if (!main) return;
    const std::string guard = guard_for(seen, gate.kind);
    GuardFinding& finding =
        add(false, step.uses ? step.uses.value.place() : main.key.place(), gate_place);
    finding.message = (step.condition ? "the `if` of this step says nothing of the gate's verdict"
                                      : "this step has no `if`") +
                      std::string(", so it runs on a duplicate too") +
                      (guard.empty() ? "" : "; write `if: " + guard + "`");
    if (by_status) finding.confidence = Confidence::medium;
    offer_fix(finding,
              add_guard(document(), step.node, step.condition, step.name, by_status ? "" : guard),
              guard);
  }

  /// What becomes of the jobs in one event, for each verdict.
  struct Runs {
    Scope event;
    JobRun skip, run, without;
  };

  void jobs_behind(const GatedJob& gated, const std::vector<Scope>& events, bool ends_failed) {
    const JobGraph& graph = jobs_->graph();
    const JobGraph::Index gate = jobs_->node(*gated.job);
    if (graph.needed_by(gate).empty()) return;
    std::vector<Runs> runs;
    for (std::size_t at = 0; at < events.size(); ++at) {
      Scope event = events[at];
      event.set_status(Truth::unknown, Truth::unknown, Truth::no);
      Scope on_skip = gated.view.scope(true, event);
      if (at < ends_.size()) set_outputs(*gated.job, ends_[at], on_skip);
      Scope reached = event;
      reached.set_status(Truth::yes, Truth::no, Truth::no);
      runs.push_back({std::move(reached),
                      JobRun(graph, std::move(on_skip),
                             {{gate, ends_failed ? JobResult::failure : JobResult::success}}, true),
                      JobRun(graph, gated.view.scope(false, event), {{gate, JobResult::success}}),
                      JobRun(graph, event)});
    }
    const std::vector<bool> behind = all_behind(graph, gate);
    for (const Job& job : workflow_->jobs) {
      if (needs_job(job, *gated.job)) {
        job_behind(job, gated, events, runs);
      } else if (behind[jobs_->node(job)]) {
        job_further_behind(job, gated, runs);
      }
    }
  }

  /// An agent in a job that needs the gate by way of others only, and that runs although these are
  /// skipped: `always()` asks for what came of them, and a skip is no failure.
  void job_further_behind(const Job& job, const GatedJob& gated, std::vector<Runs>& runs) {
    if (&job == gated.job || !job.condition || is_gated(job) || !launches_by_itself(job)) return;
    const Expression condition = parse_condition(job.condition.value.text());
    if (!condition.is_valid() || !has_status_function(condition) || other_verdict(condition) ||
        names_something_new(condition))
      return;
    Fate fate;
    const JobGraph::Index node = jobs_->node(job);
    const Job* skipped = nullptr;
    for (Runs& each : runs) {
      const Truth on_skip = each.skip.fate(node).runs;
      fate.add(on_skip, each.run.fate(node).runs, each.without.fate(node).runs, each.event);
      if (on_skip != Truth::no && skipped == nullptr) skipped = skipped_need(job, each.skip);
    }
    if (skipped == nullptr || fate.on_skip == Truth::no ||
        (fate.on_run == Truth::no && fate.without == Truth::no))
      return;
    GuardFinding& finding = add_finding(found_, false, job.key.place(), gated.job->key.place());
    finding.message = "job " + quoted(job.id) + " launches an agent on a duplicate too: job " +
                      quoted(skipped->id) + " is skipped then, and the `if` of " + quoted(job.id) +
                      " does not wait for it to run; add `needs." + std::string(skipped->id) +
                      ".result != 'skipped'` to it";
    finding.confidence = Confidence::medium;
  }

  /// One of the jobs that it names in `needs` and that is certainly skipped in this run.
  const Job* skipped_need(const Job& job, JobRun& run) const {
    for (const YamlNode need : job.needed) {
      const Job* needed = workflow_->job(need.text());
      if (needed != nullptr && run.fate(jobs_->node(*needed)).runs == Truth::no) return needed;
    }
    return nullptr;
  }

  /// Whether the job launches an agent in a step that does not ask what came of the jobs before it.
  bool launches_by_itself(const Job& job) {
    if (!launching_) {
      launching_.emplace();
      for (const AgentLaunch& launch : launches_of(subject_, *workflow_)) {
        const Expression own = parse_condition(launch.step->condition.value.text());
        const std::vector<Reference> all =
            own.is_valid() ? references(own) : std::vector<Reference>();
        if (launch.is_called() || std::none_of(all.begin(), all.end(), [](const Reference& each) {
              return refers_into(each, {"needs"});
            }))
          launching_->insert(&launch.own_job());
      }
    }
    return launching_->contains(&job);
  }

  void job_behind(const Job& job, const GatedJob& gated, const std::vector<Scope>& events,
                  std::vector<Runs>& runs) {
    if (&job == gated.job) return;
    std::optional<Expression> condition;
    if (job.condition) condition = parse_condition(job.condition.value.text());
    if (condition && !condition->is_valid()) return;
    Fate fate;
    const JobGraph::Index node = jobs_->node(job);
    for (Runs& each : runs)
      fate.add(each.skip.fate(node).runs, each.run.fate(node).runs, each.without.fate(node).runs,
               each.event);
    const GateView& seen = gated.view;
    const GateRole said = condition ? seen.mention(*condition) : GateRole::other;
    if (gated.gates.front().whole && said != GateRole::verdict) return;
    const std::string what = "job " + quoted(job.id);
    const Place gate_place = gated.job->key.place();
    const Cost cost = cost_of_job(job, subject_);
    const auto guarded = [&] {
      return Guarded{*condition, job.condition, fate, seen, what, gate_place};
    };
    if (fate.on_skip == Truth::no) {
      if (said == GateRole::verdict) judge_.never_runs(guarded());
      return;
    }
    if (fate.on_run == Truth::no && fate.without == Truth::no) return;
    if (said == GateRole::verdict) {
      judge_.wrong(guarded(), cost, cost < Cost::checkout || is_for_duplicates(job.node, job.id));
      return;
    }
    if (said == GateRole::hint && !judge_.by_code(guarded()) && cost == Cost::work &&
        !is_for_duplicates(job.node, job.id))
      judge_.by_holder(guarded());
    if (said == GateRole::hint || is_misspelt(condition, seen) || other_verdict(condition) ||
        is_gated(job) || (condition && names_something_new(*condition)))
      return;
    if (seen.mention(job.node) >= GateRole::hint) {
      guarded_inside(job, gated, events);
      return;
    }
    const bool by_status = condition && is_by_status(*condition);
    if (!by_status && follows_another(job, gated)) return;
    const bool doubtful = by_status || gated.works;
    if (cost == Cost::cheap || (doubtful && cost != Cost::work)) return;
    const std::string guard = guard_for(seen, gated.gates.front().kind);
    GuardFinding& finding = add(false, job.key.place(), gate_place);
    finding.message = what + " needs the gate in " + quoted(gated.job->id) + " and " +
                      (condition ? "its `if` says nothing of the verdict" : "has no `if`") +
                      ", so it runs on a duplicate too";
    finding.message += guard.empty() ? "; hand the verdict on in `outputs` of " +
                                           quoted(gated.job->id) + " and compare it here"
                                     : "; write `if: " + guard + "`";
    if (doubtful) finding.confidence = Confidence::medium;
    offer_fix(finding, guard_with_attempt(job, gated, guard), guard);
  }

  /// The whole guard, so that mending one thing does not bring the next finding.
  std::vector<TextEdit> guard_with_attempt(const Job& job, const GatedJob& gated,
                                           const std::string& guard) const {
    const bool asks = asks_for_each_attempt(gated.gates.front());
    const std::string whole =
        guard.empty() || !asks ? guard : guard + " && " + attempt_guard(gated);
    std::vector<TextEdit> edits = add_guard(document(), job.node, job.condition, job.needs, whole);
    if (!asks || edits.empty() || attempt_of(gated.view) != nullptr) return edits;
    const std::vector<TextEdit> more = hand_attempt_on(document(), gated);
    if (more.empty()) return {};
    edits.insert(edits.end(), more.begin(), more.end());
    return edits;
  }

  /// What the gate's job puts out on a skip, as far as its steps tell.
  static void set_outputs(const Job& job, const Scope& end, Scope& scope) {
    for (const Entry& output : job.outputs.value.entries()) {
      const Expression expression = parse_template(output.value.text());
      if (!expression.is_valid()) continue;
      const Value value = evaluate(expression, end).value;
      const ContextPath path{"needs", std::string(job.id), "outputs",
                             std::string(output.key.text())};
      if (value.is_primitive()) scope.set(path, Value::string(to_text(value)));
    }
  }

  /// A job that runs on a skip and whose steps look at the verdict themselves.
  void guarded_inside(const Job& job, const GatedJob& gated, const std::vector<Scope>& events) {
    std::vector<WalkedStep> list = walked(job.steps, 0, &job, gated.view);
    walk_steps(list, gated.view, events);
    const auto sees = [&](const WalkedStep& each) {
      GateView seen = gated.view;
      seen.add_all(each.env);
      return seen;
    };
    if (std::none_of(list.begin(), list.end(), [&](const WalkedStep& each) {
          return each.condition && sees(each).mention(*each.condition) >= GateRole::hint;
        }))
      return;
    for (const WalkedStep& each : list)
      judge_step(each, sees(each), gated.gates.front(), gated.job->key.place());
  }

  /// Conditions that name a gate which they cannot see.
  void out_of_reach(const Job& job) {
    const auto look = [&](const Entry& entry, const Step* step) {
      if (!entry) return;
      const Expression condition = parse_condition(entry.value.text());
      for (const Reference& reference : references(condition)) {
        const std::string message = why_unseen(reference, job, step, gated_);
        if (message.empty()) continue;
        GuardFinding& finding = add(true, place_in(document(), entry.value, reference.range),
                                    gated_.front().job->key.place());
        finding.message = message;
        if (step != nullptr) repeat_at(*step, finding);
        return;
      }
    };
    look(job.condition, nullptr);
    for (const Step& step : job.steps)
      look(step.condition, &step);
  }

  /// The verdict is for other jobs, so that what stands beside the gate is part of asking, unless
  /// it is dear.
  bool is_asked_elsewhere(const Job& gate_job) const {
    for (const GatedJob& gated : gated_) {
      if (gated.job != &gate_job) continue;
      for (const Job& job : workflow_->jobs) {
        if (&job != &gate_job && needs_job(job, gate_job) &&
            gated.view.mention(job.node) >= GateRole::hint)
          return true;
      }
    }
    return false;
  }

  /// Skipped, or reported, with a job that it needs and that is behind the gate itself.
  bool follows_another(const Job& job, const GatedJob& gated) const {
    std::set<const Job*> seen;
    std::vector<const Job*> open{&job};
    while (!open.empty()) {
      const Job* next = open.back();
      open.pop_back();
      for (const YamlNode need : next->needed) {
        const Job* needed = workflow_->job(need.text());
        if (needed == nullptr || needed == gated.job || !seen.insert(needed).second) continue;
        open.push_back(needed);
        if (!needs_job(*needed, *gated.job)) continue;
        std::optional<Expression> condition;
        if (needed->condition) condition = parse_condition(needed->condition.value.text());
        const bool by_status = condition && is_by_status(*condition);
        if (condition && gated.view.mention(*condition) >= GateRole::hint) return true;
        if (!by_status && cost_of_job(*needed, subject_) != Cost::cheap) return true;
      }
    }
    return false;
  }

  /// A gate alone in its job, which no job needs.
  void unused(const GatedJob& gated) {
    const Gate& gate = gated.gates.front();
    if (gated.works || gate.step == nullptr || gate.kind == GateKind::configured ||
        workflow_->only_called())
      return;
    const Entry cancels = gate.step->input("cancel_others");
    if (cancels && cancels.value.text() != "false") return;
    bool others = false;
    for (const Job& job : workflow_->jobs) {
      if (&job == gated.job) continue;
      // With a gate of their own the others are not meant to ask this one.
      if (is_gated(job) || needs_job(job, *gated.job) || mentions_gate(job, gated)) return;
      others = others || cost_of_job(job, subject_) != Cost::cheap;
    }
    if (!others) return;
    GuardFinding& finding = add(false, gated.job->key.place(), gate.step->node.place());
    finding.message =
        "no job needs " + quoted(gated.job->id) +
        ", so its gate stops nothing: every other job of this workflow runs on a duplicate too";
  }

  static bool mentions_gate(const Job& job, const GatedJob& gated) {
    const std::string name = "needs." + std::string(gated.job->id) + ".";
    const std::string_view source = job.node.source();
    return source.find(name) != std::string_view::npos;
  }

  bool is_gated(const Job& job) const {
    return std::any_of(gated_.begin(), gated_.end(),
                       [&](const GatedJob& gated) { return gated.job == &job; });
  }

  bool other_verdict(const std::optional<Expression>& condition) const {
    return condition && std::any_of(gated_.begin(), gated_.end(), [&](const GatedJob& gated) {
             return gated.view.mention(*condition) >= GateRole::hint;
           });
  }

  GuardFinding& add(bool broken, const Place& place, const Place& gate) {
    return add_finding(found_, broken, place, gate);
  }

  const Subject& subject_;
  FileRef file_;
  const Workflow* workflow_ = nullptr;
  const std::vector<GatedJob>& gated_;
  const JobConditions* jobs_ = nullptr;
  std::vector<Scope> events_;
  std::optional<std::set<const Job*>> launching_;  ///< worked out when it is asked for
  std::vector<GuardFinding> found_;
  ConditionJudge judge_{*file_.document, found_};
  std::vector<Scope> ends_;  ///< of the job with the gate, on a skip, for each of its events
  bool dear_only_ = false;
  std::ptrdiff_t for_skips_ =
      0;  ///< how many steps behind the gate are run on a skip because the verdict is one
};

}  // namespace

const std::vector<GuardFinding>& guard_findings(const Subject& subject) {
  const void* file = subject.workflow != nullptr ? static_cast<const void*>(subject.workflow)
                                                 : static_cast<const void*>(subject.action);
  return subject.memo.get<std::vector<GuardFinding>>(file, [&] {
    GuardSearch search(subject);
    return subject.workflow != nullptr ? search.in_workflow(*subject.workflow)
                                       : search.in_action(*subject.action);
  });
}

Cost cost_of_job(const Job& job, const Subject& subject) {
  if (job.calls_workflow()) return Cost::work;
  Cost dearest = Cost::cheap;
  for (const Step& step : job.steps)
    dearest = std::max(dearest, cost_of(step, subject.project, subject.facts()));
  return dearest;
}

}  // namespace refgate::lint
