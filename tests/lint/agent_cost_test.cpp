// What agents cost: schedules of minutes, verdicts of a repository's own, sessions without a bound.

#include "catch.h"
#include "lint/workflow/cron.h"
#include "rule_cases.h"

namespace refgate::lint {

TEST_CASE("how often a schedule starts a run") {
  CHECK(starts_a_day("*/5 * * * *") == 288);
  CHECK(starts_a_day("* * * * *") == 288);
  CHECK(starts_a_day("0 * * * *") == 24);
  CHECK(starts_a_day("0,30 * * * *") == 48);
  CHECK(starts_a_day("*/10 3 * * *") == 6);
  CHECK(starts_a_day("0 9 * * 1") == 1);
  CHECK(starts_a_day("0/20 8-17 * * 1-5") == 30);
  CHECK(starts_a_day("every hour") == 0);
  CHECK(starts_a_day("") == 0);
  CHECK(starts_on_one_day({"0 * * * 1-5", "0 * * * 0,6"}) == 24);
  CHECK(starts_on_one_day({"0 * * * *", "30 * * * *"}) == 48);
  CHECK(starts_on_one_day({"0 * * * *", "30 * * * 6"}) == 48);
  CHECK(starts_on_one_day({"0 * * * mon", "30 * * * tue", "15 * 3 * *"}) == 48);
  CHECK(starts_on_one_day({"0 * 1 * *", "30 * 2 * *", "15 * 3 * *"}) == 24);
  CHECK(starts_on_one_day({"0 * * 1-6 *", "30 * * 7-12 *"}) == 24);
  CHECK(starts_on_one_day({"0 * 29 2 *", "30 * * 2 *"}) == 48);
  CHECK(starts_on_one_day({"*/5 * 30 2 *"}) == 0);
  CHECK(starts_on_one_day({"0 * * * *", "nonsense"}) == 24);
  CHECK(starts_on_one_day({}) == 0);
}

TEST_CASE("agent-too-often: what bounds a schedule") {
  const std::string workflow = R"(on:
  schedule:
    - cron: '%'
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  check("agent-too-often", workflow,
        {{"*/5 * * * *", 1},
         {"*/30 * * * *", 1},
         {"7,37 * * * *", 1},
         {"*/15 8-18 * * 1-5", 1},
         {"0 * * * *", 0},
         {"*/5 3 * * *", 0},
         {"0 0 * * *", 0},
         {"nonsense", 0},
         {"0 * * * *'\n    - cron: '30 * * * *", 1},
         {"0 * * * *'\n    - cron: '30 9 * * 1", 1},
         {"0 * * * 1-5'\n    - cron: '0 * * * 0,6", 0},
         {"0 * 1 * *'\n    - cron: '0 * 2 * *", 0}});
  const std::string often = put_in(workflow, "%", "*/5 * * * *");
  const auto with_steps = [&](const std::string& steps) {
    return found("agent-too-often", put_in(often, "      - run: claude -p x\n", steps));
  };
  CHECK(with_steps("      - run: make\n") == 0);
  CHECK(with_steps("      - run: |\n          git pull\n          claude -p x\n") == 1);
  CHECK(with_steps("      - run: '[ -s todo ] && claude -p x'\n") == 0);
  CHECK(with_steps("      - id: l\n        run: ./look\n      - if: steps.l.outputs.any == 'yes'\n"
                   "        run: claude -p x\n") == 0);
  CHECK(with_steps("      - if: hashFiles('todo/*') != ''\n        run: claude -p x\n") == 0);
  CHECK(with_steps(
            "      - run: ./look || gh run cancel $GITHUB_RUN_ID\n      - run: claude -p x\n") ==
        0);
  const auto behind = [&](const std::string& with) {
    return with_steps(
        "      - id: gate\n        uses: refgate/refgate@v1\n" + with +
        "      - if: steps.gate.outputs.skip_execution == 'false'\n        run: claude "
        "-p x\n");
  };
  CHECK(behind("") == 1);
  CHECK(behind("        with: {memory: 1d}\n") == 1);
  CHECK(behind("        with: {identity: '${{ vars.STATE }}'}\n") == 0);
  CHECK(behind("        with: {budget: workflow:3/1d}\n") == 0);
  CHECK(behind("        env: {REFGATE_IDENTITY: x}\n") == 0);
  // The verdict of a gate in a job before says no more; another output of that job does.
  const std::string jobs = R"(on:
  schedule: [{cron: '*/5 * * * *'}]
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      skip: ${{ steps.gate.outputs.skip_execution }}
      any: ${{ steps.look.outputs.any }}
    steps:
      - id: gate
        uses: refgate/refgate@v1
      - id: look
        run: ./look
  work:
    needs: gate
    if: %
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  check("agent-too-often", jobs,
        {{"needs.gate.outputs.skip == 'false'", 1},
         {"needs.gate.outputs.skip == 'false' && needs.gate.result == 'success'", 1},
         {"needs.gate.outputs.skip == 'false' && needs.gate.outputs.any == 'yes'", 0}});
  // A step's output is what a step of the same job gives, whatever gates other jobs have.
  const std::string alike = R"(on:
  schedule: [{cron: '*/5 * * * *'}]
jobs:
  other:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
      - if: steps.gate.outputs.skip_execution == 'false'
        run: make
  work:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        %
      - if: steps.gate.outputs.skip_execution == 'false'
        run: claude -p x
)";
  const Rows rows = {{"run: ./look", 0}, {"uses: refgate/refgate@v1", 1}};
  check("agent-too-often", alike, rows);
  check("duplicate-trigger",
        put_in(alike, "schedule: [{cron: '*/5 * * * *'}]", "issues: {types: [labeled]}"), rows);
  const auto job = [&](const std::string& condition) {
    return found("agent-too-often",
                 put_in(often, "    runs-on", "    if: " + condition + "\n    runs-on"));
  };
  CHECK(job("vars.AGENTS == 'on'") == 1);
  CHECK(job("github.event_name != 'schedule'") == 0);
  CHECK(job("github.event.schedule == '0 0 * * *'") == 0);
  CHECK(found("agent-too-often",
              put_in(often, "  schedule:\n", "  workflow_dispatch:\n  schedule:\n")) == 1);
}

TEST_CASE("agent-without-concurrency: a verdict of a script's own makes it a note") {
  const std::string workflow = R"(on: pull_request
jobs:
  look:
    runs-on: ubuntu-latest
    outputs:
      %: ${{ steps.look.outputs.% }}
    steps:
      - id: look
        run: |
          #
          ./look >> "$GITHUB_OUTPUT"
  review:
    needs: look
    if: needs.look.outputs.% != 'true'
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  const auto severity = [](const std::string& text) {
    return severity_of("agent-without-concurrency", text);
  };
  const auto named = [&](const std::string& name, const std::string& script = "true") {
    std::string text = put_in(workflow, "#", script);
    for (int at = 0; at < 3; ++at)
      text = put_in(text, "%", name);
    return severity(text);
  };
  CHECK(named("duplicate") == "note");
  CHECK(named("is_dup") == "note");
  CHECK(named("already-done") == "note");
  CHECK(named("suppressed") == "note");
  CHECK(named("skip", "gh run list --json status") == "note");
  CHECK(named("should_run", "gh api repos/x/y/actions/runs?status=in_progress") == "note");
  CHECK(named("should_run") == "note");
  CHECK(named("in_progress") == "note");
  CHECK(named("review-in-progress") == "note");
  CHECK(named("proceed") == "note");
  CHECK(named("proceed", "gh run list --json status") == "note");
  CHECK(named("proceed", "gh api collaborators/$ACTOR/permission") == "warning");
  CHECK(named("proceed", "git diff --name-only") == "warning");
  CHECK(named("progress") == "warning");
  // These say who may ask, or what has changed.
  CHECK(named("should_run", "[ \"$AUTHOR_ASSOCIATION\" = MEMBER ]") == "warning");
  CHECK(named("should_run", "[ \"$ACTOR\" = me ] || gh run list --json status") == "note");
  CHECK(named("skip_docs", "git diff --name-only") == "warning");
  CHECK(named("allowed") == "warning");
  const std::string known =
      put_in(put_in(put_in(put_in(workflow, "#", "true"), "%", "duplicate"), "%", "duplicate"), "%",
             "duplicate");
  // An action that nobody knows is no script of the repository; a step's own output counts too.
  CHECK(severity(put_in(known, "run: |\n          true\n          ./look >> \"$GITHUB_OUTPUT\"",
                        "uses: owner/filter@v1")) == "warning");
  CHECK(severity(put_in(known, "run: |\n          true\n          ./look >> \"$GITHUB_OUTPUT\"",
                        "uses: ./.github/actions/look")) == "note");
  CHECK(
      severity("on: pull_request\njobs:\n  a:\n    runs-on: x\n    steps:\n      - id: l\n        "
               "run: ./look\n      - if: steps.l.outputs.duplicate == 'no'\n        run: claude "
               "-p x\n") == "note");
  // A variable that an earlier step sets.
  const auto variable = [&](const std::string& set, const std::string& condition) {
    return severity("on: pull_request\njobs:\n  a:\n    runs-on: x\n    steps:\n      - " + set +
                    "\n      - if: " + condition + "\n        run: claude -p x\n");
  };
  const std::string sets = "run: echo \"SKIP=$(./look)\" >> \"$GITHUB_ENV\"";
  CHECK(variable(sets, "env.SKIP != 'true'") == "note");
  CHECK(variable(put_in(sets, "SKIP", "ALREADY_RUNNING"), "env.ALREADY_RUNNING != '1'") == "note");
  CHECK(variable("uses: actions/github-script@v7\n        with: {script: \"core.exportVariable("
                 "'SKIP', await look())\"}",
                 "env.SKIP != 'true'") == "note");
  CHECK(variable(sets, "env.OTHER != 'true'") == "warning");
  CHECK(variable(put_in(sets, "SKIP", "DOCS"), "env.DOCS != 'true'") == "warning");
  CHECK(variable("run: SKIP=1 ./look", "env.SKIP != 'true'") == "warning");
  CHECK(variable("run: |\n          git diff --name-only\n          echo \"SKIP=x\" >> $GITHUB_ENV",
                 "env.SKIP != 'true'") == "warning");
  // Another launch of the workflow stands behind nothing.
  CHECK(severity(known + "  plain:\n    runs-on: x\n    steps:\n      - run: claude -p y\n") ==
        "warning");
  CHECK(severity(put_in(known, "on: pull_request\n", "on: pull_request\nconcurrency: a\n")) ==
        "none");
}

TEST_CASE("agent-without-turns: off, selected, bounded") {
  const std::string workflow = R"(on: %
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p x
)";
  const auto with = [](const std::string& text, bool on = true) {
    LintConfig config;
    config.rules["agent-without-turns"].on = on;
    const MemoryFiles files{{{".github/workflows/example.yml", text}}};
    const auto findings = lint(files.project({".github/workflows/example.yml"}), config);
    return std::count_if(findings.begin(), findings.end(),
                         [](const Finding& each) { return each.rule == "agent-without-turns"; });
  };
  const auto on = [&](const std::string& event) { return with(put_in(workflow, "%", event)); };
  CHECK(on("push") == 1);
  CHECK(with(put_in(workflow, "%", "push"), false) == 0);
  CHECK(on("pull_request") == 1);
  CHECK(on("workflow_dispatch") == 0);
  CHECK(on("issue_comment") == 0);
  CHECK(on("{pull_request: {types: [labeled]}}") == 0);
  CHECK(on("{schedule: [{cron: '0 0 * * *'}]}") == 1);
  const std::string pushed = put_in(workflow, "%", "push");
  for (const char* bounded :
       {"claude --max-turns 5 -p x", "timeout 10m claude -p x", "claude --max-budget-usd 3 -p x"}) {
    INFO(bounded);
    CHECK(with(put_in(pushed, "claude -p x", bounded)) == 0);
  }
  // What nobody knows may be a bound.
  for (const char* unknown :
       {"claude -p x $ARGS", "'claude -p x \"${FLAGS[@]}\"'", "claude -p x ${ARGS}",
        "claude -p x ${{ vars.ARGS }}", "claude $@ -p x"}) {
    INFO(unknown);
    CHECK(with(put_in(pushed, "claude -p x", unknown)) == 0);
  }
  // Words elsewhere are none.
  for (const char* none : {"'claude -p \"$PROMPT\"'", "'echo \"--max-turns 5\"; claude -p x'",
                           "'claude -p \"Do it before the timeout, with max turns of 5.\"'",
                           "claude --model $MODEL -p x", "'claude -p \"${{ inputs.prompt }}\"'",
                           "'claude --max-turns 5 -p x; claude -p y'"}) {
    INFO(none);
    CHECK(with(put_in(pushed, "claude -p x", none)) == 1);
  }
  const std::string action =
      put_in(pushed, "run: claude -p x",
             "uses: anthropics/claude-code-action@v1\n        with: {prompt: x%}");
  for (const auto& [input, count] :
       Rows{{", claude_args: '${{ vars.ARGS }}'", 0},
            {", claude_args: '--model ${{ env.M }} ${{ env.ARGS }}'", 0},
            {", claude_args: '--max-turns 5'", 0},
            {", max_turns: 5", 0},
            {", claude_args: '--model x'", 1},
            {" and mind the timeout", 1},
            {", anthropic_api_key: '${{ secrets.K }}'", 1}}) {
    INFO(input);
    CHECK(with(put_in(action, "%", input)) == static_cast<std::ptrdiff_t>(count));
  }
  CHECK(with(put_in(action, "prompt: x%}", "prompt: x}\n        timeout-minutes: 5")) == 0);
  CHECK(with(put_in(action, "prompt: x%}", "prompt: x}\n        env: {NOTE: timeout}")) == 1);
  CHECK(with(put_in(pushed, "claude -p x", "make")) == 0);
  // Who writes the word waits for the answer.
  const std::string asked =
      put_in(put_in(workflow, "%", "{issues: {types: [opened]}}"), "    runs-on",
             "    if: contains(github.event.issue.body, '@claude')\n    runs-on");
  CHECK(with(asked) == 0);
}

}  // namespace refgate::lint
