"""Gates that stand by for the one that has their work."""

import signal
import threading
import unittest

from api_case import ApiCase
from gate_case import await_that, in_parallel
from network_test import FaultCase
from queue_test import BRIEF, QueueCase


class Standby(QueueCase):
    HOLD = ("--lease", "5s", "--skew", "1s")

    def test_a_standby_takes_over_when_the_holder_is_lost(self):
        self.assert_runs(self.job().call("gate", *self.HOLD), "first")
        answers = in_parallel((lambda: self.job().call("gate", "--wait", "2m")) for _ in range(1))
        self.assert_runs(answers[0], "takeover")
        self.assertEqual(answers[0].generation, 2)

    def test_a_standby_is_told_that_the_work_is_done(self):
        holder = self.job()
        self.assert_runs(holder.call("gate"), "first")
        call = self.job().start("gate", "--wait", "2m")
        self.done(holder.call("finish"))
        self.assert_skips(call.wait(), "already_done")

    def test_a_standby_whose_wait_ran_out_names_the_holder(self):
        holder = self.job()
        self.assert_runs(holder.call("gate"), "first")
        answer = self.job().call("gate", "--wait", "1s")
        self.assert_skips(answer, "active_session")
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], holder.run)
        self.assertRegex(answer.err, r"standing by for run .*; waits until \S+Z at most")

    def test_what_is_told_after_a_wait_is_as_of_its_end(self):
        for words in ((), ("--follow",)):
            with self.subTest(words):
                self.assertTrue(self.job().call("gate", "--force").runs)
                answer = self.job().call("gate", "--wait", "2s", *words)
                self.assertFalse(answer.runs, answer)
                self.assertNotIn("just now", answer.lines["REASON"])

    def test_a_standby_that_is_cancelled_ends_by_the_signal_and_leaves_nothing(self):
        self.assert_runs(self.job().call("gate"), "first")
        before = self.remote.refs("refs/refgate")
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(each.name):
                job = self.job()
                call = job.start("gate", "--wait", "2m", "--audit-skips", "summary")
                line = call.process.stderr.readline()
                self.assertIn(b"standing by", line)
                call.process.send_signal(each)
                answer = call.wait()
                self.assertEqual(answer.status, -each, answer)
                self.assertFalse(answer.runs)
                self.assertIn(f"{each.name} came while it waited, and nothing was launched", answer.err)
                self.assertIn("To make sure: refgate status", answer.err)
                self.assertEqual(self.remote.refs("refs/refgate"), before)

    def test_no_wait_and_wait_contradict_each_other(self):
        answer = self.job().call("gate", "--wait", "10m", "--no-wait")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertIn("--wait", answer.err)
        self.assertIn("--no-wait", answer.err)


class StandbyInItsLastLook(ApiCase):
    def test_a_signal_while_the_last_look_asks_leaves_nothing(self):
        """The holder is found dead just as the wait ends and its job is cancelled."""
        holder = self.job()
        self.assert_runs(holder.call("gate"), "first")
        cancelled = threading.Event()

        def reply(handler):
            last = len(self.api.asked) > 1
            if last:
                cancelled.wait(30)
            handler.say(200, {"id": int(holder.run), "run_attempt": 1, "status": "completed" if last else "in_progress"})
        self.api.reply = reply
        call = self.job().start("gate", "--wait", "1s")
        await_that(lambda: len(self.api.asked) > 1, what="the last look")
        call.process.send_signal(signal.SIGTERM)
        cancelled.set()
        answer = call.wait()
        self.assertEqual((answer.status, answer.runs), (-signal.SIGTERM, False), answer)
        self.assertEqual(self.only_claim()["state"], "ended", self.only_claim())
        self.assert_runs(self.job().call("gate"), "first")


class FollowerInALook(FaultCase):
    def test_a_signal_while_a_look_finds_the_holder_gone_launches_nothing(self):
        """The holder's run is cancelled just as the follower's job is cancelled."""
        for words in (("gate",), ("run", "--", "echo", "ran")):
            with self.subTest(words[0]):
                share = ("--share", words[0], "--group-by", "repository")
                holder = self.job(remote=self.direct)
                self.assert_runs(holder.call("gate", *share), "first")
                call = self.job().start(words[0], *share, "--follow", "--wait", "1m", *words[1:])
                self.addCleanup(lambda call=call: call.process.poll() is None and call.kill())
                self.assertIn(b"following", call.process.stderr.readline())
                before = len(self.asked())
                self.plan({"fault": "delay", "seconds": 1, "announce": True, "count": 1})
                await_that(lambda before=before: len(self.asked()) > before, what="a look")
                self.done(holder.call("finish", "--share", words[0], "--status", "cancelled"))
                call.process.send_signal(signal.SIGTERM)
                answer = call.wait(30)
                self.plan()
                self.assertNotIn("ran", answer.out.split())
                self.assertIn(answer.status, (-signal.SIGTERM, 128 + signal.SIGTERM), answer)
                self.assertFalse([claim for claim in self.direct.claims().values() if claim["state"] != "ended"])


class StandbyInAnOutage(FaultCase):
    def setUp(self):
        super().setUp()
        self.holder = self.job(remote=self.direct)
        self.assert_runs(self.holder.call("gate"), "first")

    def stand_by_without_a_server(self, *words):
        """A gate that has seen the holder, and then no server."""
        job = self.job()
        call = job.start("gate", "--deadline", "1s", *words)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"standing by for", call.process.stderr.readline())
        self.plan({"fault": "cut-before"})
        return job, call

    def await_outage(self, call):
        self.assertIn(b"still standing by", call.process.stderr.readline())

    def test_a_standby_outlasts_an_outage_and_is_told_that_the_work_is_done(self):
        _, call = self.stand_by_without_a_server("--wait", "2m")
        self.await_outage(call)
        self.await_outage(call)
        self.done(self.holder.call("finish"))
        self.plan()
        self.assert_skips(call.wait(), "already_done")

    def test_a_standby_outlasts_an_outage_and_takes_over(self):
        job, call = self.stand_by_without_a_server("--wait", "2m")
        self.await_outage(call)
        self.done(self.holder.call("finish", "--status", "cancelled"))
        self.plan()
        self.assert_runs(call.wait(), "takeover")
        self.assertEqual(self.only_claim()["holder"]["run_id"], job.run)

    def test_an_outage_that_outlasts_the_wait_is_no_answer(self):
        _, call = self.stand_by_without_a_server("--wait", "4s")
        answer = call.wait()
        self.assertEqual((answer.status, answer.code, answer.runs), (3, "unreachable", False), answer)

    def test_a_standby_in_an_outage_is_cancelled_by_a_signal(self):
        job, call = self.stand_by_without_a_server("--wait", "2m")
        self.await_outage(call)
        call.process.send_signal(signal.SIGTERM)
        answer = call.wait()
        self.assertEqual((answer.status, answer.runs), (-signal.SIGTERM, False), answer)
        self.assertEqual(self.only_claim()["holder"]["run_id"], self.holder.run)


if __name__ == "__main__":
    unittest.main()
