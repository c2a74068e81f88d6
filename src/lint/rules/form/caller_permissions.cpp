// A called workflow may keep or lower what the job that calls it has. One that asks for more makes
// GitHub refuse the whole run, before any `if` is looked at. Facts: "Reuse workflows"; the runner's
// own workflow parser (PermissionsHelper), which looks at the permissions of the called file and at
// those of each job in it.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "lint/finding/edit.h"
#include "lint/rule/rule.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

struct Demand {
  Access access = Access::none;
  const Workflow* workflow = nullptr;
  const Job* job = nullptr;  ///< nullptr: the workflow itself asks
  YamlNode place;
};
struct Demands {
  std::map<std::string_view, Demand> of_scope;
};

/// The most that a called workflow asks for of each scope, itself or by what it calls in turn.
class Asking {
 public:
  explicit Asking(const Project& project) : project_(project) {}

  void add(const Workflow& called) {
    if (!seen_.insert(&called).second) return;
    add(called, called.permissions, nullptr);
    for (const Job& job : called.jobs) {
      add(called, job.permissions, &job);
      // One that names its own is asked about by itself.
      if (permissions_of(called, job)) continue;
      if (const Workflow* next = project_.called_workflow(job.uses.value.text())) add(*next);
    }
  }

  Demands demands;

 private:
  void add(const Workflow& called, const Entry& permissions, const Job* job) {
    for (const AskedAccess& asked : asked_by(permissions.value)) {
      Demand& demand = demands.of_scope[asked.scope];
      if (asked.access > demand.access) demand = {asked.access, &called, job, asked.place};
    }
  }

  const Project& project_;
  std::set<const Workflow*> seen_;
};

std::string quoted(std::string_view scope, Access access) {
  return "`" + std::string(scope) + ": " + std::string(name_of(access)) + "`";
}

void fix(Sink::Report& report, const Document& document, YamlNode permissions,
         std::string_view scope, Access access) {
  const std::string value(name_of(access));
  const std::string line = "`" + std::string(scope) + ": " + value + "`";
  if (const Entry written = permissions.entry(scope))
    report.fix(FixKind::unsafe, "Write " + line, {replace_node(written.value, value)});
  else if (permissions.is_mapping() && permissions.size() > 0)
    report.fix(FixKind::unsafe, "Add " + line, add_entry(document, permissions, scope, value));
}

}  // namespace

void check_caller_permissions(const Subject& subject, Sink& sink) {
  const Workflow& workflow = *subject.workflow;
  for (const Job& job : workflow.jobs) {
    const Workflow* called = subject.project.called_workflow(job.uses.value.text());
    const Entry& permissions = permissions_of(workflow, job);
    if (called == nullptr || !permissions) continue;
    const Demands& demands = subject.memo.get<Demands>(called, [&] {
      Asking asking(subject.project);
      asking.add(*called);
      return std::move(asking.demands);
    });
    for (const auto& [scope, demand] : demands.of_scope) {
      const auto given = access_of(permissions.value, scope);
      if (!given || *given >= demand.access) continue;
      const std::string who =
          demand.job == nullptr ? "which" : "whose job `" + std::string(demand.job->id) + "`";
      auto report =
          sink.report(subject, permissions.key,
                      "job `" + std::string(job.id) + "` calls a workflow " + who + " asks for " +
                          quoted(scope, demand.access) + ", and has " + quoted(scope, *given) +
                          " itself: GitHub refuses the whole run before any job starts");
      report.related(subject, job.uses.key, "the call");
      report.related(*demand.workflow, demand.place, "asked for here");
      // What stands at the workflow is for its other jobs, too.
      if (job.permissions) fix(report, *workflow.document, permissions.value, scope, demand.access);
    }
  }
}

}  // namespace refgate::lint
