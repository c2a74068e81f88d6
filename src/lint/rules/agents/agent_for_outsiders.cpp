// Anybody's text starts an agent that may write, with tools that do.

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/agents/outsiders.h"
#include "lint/rule/rule.h"

namespace refgate::lint {
namespace {

/// Events that anybody causes, besides comments, of which `agent-without-actor-check` speaks.
bool is_open(const Start& start) {
  if (start.event == "pull_request_target")
    return start.type != "labeled" && start.type != "closed";
  const bool written = start.type == "opened" || start.type == "edited" ||
                       start.type == "reopened" || start.type == "created";
  return written && (start.event == "issues" || start.event == "discussion");
}

/// A permission that changes code or runs.
std::string permission_of(const Workflow& workflow, const Job& job) {
  const Entry permissions = job.permissions ? job.permissions : workflow.permissions;
  if (!permissions) return {};
  if (permissions.value.text() == "write-all") return "write-all";
  for (const char* name : {"contents", "actions", "packages", "deployments", "id-token"}) {
    if (permissions.value[name].text() == "write" && std::string_view(name) != "id-token")
      return std::string(name) + ": write";
  }
  return {};
}

/// How the agent is let loose on its machine.
std::string_view tools_of(std::string_view text) {
  static constexpr auto words = std::to_array<std::string_view>(
      {"--dangerously-skip-permissions", "bypassPermissions", "--yolo", "--approval-mode=yolo",
       "--approval-mode yolo", "danger-full-access", "--dangerously-bypass-approvals-and-sandbox",
       "--full-auto", "--allow-all-tools", "--allow-all-paths"});
  for (const std::string_view word : words) {
    if (text.find(word) != std::string_view::npos) return word;
  }
  // `Bash` without a list of what it may run.
  for (std::size_t at = text.find("Bash"); at != std::string_view::npos;
       at = text.find("Bash", at + 1)) {
    const char after = at + 4 < text.size() ? text[at + 4] : ' ';
    const bool word = after == ',' || after == '"' || after == '\'' || after == ' ' ||
                      after == '\n' || after == ']';
    const bool all =
        text.substr(at).starts_with("Bash(*)") || text.substr(at).starts_with("Bash(:*)");
    const std::string_view before = text.substr(0, at);
    const std::size_t allowed = std::max(before.rfind("allow") + 1, before.rfind("Allow") + 1);
    const std::size_t forbidden = std::max(before.rfind("disallow") + 1, before.rfind("deny") + 1);
    const bool is_forbidden = forbidden != 0 && forbidden + 8 > allowed;
    if ((word || all) && allowed != 0 && !is_forbidden) return "Bash";
  }
  return {};
}

/// The event by which an outsider reaches the launch, whom nothing asks.
const Start* way_in(const Subject& subject, const AgentLaunch& launch,
                    const std::vector<Start>& starts) {
  if (launch.is_likely || asks_for_write(*launch.launch, subject.facts())) return nullptr;
  for (const Start& start : starts) {
    if (!is_open(start)) continue;
    const Scope scope = scope_of_outsider(start);
    // Only who may push here opens a pull request whose branch lies here.
    if (outsider_reaches(subject, launch, scope) &&
        (start.event != "pull_request_target" || fork_reaches(subject, launch, scope)))
      return &start;
  }
  return nullptr;
}

}  // namespace

void check_agent_for_outsiders(const Subject& subject, Sink& sink) {
  const std::vector<AgentLaunch>& launches = launches_of(subject);
  if (launches.empty()) return;
  const std::vector<Start> starts = starts_of(*subject.workflow, subject.facts());
  const Job* reported = nullptr;
  for (const AgentLaunch& launch : launches) {
    const Job& job = launch.job();
    if (reported == &launch.own_job()) continue;
    const std::string permission = permission_of(launch.workflow(), job);
    if (permission.empty()) continue;
    const std::string_view tools = tools_of(launch.launch->node.source());
    if (tools.empty()) continue;
    const Start* start = way_in(subject, launch, starts);
    if (start == nullptr) continue;
    reported = &launch.own_job();
    sink.report(subject, launch.own_job().key,
                "anybody's `" + start->event +
                    "` starts this agent, nothing asks who it is, and the agent has `" +
                    std::string(tools) + "` and a token with `" + permission +
                    "`: a text can make it change the repository; let it read only, and hand its "
                    "result to a job that writes")
        .related(subject, start->trigger->key, "started by this event")
        .related(subject, launch.place().key, "the agent is launched here");
  }
}

}  // namespace refgate::lint
