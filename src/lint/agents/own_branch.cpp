#include "lint/agents/own_branch.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "lint/expression/expression_value.h"
#include "lint/github/supposed_run.h"

namespace refgate::lint {
namespace {

/// Whether the scripts and inputs of the job say this name. What asks for it in a condition does
/// not.
bool says(const Job& job, std::string_view name) {
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const Step& step) {
    return step.run_text().find(name) != std::string_view::npos ||
           step.with.value.source().find(name) != std::string_view::npos;
  });
}

void set_head(Scope& scope, const std::string& branch) {
  const Value name = Value::string(branch);
  for (const char* path : {"github.head_ref", "github.event.pull_request.head.ref",
                           "github.event.workflow_run.head_branch"}) {
    scope.set(path, name);
  }
  const Value event = scope.get({"github", "event_name"});
  const bool on_branch = event.is_known() && event.kind() == Value::Kind::string &&
                         same_name(event.as_string(), "push");
  if (!on_branch) return;
  scope.set("github.ref_name", name);
  scope.set("github.ref", Value::string("refs/heads/" + branch));
}

}  // namespace

bool keeps_own_branch_out(const AgentLaunch& launch, const LaunchConditions& conditions,
                          const Scope& scope) {
  const std::vector<std::string> names = branches_named(conditions.all());
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    if (!says(launch.job(), name)) return false;
    for (const char* rest : {"", "x"}) {
      Scope from_own = scope;
      set_head(from_own, name + rest);
      if (conditions.runs(from_own) == Truth::no) return true;
    }
    return false;
  });
}

}  // namespace refgate::lint
