// What an agent's job does under a name that starts workflows, and what its scripts ask before.

#include "catch.h"
#include "rule_cases.h"

namespace refgate::lint {
namespace {

/// Workflows beside a CI that runs for each pull request and each push.
std::size_t relayed(const std::string& agent) {
  return found("relayed-start",
               MemoryFiles{{{".github/workflows/agent.yml", agent},
                            {".github/workflows/ci.yml",
                             "name: CI\non: [push, pull_request]\njobs:\n  test:\n    runs-on: "
                             "ubuntu-latest\n    steps:\n      - run: make test\n"}}});
}

}  // namespace

TEST_CASE("self-trigger: the agent's own script pushes or comments") {
  const std::string pushing = R"(on: {push: {branches: [main]}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {token: '${{ secrets.PAT }}'}
      - run: |
          %
)";
  check("self-trigger", pushing,
        {{"claude -p 'Tidy up.'\n          git commit -am Tidy\n          git push", 1},
         {"claude -p 'Tidy up.' && git commit -am Tidy && git push origin HEAD:main", 1},
         {"timeout 9m bash -c 'codex exec tidy'\n          git push origin main", 1},
         // Words of a prompt, and of a text, are no commands.
         {"claude -p 'Say how to use\n            git push\n            well.'", 0},
         {"claude -p x\n          echo 'git push'", 0},
         {"claude -p x\n          git push --dry-run", 0},
         {"claude -p x\n          git push origin HEAD:docs", 0},
         {"claude -p x\n          git commit -m 'x [skip ci]' && git push", 0},
         {"claude -p x\n          git commit -am Tidy", 0}});
  check("self-trigger", put_in(pushing, "secrets.PAT", "github.token"),
        {{"claude -p 'Tidy up.'\n          git push", 0}});
  const std::string commenting = R"(on: issue_comment
jobs:
  a:
    if: contains(github.event.comment.body, '@agent')
    runs-on: ubuntu-latest
    steps:
      - env: {GH_TOKEN: '${{ secrets.PAT }}'}
        run: |
          %
)";
  check("self-trigger", commenting,
        {{"codex exec x > out.md\n          gh issue comment 1 --body-file out.md", 1},
         {"codex exec x | gh issue comment 1 --body-file -", 1},
         {"gh issue comment 1 --body \"$(claude -p x)\"", 1},
         {"ANSWER=$(claude -p x)\n          gh issue comment 1 --body \"$ANSWER\"", 1},
         // The words are the script's own, and none of those that start it.
         {"claude -p x\n          gh issue comment 1 --body 'It is done.'", 0},
         {"claude -p x\n          gh issue comment 1 --body 'Done, @agent.'", 1},
         {"claude -p x > out.md", 0}});
}

TEST_CASE("relayed-start: the agent's own script pushes") {
  const std::string agent = R"(on:
  workflow_run:
    workflows: [CI]
    types: [completed]
jobs:
  fix:
    if: github.event.workflow_run.conclusion == 'failure'
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          token: ${{ secrets.PAT }}
          ref: ${{ github.event.workflow_run.head_branch }}
      - run: |
          %
)";
  const auto ring = [&](const std::string& script) { return relayed(put_in(agent, "%", script)); };
  CHECK(ring("claude -p fix\n          git commit -am fixed\n          git push") == 1);
  CHECK(ring("claude -p fix\n          git commit -am fixed") == 0);
  CHECK(ring("claude -p 'Run git commit, and do not git push.'") == 0);
}

}  // namespace refgate::lint
