#include "lint/workflow/workflow.h"

#include "catch.h"

namespace refgate::lint {
namespace {

std::shared_ptr<const Document> document(const std::string& text) {
  auto read = read_document(text);
  REQUIRE(std::holds_alternative<Document>(read));
  return std::make_shared<const Document>(std::get<Document>(std::move(read)));
}

Workflow workflow(const std::string& text) {
  return read_workflow(".github/workflows/a.yml", document(text));
}

std::string texts(const std::vector<YamlNode>& nodes) {
  std::string joined;
  for (const YamlNode node : nodes)
    joined += (joined.empty() ? "" : ",") + std::string(node.text());
  return joined;
}

}  // namespace

TEST_CASE("each of the three forms of `on` gives the same events") {
  for (const char* on : {"on: [push, pull_request]", "on:\n  - push\n  - pull_request",
                         "on:\n  push:\n  pull_request: {}"}) {
    INFO(on);
    const Workflow read = workflow(on);
    REQUIRE(read.triggers.size() == 2);
    CHECK(read.triggers[0].event == "push");
    CHECK(read.triggers[1].event == "pull_request");
    CHECK(read.trigger("push") == &read.triggers[0]);
    CHECK(read.trigger("schedule") == nullptr);
  }
  CHECK(workflow("on: push").triggers.size() == 1);
}

TEST_CASE("filters keep their values in order, a single one as a list of one") {
  const Workflow read = workflow(
      "on:\n  push: {branches: main, tags-ignore: ['v*', '!v1'], paths: [a, {b: c}]}\n  schedule: "
      "[{cron: 1 2 3 4 5}, {cron: 2 2 3 4 5}]\n"
      "  workflow_run: {workflows: [CI], types: [completed]}\n  workflow_dispatch: {inputs: {a: "
      "{}}}\n");
  const Trigger& push = *read.trigger("push");
  CHECK(texts(push.branches.values) == "main");
  CHECK(texts(push.tags_ignore.values) == "v*,!v1");
  CHECK(texts(push.paths.values) == "a");
  CHECK_FALSE(push.branches_ignore);
  CHECK(texts(read.trigger("schedule")->crons) == "1 2 3 4 5,2 2 3 4 5");
  CHECK(texts(read.trigger("workflow_run")->workflows.values) == "CI");
  CHECK(read.trigger("workflow_dispatch")->inputs.value.entry("a"));
}

TEST_CASE("a job's properties keep their places") {
  const Workflow read = workflow(R"(name: W
concurrency: group-a
jobs:
  Build:
    needs: setup
    if: always()
    timeout-minutes: 5
    concurrency: {group: b, cancel-in-progress: false, queue: max}
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix: {os: [a, b], include: [{os: c}]}
    steps:
      - id: One
        uses: a/b@v1
        with: {Command: gate}
      - run: make
  call:
    needs: [Build, x]
    uses: ./.github/workflows/b.yml
    secrets: inherit
)");
  CHECK(read.display_name() == "W");
  CHECK(read.concurrency.group.text() == "group-a");
  REQUIRE(read.jobs.size() == 2);
  const Job& build = *read.job("build");
  CHECK(build.id == "Build");
  CHECK(build.key.place().line == 4);
  CHECK(texts(build.needed) == "setup");
  CHECK(build.condition.value.text() == "always()");
  CHECK(build.timeout_minutes.key.place().line == 7);
  CHECK(build.concurrency.group.text() == "b");
  CHECK(build.concurrency.cancel_in_progress.value.boolean() == false);
  CHECK(build.concurrency.queue.value.text() == "max");
  CHECK(build.fail_fast.value.boolean() == false);
  CHECK(build.max_parallel.value.number() == 2.0);
  CHECK(build.matrix.known);
  REQUIRE(build.matrix.axes.size() == 1);
  CHECK(build.matrix.axes[0].name == "os");
  CHECK(build.matrix.include.value.size() == 1);
  REQUIRE(build.step("one") != nullptr);
  CHECK(build.step("one")->input("command").value.text() == "gate");
  CHECK(build.steps[1].run_text() == "make");
  CHECK(build.steps[1].index == 1);
  CHECK(read.job("call")->calls_workflow());
  CHECK(texts(read.job("call")->needed) == "Build,x");
}

TEST_CASE("a matrix that is not known before the run says so") {
  CHECK_FALSE(
      workflow("jobs: {a: {strategy: {matrix: '${{ fromJSON(x) }}'}}}").jobs[0].matrix.known);
  CHECK_FALSE(
      workflow("jobs: {a: {strategy: {matrix: {os: '${{ fromJSON(x) }}'}}}}").jobs[0].matrix.known);
  CHECK(workflow("jobs: {a: {}}").jobs[0].matrix.known);
}

TEST_CASE("steps below `parallel` are steps of the job") {
  const Workflow read =
      workflow("jobs: {a: {steps: [{run: x}, {parallel: [{run: y}, {run: z}]}, {run: w}]}}");
  const std::vector<Step>& steps = read.jobs[0].steps;
  REQUIRE(steps.size() == 4);
  CHECK_FALSE(steps[0].parallel);
  CHECK(steps[1].parallel);
  CHECK(steps[2].run_text() == "z");
  CHECK(steps[3].index == 3);
}

TEST_CASE("wrong shapes give nothing rather than something wrong") {
  for (const char* text :
       {"", "[]", "x", "on: {push: [1]}", "on: [[push], {a: b}]", "on: 5\njobs: []",
        "jobs: {a: null, b: [], c: x, [d]: {}}",
        "jobs: {a: {steps: x, needs: {b: c}, strategy: [], concurrency: [], with: 1}}",
        "jobs: {a: {steps: [null, [], x, {uses: []}]}}", "on: {schedule: {cron: x}}",
        "name: [a]"}) {
    INFO(text);
    const Workflow read = workflow(text);
    for (const Job& job : read.jobs) {
      for (const Step& step : job.steps)
        CHECK(step.uses_text().empty());
      CHECK(job.needed.empty());
      CHECK_FALSE(job.concurrency.group);
    }
    CHECK(read.display_name() == ".github/workflows/a.yml");
  }
}

TEST_CASE("a workflow that others call only is told from one that also starts by itself") {
  CHECK(workflow("on: workflow_call").only_called());
  CHECK_FALSE(workflow("on: [workflow_call, push]").only_called());
  CHECK_FALSE(workflow("on: []").only_called());
}

TEST_CASE("composite actions have steps, others have none") {
  const Action composite =
      read_action("action.yml", document("runs: {using: composite, steps: [{run: a}]}"));
  CHECK(composite.composite());
  CHECK(composite.steps.size() == 1);
  const Action node =
      read_action("action.yml", document("inputs: {a: {}}\nruns: {using: node24, main: a.js}"));
  CHECK_FALSE(node.composite());
  CHECK(node.inputs.value.size() == 1);
}

TEST_CASE("compiled agentic workflows are generated, others of that name are not") {
  const auto generated = document("# gh-aw-metadata: {}\n#\non: push\n");
  CHECK(is_generated(".github/workflows/a.lock.yml", *generated));
  CHECK_FALSE(is_generated(".github/workflows/a.yml", *generated));
  CHECK_FALSE(is_generated(".github/workflows/a.lock.yml", *document("on: push\n# gh-aw\n")));
}

}  // namespace refgate::lint
