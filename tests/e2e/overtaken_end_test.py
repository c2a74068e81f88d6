"""The late end of a session that others have followed: it goes into the record, and takes nothing from theirs."""

import json
import os
import signal
import unittest

from gate_case import GateCase, await_asked, await_that

MONEY = ("--budget", "repo:20usd/1d", "--reserve", "1usd")
BEATS = ("--heartbeat", "--interval", "1s", "--lease", "30s", "--skew", "1s", "--deadline", "2s")


class AwayCase(GateCase):
    remote_kind = "path"

    def aside(self):
        """Where the remote is put for a while."""
        return self.remote.path.with_name(f"aside-{self.remote.path.name}")


class OvertakenEnd(AwayCase):

    def lines_of(self, job):
        return {line["kind"]: line for line in self.log() if line["run_id"] == job.run}

    def test_an_end_by_claim_id_leaves_what_the_taker_left(self):
        for others, verdict in (("failure", "retry_suppressed"), ("cancelled", "takeover")):
            for status in ("success", "cancelled", "failure"):
                with self.subTest(others=others, status=status):
                    self.setUp()
                    holder, won = self.take_lost_claim(*MONEY)
                    taker, answer = self.gate(*MONEY)
                    self.assert_runs(answer, "takeover")
                    self.done(taker.call("finish", "--status", others))
                    before = self.remote.claims()
                    same_job = self.job(run=holder.run)
                    told = self.done(same_job.call("finish", "--claim-id", won.claim_id, "--status", status, "--cost", "0.5"))
                    self.assertIn("Nothing was changed", told.out)
                    self.assertEqual(self.remote.claims(), before)
                    self.assertEqual(self.gate(*MONEY)[1].code, verdict)
                    self.assertEqual(self.lines_of(holder)["end"]["cost_usd"], 0.5)

    def test_the_end_of_a_later_generation_is_told_under_its_own(self):
        first, _ = self.gate("--retry", "allow", *MONEY)
        self.done(first.call("finish", "--status", "failure"))
        holder, won = self.gate("--retry", "allow", "--lease", "1s", "--skew", "0s", *MONEY)
        self.await_lost()
        taker, answer = self.gate("--retry", "allow", *MONEY)
        self.assert_runs(answer, "takeover")
        self.done(self.person().call("finish", "--claim-id", won.claim_id, "--status", "success"))
        lines = self.lines_of(holder)
        self.assertEqual((lines["launch"]["generation"], lines["end"]["generation"]), (2, 2))
        self.assertEqual(lines["end"]["run_id"], holder.run)
        self.done(taker.call("finish"))

    def test_who_ran_without_a_claim_does_not_take_the_place_of_who_came_after(self):
        holder = self.job()
        aside = self.aside()
        os.rename(self.remote.path, aside)
        told = holder.call("gate", "--on-error", "run", "--deadline", "1s")
        self.assertTrue(told.runs, told)
        os.rename(aside, self.remote.path)
        other, answer = self.gate()
        self.assert_runs(answer, "first")
        self.done(other.call("finish", "--status", "failure"))
        before = self.remote.claims()
        self.done(holder.call("finish", "--status", "success"))
        self.assertEqual(self.remote.claims(), before)
        self.assertEqual(sorted(self.lines_of(holder)), ["end", "launch"])


class OvertakenHeartbeats(AwayCase):
    remote_kind = "http"

    def test_an_end_by_the_heartbeat_process_after_one_failed_renewal(self):
        """What it does not know any more it does not take for never had."""
        holder, answer = self.gate(*BEATS)
        self.assert_runs(answer, "first")
        aside = self.aside()
        os.rename(self.remote.path, aside)
        await_that(lambda: any(json.loads(text).get("failures", 0) > 0 for text in holder.state_files()
                               if '"heartbeat_process"' in text), what="a renewal that fails")
        (process,) = [json.loads(text)["heartbeat_process"] for text in holder.state_files() if '"heartbeat_process"' in text]
        os.kill(process, signal.SIGSTOP)
        os.rename(aside, self.remote.path)
        other, forced = self.gate("--force")
        self.assert_runs(forced, "forced")
        self.done(other.call("finish", "--status", "failure"))
        before = self.remote.claims()
        asking = holder.start("finish", "--status", "success", REFGATE_TOKEN="")
        await_asked(process)
        os.kill(process, signal.SIGCONT)
        told = self.done(asking.wait())
        self.assertNotIn("launched without a claim", told.out)
        self.assertEqual(self.remote.claims(), before)
        self.assert_skips(self.gate()[1], "retry_suppressed")


class ToldToRunWhileItWaited(AwayCase):
    """`--on-error run` of a gate that would have stood in a line: its session was begun, whatever stands at its scope."""

    remote_kind = "http"

    def test_its_end_is_remembered(self):
        for words in (("--slots", "2"), ("--group-by", "repository"), ("--settle", "1s")):
            with self.subTest(words=words):
                self.setUp()
                aside = self.aside()
                job = self.job()
                os.rename(self.remote.path, aside)
                told = job.call("gate", "--on-error", "run", "--deadline", "1s", *words)
                self.assertTrue(told.runs, told)
                os.rename(aside, self.remote.path)
                done = self.done(job.call("finish", "--status", "success"))
                self.assertIn("Session ended", done.out)
                self.assertEqual(sorted(line["kind"] for line in self.log()), ["end", "launch"])
                self.assert_skips(self.gate(*words)[1], "already_done")


class HiddenFromReaders(GateCase):
    """A server that hides claims from those who read, or shows them late."""

    def test_a_session_in_a_line_ends_all_the_same(self):
        for words in (("--slots", "2"), ("--group-by", "repository"), ("--budget", "repo:9/1d", "--breaker", "3/1h")):
            with self.subTest(words=words):
                self.setUp()
                job, answer = self.gate(*words)
                self.assert_runs(answer, "first")
                self.remote.git("config", "uploadpack.hideRefs", "refs/refgate/claims")
                done = self.done(job.call("finish", "--status", "success"))
                self.assertIn("Session ended", done.out)
                self.assertEqual(self.only_claim()["outcome"], "success")


if __name__ == "__main__":
    unittest.main()
