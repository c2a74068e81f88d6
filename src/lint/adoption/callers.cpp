#include "lint/adoption/callers.h"

#include <set>

#include "lint/adoption/job_permissions.h"
#include "lint/workflow/permissions.h"

namespace refgate::lint {
namespace {

std::string place_of(const Workflow& workflow, YamlNode node) {
  return workflow.file + ":" + std::to_string(node.place().line);
}

class Callers {
 public:
  explicit Callers(const Project& project) : project_(project) {}

  /// Adds who calls the workflow and does not certainly give it what a gate needs. Whether anybody
  /// here calls it.
  bool look_at(const Workflow& called) {
    if (!seen_.insert(&called).second) return true;
    bool any = false;
    for (const Workflow& workflow : project_.workflows()) {
      for (const Job& job : workflow.jobs) {
        if (!job.calls_workflow() || !calls(job, called)) continue;
        any = true;
        ask(workflow, job);
      }
    }
    return any;
  }

  CallerNeeds needs(const Workflow& called) {
    const bool any = look_at(called);
    const std::string refused =
        "its workflow is called, and GitHub refuses a run in which a called job asks for more than "
        "its caller has; ";
    if (!list_.empty())
      return {refused +
                  "give more first to the job that calls it, and then call `refgate init` "
                  "again: " +
                  list_,
              snippet_};
    if (!any && called.only_called())
      return {
          refused + "nobody calls it here, so that who calls it elsewhere has to give this first",
          "    permissions:\n      actions: read\n      contents: write\n"};
    return {};
  }

 private:
  /// By its path here, or as one of a repository that may be this one.
  bool calls(const Job& job, const Workflow& called) const {
    const std::string_view uses = job.uses.value.text();
    return project_.called_workflow(uses) == &called ||
           (!uses.starts_with("./") &&
            uses.find("/" + called.file + "@") != std::string_view::npos);
  }

  void ask(const Workflow& workflow, const Job& job) {
    if (const Entry& permissions = permissions_of(workflow, job)) {
      if (!gives_to_gate(permissions.value))
        add(workflow, job, place_of(workflow, permissions.key));
      return;
    }
    // What it has itself is what its own caller gives it, or the repository's default.
    const bool called = workflow.trigger("workflow_call") != nullptr && look_at(workflow);
    if (!called || !workflow.only_called()) add(workflow, job, place_of(workflow, job.key));
  }

  void add(const Workflow& workflow, const Job& job, const std::string& place) {
    list_ += (list_.empty() ? "" : ", ") + place + " (job `" + std::string(job.id) + "`)";
    if (snippet_.empty()) snippet_ = permissions_with_gate({&workflow, &job, {}});
  }

  const Project& project_;
  std::set<const Workflow*> seen_;
  std::string list_, snippet_;
};

}  // namespace

CallerNeeds needs_of_callers(const AgentJob& agent, const Project& project) {
  if (agent.workflow->trigger("workflow_call") == nullptr) return {};
  const Entry& own = permissions_of(*agent.workflow, *agent.job);
  if (own && gives_to_gate(own.value)) return {};
  return Callers(project).needs(*agent.workflow);
}

}  // namespace refgate::lint
