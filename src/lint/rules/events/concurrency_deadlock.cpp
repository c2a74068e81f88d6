// A group that a run holds while it waits for a part of itself to enter the same group. GitHub
// notices, and cancels: "a deadlock was detected for concurrency group".

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lint/agents/agent_launch.h"
#include "lint/expression/expression_value.h"
#include "lint/rule/rule.h"
#include "lint/workflow/concurrency_group.h"

namespace refgate::lint {
namespace {

constexpr std::size_t deepest_call = 10;
/// Each finding walks through what is called once more.
constexpr std::size_t most_found = 200;

/// A group that is held while what is below it runs.
struct Held {
  std::string identity;
  const Workflow* workflow;
  YamlNode group;
  std::string holder;  ///< "the workflow", "job `build`"
};

class DeadlockFinder {
 public:
  DeadlockFinder(const Subject& subject, Sink& sink)
      : subject_(subject), sink_(sink), name_(subject.workflow->display_name()) {}

  void check() {
    const Workflow& workflow = *subject_.workflow;
    hold(workflow, workflow.concurrency, "the workflow");
    for (const Job& job : workflow.jobs) {
      if (reported_ == most_found) return;
      if ((!job.concurrency && !job.uses) || is_switched_off(job.condition)) continue;
      call_ = &job;
      found_ = false;
      jobs(workflow, job);
    }
  }

 private:
  bool hold(const Workflow& workflow, const Concurrency& concurrency, std::string holder) {
    if (!concurrency) return false;
    std::optional<std::string> identity = group_identity(concurrency.group, name_);
    if (!identity) return false;
    held_.push_back({*std::move(identity), &workflow, concurrency.group, std::move(holder)});
    return true;
  }

  /// What the group waits for, when it is held already.
  const Held* holder_of(const Concurrency& concurrency) const {
    if (!concurrency) return nullptr;
    const std::optional<std::string> identity = group_identity(concurrency.group, name_);
    if (!identity) return nullptr;
    for (const Held& held : held_) {
      if (held.identity == *identity) return &held;
    }
    return nullptr;
  }

  void jobs(const Workflow& workflow, const Job& job) {
    if (const Held* held = holder_of(job.concurrency))
      return report(*held, workflow, job.concurrency, "job `" + std::string(job.id) + "`");
    const Workflow* called = subject_.project.called_workflow(job.uses.value.text());
    if (called == nullptr || depth_ >= deepest_call) return;
    const bool holds = hold(workflow, job.concurrency, "job `" + std::string(job.id) + "`");
    wait_as_told(job, *called);
    if (!found_ && may_wait(*called)) call(*called);
    if (holds) held_.pop_back();
  }

  /// A group of a called workflow that its inputs name, and who waits for it.
  struct ToldGroup {
    const Concurrency* concurrency;
    std::string waiter;
  };

  /// Found once for each workflow; the first few.
  const std::vector<ToldGroup>& told_groups(const Workflow& called) {
    constexpr std::size_t most = 20;
    const auto [known, is_new] = told_.try_emplace(&called);
    std::vector<ToldGroup>& found = known->second;
    if (!is_new) return found;
    const auto add = [&](const Concurrency& concurrency, std::string waiter) {
      if (concurrency && found.size() < most &&
          concurrency.group.text().find("inputs.") != std::string_view::npos)
        found.push_back({&concurrency, std::move(waiter)});
    };
    add(called.concurrency, "the workflow that it calls");
    for (const Job& job : called.jobs) {
      if (job.concurrency && !is_switched_off(job.condition))
        add(job.concurrency, "job `" + std::string(job.id) + "`");
    }
    return found;
  }

  /// Waits for the groups whose names the call itself gives.
  void wait_as_told(const Job& job, const Workflow& called) {
    const Trigger* trigger = called.trigger("workflow_call");
    if (held_.empty() || trigger == nullptr) return;
    const InputIdentity input = [&](std::string_view name) -> std::optional<std::string> {
      for (const Entry& given : job.with.value.entries()) {
        if (same_name(given.key.text(), name)) return group_identity(given.value, name_);
      }
      for (const Entry& declared : trigger->inputs.value.entries()) {
        if (same_name(declared.key.text(), name))
          return group_identity(declared.value.entry("default").value, name_);
      }
      return std::nullopt;
    };
    for (const ToldGroup& told : told_groups(called)) {
      const auto identity = group_identity(told.concurrency->group, name_, input);
      const auto held = std::find_if(held_.begin(), held_.end(), [&](const Held& each) {
        return identity && each.identity == *identity;
      });
      if (held == held_.end()) continue;
      return report(*held, called, *told.concurrency, told.waiter);
    }
  }

  void call(const Workflow& called) {
    if (const Held* held = holder_of(called.concurrency))
      return report(*held, called, called.concurrency, "the workflow that it calls");
    ++depth_;
    const bool holds = hold(called, called.concurrency, "the called workflow");
    for (const Job& job : called.jobs) {
      if (!found_ && (job.concurrency || job.uses) && !is_switched_off(job.condition))
        jobs(called, job);
    }
    if (holds) held_.pop_back();
    --depth_;
  }

  /// The groups that a called workflow and what it calls wait for.
  struct Below {
    std::set<std::string> waits;
    bool clashes = false;  ///< one of them is held below too
  };

  /// Found once for each workflow, however many jobs call it.
  const Below& below(const Workflow& called, std::size_t depth) {
    const std::pair key(&called, depth);
    if (const auto known = below_.find(key); known != below_.end()) return known->second;
    Below found;
    std::set<const Workflow*> further;
    for (const Job& job : called.jobs) {
      const auto own =
          job.concurrency ? group_identity(job.concurrency.group, name_) : std::nullopt;
      const Workflow* next =
          depth < deepest_call ? subject_.project.called_workflow(job.uses.value.text()) : nullptr;
      if (next != nullptr) {
        const Below& inner = below(*next, depth + 1);
        found.clashes = found.clashes || inner.clashes || (own && inner.waits.contains(*own));
        if (further.insert(next).second) found.waits.insert(inner.waits.begin(), inner.waits.end());
      }
      if (own) found.waits.insert(*own);
    }
    if (called.concurrency) {
      if (auto own = group_identity(called.concurrency.group, name_)) {
        found.clashes = found.clashes || found.waits.contains(*own);
        found.waits.insert(*std::move(own));
      }
    }
    return below_.try_emplace(key, std::move(found)).first->second;
  }

  bool may_wait(const Workflow& called) {
    const Below& all = below(called, depth_ + 1);
    return all.clashes || std::any_of(held_.begin(), held_.end(), [&](const Held& held) {
             return all.waits.contains(held.identity);
           });
  }

  /// One finding for each job of the workflow asked for.
  void report(const Held& held, const Workflow& workflow, const Concurrency& waiting,
              const std::string& waiter) {
    found_ = true;
    ++reported_;
    const bool is_called = &workflow != subject_.workflow;
    const YamlNode place = is_called ? call_->uses.value : waiting.group;
    const std::string text(waiting.group.text());
    const bool is_name = text.find("github.workflow") != std::string::npos;
    auto report = sink_.report(
        subject_, place,
        waiter + " waits for the concurrency group `" + text + "`, which " + held.holder +
            " holds until this job is done: GitHub detects a deadlock and cancels the run" +
            (is_called && is_name ? ". In a called workflow `github.workflow` is the caller's name"
                                  : "") +
            ". Give one of the two another name");
    report.related(*held.workflow, held.group, held.holder + " holds the group");
    if (is_called) report.related(workflow, waiting.group, "and waits for it here");
  }

  const Subject& subject_;
  Sink& sink_;
  std::string_view name_;
  std::vector<Held> held_;
  const Job* call_ = nullptr;
  bool found_ = false;
  std::size_t depth_ = 0;
  std::size_t reported_ = 0;
  std::map<const Workflow*, std::vector<ToldGroup>> told_;
  std::map<std::pair<const Workflow*, std::size_t>, Below> below_;
};

}  // namespace

void check_concurrency_deadlock(const Subject& subject, Sink& sink) {
  // What is only called holds its caller's groups, and is looked at from there; its own jobs
  // against itself are looked at here.
  DeadlockFinder(subject, sink).check();
}

}  // namespace refgate::lint
