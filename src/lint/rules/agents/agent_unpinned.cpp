// An agent's action by the name of a branch is whatever its repository holds at that moment, beside
// the agent's secrets.

#include <algorithm>
#include <array>
#include <string>

#include "lint/expression/expression_value.h"
#include "lint/github/facts.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// `v1`, `1.2.3`, `v1-beta`, or a commit.
bool is_version(std::string_view ref) {
  if (ref.starts_with('v') || ref.starts_with('V')) ref.remove_prefix(1);
  const bool number = !ref.empty() && ref.front() >= '0' && ref.front() <= '9';
  const bool commit =
      ref.size() >= 40 && ref.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  return number || commit;
}

bool is_branch(std::string_view ref) {
  static constexpr auto names =
      std::to_array<std::string_view>({"main", "master", "develop", "dev", "trunk", "next",
                                       "nightly", "head", "latest", "beta", "alpha", "canary"});
  return !is_version(ref) && std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return same_name(ref, name);
  });
}

}  // namespace

void check_agent_unpinned(const Subject& subject, Sink& sink) {
  const auto branch_of = [](std::string_view uses) {
    const std::string_view ref = uses.substr(std::min(uses.find('@') + 1, uses.size()));
    return uses.find('@') != std::string_view::npos && is_branch(ref) ? ref : std::string_view();
  };
  const auto report = [&](YamlNode uses, const char* what) {
    sink.report(subject, uses,
                "`" + std::string(branch_of(uses.text())) + "` is whatever this " + what +
                    "'s repository holds when the run starts, and it gets the agent's secrets; "
                    "name a commit or a version");
  };
  for (const Job& job : subject.workflow->jobs) {
    if (!branch_of(job.uses.value.text()).empty() && calls_agent_workflow(job, subject.facts()))
      report(job.uses.value, "workflow");
    for (const Step& step : job.steps) {
      const std::string_view uses = step.uses_text();
      if (branch_of(uses).empty()) continue;
      if (names_agent_action(uses, subject.facts()) ||
          resembles_agent_action(uses, subject.facts()))
        report(step.uses.value, "action");
    }
  }
}

}  // namespace refgate::lint
