#include "lint/agents/checkout_token.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lint/expression/expression_value.h"
#include "lint/github/own_action.h"
#include "lint/shell/git_words.h"
#include "lint/shell/shell_commands.h"
#include "lint/text/mention.h"

namespace refgate::lint {
namespace {

/// Commands of git that ask the remote for something, whatever options git itself has before them.
bool asks_remote(const std::vector<std::string>& command) {
  const std::size_t at = git_command_at(command);
  constexpr auto asking = std::to_array<std::string_view>(
      {"push", "fetch", "pull", "lfs", "ls-remote", "submodule", "send-pack", "subtree"});
  return at > 0 && std::find(asking.begin(), asking.end(), command[at]) != asking.end();
}

/// Actions that commit and push as the checkout left them to.
constexpr auto pushing_actions = std::to_array<std::string_view>(
    {"stefanzweifel/git-auto-commit-action", "EndBug/add-and-commit", "ad-m/github-push-action",
     "github-actions-x/commit", "devops-infra/action-commit-push", "actions-js/push",
     "changesets/action", "cycjimmy/semantic-release-action"});

}  // namespace

const Step* uses_checkout_token(const Job& job) {
  const auto found = std::find_if(job.steps.begin(), job.steps.end(), [](const Step& step) {
    // Words of a prompt or a script's name count: what they lead to is not seen.
    for (const Entry& words : {step.name, step.uses, step.run, step.with, step.env})
      if (words && mentions_any(to_lower(words.value.source()),
                                {"push", "git commit", "create-pull-request", "commit and",
                                 "git fetch", "git pull", "gh-deploy", "gh-pages",
                                 "semantic-release", "release-it", "lerna", "changeset"}))
        return true;
    if (std::any_of(pushing_actions.begin(), pushing_actions.end(), [&](std::string_view action) {
          return matches_action(step.uses_text(), action);
        }))
      return true;
    const std::string_view script = script_of(step).value.text();
    if (script.find("git") == std::string_view::npos) return false;
    std::vector<std::vector<std::string>> commands = shell_commands(script);
    return std::any_of(commands.begin(), commands.end(), [](std::vector<std::string>& words) {
      return asks_remote(launched_command(std::move(words)));
    });
  });
  return found == job.steps.end() ? nullptr : &*found;
}

bool pushes_by_itself(const AgentLaunch& launch, const Facts& facts) {
  const AgentActionFact* fact = agent_action_fact(*launch.launch, facts);
  return fact != nullptr && !fact->app_login.empty() && !launch.launch->input("prompt");
}

bool keeps_token(const Step& step) {
  if (!matches_action(step.uses_text(), "actions/checkout")) return false;
  const Entry keeps = step.input("persist-credentials");
  // The action keeps it for `true`, in any case of letters, and for nothing else.
  if (keeps && (keeps.value.has_expression() || !same_name(keeps.value.text(), "true")))
    return false;
  const Entry token = step.input("token");
  return !token || !token.value.text().empty();
}

}  // namespace refgate::lint
