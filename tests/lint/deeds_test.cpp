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
         {"claude -p 'Say what this does:\n            gh pr create\n            well.'", 0},
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

TEST_CASE("self-trigger: an agent that is told to push") {
  const std::string action = R"(on: %
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: anthropics/claude-code-action@v1
        with:
          allowed_bots: '*'
          #
)";
  const auto told = [&](const std::string& with, const std::string& event = "pull_request") {
    return found("self-trigger", put_in(put_in(action, "%", event), "#", with));
  };
  CHECK(told("prompt: 'Fix it, git commit -am fix and git push.'") == 1);
  CHECK(told("prompt: Fix it. Commit and push.") == 1);
  CHECK(told("prompt: Fix it, commit and push.") == 1);
  CHECK(told("prompt: Fix it and push your changes.") == 1);
  CHECK(told("prompt: Fix it.\n          claude_args: --allowedTools \"Bash(git push:*)\"") == 1);
  CHECK(told("prompt: Fix it and git push.", "{push: {branches: [main]}}") == 1);
  CHECK(told("prompt: Fix it.") == 0);
  CHECK(told("prompt: 'Fix it, but do not git push.'") == 0);
  CHECK(told("prompt: Never git push.") == 0);
  CHECK(told("prompt: Fix it.\n          claude_args: --disallowedTools \"Bash(git push:*)\"") ==
        0);
  CHECK(told("prompt: Fix it.\n          settings: '{\"permissions\": {\"allow\": [\"Read\"], "
             "\"deny\": [\"Bash(git push:*)\"]}}'") == 0);
  CHECK(told("prompt: Fix it and git push.", "{pull_request: {types: [opened]}}") == 0);
  CHECK(told("prompt: Fix it and git push.\n          github_token: ${{ github.token }}") == 0);
  CHECK(found("self-trigger",
              put_in(put_in(put_in(action, "%", "pull_request"), "allowed_bots: '*'", "x: y"), "#",
                     "prompt: Fix it and git push.")) == 0);
  const auto finding = finding_of(
      "self-trigger", put_in(put_in(action, "%", "pull_request"), "#", "prompt: x && git push"));
  REQUIRE(finding);
  CHECK(finding->confidence == Confidence::medium);

  const std::string command = R"(on: pull_request
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with: {ref: '${{ github.head_ref }}', token: '${{ secrets.PAT }}'}
      - run: |
          %
)";
  const Rows rows = {{"claude -p 'Fix it, then git push.'", 1},
                     {"claude -p 'Fix it.' --allowedTools 'Bash(git push:*)'", 1},
                     {"timeout 9m codex exec \"Fix it, commit and push\"", 1},
                     {"claude -p 'Fix it.' --disallowedTools 'Bash(git push:*)'", 0},
                     {"claude -p 'Fix it.'  # and git push", 0},
                     {"claude -p 'Fix it.'", 0}};
  check("self-trigger", command, rows);
  check("self-trigger", put_in(command, "secrets.PAT", "github.token"),
        {{"claude -p 'Fix it, then git push.'", 0}});
  const std::string comments = R"(on: issue_comment
jobs:
  a:
    runs-on: ubuntu-latest
    env: {GH_TOKEN: '${{ secrets.PAT }}'}
    steps:
      - run: |
          %
)";
  check("self-trigger", comments,
        {{"claude -p 'Answer by gh issue comment.'", 1}, {"claude -p 'Answer.'", 0}});
}

TEST_CASE("relayed-start: an agent that is told to push") {
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
        with: {ref: '${{ github.event.workflow_run.head_branch }}'}
      - uses: anthropics/claude-code-action@v1
        with:
          github_token: ${{ secrets.PAT }}
          prompt: %
)";
  CHECK(relayed(put_in(agent, "%", "Fix it and git push.")) == 1);
  CHECK(relayed(put_in(agent, "%", "Fix it.")) == 0);
  CHECK(relayed(put_in(agent, "%", "Look. Do not git push.")) == 0);
  CHECK(relayed(put_in(put_in(agent, "%", "Fix and git push."), "secrets.PAT", "github.token")) ==
        0);
}

}  // namespace refgate::lint
