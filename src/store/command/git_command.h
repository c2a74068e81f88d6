#pragma once
// The user's own `git`, told to leave us alone: no prompts without a terminal, none of the
// variables by which git hooks speak to git.

#include <chrono>
#include <string>
#include <vector>

#include "os/process/child_process.h"

namespace refgate {

class GitCommand {
 public:
  /// Throws StoreError (denied) when there is no `git`.
  GitCommand();

  /// `git --git-dir=<directory> <arguments>`.
  ChildResult run(const std::string& directory, std::vector<std::string> arguments,
                  std::string input, std::chrono::steady_clock::time_point deadline) const;

 private:
  std::string program_;
  bool interactive_;
  bool users_own_ssh_;
};

}  // namespace refgate
