"""A gate in a job of its own, whose outputs other jobs use."""

import unittest

from act_case import ActCase

GATE = """
  gate:
    runs-on: ubuntu-latest
    outputs:
      skip_execution: ${{ steps.gate.outputs.skip_execution }}
      run_attempt: ${{ steps.gate.outputs.run_attempt }}
      claim_id: ${{ steps.gate.outputs.claim_id }}
      own_failure: ${{ steps.gate.outputs.own_failure }}
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          retry: ${{ vars.RETRY || 'suppress' }}
"""

# What "Re-run failed jobs" does: the gate, which had succeeded, does not run, and its outputs are
# those of the attempt before.
REUSED = """
  gate:
    runs-on: ubuntu-latest
    outputs:
      skip_execution: ${{ steps.before.outputs.skip_execution }}
      run_attempt: ${{ steps.before.outputs.run_attempt }}
      claim_id: ${{ steps.before.outputs.claim_id }}
      own_failure: ${{ steps.before.outputs.own_failure }}
    steps:
      - id: before
        run: printf 'skip_execution=false\\nrun_attempt=1\\nclaim_id=%s\\nown_failure=false\\n' "$BEFORE" >> "$GITHUB_OUTPUT"
"""

WORKFLOW = """
name: Gated jobs
on: [push, pull_request]
jobs:
@GATE@
  work:
    needs: gate
    if: needs.gate.outputs.skip_execution == 'false' && needs.gate.outputs.run_attempt == github.run_attempt
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "work $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT" >> "$RAN"
          test "$FAILS" != yes
  finish:
    needs: [gate, work]
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: refgate/refgate@v1
        with:
          command: finish
          claim-id: ${{ needs.gate.outputs.claim_id }}
          own-failure: ${{ needs.gate.outputs.own_failure }}
          status: ${{ needs.work.result }}
          remote: ${{ vars.STATE }}
"""


class OwnJob(ActCase):
    def setUp(self):
        super().setUp()
        self.write_workflow(WORKFLOW.replace("@GATE@", GATE))

    def test_the_outputs_open_the_work_and_the_claim_id_ends_the_session(self):
        self.push(run=1)
        self.assert_ran("work 1.1")
        self.assert_claim(state="ended", outcome="success", holder_job="gate")

    def test_a_duplicate_skips_the_work_and_its_finish_changes_nothing(self):
        self.push(run=1)
        before = self.remote.refs("refs/refgate")
        self.pull_request(run=2)
        self.assert_ran("work 1.1")
        self.assertEqual(self.remote.refs("refs/refgate"), before)
        self.assertEqual(self.skips(), ["pr_lock"])

    def test_failed_work_is_stored_as_failed(self):
        self.push(run=1, FAILS="yes", fails=True)
        self.assert_claim(state="ended", outcome="failure")
        self.pull_request(run=2)
        self.assert_ran("work 1.1")

    def test_outputs_of_an_earlier_attempt_do_not_open_the_work_nor_turn_it_green(self):
        self.push(run=1, FAILS="yes", fails=True)
        before = self.remote.refs("refs")
        self.write_workflow(WORKFLOW.replace("@GATE@", REUSED))
        self.push(run=1, attempt=2, fails=True, BEFORE=self.only_claim()["claim_id"])
        self.assert_ran("work 1.1")
        self.assertEqual(self.remote.refs("refs"), before)


if __name__ == "__main__":
    unittest.main()
