"""Launches that are governed, as a runner meets them: who follows, who is called off, and what is made good.

act says itself where the REST API is, and leaves nobody else a word in that: the action's own script is told the stand-in's address in its first line.
"""

import signal
import unittest

from act_case import BINARY, HEAD, TOKEN, TREE, ActCase, agent, await_that, payloads
from api_case import stand_in
from on_lost_test import Cancelling

NEWER = payloads.commit("newer")
BEATS = ["interval: 1s", "lease: 20s", "skew: 1s"]
GH = """#!/bin/sh
echo "$*" >> "$GH_CALLS"
"""


class Follow(ActCase):
    def begin(self, status):
        """A run whose work goes on until it is told to end, and one that follows it."""
        said = self.folder / "said"
        self.write_workflow(agent(inputs=["follow: true"], work=f'until test -e "{said}"; do sleep 0.1; done; exit {status}',
                                  finish=["status: ${{ steps.work.outcome }}"]).replace("- if: steps.gate", "- id: work\n        if: steps.gate", 1))
        holder = self.start("push", payloads.push(HEAD), run=1)
        await_that(lambda: self.ran() or holder.process.poll() is not None, 60, what="the work")
        follower = self.start("pull_request", payloads.pull_request(HEAD), run=2, ref="refs/pull/7/merge")
        await_that(lambda: "standing by for" in follower.log.read_text(encoding="utf-8") or follower.process.poll() is not None, 60, what="the follower")
        self.assertIsNone(follower.process.poll(), self.story())
        said.touch()
        return holder.wait(), follower.wait()

    def test_the_follower_is_green_when_the_work_has_ended_with_success(self):
        holder, follower = self.begin(0)
        self.assertEqual((holder.status, follower.status), (0, 0), self.story())
        self.assert_ran("push 1.1")
        told = self.outputs(2)
        self.assertEqual((told["skip_execution"], told["reason_code"], told["holder_outcome"]), ("true", "pr_lock", "success"))

    def test_the_follower_is_red_when_the_work_has_failed(self):
        holder, follower = self.begin(3)
        self.assertNotEqual(holder.status, 0, self.story())
        self.assertNotEqual(follower.status, 0, self.story())
        self.assert_ran("push 1.1")
        told = self.outputs(2)
        self.assertEqual((told["skip_execution"], told["reason_code"], told["holder_outcome"]), ("true", "retry_suppressed", "failure"))

    def test_one_of_two_followers_takes_over_from_who_was_cancelled(self):
        self.write_workflow(agent(inputs=["follow: true"], work='test "$GITHUB_RUN_ID" != 1 || exec sleep 300'))
        holder = self.start("push", payloads.push(HEAD), run=1)
        await_that(lambda: self.ran() or holder.process.poll() is not None, 60, what="the work")
        followers = [self.start("push", payloads.push(HEAD), run=run) for run in (2, 3)]
        for follower in followers:
            await_that(lambda: "standing by for" in follower.log.read_text(encoding="utf-8") or follower.process.poll() is not None, 60, what="a follower")
        holder.process.send_signal(signal.SIGINT)
        holder.wait()
        self.assertEqual([follower.wait().status for follower in followers], [0, 0], self.story())
        first, second = self.ran()
        self.assertEqual(first, "push 1.1")
        self.assertIn(second, ("push 2.1", "push 3.1"))
        self.assert_claim(state="ended", outcome="success", generation=2)


class OnLost(ActCase):
    def setUp(self):
        super().setUp()
        self.api = stand_in(self, Cancelling)
        self.api.told = []
        self.api.reply = lambda handler: handler.say(404, {"message": "Not Found"})
        self.action = self.make_action(self.folder / "action", BINARY)
        manifest = self.action / "action.yml"
        text = manifest.read_text(encoding="utf-8")
        self.assertEqual(text.count("      run: |\n"), 1)
        placed = text.replace("      run: |\n", f"      run: |\n        export GITHUB_API_URL=http://127.0.0.1:{self.api.server_port}\n")
        manifest.write_text(placed, encoding="utf-8")

    def test_a_newer_head_cancels_the_run_on_the_older_one(self):
        self.write_workflow(agent(inputs=["supersede: true", "on-lost: cancel", *BEATS], work='test "$GITHUB_RUN_ID" != 1 || exec sleep 300'))
        older = self.start("push", payloads.push(HEAD), run=1)

        def cancel(handler):
            handler.say(202, {})
            # GitHub cancels the run then, as one who presses "Cancel".
            older.process.send_signal(signal.SIGINT)

        self.api.act = cancel
        self.addCleanup(lambda: older.process.poll() is None and older.process.kill())
        await_that(lambda: self.ran() or older.process.poll() is not None, 60, what="the work")
        self.assertIsNone(older.process.poll(), self.story())
        newer = payloads.push(NEWER)
        newer["before"] = HEAD
        self.run_act("push", newer, run=2)
        await_that(lambda: self.api.told, what="the call that cancels")
        older.wait()
        self.assertEqual(self.api.told, [(f"/repos/{payloads.HOME}/actions/runs/1/cancel", f"Bearer {TOKEN}")], self.story())
        self.assert_ran("push 1.1", "push 2.1")
        ends = {claim["holder"]["run_id"]: (claim["outcome"], claim.get("superseded_by")) for claim in self.remote.claims().values()}
        self.assertEqual(ends, {"1": ("cancelled", "2"), "2": ("success", None)}, self.story())
        self.assertEqual(self.skips(), [])


class MadeGood(ActCase):
    """examples/made-good.yml as it stands, but for where the state lies, with a stand-in for gh that says what it was asked."""

    def test_what_was_skipped_for_a_cancelled_run_is_launched_again_once(self):
        self.write_workflow(agent(work='test "$GITHUB_RUN_ID" != 1 || exec sleep 300'))
        holder = self.start("push", payloads.push(HEAD), run=1)
        await_that(lambda: self.ran() or holder.process.poll() is not None, 60, what="the work")
        self.pull_request(run=2)
        self.push(run=3)
        self.assertEqual(self.skips(), ["pr_lock", "active_session"])
        holder.process.send_signal(signal.SIGINT)
        holder.wait()
        self.assert_claim(state="ended", outcome="cancelled")

        example = (TREE / "examples" / "made-good.yml").read_text(encoding="utf-8")
        placed = example.replace("command: status\n", "command: status\n          remote: ${{ vars.STATE }}\n")
        self.assertNotEqual(example, placed)
        self.write_workflow(placed, "made-good.yml")
        (self.bin / "gh").write_text(GH, encoding="utf-8")
        (self.bin / "gh").chmod(0o755)
        calls = self.folder / "gh-calls"
        for run in (10, 11):
            self.run_act("schedule", {"schedule": "*/20 * * * *"}, run=run, file="made-good.yml", GH_CALLS=calls)
        watched, relaunched = calls.read_text(encoding="utf-8").splitlines()
        again = relaunched.split()[-1]
        self.assertIn(again, ("2", "3"))
        self.assertEqual((watched, relaunched), (f"run watch {again} --interval 30", f"run rerun {again}"))

        # That it is launched again is GitHub's part; its gate takes the work over, and nobody after it does.
        by = {"2": self.pull_request, "3": self.push}
        by[again](run=int(again), attempt=2)
        event = {"2": "pull_request", "3": "push"}[again]
        self.assert_ran("push 1.1", f"{event} {again}.2")
        self.push(run=4)
        self.assert_claim(state="ended", outcome="success", generation=2, holder_run_id=again)
        self.assertEqual([line["reason_code"] for line in self.lines("launch")], ["first", "takeover"])


if __name__ == "__main__":
    unittest.main()
