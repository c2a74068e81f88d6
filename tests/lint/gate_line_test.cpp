// Rules of what stands before a gate: approvals, lines, and what it may ask GitHub.

#include "catch.h"
#include "lint/github/own_action.h"
#include "rule_cases.h"

namespace refgate::lint {
namespace {

/// A whole session in one step, with `%` in its job.
const std::string whole = R"(on: [push, issue_comment]
jobs:
  a:
    %
    runs-on: ubuntu-latest
    steps:
      - uses: refgate/refgate@v1
        with:
          run: ./work.sh
          #
)";

std::string with_input(const std::string& input, const std::string& workflow = whole) {
  return put_in(workflow, "#", input);
}

}  // namespace

TEST_CASE("gate-behind-approval: what names an environment") {
  check("gate-behind-approval", with_input(""),
        {{"environment: production", 1},
         {"environment: {name: production}", 1},
         {"environment: '${{ inputs.environment }}'", 1},
         {"environment: \"${{ github.event_name == 'push' && 'production' }}\"", 1},
         {"environment: ''", 0},
         {"environment: \"${{ github.event_name == 'push' && 'production' || '' }}\"", 0},
         {"environment: \"${{ inputs.where == '' && 'production' || inputs.where }}\"", 1},
         {"environment: \"review-${{ inputs.where || '' }}\"", 1},
         {"environment: \"${{ github.event_name == 'release' && 'production' || null }}\"", 0},
         {"environment: production\n    if: false", 0},
         {"environment: production\n    if: '${{ false }}'", 0},
         {"environment: production\n    if: vars.ON", 1},
         {"env: {environment: production}", 0}});
  const std::string other = put_in(with_input(""), "%", "environment: production");
  CHECK(found("gate-behind-approval", put_in(other, "run: ./work.sh", "claim-id: x")) == 0);
  CHECK(found("gate-behind-approval", put_in(other, "run: ./work.sh", "command: finish")) == 0);
  CHECK(found("gate-behind-approval", put_in(other, "run: ./work.sh", "command: gate")) == 1);
}

TEST_CASE("gate-in-line-twice: lines that lose events") {
  const std::string grouped = with_input("group-by: entity");
  check("gate-in-line-twice", grouped,
        {{"concurrency: a", 1},
         {"concurrency: {group: a}", 1},
         {"concurrency: {group: 'a-${{ github.ref }}', cancel-in-progress: true}", 1},
         {"concurrency: {group: a, queue: single}", 1},
         {"concurrency: {group: a, queue: max}", 0},
         {"concurrency: {group: a, queue: '${{ vars.QUEUE }}'}", 0},
         {"concurrency: {group: 'a-${{ github.run_id }}'}", 0},
         {"timeout-minutes: 5", 0}});
  const std::string in_group = put_in(whole, "%", "concurrency: a");
  check("gate-in-line-twice", with_input("%", in_group),
        {{"group-by: entity/1h", 1},
         {"group-by: 'team-{owner}'", 1},
         {"group-by: none", 0},
         {"group-by: ''", 0},
         {"wait: 1h", 0},
         {"slots: model:3", 0},
         {"group-by: entity\n          no-wait: true", 0},
         {"group-by: entity\n          no-wait: false", 1},
         {"flags: --group-by=entity --no-wait", 0},
         {"flags: --group-by=entity", 1},
         // What may come out as no group.
         {"group-by: ${{ inputs.group || '' }}", 0},
         {"group-by: ${{ inputs.group || 'none' }}", 0},
         {"group-by: ${{ github.event_name == 'push' && 'none' || 'entity' }}", 0},
         {"group-by: ${{ case(github.event_name == 'push', 'entity', '') }}", 0},
         {"env: x\n        env: {REFGATE_GROUP_BY: \"${{ inputs.group || '' }}\"}", 0},
         {"group-by: ${{ inputs.group || 'entity' }}", 1},
         {"group-by: ${{ inputs.group == '' && 'entity' || inputs.group }}", 1},
         {"group-by: team-${{ inputs.team || '' }}", 1},
         {"group-by: ${{ inputs.group }}", 1}});
  // One rule speaks, that of the line where there is one.
  const std::string cancels =
      put_in(whole, "%", "concurrency: {group: a, cancel-in-progress: true}");
  CHECK(found("cancel-around-gate", with_input("", cancels)) == 1);
  CHECK(found("cancel-around-gate", with_input("group-by: entity", cancels)) == 0);
  CHECK(found("gate-in-line-twice", with_input("group-by: entity", cancels)) == 1);
  CHECK(found("cancel-around-gate",
              with_input("group-by: entity\n          no-wait: true", cancels)) == 1);
  CHECK(found("gate-in-line-twice",
              with_input("group-by: entity\n          no-wait: true", cancels)) == 0);
}

TEST_CASE("gate-no-liveness: permissions, and what makes the answer needless") {
  check("gate-no-liveness", with_input(""),
        {{"permissions: {contents: write}", 1},
         {"permissions: {contents: write, actions: none}", 1},
         {"permissions: {contents: write, actions: read}", 0},
         {"permissions: {contents: write, actions: write}", 0},
         {"permissions: {contents: write, actions: '${{ vars.A }}'}", 0},
         {"permissions: {contents: read}", 0},
         {"permissions: write-all", 0},
         {"timeout-minutes: 5", 0}});
  const std::string writes = put_in(whole, "%", "permissions: {contents: write}");
  check("gate-no-liveness", with_input("%", writes),
        {{"memory: 1d", 1},
         {"holder-run: ask", 1},
         {"holder-run: ignore", 0},
         {"lease: 10m", 0},
         {"remote: https://example.com/x.git", 0},
         {"token: ${{ github.token }}", 1},
         {"on-lost: note", 1},
         // gate-permissions asks for more.
         {"on-lost: cancel", 0}});
  // What gate-permissions gives is what this rule would ask for next.
  const std::string reads = put_in(whole, "%", "permissions: {contents: read}");
  const auto given = [&](const std::string& input, const std::string& workflow) {
    const std::optional<Finding> finding =
        finding_of("gate-permissions", with_input(input, workflow));
    REQUIRE(finding);
    REQUIRE(finding->fixes.size() == 1);
    return finding->fixes.front().description;
  };
  const std::string write = "Give `contents: write`";
  CHECK(given("memory: 1d", reads) == write + " and `actions: read`");
  CHECK(given("holder-run: ask", reads) == write + " and `actions: read`");
  CHECK(given("holder-run: ignore", reads) == write);
  CHECK(given("lease: 10m", reads) == write);
  const std::string at_top =
      put_in(put_in(whole, "%", "timeout-minutes: 5"),
             "jobs:", "permissions: {contents: read}\njobs:") +
      "  b:\n    runs-on: ubuntu-latest\n    steps: [{uses: refgate/refgate@v1, with: {run: ./b.sh";
  CHECK(given("lease: 10m", at_top + "}}]\n") == write + " and `actions: read`");
  CHECK(given("lease: 10m", at_top + ", lease: 10m}}]\n") == write);
  // What stands at the top is said once.
  const std::string two = R"(on: push
permissions: {contents: write}
jobs:
  a:
    runs-on: ubuntu-latest
    steps: [{uses: refgate/refgate@v1, with: {run: ./a.sh}}]
  b:
    runs-on: ubuntu-latest
    steps: [{uses: refgate/refgate@v1, with: {run: ./b.sh}}]
)";
  CHECK(found("gate-no-liveness", two) == 1);
}

TEST_CASE("gate-permissions: what the called workflow is given") {
  const std::string call = R"(on: push
jobs:
  a:
    %
    uses: refgate/refgate/.github/workflows/gated.yml@v1
    with: {run: ./work.sh}
)";
  check("gate-permissions", call,
        {{"permissions: {contents: write, actions: read}", 0},
         {"permissions: {contents: write, actions: write}", 0},
         {"permissions: write-all", 0},
         {"permissions: {contents: write}", 0},
         {"permissions: {actions: read}", 1},
         {"permissions: {}", 1},
         {"permissions: '${{ vars.P }}'", 0},
         {"name: A", 0}});
  CHECK(found("gate-no-liveness", put_in(call, "%", "permissions: {contents: write}")) == 1);
}

TEST_CASE(
    "a gate in a workflow that is called works under the call's permissions and in its groups") {
  const std::string call = R"(on: push
jobs:
  a:
    %
    uses: refgate/refgate/.github/workflows/gated.yml@v1
    with: {run: ./work.sh}
)";
  check("gate-no-liveness", call,
        {{"permissions: {contents: write, actions: read}", 0},
         {"permissions: {contents: read}", 0},
         {"permissions: {contents: write}\n    secrets: {token: '${{ secrets.T }}'}", 0},
         {"name: A", 0}});
  const std::string writes = put_in(call, "%", "permissions: {contents: write}");
  check("gate-no-liveness", put_in(writes, "run: ./work.sh", "run: ./work.sh%"),
        {{", lease: 10m", 0}, {", holder-run: ignore", 0}, {", memory: 1d", 1}});
  const std::string grouped = put_in(call, "%", "concurrency: x");
  check("gate-in-line-twice", put_in(grouped, "run: ./work.sh", "run: ./work.sh%"),
        {{", group-by: entity", 1},
         {", group-by: none", 0},
         {", group-by: entity, no-wait: true", 0},
         {"", 0}});
  CHECK(found("gate-in-line-twice", put_in(put_in(call, "    %\n", ""), "run: ./work.sh",
                                           "run: ./work.sh, group-by: entity")) == 0);

  const auto both = [](const char* rule, const std::string& caller, const std::string& called) {
    return found(
        rule,
        MemoryFiles{{{".github/workflows/a.yml",
                      "on: push\n" + caller + "jobs:\n  a:\n    uses: ./.github/workflows/b.yml\n"},
                     {".github/workflows/b.yml",
                      "on: workflow_call\n" + called +
                          "jobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: "
                          "refgate/refgate@v1\n        with: {run: ./x.sh, "
                          "group-by: entity}\n"}}});
  };
  CHECK(both("gate-no-liveness", "permissions: {contents: write}\n", "") == 1);
  CHECK(both("gate-no-liveness", "permissions: {contents: write, actions: read}\n", "") == 0);
  CHECK(both("gate-no-liveness", "", "") == 0);
  // Once, where it stands.
  CHECK(both("gate-no-liveness", "permissions: {contents: write}\n",
             "permissions: {contents: write}\n") == 1);
  CHECK(both("gate-in-line-twice", "concurrency: x\n", "") == 1);
  CHECK(both("gate-in-line-twice", "concurrency: {group: x, queue: max}\n", "") == 0);
  CHECK(both("gate-in-line-twice", "", "") == 0);
}

}  // namespace refgate::lint
