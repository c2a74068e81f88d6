// What a script asks before it comes to a command.

#include "lint/shell/script_questions.h"
#include "catch.h"
#include "rule_cases.h"

namespace refgate::lint {
namespace {

ScriptQuestions read(const std::string& script) {
  return questions_in(script, [](std::string_view name) { return name == "K" || name == "MODE"; });
}

bool asked(const std::string& script) {
  return all_asked(read(script), [](const std::vector<std::string>& words) {
    return words[0] == "agent" || words[0] == "xargs";
  });
}

}  // namespace

TEST_CASE("a script asks before it comes to a command") {
  for (const char* script : {"if [ -s todo ]; then\n  agent\nfi",
                             "[ -s todo ] && agent",
                             "[ -s todo ] || exit 0\nagent",
                             "[ -s todo ]\nagent",
                             "test -s todo\nagent",
                             "if ./look; then agent; fi",
                             "[[ $(gh issue list) ]] || exit\nagent",
                             "gh pr list | grep -q x && agent",
                             "git diff --quiet && exit 0\nagent",
                             "N=$(gh issue list | wc -l)\n[ $N -gt 0 ] && agent",
                             "if [ -n \"$K\" ] && [ -s todo ]; then agent; fi",
                             "for f in $LIST; do agent $f; done",
                             "for f in todo/*; do agent $f; done",
                             "gh pr list | while read -r x; do agent; done",
                             "cat list | xargs -n1 agent x",
                             "case $N in 1) agent ;; esac",
                             "make test || agent fix",
                             "make test || {\n agent fix\n}",
                             "./look || exit 0\nagent",
                             "./look && exit 0\nagent",
                             "if [ -s a ]; then\n  exit 0\nfi\nagent",
                             "(( $(wc -l < x) == 0 )) && exit 0\nagent",
                             "while [ -s todo ]; do agent; done",
                             "main() {\n  agent\n}\nif [ -s x ]; then main; fi",
                             "stop() { echo no; exit 0; }\n[ -s todo ] || stop\nagent",
                             "if\n  [ -s x ]\nthen\n  agent\nfi",
                             "[ -s a ] &&\n  agent",
                             "FOUND=0\nfor f in *.md; do FOUND=1; done\n[ $FOUND = 1 ] && agent",
                             "bash -c '[ -s x ] && agent'",
                             "[ \"${{ needs.a.outputs.b }}\" = x ] && agent",
                             "if [ -n \"$K\" ]; then\n  [ -s x ] || exit 0\nfi\nagent",
                             "for f in 1 2; do\n  [ -s $f ] || continue\n  agent\ndone"}) {
    INFO(script);
    CHECK(asked(script));
  }
  for (const char* script : {"agent \"Look for new issues if there is a test.\"",
                             "agent x",
                             "set -e\ncd a && agent",
                             "[ -z \"$K\" ] && exit 1\nagent",
                             "if [ -z \"$K\" ]; then\n  echo 'no key'\n  exit 1\nfi\nagent",
                             "test -n \"$K\" || { echo no; exit 1; }\nagent",
                             "[[ -n \"${K:-}\" ]] || exit 0\nagent",
                             "for i in 1 2; do agent; done",
                             "for i in {1..3}; do agent && break; done",
                             "for i in $(seq 1 3); do agent && break; sleep 9; done",
                             "while true; do agent; sleep 9; done",
                             "agent\nif [ -s x ]; then exit 1; fi",
                             "agent && [ -s x ]",
                             "agent > out\ntest -s out",
                             "if agent; then echo yes; fi",
                             "if ! agent; then exit 1; fi",
                             "until agent; do sleep 9; done",
                             "command -v agent || exit 1\nagent",
                             "if ! command -v agent; then\n  npm i -g agent\nfi\nagent",
                             "npm ci || exit 1\nagent",
                             "npm ci && agent",
                             "if [ \"$MODE\" = on ]; then agent; fi",
                             "i=0\nwhile [ $i -lt 3 ]; do agent && break; i=$((i+1)); done",
                             "agent <<EOF\nif [ -s x ]; then exit; fi\nEOF",
                             "echo 'if [ -s x ]'\nagent",
                             "# if [ -s x ]\nagent",
                             "if [ -s x ]; then echo yes; fi\nagent",
                             "[ -s x ] && echo yes\nagent",
                             "if [ -s x ]; then agent; fi\nagent",
                             "[ \"${{ secrets.K }}\" = '' ] && exit 1\nagent",
                             "x() { [ -s y ] && echo z; }\nagent",
                             "[ -s x ] || true\nagent",
                             "git pull\nagent"}) {
    INFO(script);
    CHECK_FALSE(asked(script));
  }
}

TEST_CASE("a script that may end its job by an answer") {
  for (const char* script : {"[ -s x ] || exit 1", "[ -s x ]", "if ./look; then exit 78; fi",
                             "git diff --quiet || gh run cancel $ID", "./look && exit 1"}) {
    INFO(script);
    CHECK(read(script).may_fail);
  }
  for (const char* script : {"[ -s x ] || exit 0", "[ -n \"$K\" ] || exit 1", "npm ci || exit 1",
                             "exit 1", "if [ -s x ]; then echo y; fi", "! [ -s x ]"}) {
    INFO(script);
    CHECK_FALSE(read(script).may_fail);
  }
  CHECK(read("echo no\nexit 1").always_fails);
  CHECK_FALSE(read("[ -s x ] || exit 1").always_fails);
}

TEST_CASE("agent-too-often: what a script asks") {
  const std::string workflow = R"(on: {schedule: [{cron: '*/10 * * * *'}]}
jobs:
  a:
    runs-on: ubuntu-latest
    env: {K: '${{ secrets.K }}', ON: '${{ vars.ON }}', PR: '${{ inputs.pr }}'}
    steps:
      %
)";
  const auto launch = [](const std::string& before) {
    return "- run: |\n          " + before + "\n          claude -p 'Look for new issues if any.'";
  };
  const auto earlier = [](const std::string& step) {
    return "- " + step + "\n      - run: claude -p x";
  };
  check("agent-too-often", workflow,
        {{launch("true"), 1},
         {launch("[ -z \"$K\" ] && exit 1"), 1},
         {launch("if [ \"$ON\" != yes ]; then exit 0; fi"), 1},
         {launch("[ -n \"$OPENAI_API_KEY\" ] || exit 1"), 1},
         {launch("for i in 1 2; do echo $i; done"), 1},
         {launch("[ -n \"$PR\" ] || exit 0"), 0},
         {launch("[ -s todo ] || exit 0"), 0},
         {launch("gh issue list | grep -q . || exit 0"), 0},
         {earlier("run: '[ -n \"$K\" ] || { echo no key; exit 1; }'"), 1},
         {earlier("run: npm ci || exit 1"), 1},
         {earlier("run: '[ -s todo ] || exit 0'"), 1},
         {earlier("run: '[ -s todo ] || exit 1'"), 0},
         {earlier("run: '[ -s todo ]'"), 0},
         {earlier("run: exit 1\n        if: steps.x.outputs.any != 'yes'"), 0},
         {earlier("run: exit 1\n        if: env.K == ''"), 1},
         {earlier("run: 'if a: exit(1)'\n        shell: python"), 1}});
}

TEST_CASE("self-trigger: what a script asks before it dispatches") {
  const std::string workflow = R"(on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-latest
    env: {K: '${{ secrets.K }}', ROUND: '${{ inputs.round }}'}
    steps:
      - run: |
          %
)";
  check(
      "self-trigger", workflow,
      {{"claude -p 'Do the next one if there is one.'\n          gh workflow run example.yml", 1},
       {"claude -p x && gh workflow run example.yml", 1},
       {"[ -n \"$K\" ] || exit 1\n          claude -p x\n          gh workflow run example.yml", 1},
       {"claude -p x\n          [ -s todo ] && gh workflow run example.yml", 0},
       {"claude -p x\n          [ \"$ROUND\" -lt 3 ] || exit 0\n          gh workflow run "
        "example.yml",
        0},
       {"claude -p x\n          gh workflow run example.yml\n          [ -s todo ] || exit 1", 1}});
}

TEST_CASE("relayed-start: what a script asks before it pushes") {
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
      - run: claude -p fix
      - run: |
          %
)";
  const auto ring = [&](const std::string& script) {
    return found("relayed-start",
                 MemoryFiles{{{".github/workflows/agent.yml", put_in(agent, "%", script)},
                              {".github/workflows/ci.yml",
                               "name: CI\non: push\njobs:\n  test:\n    runs-on: "
                               "ubuntu-latest\n    steps:\n      - run: make test\n"}}});
  };
  CHECK(ring("git commit -m 'Fix what the test says'\n          git push") == 1);
  CHECK(ring("echo 'if it fails'\n          git push\n          [ -s x ] && echo yes") == 1);
  CHECK(ring("if git diff --quiet; then exit 0; fi\n          git push") == 0);
  CHECK(ring("[ $TRIES -lt 3 ] && git push") == 0);
}

}  // namespace refgate::lint
