#include "store/command/git_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "os/trace.h"
#include "store/git/git_handle.h"
#include "store/git/git_runtime.h"
#include "store/store.h"

namespace refgate {
namespace {

bool user_has_ssh_command() {
  if (std::getenv("GIT_SSH_COMMAND") != nullptr || std::getenv("GIT_SSH") != nullptr) return true;
  ConfigHandle config;
  if (git_config_open_default(out(config)) < 0) return false;
  git_buf value = GIT_BUF_INIT;
  const bool found = git_config_get_string_buf(&value, config.get(), "core.sshcommand") == 0;
  git_buf_dispose(&value);
  return found;
}

}  // namespace

GitCommand::GitCommand()
    : interactive_(isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0),
      users_own_ssh_(user_has_ssh_command()) {
  const auto found = find_program("git");
  if (!found) {
    throw StoreError(StoreFailure::denied, "there is no git command in PATH; nothing was sent",
                     "install git, or give an https:// address and a token in REFGATE_TOKEN");
  }
  program_ = *found;
}

ChildResult GitCommand::run(const std::string& directory, std::vector<std::string> arguments,
                            std::string input,
                            std::chrono::steady_clock::time_point deadline) const {
  ChildCommand command;
  // No maintenance and no hooks of the user's in a repository that lives for a second.
  command.arguments = {program_, "--git-dir=" + directory, "-c", "gc.auto=0",
                       "-c",     "maintenance.auto=false", "-c", "core.hooksPath=/dev/null"};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.input = std::move(input);
  command.own_session = !interactive_;
  for (const char* name :
       {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX",
        "GIT_QUARANTINE_PATH", "GIT_SHALLOW_FILE", "GIT_CEILING_DIRECTORIES"}) {
    command.environment.emplace_back(name, std::nullopt);
  }
  command.environment.emplace_back("LC_ALL", "C");
  if (!interactive_) {
    command.environment.emplace_back("GIT_TERMINAL_PROMPT", "0");
    if (!users_own_ssh_)
      command.environment.emplace_back("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
  }
  const auto began = std::chrono::steady_clock::now();
  ChildResult result = run_child(command, deadline);
  // The verb alone: the words behind it hold the remote's address.
  trace([&] {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const auto verb = std::find_if(arguments.begin(), arguments.end(),
                                   [](const std::string& word) { return !word.starts_with('-'); });
    return "git " + (verb == arguments.end() ? std::string("without a verb") : *verb) + ": " +
           (result.timed_out ? std::string("did not end in time")
                             : "status " + std::to_string(result.status)) +
           ", " + std::to_string(command.input.size()) + " bytes in, " +
           std::to_string(result.output.size()) + " out, " + std::to_string(took.count()) + " ms";
  });
  return result;
}

}  // namespace refgate
