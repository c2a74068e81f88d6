// Rules of agents, of what starts them and of what they are told.

#include "rule_cases.h"
#include "catch.h"

namespace refgate::lint {

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

TEST_CASE("agent-without-actor-check: a script that is handed who acts") {
  const std::string workflow = R"(on: issue_comment
jobs:
  look:
    runs-on: ubuntu-latest
    outputs: {run: '${{ steps.f.outputs.run }}'}
    steps:
      - uses: actions/checkout@v4
      - id: f
        %
  answer:
    needs: look
    if: #
    runs-on: ubuntu-latest
    steps:
      - run: gemini -p x
)";
  const auto with = [&](const std::string& step,
                        const std::string& condition = "needs.look.outputs.run == 'true'") {
    return found("agent-without-actor-check",
                 put_in(put_in(workflow, "%", step), "if: #", "if: " + condition));
  };
  const auto env = [](const std::string& value) {
    return "env: {X: '${{ " + value + " }}'}\n        run: ";
  };
  CHECK(with(env("toJSON(github.event)") + "python .github/scripts/filter.py") == 0);
  CHECK(with(env("github.actor") + "./who.sh") == 0);
  CHECK(with(env("github.triggering_actor") + "npm run who") == 0);
  CHECK(with(env("github.event.comment.user.login") + "node who.js >> $GITHUB_OUTPUT") == 0);
  CHECK(with("run: .github/check.sh \"$GITHUB_EVENT_PATH\"") == 0);
  CHECK(with("uses: owner/check@v1\n        with: {login: '${{ github.actor }}'}") == 0);
  CHECK(with("run: |\n          python - <<EOF >> $GITHUB_OUTPUT\n          "
             "print(event['comment']['user']['login'] == 'me')\n          EOF") == 0);
  // Not handed, no script, or not what the agent waits for.
  CHECK(with("run: python .github/scripts/filter.py") == 1);
  CHECK(with(env("github.event.comment.body") + "python filter.py") == 1);
  CHECK(with(env("github.event.issue.user.login") + "python filter.py") == 1);
  CHECK(with(env("toJSON(github.event)") + "echo \"$X\"") == 1);
  CHECK(with(env("toJSON(github.event)") + "python filter.py", "success()") == 1);
  CHECK(with(env("github.actor") + "./who.sh", "needs.look.outputs.other == 'true'") == 1);
  const std::string step = R"(on: issue_comment
jobs:
  answer:
    runs-on: ubuntu-latest
    steps:
      - id: f
        env: {X: '${{ github.actor }}'}
        run: ./who.sh
      - if: %
        run: gemini -p x
)";
  check("agent-without-actor-check", step,
        {{"steps.f.outputs.run == 'true'", 0}, {"always()", 1}, {"steps.g.outputs.run", 1}});
  // The script may end the job.
  const auto confidence = [&](const std::string& text) {
    const auto finding = finding_of("agent-without-actor-check", text);
    REQUIRE(finding);
    return finding->confidence;
  };
  const std::string always = put_in(step, "%", "success()");
  CHECK(confidence(always) == Confidence::medium);
  CHECK(confidence(put_in(always, "github.actor", "github.sha")) == Confidence::high);
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
         {"uses: QwenLM/qwen-code-action@v1", 1},
         {"uses: JetBrains/junie-github-action@v1", 1},
         {"uses: google-labs-code/jules-action@v1", 1},
         {"uses: google-labs-code/jules-invoke@v1", 1},
         {"uses: docker/cagent-action@v1", 1},
         {"uses: docker/docker-agent-action/review-pr@v1", 1},
         {"uses: docker/docker-agent-action/setup-credentials@v1", 0},
         {"uses: warpdotdev/oz-agent-action@v1", 1},
         {"uses: OpenHands/extensions/plugins/pr-review@main", 1},
         {"uses: mirrajabi/aider-github-action@v1.1.0", 1},
         {"run: cn -p x", 1},
         {"run: npx -y @continuedev/cli --config c.yaml -p x", 1},
         {"run: cn --config c.yaml --print x", 1},
         {"run: cn x", 0},
         {"run: cn -- -p", 0},
         {"run: cn -pretty x", 0},
         {"run: vibe --workdir . --prompt=x --yolo", 1},
         {"run: vibe -p x", 1},
         {"run: vibe build", 0},
         {"run: 'junie --auth=\"$K\" x'", 1},
         {"run: junie --version", 0},
         {"run: oz agent run --prompt x", 1},
         {"run: oz agent list", 0},
         {"run: acli rovodev run x", 1},
         {"run: acli rovodev auth login", 0},
         {"run: acli jira x", 0},
         {"run: cline -y x", 1},
         {"run: cline task list", 0},
         {"run: llxprt -p x", 1},
         {"run: llxprt --version", 0},
         {"run: grok --model x -p y", 1},
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

}  // namespace refgate::lint
