"""The positional commands: the original script's workflow pattern, and `command: check`."""

import unittest

from act_case import BINARY, HEAD, MERGE, ActCase, payloads

# The program stands where the script stood; the steps are the pattern's own.
PATTERN = """
name: Session management
on: [push, pull_request, workflow_run]
jobs:
  session:
    runs-on: ubuntu-latest
    env:
      REFGATE_TOKEN: ${{ github.token }}
      STATE: ${{ vars.STATE }}
    steps:
      - id: session_check
        run: refgate check --remote "$STATE" "${{ github.event_name }}" "workflow-name" "${{ github.sha }}" "${{ github.run_id }}"
      - if: steps.session_check.outputs.skip_execution == 'true'
        run: exit 0
      - if: steps.session_check.outputs.skip_execution != 'true'
        run: |
          refgate register --remote "$STATE" "${{ steps.session_check.outputs.session_key }}" "${{ github.event_name }}" "workflow-name" \\
            "${{ github.run_id }}" "${{ github.sha }}"
      - if: steps.session_check.outputs.skip_execution != 'true'
        run: |
          echo "${{ github.event_name }} ${{ github.run_id }}.${{ github.run_attempt }}" >> "$RAN"
          test "$FAILS" != yes
      - if: always()
        run: |
          refgate audit --remote "$STATE" "${{ steps.session_check.outputs.session_key }}" "${{ github.event_name }}" "workflow-name" \\
            "${{ github.run_id }}" "${{ github.sha }}" "${{ steps.session_check.outputs.skip_execution != 'true' }}" "${{ job.status }}"
      - if: always()
        run: refgate cleanup --remote "$STATE" "${{ steps.session_check.outputs.session_key }}"
"""

BY_ARGS = """
name: By args
on: [push, pull_request]
jobs:
  session:
    runs-on: ubuntu-latest
    steps:
      - id: check
        uses: refgate/refgate@v1
        with:
          command: check
          remote: ${{ vars.STATE }}
          args: |
            ${{ github.event_name }}
            The "whole" review
            ${{ github.sha }}
            ${{ github.run_id }}
      - if: steps.check.outputs.skip_execution == 'false'
        uses: refgate/refgate@v1
        with:
          command: register
          remote: ${{ vars.STATE }}
          args: |
            ${{ steps.check.outputs.session_key }}
            ${{ github.event_name }}
            The "whole" review
            ${{ github.run_id }}
            ${{ github.sha }}
      - if: steps.check.outputs.skip_execution == 'false'
        run: echo "${{ github.run_id }}" >> "$RAN"
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: audit
          remote: ${{ vars.STATE }}
          args: |
            ${{ steps.check.outputs.session_key }}
            ${{ github.event_name }}
            The "whole" review
            ${{ github.run_id }}
            ${{ github.sha }}
            ${{ steps.check.outputs.skip_execution == 'false' }}
            ${{ job.status }}
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: cleanup
          remote: ${{ vars.STATE }}
          args: ${{ steps.check.outputs.session_key }}
"""


class Pattern(ActCase):
    def setUp(self):
        super().setUp()
        (self.bin / "refgate").symlink_to(BINARY)
        self.write_workflow(PATTERN)

    def workflow_run(self, head=HEAD, **options):
        # GITHUB_SHA on workflow_run is the default branch's last commit.
        return self.run_act(
            "workflow_run",
            payloads.workflow_run(head),
            sha=payloads.commit("main"),
            ref="refs/heads/main",
            **options
        )

    def claims(self):
        return self.remote.refs("refs/refgate/claims")

    def test_push_pull_request_workflow_run_and_rerun_of_one_head_launch_once(self):
        self.push(run=1)
        self.assert_claim(state="ended", outcome="success", holder_run_id="1")
        held = self.claims()
        self.pull_request(run=2, sha=MERGE)
        self.workflow_run(run=3)
        self.workflow_run(run=4)
        self.push(run=1, attempt=2)
        self.assert_ran("push 1.1")
        # Audit and clean-up of a run that was told to skip leave the holder's session alone.
        self.assertEqual(self.claims(), held)
        self.assertEqual(self.skips(), ["pr_lock", "already_done", "already_done", "already_done"])
        self.assertEqual(
            [line["executed"] for line in self.lines("audit")], [True, False, False, False, False]
        )

    def test_a_pull_request_first_locks_the_push_out(self):
        self.pull_request(run=1, sha=MERGE)
        held = self.claims()
        self.push(run=2)
        self.assert_ran("pull_request 1.1")
        self.assertEqual(self.claims(), held)
        self.assertEqual(self.skips(), ["pr_lock"])

    def test_three_triggers_at_the_same_time_launch_once(self):
        started = [
            self.start("push", payloads.push(HEAD), run=1),
            self.start("pull_request", payloads.pull_request(HEAD), run=2, sha=MERGE),
            self.start(
                "workflow_run", payloads.workflow_run(HEAD), run=3, sha=payloads.commit("main")
            ),
        ]
        for act in started:
            outcome = act.wait()
            self.assertEqual(outcome.status, 0, outcome)
        self.assertEqual(len(self.ran()), 1, self.story())
        self.assertEqual(len(self.lines("launch")), 1)
        self.assertEqual(len(self.lines("skip")), 2)
        self.assertEqual(
            sorted(line["executed"] for line in self.lines("audit")), [False, False, True]
        )

    def test_a_failed_session_is_stored_as_failed_and_not_launched_again(self):
        self.push(run=1, FAILS="yes", fails=True)
        self.assert_claim(state="ended", outcome="failure")
        self.push(run=1, attempt=2)
        self.workflow_run(run=2)
        self.assert_ran("push 1.1")
        self.assertEqual(
            [line["job_status"] for line in self.lines("audit")], ["failure", "success", "success"]
        )

    def test_another_commit_launches(self):
        self.push(run=1)
        self.push(payloads.commit("other"), run=2)
        self.assert_ran("push 1.1", "push 2.1")


class ByArgs(ActCase):
    def test_the_positional_commands_of_the_action_launch_once(self):
        self.write_workflow(BY_ARGS)
        self.push(run=1)
        self.assert_claim(
            state="ended", outcome="success", window_only=True, workflow='The "whole" review'
        )
        held = self.remote.refs("refs/refgate/claims")
        self.pull_request(run=2)
        self.assert_ran("1")
        self.assertEqual(self.remote.refs("refs/refgate/claims"), held)
        self.assertEqual(
            [(line["executed"], line["job_status"]) for line in self.lines("audit")],
            [(True, "success"), (False, "success")],
        )


if __name__ == "__main__":
    unittest.main()
