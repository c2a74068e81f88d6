"""Sessions that live: heartbeats over the steps of a job, and the single step that runs a script."""

import pathlib
import unittest

from act_case import TOKEN, ActCase, agent

ONE_STEP = """
name: Agent Review
on: [push, pull_request]
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - id: session
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          @INPUTS@
          run: |
            echo "$GITHUB_EVENT_NAME $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT" >> "$RAN"
            @WORK@
"""


def one_step(*, inputs=(), work="true"):
    text = ONE_STEP.replace("@INPUTS@", "\n          ".join(inputs))
    return text.replace("@WORK@", work.replace("\n", "\n            "))


class Heartbeats(ActCase):
    def test_they_renew_over_the_steps_and_end_with_the_session(self):
        self.write_workflow(agent(inputs=["interval: 1s", "skew: 1s"],
                                  work="until grep -q '\"beats\":[1-9]' \"$RUNNER_TEMP\"/refgate/health-*.json; do sleep 0.1; done"))
        self.push(run=1)
        self.assert_ran("push 1.1")
        (claim,) = self.remote.claims().values()
        self.assertEqual(claim["limits"]["lease"], "3s")
        self.assertEqual(claim["outcome"], "success")

    def test_they_can_be_left_out(self):
        self.write_workflow(agent(inputs=["heartbeat: false"], finish=["heartbeat: false"],
                                  work="grep -q '\"heartbeat_process\":0' \"$RUNNER_TEMP\"/refgate/health-*.json"))
        self.push(run=1)
        (claim,) = self.remote.claims().values()
        self.assertEqual((claim["limits"]["lease"], claim["outcome"]), ("21600s", "success"))


class Run(ActCase):
    def test_a_single_step_runs_once_and_its_duplicate_is_skipped(self):
        self.write_workflow(one_step())
        self.push(run=1)
        self.pull_request(run=2)
        self.push(run=3)
        self.assert_ran("push 1.1")
        (claim,) = self.remote.claims().values()
        self.assertEqual((claim["outcome"], claim["generation"]), ("success", 1))

    def test_a_script_that_fails_fails_the_step_and_is_not_repeated(self):
        self.write_workflow(one_step(work="false\necho not here >> \"$RAN\""))
        self.push(run=1, fails=True)
        self.push(run=2)
        self.assert_ran("push 1.1")
        (claim,) = self.remote.claims().values()
        self.assertEqual(claim["outcome"], "failure")

    def test_the_script_does_not_see_the_token(self):
        self.write_workflow(one_step(work="env > \"$RAN.env\""))
        self.push(run=1)
        self.assert_ran("push 1.1")
        told = pathlib.Path(f"{self.marks}.env").read_text(encoding="utf-8")
        self.assertIn("GITHUB_RUN_ID=1", told)
        self.assertNotIn(TOKEN, told)


if __name__ == "__main__":
    unittest.main()
