// fork-code-before-agent: what brings a fork's code, and what keeps the agent out of it.

#include "catch.h"
#include "rule_cases.h"

namespace refgate::lint {
namespace {

constexpr const char* rule = "fork-code-before-agent";

/// A run of `event`, with the steps at `%` before the agent.
std::string run_of(const std::string& event, const std::string& job = "") {
  return "on:\n  " + event + "\nenv:\n  KEY: ${{ secrets.KEY }}\njobs:\n  a:\n" + job +
         "    runs-on: ubuntu-latest\n    steps:\n      %\n      - run: claude -p x\n";
}

std::string checkout(const std::string& with, const std::string& version = "v4.2.2") {
  return "- uses: actions/checkout@" + version + "\n        with: {" + with + "}";
}

constexpr const char* head = "ref: '${{ github.event.pull_request.head.sha }}'";
constexpr const char* run_head = "ref: '${{ github.event.workflow_run.head_sha }}'";
constexpr const char* run_event = "workflow_run: {workflows: [CI], types: [completed]}";

}  // namespace

TEST_CASE("fork-code-before-agent: forms of a checkout") {
  check(
      rule, run_of("pull_request_target:"),
      {{checkout(head), 1},
       {checkout("ref: 'refs/pull/${{ github.event.number }}/head'"), 1},
       {checkout("ref: 'refs/pull/${{ github.event.pull_request.number }}/merge'"), 1},
       {checkout("ref: '${{ github.event.pull_request.merge_commit_sha }}'"), 1},
       {checkout("repository: '${{ github.event.pull_request.head.repo.full_name }}', ref: '${{ "
                 "github.head_ref }}'"),
        1},
       {checkout("ref: '${{ github.event.pull_request.head.sha || github.sha }}'"), 1},
       {"- run: git fetch origin pull/${{ github.event.number }}/head && git checkout FETCH_HEAD",
        1},
       {"- run: git checkout \"$SHA\"\n        env: {SHA: '${{ "
        "github.event.pull_request.head.sha }}'}",
        1},
       {"- run: |\n          git remote add fork ${{ github.event.pull_request.head.repo.clone_url "
        "}}\n          git fetch fork\n          git checkout fork/${{ github.head_ref }}",
        1},
       {"- run: gh pr checkout 7", 1},
       {"- id: s\n        run: echo \"sha=${{ github.event.pull_request.head.sha }}\" >> "
        "$GITHUB_OUTPUT\n      " +
            checkout("ref: '${{ steps.s.outputs.sha }}'"),
        1},
       // The base, a branch of this repository, a folder, files for reading.
       {"- uses: actions/checkout@v4.2.2", 0},
       {checkout("ref: '${{ github.head_ref }}'"), 0},
       {checkout("ref: '${{ github.event.pull_request.base.sha }}'"), 0},
       {checkout(std::string(head) + ", path: change"), 0},
       {checkout(head) + "\n      - uses: actions/checkout@v4.2.2", 0},
       {"- run: git fetch origin pull/${{ github.event.number }}/head && git diff FETCH_HEAD", 0},
       {"- run: git checkout ${{ github.event.pull_request.head.sha }} -- docs", 0},
       {"- if: github.event_name == 'push'\n        uses: actions/checkout@v4.2.2\n        with: "
        "{ref: '${{ github.event.pull_request.head.sha }}'}",
        0},
       {checkout(head) + "\n      - run: git checkout origin/main -- .claude CLAUDE.md", 0}});
}

TEST_CASE("fork-code-before-agent: versions that refuse a fork are a note") {
  const auto severity = [](const std::string& version) {
    const std::optional<Finding> finding =
        finding_of(rule, put_in(run_of("pull_request_target:"), "%", checkout(head, version)));
    return finding ? std::string(name_of(finding->severity)) + " " +
                         std::string(name_of(finding->confidence))
                   : std::string();
  };
  const std::string commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
  CHECK(severity("v1") == "warning high");
  CHECK(severity("v4.2.2") == "warning high");
  CHECK(severity("v6.0.3") == "warning high");
  CHECK(severity("v4") == "note high");
  CHECK(severity("v4.4.0") == "note high");
  CHECK(severity("v7") == "note high");
  CHECK(severity("v8.0.0") == "note high");
  CHECK(severity(commit) == "warning medium");
  CHECK(severity(commit + " # v4.2.2") == "warning high");
  CHECK(severity(commit + " # v7.0.0") == "note high");
}

TEST_CASE("fork-code-before-agent: who reaches the job") {
  const std::string types = "pull_request_target: {types: [%]}";
  const auto with_types = [&](const std::string& list) {
    return found(rule, put_in(run_of(put_in(types, "%", list)), "%", checkout(head)));
  };
  CHECK(with_types("opened, synchronize") == 1);
  CHECK(with_types("labeled") == 0);
  const auto behind = [](const std::string& condition) {
    return found(rule, put_in(run_of("pull_request_target:", "    if: " + condition + "\n"), "%",
                              checkout(head)));
  };
  CHECK(behind("github.event.pull_request.draft == false") == 1);
  CHECK(behind("github.actor != 'dependabot[bot]'") == 1);
  CHECK(behind("'!github.event.pull_request.head.repo.fork'") == 0);
  CHECK(behind("github.event.pull_request.head.repo.full_name == github.repository") == 0);
  CHECK(behind("github.event.pull_request.author_association == 'MEMBER'") == 0);
  CHECK(behind("contains(github.event.pull_request.labels.*.name, 'review')") == 1);
  const auto listener = [](const std::string& condition, const std::string& source) {
    return found(rule,
                 MemoryFiles{{{".github/workflows/agent.yml",
                               put_in(run_of(run_event, condition), "%", checkout(run_head))},
                              {".github/workflows/ci.yml",
                               "name: CI\non: " + source +
                                   "\njobs:\n  t:\n    runs-on: x\n    steps: [{run: make}]\n"}}});
  };
  CHECK(listener("", "pull_request") == 1);
  CHECK(listener("", "[push, pull_request_target]") == 1);
  CHECK(listener("", "push") == 0);
  CHECK(listener("    if: github.event.workflow_run.event == 'push'\n", "[push, pull_request]") ==
        0);
  CHECK(listener("    if: github.event.workflow_run.event == 'pull_request'\n", "pull_request") ==
        1);
  CHECK(listener("    if: github.event.workflow_run.head_repository.full_name == "
                 "github.repository\n",
                 "pull_request") == 0);
  CHECK(listener("    environment: agents\n", "pull_request") == 0);
  // Of a fork's run the event names no pull request.
  const auto checked_out = [](const std::string& ref) {
    return found(rule, put_in(run_of(run_event), "%", checkout("ref: '" + ref + "'")));
  };
  CHECK(checked_out("refs/pull/${{ github.event.workflow_run.pull_requests[0].number }}/head") ==
        0);
  CHECK(checked_out("refs/pull/${{ steps.find.outputs.number }}/head") == 1);
  CHECK(checked_out("${{ github.event.workflow_run.head_branch }}") == 0);
}

TEST_CASE("fork-code-before-agent: where the agent works, and what it has") {
  const std::string two = R"(on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4.2.2
      - uses: actions/checkout@v4.2.2
        with: {ref: '${{ github.event.pull_request.head.sha }}', path: change}
      - uses: example/claude-code-action@v1
        with:
          key: ${{ secrets.KEY }}
          prompt: x
          %
)";
  check(rule, two,
        {{"cwd: .", 0}, {"working-directory: change", 1}, {"working-directory: ./change/", 1}});
  const std::string command = put_in(run_of("pull_request_target:"), "%", checkout(head));
  CHECK(found(rule, put_in(command, "claude -p x", "cd /tmp/empty && claude -p x")) == 0);
  CHECK(found(rule, put_in(command, "claude -p x", "cd src && claude -p x")) == 1);
  CHECK(found(rule, put_in(command, "claude -p x", "claude --setting-sources user -p x")) == 0);
  CHECK(found(rule, put_in(command, "claude -p x", "make")) == 0);
  CHECK(found(rule, put_in(command, "  KEY: ${{ secrets.KEY }}", "  A: b")) == 0);
}

TEST_CASE("fork-code-before-agent: each launch of a job is asked") {
  const std::string base = "- uses: actions/checkout@v4.2.2";
  const std::string fork = checkout(head);
  const std::string agent = "\n      - run: claude -p y\n      ";
  check(rule, run_of("pull_request_target:"),
        {{base + agent + fork, 1},
         {fork + agent + fork, 1},
         {"- run: claude --bare -p y\n      " + fork, 1},
         {base + agent + base, 0},
         {fork + "\n      " + base + agent + base, 0}});
  // Whether a job has secrets is asked of each on its own.
  const std::string two = R"(on: pull_request_target
jobs:
  a:
    runs-on: ubuntu-latest
    %
    steps:
      - uses: actions/checkout@v4.2.2
        with: {ref: '${{ github.event.pull_request.head.sha }}'}
      - run: claude -p x
  b:
    runs-on: ubuntu-latest
    #
    steps:
      - uses: actions/checkout@v4.2.2
        with: {ref: '${{ github.event.pull_request.head.sha }}'}
      - run: claude -p x
)";
  const std::string key = "env: {KEY: '${{ secrets.KEY }}'}";
  check(rule, put_in(two, "#", key), {{key, 2}, {"timeout-minutes: 5", 1}});
  check(rule, put_in(two, "#", "timeout-minutes: 5"), {{key, 1}, {"timeout-minutes: 5", 0}});
}

TEST_CASE("fork-code-before-agent: of its own script what comes before the agent") {
  const std::string script = put_in(put_in(run_of("pull_request_target:"), "      %\n", ""),
                                    "run: claude -p x", "run: |\n          %");
  check(rule, script,
        {{"gh pr checkout 7\n          claude -p x", 1},
         {"claude -p x\n          gh pr checkout 7\n          claude -p y", 1},
         {"gh pr checkout 7\n          bash -c 'claude -p x'", 1},
         {"claude -p x\n          gh pr checkout 7", 0},
         {"claude -p x && gh pr checkout 7 && make", 0},
         {"claude -p x\n          git fetch origin pull/7/head\n          "
          "git checkout ${{ github.event.pull_request.head.sha }}",
          0}});
}

TEST_CASE("fork-code-before-agent: the folder of a clone") {
  const std::string clone =
      "git clone https://github.com/${{ "
      "github.event.pull_request.head.repo.full_name }}";
  const std::string script = put_in(put_in(run_of("pull_request_target:"), "      %\n", ""),
                                    "run: claude -p x", "run: |\n          %");
  const std::string agent = " && claude -p x";
  check(rule, script,
        {{clone + " pr && cd pr" + agent, 1},
         {clone + " ." + agent, 1},
         {"cd work && " + clone + " pr && cd pr" + agent, 1},
         {"cd work && " + clone + " ." + agent, 1},
         {clone + ".git && cd name" + agent, 1},
         {clone + " --depth 1 && cd name" + agent, 1},
         {clone + " pr" + agent, 0},
         {clone + ".git" + agent, 0},
         {clone + " pr && cd other" + agent, 0}});
}

TEST_CASE("fork-code-before-agent: where a command of git works") {
  const std::string sha = "${{ github.event.pull_request.head.sha }}";
  const std::string script = put_in(put_in(run_of("pull_request_target:"), "      %\n", ""),
                                    "run: claude -p x", "run: |\n          %");
  check(rule, script,
        {{"git -C pr checkout " + sha + "\n          cd pr && claude -p x", 1},
         {"git -C . checkout " + sha + "\n          claude -p x", 1},
         {"/usr/bin/git checkout " + sha + "\n          claude -p x", 1},
         {"D=pr\n          cd $D && git checkout " + sha + " && claude -p x", 1},
         {"cd pr && git checkout " + sha + "\n          cd .. && cd pr && claude -p x", 1},
         {"pushd pr && git checkout " + sha + " && claude -p x", 1},
         {"git -C pr checkout " + sha + "\n          claude -p x", 0},
         {"git -C /tmp/pr checkout " + sha + "\n          claude -p x", 0},
         {"git --work-tree=pr checkout " + sha + "\n          claude -p x", 0},
         {"cd pr && git checkout " + sha + "\n          cd .. && claude -p x", 0},
         {"pushd pr && git checkout " + sha + "\n          popd && claude -p x", 0}});
}

TEST_CASE("fork-code-before-agent: what a job before it hands on") {
  const std::string jobs = R"(on: pull_request_target
env: {KEY: '${{ secrets.KEY }}'}
jobs:
  find:
    runs-on: ubuntu-latest
    outputs: {sha: '${{ % }}'}
    steps: [{run: make}]
  a:
    needs: find
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4.2.2
        with: {ref: '${{ needs.find.outputs.sha }}'}
      - run: claude -p x
  b:
    needs: find
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4.2.2
        with: {ref: '${{ needs.find.outputs.sha }}'}
      - run: claude -p y
)";
  check(rule, jobs,
        {{"github.event.pull_request.head.sha", 2}, {"github.event.pull_request.base.sha", 0}});
}

TEST_CASE("fork-code-before-agent: a ref that is handed on to a called workflow") {
  const auto calling = [](const std::string& with, const std::string& ref) {
    return found(rule, MemoryFiles{{{".github/workflows/a.yml", R"(on: pull_request_target
jobs:
  a:
    uses: ./.github/workflows/b.yml
    secrets: inherit
    with: {)" + with + "}\n"},
                                    {".github/workflows/b.yml", R"(on:
  workflow_call:
    inputs: {ref: {type: string}}
jobs:
  b:
    runs-on: x
    steps:
      - uses: actions/checkout@v4.2.0
        with: {ref: ')" + ref + R"('}
      - run: claude -p x
        env: {KEY: '${{ secrets.KEY }}'}
)"}}});
  };
  CHECK(calling(head, "${{ inputs.ref }}") == 1);
  CHECK(calling("REF: '${{ github.event.pull_request.head.sha }}'", "${{ inputs.ref }}") == 1);
  CHECK(calling("ref: 'refs/pull/${{ github.event.number }}/merge'", "${{ inputs.ref }}") == 1);
  CHECK(calling("ref: main", "${{ inputs.ref }}") == 0);
  CHECK(calling("ref: '${{ github.event.pull_request.base.sha }}'", "${{ inputs.ref }}") == 0);
  CHECK(calling("other: '${{ github.event.pull_request.head.sha }}'", "${{ inputs.ref }}") == 0);
  CHECK(calling(head, "${{ github.sha }}") == 0);
}

TEST_CASE("fork-code-before-agent: a ref that is handed on to a local action") {
  const auto acting = [](const std::string& with, const std::string& steps,
                         const std::string& agent = "      - run: claude -p x\n") {
    return found(rule, MemoryFiles{{{".github/workflows/a.yml",
                                     R"(on: pull_request_target
env: {KEY: '${{ secrets.KEY }}'}
jobs:
  a:
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/co
        with: {)" + with + "}\n" + agent},
                                    {".github/actions/co/action.yml", R"(name: co
inputs: {ref: {required: true}}
runs:
  using: composite
  steps:
)" + steps}}});
  };
  const std::string inner =
      "    - uses: actions/checkout@v4.2.0\n      with: {ref: '${{ inputs.ref }}'}\n";
  const std::string script =
      "    - shell: bash\n      run: git fetch origin ${{ inputs.ref }} && git checkout "
      "${{ inputs.ref }}\n";
  CHECK(acting(head, inner) == 1);
  CHECK(acting(head, script) == 1);
  CHECK(acting("ref: main", inner) == 0);
  CHECK(acting(head, "    - uses: actions/checkout@v4.2.0\n") == 0);
  CHECK(acting(head, inner + "    - uses: actions/checkout@v4.2.0\n") == 0);
  const std::string claude = "    - shell: bash\n      run: claude -p x\n";
  CHECK(acting(head, inner + claude, "") == 1);
  CHECK(acting(head, claude + inner, "") == 0);
  CHECK(acting("ref: main", inner + claude, "") == 0);
}

TEST_CASE("fork-code-before-agent: a script goes back to the base") {
  const std::string after =
      put_in(run_of("pull_request_target"), "%", checkout(head) + "\n      %");
  check(rule, after,
        {{"- run: git checkout ${{ github.event.pull_request.base.sha }}", 0},
         {"- run: git checkout --force origin/${{ github.base_ref }}", 0},
         {"- run: git switch main", 0},
         {"- run: git reset --hard ${{ github.sha }}", 0},
         {"- {run: 'git checkout \"$BASE\"', env: {BASE: '${{ "
          "github.event.pull_request.base.sha }}'}}",
          0},
         {"- run: git -C other checkout main", 1},
         {"- run: git checkout main -- src", 1},
         {"- run: git checkout -b agent", 1},
         {"- run: git merge main", 1},
         {"- run: git checkout \"$REF\"", 1},
         {"- run: git checkout main && git checkout ${{ github.event.pull_request.head.sha }}", 1},
         {"- run: git log", 1}});
}

}  // namespace refgate::lint
