"""Several jobs of one run: matrix legs, and jobs beside each other."""

import unittest

from act_case import ActCase, agent

LEGS = "strategy: {fail-fast: false, matrix: {model: [small, large]}}"
NAMED = 'echo "model ${{ matrix.model }}" >> "$RAN"'

TWO_JOBS = """
name: Two
on: [push, pull_request]
jobs:
  one: &job
    runs-on: ubuntu-latest
    steps: &steps
      - id: gate
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          @INPUTS@
      - if: steps.gate.outputs.skip_execution == 'false'
        run: echo "ran" >> "$RAN"
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: finish
          remote: ${{ vars.STATE }}
          @INPUTS@
  two:
    runs-on: ubuntu-24.04
    steps: *steps
"""


def two_jobs(inputs=""):
    return TWO_JOBS.replace("@INPUTS@", inputs)


class Legs(ActCase):
    def test_legs_work_each_and_once_by_what_their_matrix_says(self):
        self.write_workflow(agent(strategy=LEGS, work=NAMED))
        self.push(run=1)
        self.pull_request(run=2)
        self.assert_ran("push 1.1", "push 1.1", "model small", "model large")
        self.assertEqual(self.skips(), ["pr_lock", "pr_lock"])
        self.assertEqual(len(self.remote.claims()), 2)

    def test_of_two_legs_that_name_one_share_one_works(self):
        self.write_workflow(agent(strategy=LEGS, inputs=["share: review"]))
        self.push(run=1)
        self.assert_ran("push 1.1")
        self.assertEqual(len(self.lines("launch")), 1)
        self.assertEqual(len(self.skips()), 1)
        self.assert_claim(state="ended", outcome="success", generation=1)

    def test_legs_with_dimensions_work_each_and_once(self):
        self.write_workflow(
            agent(strategy=LEGS, inputs=["dimensions: model=${{ matrix.model }}"], work=NAMED)
        )
        self.push(run=1)
        self.pull_request(run=2)
        self.assert_ran("push 1.1", "push 1.1", "model small", "model large")
        self.assertEqual(self.skips(), ["pr_lock", "pr_lock"])
        self.assertEqual(
            [claim["outcome"] for claim in self.remote.claims().values()], ["success", "success"]
        )

    def test_dimensions_may_be_given_one_a_line_in_any_order(self):
        lines = ["dimensions: |", "  model=${{ matrix.model }}", "  region=eu west"]
        self.write_workflow(agent(strategy=LEGS, inputs=lines))
        self.push(run=1)
        turned = ["dimensions: |", "  region=eu west", "  model=${{ matrix.model }}"]
        self.write_workflow(agent(strategy=LEGS, inputs=turned))
        self.push(run=2)
        self.assert_ran("push 1.1", "push 1.1")
        self.assertEqual(len(self.remote.claims()), 2)

    def test_a_leg_that_failed_runs_again_alone(self):
        work = NAMED + '\ntest "${{ matrix.model }}" != large || test "$GITHUB_RUN_ATTEMPT" = 2'
        self.write_workflow(
            agent(
                strategy=LEGS,
                inputs=["dimensions: model=${{ matrix.model }}", "retry: allow"],
                work=work,
            )
        )
        self.push(run=1, fails=True)
        self.assertEqual(
            sorted(claim["outcome"] for claim in self.remote.claims().values()),
            ["failure", "success"],
        )
        self.push(run=1, attempt=2)
        self.assert_ran(
            "push 1.1", "push 1.1", "model small", "model large", "push 1.2", "model large"
        )
        self.assertEqual(
            [claim["outcome"] for claim in self.remote.claims().values()], ["success", "success"]
        )

    def test_two_jobs_of_one_run_do_different_work(self):
        self.write_workflow(two_jobs())
        self.push(run=1)
        self.pull_request(run=2)
        self.assert_ran("ran", "ran")
        self.assertEqual({line["job"] for line in self.lines("launch")}, {"one", "two"})
        self.assertEqual(self.skips(), ["pr_lock", "pr_lock"])

    def test_of_two_jobs_that_name_one_share_one_works(self):
        self.write_workflow(two_jobs("share: review"))
        self.push(run=1)
        self.assert_ran("ran")
        self.assert_claim(
            state="ended",
            outcome="success",
            generation=1,
            holder_job=self.lines("launch")[0]["job"],
        )
        self.assertEqual(
            {line["job"] for line in self.lines("launch") + self.lines("skip")}, {"one", "two"}
        )


if __name__ == "__main__":
    unittest.main()
