"""gated.yml called by a user's workflow: gate, work and finish in one job."""

import shutil
import unittest

from act_case import TREE, ActCase

CALLER = """
name: Caller
on: [push, pull_request]
jobs:
  review:
    permissions:
      contents: write
      actions: read
    uses: ./.github/workflows/gated.yml
    with:
      remote: ${{ vars.STATE }}
      @WITH@
    secrets:
      agent-token: ${{ secrets.AGENT }}
  after:
    needs: review
    if: always()
    runs-on: ubuntu-latest
    env:
      VERDICT: ${{ needs.review.outputs.skip_execution }} ${{ needs.review.outputs.reason_code }}
    steps:
      - run: echo "after $GITHUB_RUN_ID $VERDICT" >> "$RAN"
"""

# Everything that a second look by a shell or by the runner would change.
DIFFICULT = r"""run: |
        text='single' && other="double \" $HOME" && odd=`echo "back  tick"`
        printf '%s|%s|%s|%s\n' "$text" "${other%% *}" "$odd" '${{ '${{' }} secrets.AGENT }}' >> "$RAN"
        cat >> "$RAN" <<'END'
        $(exit 3) "quoted" 'text' %s \n
        END
        false || echo "last $AGENT_TOKEN" >> "$RAN"
"""


class Reusable(ActCase):
    def setUp(self):
        super().setUp()
        shutil.copy(
            TREE / ".github" / "workflows" / "gated.yml", self.work / ".github" / "workflows"
        )
        with open(self.folder / "secrets", "a", encoding="utf-8") as file:
            file.write("AGENT=agent-secret\n")

    def call(self, lines):
        self.write_workflow(CALLER.replace("@WITH@", lines.strip("\n")))

    def test_the_work_runs_once_and_the_caller_learns_the_verdict(self):
        self.call('run: echo "work $GITHUB_RUN_ID" >> "$RAN"')
        self.push(run=1)
        self.assert_claim(state="ended", outcome="success", generation=1)
        held = self.remote.refs("refs/refgate/claims")
        self.pull_request(run=2)
        self.assert_ran("work 1", "after 1 false first", "after 2 true pr_lock")
        self.assertEqual(self.remote.refs("refs/refgate/claims"), held)

    def test_a_failing_script_is_stored_as_failed(self):
        self.call('run: |\n        false\n        echo unreached >> "$RAN"')
        self.push(run=1, fails=True)
        self.assertNotIn("unreached", self.ran())
        self.assert_claim(state="ended", outcome="failure")

    def test_a_failure_inside_of_a_pipe_is_one(self):
        self.call('run: "false | true"')
        self.push(run=1, fails=True)
        self.assert_claim(outcome="failure")

    def test_the_script_arrives_byte_by_byte(self):
        self.call(DIFFICULT)
        self.push(run=1)
        self.assertEqual(
            self.ran(),
            [
                "single|double|back  tick|${{ secrets.AGENT }}",
                "$(exit 3) \"quoted\" 'text' %s \\n",
                "last agent-secret",
                "after 1 false first",
            ],
            self.story(),
        )
        self.assert_claim(state="ended", outcome="success")

    def test_the_work_finds_the_repository_unless_it_wants_none(self):
        self.call('run: ls >> "$RAN"')
        self.push(run=1)
        self.call('run: ls >> "$RAN"\n      checkout: false\n      share: without')
        self.push(run=2)
        self.assert_ran("README", "after 1 false first", "after 2 false first")

    def test_its_inputs_reach_the_gate(self):
        self.call(
            'run: echo "work $GITHUB_RUN_ID" >> "$RAN"; false\n      retry: allow\n      dimensions: "model=small"'
        )
        self.push(run=1, fails=True)
        self.push(run=1, attempt=2, fails=True)
        self.assertEqual(self.ran().count("work 1"), 2, self.story())
        (ref,) = self.remote.claims()
        self.assertIn(",model=small,", ref)

    def test_what_governs_launches_reaches_the_gate(self):
        self.call('run: echo "work $GITHUB_RUN_ID" >> "$RAN"\n      identity: one\n      memory: 0s\n      budget: workflow:1/1d')
        self.push(run=1)
        self.push(run=2)
        self.assert_ran("work 1", "after 1 false first", "after 2 true budget")

    def test_a_limit_of_the_provider_is_no_failure_and_what_it_cost_is_kept(self):
        self.call(
            'run: |\n        echo \'{"type": "result", "total_cost_usd": 0.25}\' > result.json\n        exit 75\n'
            "      limited-after: 2h\n      usage: result.json\n      retry: allow"
        )
        self.push(run=1, fails=True)
        self.assert_claim(outcome="limited", cost_usd=0.25)
        self.pull_request(run=2)
        self.assertIn("after 2 true limited", self.ran())


if __name__ == "__main__":
    unittest.main()
