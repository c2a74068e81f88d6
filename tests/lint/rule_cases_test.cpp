// Small workflows and what one rule says of them: how often. What a page of lint-rules/ shows is
// not repeated here; these are the other forms of a kind, and the neighbours that stay silent.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "call/settings.h"
#include "catch.h"
#include "lint/github/own_action.h"
#include "lint/run/lint.h"
#include "memory_files.h"

namespace refgate::lint {
namespace {

std::string put_in(std::string text, std::string_view mark, std::string_view value) {
  const std::size_t at = text.find(mark);
  REQUIRE(at != std::string::npos);
  return text.replace(at, mark.size(), value);
}

std::size_t found(std::string_view rule, const MemoryFiles& files) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : files.texts)
    paths.push_back(path);
  LintConfig config;
  const std::vector<Finding> findings = lint(files.project(paths), config);
  for (const Finding& finding : findings)
    REQUIRE(finding.rule != "syntax");
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const Finding& each) { return each.rule == rule; }));
}

std::size_t found(std::string_view rule, const std::string& text) {
  return found(rule, MemoryFiles{{{".github/workflows/example.yml", text}}});
}

/// A text that is put in at `%`, and how many findings that gives.
using Rows = std::vector<std::pair<std::string, std::size_t>>;

void check(std::string_view rule, const std::string& workflow, const Rows& rows) {
  for (const auto& [text, count] : rows) {
    INFO(text);
    CHECK(found(rule, put_in(workflow, "%", text)) == count);
  }
}

constexpr const char* gate_job = R"(on: [push, pull_request]
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      skip: ${{ steps.gate.outputs.skip_execution }}
      attempt: ${{ steps.gate.outputs.run_attempt }}
    steps:
      - id: gate
        uses: refgate/refgate@v1
  b:
    needs: gate
    if: needs.gate.outputs.skip == 'false'
    runs-on: ubuntu-latest
    outputs:
      done: ${{ steps.make.outputs.done }}
    steps:
      - id: make
        run: make
)";

}  // namespace

TEST_CASE("missing-guard: an agent behind a job that a skip leaves out") {
  const std::string further = std::string(gate_job) + R"(  w:
    needs: b
    if: %
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  check("missing-guard", further,
        {{"always()", 1},
         {"'!cancelled()'", 1},
         {"'!failure()'", 1},
         {"always() && needs.b.result != 'failure'", 1},
         {"always() && needs.b.result == 'skipped'", 1},
         {"always() && !contains(needs.*.result, 'failure')", 1},
         {"always() && github.event.pull_request.draft == false", 1},
         // Neighbours.
         {"always() && needs.b.result == 'success'", 0},
         {"always() && needs.b.result != 'skipped'", 0},
         {"always() && !contains(needs.*.result, 'skipped')", 0},
         {"always() && needs.b.outputs.done == 'yes'", 0},
         {"success()", 0},
         {"failure()", 0},
         {"needs.b.result == 'skipped'", 0},
         {"always() && newfunction(needs.b.result)", 0}});
  // No agent; an agent that asks by itself; a gate of its own.
  CHECK(found("missing-guard", put_in(put_in(further, "%", "always()"), "claude -p x", "echo x")) ==
        0);
  CHECK(found("missing-guard", put_in(put_in(further, "%", "always()"), "- run: claude",
                                      "- if: needs.b.result == 'success'\n        run: claude")) ==
        0);
  CHECK(found("missing-guard",
              put_in(put_in(further, "%", "always()"), "- run: claude",
                     "- id: own\n        uses: refgate/refgate@v1\n      - if: "
                     "steps.own.outputs.skip_execution == 'false'\n        run: claude")) == 0);
  // Two jobs on, and behind another gate.
  const std::string chain = std::string(gate_job) + R"(  c:
    needs: b
    runs-on: ubuntu-latest
    steps:
      - run: make more
  w:
    needs: c
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: x
)";
  CHECK(found("missing-guard", chain) == 1);
  const std::string other = put_in(
      put_in(put_in(chain, "uses: refgate/refgate@v1", "uses: fkirc/skip-duplicate-actions@v5"),
             "steps.gate.outputs.skip_execution", "steps.gate.outputs.should_skip"),
      "skip == 'false'", "skip != 'true'");
  CHECK(found("missing-guard", other) == 1);
}

TEST_CASE("rerun-loop: a bound in a script, by the attempt of the run that failed") {
  const std::string workflow = R"(on:
  workflow_run:
    workflows: [CI]
    types: [completed]
jobs:
  again:
    if: github.event.workflow_run.conclusion == 'failure'%
)";
  const std::string step = R"(
    runs-on: ubuntu-latest
    steps:
      - env:
          A: ${{ github.event.workflow_run.run_attempt }}
          GH_TOKEN: ${{ github.token }}
        run: |
          )";
  const std::string id = "gh run rerun ${{ github.event.workflow_run.id }}";
  const auto own = [](std::string text) {
    return put_in(std::move(text), "github.event.workflow_run.run_attempt", "github.run_attempt");
  };
  check("rerun-loop", workflow,
        {{step + "[ \"$A\" -lt 3 ] && " + id, 0},
         {step + "if [ $A -lt 3 ]; then\n            " + id + "\n          fi", 0},
         {step + "[ \"$A\" -ge 3 ] && exit 0\n          " + id, 0},
         {step + "if (( A < 3 )); then " + id + "; fi", 0},
         {step + "n=$(gh run view 1 --json attempt --jq .attempt)\n          [ $n -lt 3 ] && " + id,
          0},
         {step + "tries=\"$A\"\n          [ $tries -lt 3 ] && " + id, 0},
         // Nothing is compared, or something else is.
         {step + "echo \"$A\"\n          " + id, 1},
         {step + "[ \"$B\" -lt 3 ] && " + id, 1},
         // The listener's own attempt is the first one each time.
         {own(step + "[ \"$A\" -lt 3 ] && " + id), 1},
         {step + "[ \"$GITHUB_RUN_ATTEMPT\" -lt 3 ] && " + id, 1},
         {" && github.run_attempt < 3" + step + id, 1},
         {" && github.event.workflow_run.run_attempt < 3" + step + id, 0},
         {" && github.run_attempt > 1" + step + id, 0}});
}

TEST_CASE("prompt-injection: reviews, comments on commits, and texts that are handed on") {
  const std::string workflow = R"yaml(on:
  %
jobs:
  p:
    runs-on: ubuntu-latest
    outputs:
      t: ${{ github.event.issue.title }}
      n: ${{ github.event.issue.number }}
      s: ${{ steps.s.outputs.t }}
      v: ${{ steps.v.outputs.t }}
      clean: ${{ steps.c.outputs.t }}
      f: ${{ steps.f.outputs.t }}
      m: ${{ steps.m.outputs.t }}
    steps:
      - id: f
        env:
          TITLE: ${{ github.event.issue.title }}
        run: printf 't=%s\n' "$TITLE" >> "$GITHUB_OUTPUT"
      - id: m
        run: |
          {
            echo 't<<EOF'
            echo "${{ github.event.issue.body }}"
            echo EOF
          } >> "$GITHUB_OUTPUT"
      - id: s
        run: echo "t=${{ github.event.issue.title }}" >> "$GITHUB_OUTPUT"
      - id: v
        env:
          TITLE: ${{ github.event.issue.title }}
        run: echo "t=$TITLE" >> "$GITHUB_OUTPUT"
      - id: c
        env:
          TITLE: ${{ github.event.issue.title }}
        run: echo "t=$(echo "$TITLE" | tr -cd a-z)" >> "$GITHUB_OUTPUT"
  a:
    needs: p
    runs-on: ubuntu-latest
    steps:
      - )yaml";
  const auto script = [](const std::string& expression) {
    return "run: claude -p \"${{ " + expression + " }}\"\n";
  };
  const auto on = [&](const std::string& event, const std::string& step) {
    return found("prompt-injection", put_in(workflow, "%", event + ":") + step);
  };
  CHECK(on("pull_request_review", script("github.event.review.body")) == 1);
  CHECK(on("pull_request_review_comment", script("github.event.comment.body")) == 1);
  CHECK(on("commit_comment", script("github.event.comment.body")) == 1);
  CHECK(on("pull_request_review", script("github.event.review.state")) == 0);
  CHECK(on("pull_request_review", script("github.event.pull_request.title")) == 0);
  CHECK(on("issues", script("needs.p.outputs.t")) == 1);
  CHECK(on("issues", script("needs.p.outputs.s")) == 1);
  CHECK(on("issues", script("needs.p.outputs.v")) == 1);
  CHECK(on("issues", script("needs.p.outputs.f")) == 1);
  CHECK(on("issues", script("needs.p.outputs.m")) == 1);
  CHECK(on("issues",
           "id: own\n        run: echo \"t=${{ github.event.issue.title }}\" >> "
           "\"$GITHUB_OUTPUT\"\n      - " +
               script("steps.own.outputs.t")) == 1);
  CHECK(on("issues", script("needs.p.outputs.n")) == 0);
  CHECK(on("issues", script("needs.p.outputs.clean")) == 0);
  CHECK(on("issues", script("needs.q.outputs.t")) == 0);
  CHECK(on("push", script("needs.p.outputs.t")) == 0);
  const std::string action = "uses: acme/claude-code-action@v1\n        with:\n          ";
  CHECK(on("issues", action + "claude_args: --append-system-prompt \"${{ github.event.issue.title "
                              "}}\"\n") == 1);
  CHECK(on("issues", action + "claude_args: --max-turns ${{ github.event.issue.number }}\n") == 0);
  CHECK(on("issues", action + "github_token: ${{ github.event.issue.title }}\n") == 0);
}

TEST_CASE("agent-without-actor-check: who began the thing is not who comments") {
  const std::string workflow = R"(on: %
jobs:
  a:
    if: contains(github.event.comment.body, '@agent') && #
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  const auto on = [&](const std::string& event, const std::string& condition) {
    return found("agent-without-actor-check",
                 put_in(put_in(workflow, "on: %", "on: " + event), "#", condition));
  };
  CHECK(on("issue_comment", "github.event.issue.author_association == 'OWNER'") == 1);
  CHECK(on("issue_comment", "github.event.issue.user.login == 'me'") == 1);
  CHECK(on("issue_comment",
           "contains(fromJSON('[\"OWNER\"]'), github.event.issue.author_association)") == 1);
  CHECK(on("pull_request_review_comment",
           "github.event.pull_request.author_association == 'OWNER'") == 1);
  CHECK(on("pull_request_review_comment", "github.event.pull_request.user.login == 'me'") == 1);
  CHECK(on("discussion_comment", "github.event.discussion.author_association == 'OWNER'") == 1);
  CHECK(on("issue_comment", "github.event.comment.author_association == 'OWNER'") == 0);
  CHECK(on("issue_comment", "github.event.comment.user.login == 'me'") == 0);
  CHECK(on("issue_comment", "github.actor == 'me'") == 0);
  CHECK(on("issue_comment", "github.event.sender.login == github.event.issue.user.login") == 0);
}

TEST_CASE("gate-swallowed: a failed gate's job, and shells that go on") {
  const std::string jobs = put_in(gate_job, "  gate:\n", "  gate:\n    continue-on-error: %\n");
  check("gate-swallowed", put_in(jobs, "skip == 'false'", "skip != 'true'"),
        {{"true", 1}, {"false", 0}, {"${{ matrix.new }}", 0}});
  check("gate-swallowed", jobs, {{"true", 0}});
  const std::string steps = R"(on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        %
      - if: steps.gate.outputs.skip_execution != 'true'
        run: make
)";
  check(
      "gate-swallowed", steps,
      {{"run: set +e; refgate gate; exit 0", 1},
       {"run: |\n          set +e\n          refgate gate\n          exit 0", 1},
       {"run: |\n          refgate gate\n          echo asked\n        shell: bash {0}", 1},
       {"run: '! refgate gate'", 1},
       {"run: refgate gate &", 1},
       {"run: |\n          refgate gate &\n          wait", 1},
       // What is passed on.
       {"run: set +e; refgate gate; exit $?", 0},
       {"run: |\n          refgate gate\n          exit 0", 0},
       {"run: refgate gate\n        shell: bash {0}", 0},
       {"run: |\n          refgate gate\n          echo asked\n        shell: bash -e {0}", 0},
       {"run: |\n          refgate gate\n          echo asked\n        shell: bash -o errexit {0}",
        0},
       {"run: |\n          set -e\n          refgate gate\n          echo asked\n        shell: "
        "bash {0}",
        0},
       {"run: |\n          if ! refgate gate; then exit 1; fi", 0},
       {"run: '! refgate gate && exit 1'", 0},
       {"run: |\n          refgate gate &\n          wait $!", 0}});
}

TEST_CASE("gate-unknown-input: what a setting refuses") {
  const std::string workflow = R"(on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          %
)";
  check("gate-unknown-input", workflow,
        {{"identity-by: foo", 1},
         {"identity-by: patch", 0},
         {"max-attempts: three", 1},
         {"max-attempts: -1", 1},
         {"max-attempts: 3", 0},
         {"max-attempts: '3.5'", 1},
         {"slots: many", 1},
         {"slots: model:3", 0},
         {"budget: abc", 1},
         {"budget: 5/1d", 0},
         {"group-by: xx", 1},
         {"group-by: entity", 0},
         {"breaker: often", 1},
         {"breaker: 5/1h", 0},
         {"reserve: much", 1},
         {"reserve: 1.50usd", 0},
         {"lease: 0s", 1},
         {"lease: 1h", 0},
         {"settle: 7h", 1},
         {"settle: 30s", 0},
         {"on-lost: kill", 1},
         {"on-lost: cancel", 0},
         {"observe: on please", 1},
         {"namespace: Agents", 1},
         {"dimensions: review", 1},
         {"dimensions: kind=review", 0},
         {"max-attempts: ${{ vars.MOST }}", 0}});
}

TEST_CASE("gate-unknown-input: the linter refuses what the program refuses, for each input") {
  const std::vector<std::string>& inputs = own_action().inputs;
  for (const std::string& input : inputs) {
    const std::string name = input == "dimensions" ? "dimension" : input;
    const auto rows = setting_table();
    // The file of settings is read by whoever reads the command line.
    if (name == "config" || std::none_of(rows.begin(), rows.end(),
                                         [&](const SettingRow& row) { return row.name == name; }))
      continue;
    std::string text = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n";
    std::size_t refused = 0;
    std::string which;
    for (const char* value :
         {"foo",    "-1",   "0",       "3",      "three",  "1h",      "0s",     "50ms",
          "40d",    "5/1d", "model:3", "1.5usd", "true",   "yes",     "commit", "patch",
          "ask",    "note", "cancel",  "allow",  "manual", "skip",    "entity", "entity/1h",
          "{repo}", "a=b",  "=b",      "Agents", "agents", "1000001", "2.5"}) {
      text += "      - uses: refgate/refgate@v1\n        with:\n          " + input + ": '" +
              value + "'\n";
      Settings settings;
      if (!apply_setting(settings, name, value)) continue;
      ++refused;
      which += std::string(" ") + value;
    }
    INFO(input << ":" << which);
    CHECK(found("gate-unknown-input", text) == refused);
  }
}

TEST_CASE("an agent by another name, and what only prepares one") {
  const std::string workflow = R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - %
)";
  check("agent-without-timeout", workflow,
        {{"uses: gersmann/codex-review-action@v1", 1},
         {"uses: acme/claude-code-review-action@v1", 1},
         {"uses: acme/my-claude-code-action@v1", 1},
         {"uses: acme/gemini-cli-pr-review-action@v1", 1},
         {"{shell: pwsh, run: 'Start-Process claude -ArgumentList \"-p x\" -Wait'}", 1},
         {"{shell: pwsh, run: 'Start-Process -FilePath claude -ArgumentList \"-p x\"'}", 1},
         {"uses: acme/setup-claude-code-action@v1", 0},
         {"uses: acme/install-gemini-cli-action@v1", 0},
         {"uses: acme/post-codex-action@v1", 0},
         {"uses: acme/codex-usage-action@v1", 0},
         {"{shell: pwsh, run: 'Start-Process notepad -ArgumentList claude'}", 0}});
}

TEST_CASE("agent-without-concurrency: a group of its own for each run of one source") {
  const std::string workflow = R"(on:
  workflow_run:
    workflows: [CI]
    types: [completed]
%jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  check("agent-without-concurrency", workflow,
        {{"concurrency: fix-${{ github.event.workflow_run.id }}\n", 1},
         {"concurrency: fix-${{ github.event.workflow_run.head_branch }}\n", 0},
         {"concurrency: fix\n", 0},
         {"", 0}});
}

TEST_CASE("retry-not-suppressed: the same session once more") {
  const std::string steps = R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p "do it"
      - if: %
        run: claude -p "#"
)";
  const auto after = [&](const std::string& condition, const std::string& prompt) {
    return found("retry-not-suppressed", put_in(put_in(steps, "%", condition), "#", prompt));
  };
  CHECK(after("failure()", "do it") == 1);
  CHECK(after("failure() && github.event_name == 'push'", "do it") == 1);
  CHECK(after("failure()", "say why it failed") == 0);
  CHECK(after("always()", "do it") == 0);
  CHECK(after("success()", "do it") == 0);
  CHECK(after("cancelled()", "do it") == 0);
  const std::string jobs = R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: do it
  b:
    needs: a
    if: %
    runs-on: ubuntu-latest
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: #
)";
  const auto behind = [&](const std::string& condition, const std::string& prompt) {
    return found("retry-not-suppressed",
                 put_in(put_in(jobs, "%\n    r", condition + "\n    r"), "#", prompt));
  };
  CHECK(behind("failure()", "do it") == 1);
  CHECK(behind("always() && needs.a.result == 'failure'", "do it") == 1);
  CHECK(behind("always() && needs.a.result != 'success'", "do it") == 1);
  CHECK(behind("failure()", "say why it failed") == 0);
  CHECK(behind("always()", "do it") == 0);
  CHECK(behind("cancelled()", "do it") == 0);
}

TEST_CASE("relayed-start: a count that ends the job, and an attempt that counts nothing") {
  const std::string agent = R"(on:
  workflow_run:
    workflows: [CI]
    types: [completed]
jobs:
  fix:
    if: github.event.workflow_run.conclusion == 'failure'%
    runs-on: ubuntu-latest
    steps:
#      - uses: actions/checkout@v4
        with:
          token: ${{ secrets.PAT }}
          ref: ${{ github.event.workflow_run.head_branch }}
      - run: claude -p fix
      - run: |
          git commit -am fixed
          git push
)";
  const auto ring = [&](const std::string& condition, const std::string& step) {
    return found("relayed-start",
                 MemoryFiles{{{".github/workflows/agent.yml",
                               put_in(put_in(agent, "%\n", condition + "\n"), "#", step)},
                              {".github/workflows/ci.yml",
                               "name: CI\non: push\njobs:\n  test:\n    runs-on: "
                               "ubuntu-latest\n    steps:\n      - run: make test\n"}}});
  };
  CHECK(ring("", "") == 1);
  CHECK(ring("", "      - run: '[ $N -lt 3 ] || exit 1'\n") == 0);
  CHECK(ring("", "      - run: '[ $N -lt 3 ]'\n") == 0);
  CHECK(ring("", "      - run: '(( N < 3 )) || exit 1'\n") == 0);
  CHECK(ring("", "      - run: '[ $N -ge 3 ] && gh run cancel $GITHUB_RUN_ID'\n") == 0);
  CHECK(ring("", "      - run: 'if [ $N -ge 3 ]; then exit 1; fi'\n") == 0);
  CHECK(ring("", "      - run: '[ $N -lt 3 ] || exit 0'\n") == 1);
  CHECK(ring("", "      - run: '[ -n \"$N\" ] || exit 1'\n") == 1);
  CHECK(ring(" && github.event.workflow_run.run_attempt < 3", "") == 1);
  CHECK(ring(" && github.event.workflow_run.run_attempt > 1", "") == 0);
  CHECK(ring(" && vars.AGENTS == 'on'", "") == 0);
}

TEST_CASE("agents-share-event: an alias that repeats a launch in its own job") {
  const std::string workflow = R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - &w
        run: %
      - *w
)";
  check("agents-share-event", workflow, {{"claude -p x", 1}, {"make", 0}});
}

TEST_CASE("agent-keeps-token: tokens in variables and addresses") {
  const std::string workflow = R"(on: pull_request
permissions:
  contents: write
jobs:
  review:
    runs-on: ubuntu-latest
%    steps:
      - id: gate
        uses: refgate/refgate@v1
#      - if: steps.gate.outputs.skip_execution == 'false'
        run: claude -p "Review this."
)";
  const auto with = [&](const std::string& job, const std::string& step,
                        const std::string& own = "") {
    return found("agent-keeps-token", put_in(put_in(workflow, "%", job), "#", step) + own);
  };
  const std::string own = "        env:\n          GH_TOKEN: ";
  CHECK(with("", "", own + "${{ github.token }}\n") == 1);
  CHECK(with("", "", own + "${{ secrets.GITHUB_TOKEN }}\n") == 1);
  CHECK(with("    env:\n      GH_TOKEN: ${{ github.token }}\n", "") == 1);
  CHECK(with("", "", own + "${{ secrets.READ_TOKEN }}\n") == 0);
  CHECK(with("    permissions:\n      contents: read\n", "", own + "${{ github.token }}\n") == 0);
  CHECK(with("",
             "      - run: gh pr view\n        env:\n          GH_TOKEN: ${{ github.token }}\n") ==
        0);
  CHECK(with("",
             "      - run: git remote set-url origin https://x:${{ github.token "
             "}}@github.com/a/b\n") == 1);
  CHECK(with("",
             "      - run: git clone \"https://x:$TOKEN@github.com/a/b\"\n        env:\n          "
             "TOKEN: ${{ secrets.PAT }}\n") == 1);
  CHECK(with("", "      - run: git clone https://github.com/a/b\n") == 0);
  CHECK(with("", "      - run: git clone https://$NAME@github.com/a/b\n") == 0);
  for (const auto& [value, count] :
       Rows{{"'FALSE'", 0}, {"no", 0}, {"false", 0}, {"'TRUE'", 1}, {"true", 1}}) {
    INFO(value);
    CHECK(with("",
               "      - uses: actions/checkout@v4\n        with:\n          persist-credentials: " +
                   value + "\n") == count);
  }
}

TEST_CASE("self-trigger: the owner's own token passes a test of the owner's association") {
  const std::string workflow = R"(on: issue_comment
jobs:
  a:
    if: contains(github.event.comment.body, '@agent') && %
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
      - env:
          GH_TOKEN: #
        run: gh issue comment 1 --body "@agent go on"
)";
  const auto with = [&](const std::string& condition, const std::string& token) {
    return found("self-trigger", put_in(put_in(workflow, "%\n", condition + "\n"), "#", token));
  };
  CHECK(with("github.event.comment.author_association == 'OWNER'", "${{ secrets.PAT }}") == 1);
  CHECK(with("github.event.comment.author_association == 'OWNER'", "${{ github.token }}") == 0);
  CHECK(with("github.event.comment.user.login == 'me'", "${{ secrets.PAT }}") == 0);
  CHECK(with("github.event.comment.user.type != 'Bot' && github.actor != 'my-bot'",
             "${{ secrets.PAT }}") == 0);
}

TEST_CASE("unfinished-session: a finish that a cancelled run leaves out") {
  const std::string workflow = R"(on: pull_request
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
      - if: steps.gate.outputs.skip_execution == 'false'
        run: make
      - if: %
        uses: refgate/refgate@v1
        with:
          command: finish
)";
  check("unfinished-session", workflow,
        {{"'!cancelled()'", 1},
         {"success() || failure()", 1},
         {"always()", 0},
         {"failure() || success() || cancelled()", 0},
         {"always() && steps.gate.outputs.claim_id != ''", 0}});
}

TEST_CASE("broad-push: a gate that is the first step answers for a few seconds") {
  const std::string workflow = R"(on:
  push:
    branches: ['**']
  pull_request:
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
%      - if: steps.gate.outputs.skip_execution == 'false'
        run: claude -p x
)";
  const std::string gate = "      - id: gate\n        uses: refgate/refgate@v1\n";
  check("broad-push", workflow, {{gate, 0}, {"      - uses: actions/checkout@v4\n" + gate, 1}});
  CHECK(found("broad-push",
              put_in(workflow, "%", gate) +
                  "  more:\n    runs-on: ubuntu-latest\n    steps:\n      - run: claude -p y\n") ==
        1);
}

TEST_CASE("missing-guard: that the gate's step ended well says nothing of its verdict") {
  const std::string workflow = R"(on: [push, pull_request]
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
      - if: %
        run: claude -p x
)";
  check("missing-guard", workflow,
        {{"steps.gate.outcome == 'success'", 1},
         {"steps.gate.conclusion == 'success'", 1},
         {"steps.gate.outcome == 'success' && steps.gate.outputs.skip_execution == 'false'", 0}});
}

}  // namespace refgate::lint
