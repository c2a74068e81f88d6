// Rules of gates, their guards and their ends.

#include "call/settings.h"
#include "catch.h"
#include "lint/github/own_action.h"
#include "rule_cases.h"

namespace refgate::lint {

namespace {

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
