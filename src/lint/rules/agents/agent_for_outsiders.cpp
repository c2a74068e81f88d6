// Anybody's text starts an agent that may write, with tools that do.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lint/agents/actor_checks.h"
#include "lint/agents/launches.h"
#include "lint/agents/outsiders.h"
#include "lint/expression/expression_value.h"
#include "lint/github/command_words.h"
#include "lint/github/own_action.h"
#include "lint/rule/rule.h"
#include "lint/text/mention.h"

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
       "--full-auto", "--allow-all-tools", "--allow-all-paths", "--dangerously-allow-all"});
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

/// Commands that let an agent loose with one of these words (in this order, next to each other when
/// they are two), or, with none, by themselves.
struct LooseCommand {
  std::string_view command;
  std::vector<std::string_view> words;
};

const std::vector<LooseCommand>& loose_commands() {
  static const std::vector<LooseCommand> all = {
      {"gemini", {"-y", "--yolo"}},
      {"@google/gemini-cli", {"-y", "--yolo"}},
      {"gemini-cli", {"-y", "--yolo"}},
      {"qwen", {"-y", "--yolo"}},
      {"@qwen-code/qwen-code", {"-y", "--yolo"}},
      {"llxprt", {"-y", "--yolo"}},
      {"@vybestack/llxprt-code", {"-y", "--yolo"}},
      {"cline", {"-y", "--yolo"}},
      {"cn", {"--auto"}},
      {"vibe", {"--yolo", "--auto-approve"}},
      {"cursor-agent", {"-f", "--force", "--yolo"}},
      {"cursor agent", {"-f", "--force", "--yolo"}},
      {"amp", {"--dangerously-allow-all"}},
      {"@sourcegraph/amp", {"--dangerously-allow-all"}},
      {"droid exec", {"--auto high", "--auto=high", "--skip-permissions-unsafe"}},
      {"aider", {"--yes-always", "--yes"}},
      {"aider-chat", {"--yes-always", "--yes"}},
      {"openhands.core.main", {}},
      {"opencode run", {}},
      {"opencode-ai run", {}},
      {"goose run", {}},
      {"crush run", {}},
  };
  return all;
}

bool has_words(const std::vector<std::string>& command, std::string_view words) {
  const std::size_t space = words.find(' ');
  for (std::size_t at = 1; at < command.size(); ++at) {
    if (command[at] == "--") return false;
    if (command[at] != words.substr(0, space)) continue;
    if (space == std::string_view::npos) return true;
    if (at + 1 < command.size() && command[at + 1] == words.substr(space + 1)) return true;
  }
  return false;
}

/// Whether something else says what the agent may do: its settings in the repository or the
/// environment.
bool is_told_elsewhere(const Subject& subject, const AgentLaunch& launch, std::string_view agent) {
  const auto names = [&](std::string_view word) {
    const auto any = [&](const Entry& env) {
      return env.value.source().find(word) != std::string_view::npos;
    };
    return any(launch.workflow().env) || any(launch.job().env) || any(launch.step->env) ||
           any(launch.launch->env) ||
           launch.launch->run_text().find(word) != std::string_view::npos;
  };
  const auto restricts = [&](std::string_view file, std::string_view word) {
    const auto found = subject.project.beside().find(file);
    return found != subject.project.beside().end() && found->second.find(word) != std::string::npos;
  };
  if (agent.starts_with("goose")) return names("GOOSE_MODE");
  if (agent.starts_with("opencode"))
    return names("OPENCODE_PERMISSION") || names("OPENCODE_CONFIG") ||
           restricts("opencode.json", "\"permission\"") ||
           restricts("opencode.jsonc", "\"permission\"");
  if (agent.find("gemini") != std::string_view::npos)
    return restricts(".gemini/settings.json", "coreTools") ||
           restricts(".gemini/settings.json", "\"core\"") ||
           restricts(".gemini/settings.json", "xclude");
  if (agent.find("qwen") != std::string_view::npos)
    return restricts(".qwen/settings.json", "coreTools") ||
           restricts(".qwen/settings.json", "\"core\"") ||
           restricts(".qwen/settings.json", "xclude");
  return false;
}

/// How the command of a script lets its agent loose.
std::string loose_by_command(const Subject& subject, const AgentLaunch& launch) {
  for (const auto& words :
       agent_commands_in(script_of(*launch.launch).value.text(), subject.facts())) {
    const std::vector<std::string> command = agent_command(words, subject.facts());
    for (const LooseCommand& loose : loose_commands()) {
      if (begins_with(command, loose.command) == 0) continue;
      if (is_told_elsewhere(subject, launch, loose.command)) continue;
      if (loose.words.empty()) return std::string(loose.command);
      for (const std::string_view word : loose.words) {
        if (has_words(command, word)) return std::string(word);
      }
    }
  }
  return {};
}

/// What an action gives its agent unless an input names less.
std::string loose_by_action(const Subject& subject, const AgentLaunch& launch) {
  const AgentActionFact* fact = agent_action_fact(*launch.launch, subject.facts());
  if (fact == nullptr || fact->tools_input.empty()) return {};
  const Entry given = launch.launch->input(fact->tools_input);
  const std::string_view text = given.value.text();
  const bool is_told = std::any_of(
      fact->tools_words.begin(), fact->tools_words.end(),
      [&](const std::string& word) { return text.find(word) != std::string_view::npos; });
  // What an expression holds is not known.
  const bool is_unknown =
      given.value.has_expression() && text.find_first_not_of(" \n\t") == text.find("${{");
  if (is_told || is_unknown || is_told_elsewhere(subject, launch, to_lower(fact->uses))) return {};
  return "all its tools, since the action asks nobody and its `" + fact->tools_input +
         "` leaves none out,";
}

/// How the agent of a launch is let loose; empty when it is not known to be.
std::string how_loose(const Subject& subject, const AgentLaunch& launch) {
  const std::string_view tools = tools_of(launch.launch->node.source());
  if (!tools.empty()) return "`" + std::string(tools) + "`";
  if (std::string command = loose_by_command(subject, launch); !command.empty())
    return "`" + command + "`";
  return loose_by_action(subject, launch);
}

/// Whether a step of a job looks at the event that started the run.
struct LooksAtEvent {
  bool yes = false;
};

bool looks_at_event(const Subject& subject, const std::vector<Step>& steps) {
  return subject.memo
      .get<LooksAtEvent>(
          &steps,
          [&] {
            return LooksAtEvent{std::any_of(steps.begin(), steps.end(), [](const Step& step) {
              return mentions_any(step.node.source(), {"event_name", "eventName", "EVENT_NAME"});
            })};
          })
      .yes;
}

/// Whether an output that a condition asks for is decided, maybe, by the event: then it is not
/// known which of them reaches the launch.
bool is_decided_by_event(const Subject& subject, const AgentLaunch& launch) {
  const std::vector<const Expression*> all = conditions_of(subject, launch).all();
  const bool asks_output = std::any_of(all.begin(), all.end(), [](const Expression* condition) {
    const std::vector<Reference> named = references(*condition);
    return std::any_of(named.begin(), named.end(), [](const Reference& each) {
      return refers_into(each, {"needs"}) || refers_into(each, {"steps"});
    });
  });
  if (!asks_output) return false;
  return std::any_of(launch.path.begin(), launch.path.end(), [&](const JobPlace& place) {
    const auto needed = job_conditions_of(subject, *place.workflow).needed(*place.job);
    return looks_at_event(subject, place.job->steps) ||
           std::any_of(needed.begin(), needed.end(),
                       [&](const Job* job) { return looks_at_event(subject, job->steps); });
  });
}

/// The event by which an outsider reaches the launch, whom nothing asks.
const Start* way_in(const Subject& subject, const AgentLaunch& launch,
                    const std::vector<Start>& starts) {
  if (launch.is_likely || asks_for_write(*launch.launch, subject.facts())) return nullptr;
  for (const Start& start : starts) {
    if (!is_open(start)) continue;
    const Scope scope = scope_of_outsider(start);
    if (conditions_of(subject, launch).runs(scope) != Truth::yes &&
        is_decided_by_event(subject, launch))
      continue;
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
    const std::string tools = how_loose(subject, launch);
    if (tools.empty()) continue;
    const Start* start = way_in(subject, launch, starts);
    if (start == nullptr) continue;
    reported = &launch.own_job();
    sink.report(subject, launch.own_job().key,
                "anybody's `" + start->event +
                    "` starts this agent, nothing asks who it is, and the agent has " + tools +
                    " and a token with `" + permission +
                    "`: a text can make it change the repository; let it read only, and hand its "
                    "result to a job that writes")
        .related(subject, start->trigger->key, "started by this event")
        .related(subject, launch.place().key, "the agent is launched here");
  }
}

}  // namespace refgate::lint
