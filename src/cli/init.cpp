// init: a first gated workflow, the hook and the linter's configuration, for a repository that has
// none.

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "call/commands.h"
#include "runner/runner.h"

namespace refgate {
namespace {

namespace fs = std::filesystem;

struct Template {
  const char* path;
  const char* text;
};

constexpr Template templates[] = {
    {".github/workflows/agent.yml", R"(name: Agent

on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: write   # the state lies in refs of this repository
  actions: read     # lets a gate see that the run which holds the work has ended

jobs:
  agent:
    runs-on: ubuntu-latest
    timeout-minutes: 60
    steps:
      # First, before anything that costs. Workflows that do the same work name the same share: (with: share: NAME)
      - id: gate
        uses: refgate/refgate@v1

      - if: steps.gate.outputs.skip_execution == 'false'
        uses: actions/checkout@v4

      - if: steps.gate.outputs.skip_execution == 'false'
        run: echo 'put the agent here'

      # Also after a failure or a cancellation; a job that was told to skip changes nothing by it.
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: finish
)"},
    {".github/refgate.yml",
     R"(# What the linter should know of this repository; refgate lint --explain RULE tells each rule's options.
rules: {}
)"},
    {".pre-commit-config.yaml", R"(repos:
  - repo: https://github.com/refgate/refgate
    rev: v1
    hooks:
      - id: refgate
)"},
};

void write(const fs::path& path, const char* text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file)
    throw UsageError(path.string() + " could not be written (" + std::strerror(errno) + ")");
}

}  // namespace

int command_init(const Invocation& call) {
  const fs::path root = call.arguments[0].empty() ? fs::path(".") : fs::path(call.arguments[0]);
  std::error_code error;
  if (!fs::is_directory(root, error))
    throw UsageError(root.string() + " is no folder; nothing was written");
  for (const Template& file : templates) {
    const fs::path path = root / file.path;
    const std::string name = escape_for(Place::line, path.lexically_normal().string());
    // A link that leads nowhere is something of the user's, too.
    if (fs::symlink_status(path, error).type() != fs::file_type::not_found) {
      call.out << "kept     " << name << " (it is there already)\n";
    } else if (call.flag("dry-run")) {
      call.out << "would write " << name << ":\n" << file.text << "\n";
    } else {
      write(path, file.text);
      call.out << "written  " << name << "\n";
    }
  }
  if (!call.flag("dry-run"))
    call.out << "Next: put the agent into .github/workflows/agent.yml, and try: refgate lint\n";
  return exit_done;
}

}  // namespace refgate
