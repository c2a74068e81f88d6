"""Who waits while a server asks to be left alone, or says nothing: no look comes before the time
that the server names, and a wait that cannot have an answer any more ends without one."""

import itertools
import unittest

from gate_case import await_that, launch
from network_test import FaultCase

LONG = {"fault": "status", "status": 429, "headers": {"Retry-After": "600"}}
AWAY = {"fault": "status", "status": 503}


class Waiting(FaultCase):
    def wait_words(self):
        """Each way of waiting, with the words of its gate; what it waits for is there."""
        self.gate("--share", "held")
        self.gate("--group-by", "repository", "--share", "head")
        self.gate("--slots", "pool:1", "--share", "slot")
        return {"standby": ("--share", "held", "--wait", "60s"),
                "line": ("--group-by", "repository", "--share", "next", "--wait", "60s"),
                "slot": ("--slots", "pool:1", "--share", "other", "--wait", "60s"),
                "follow": ("--share", "held", "--follow", "--wait", "60s"),
                "calm": ("--settle", "5s", "--share", "calm", "--deadline", "30s")}

    def waiting(self, words, *more):
        """A gate that has said that it waits."""
        claims = len(self.remote.claims())
        launch.reset(self.proxy)
        call = self.job().start("gate", *words, *more)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        looks = 2 if "held" in words else 4
        await_that(lambda: len(self.asked()) >= looks or call.process.poll() is not None or
                   len(self.remote.claims()) > claims, what="its first look")
        self.assertIsNone(call.process.poll())
        return call

    def refused(self):
        return [request for request in self.asked() if " 429 " in request or " 503 " in request]

    def test_a_time_beyond_the_wait_ends_it_with_that_one_answer(self):
        for error, status, runs in ((None, 3, False), ("run", 0, True)):
            self.setUp()
            for kind, words in self.wait_words().items():
                with self.subTest(kind, error=error):
                    self.plan()
                    call = self.waiting(words, *(("--on-error", error) if error else ()))
                    self.plan(LONG)
                    answer = call.wait()
                    self.assertEqual((answer.status, answer.runs, answer.code), (status, runs, "unreachable"), answer)
                    self.assertEqual(len(self.refused()), 1, self.asked())
                    self.assertIn("asks to wait 10m", answer.err)

    def test_an_outage_at_the_end_of_a_wait_is_no_wait_that_has_expired(self):
        for kind, words in self.wait_words().items():
            if kind == "calm":
                continue
            with self.subTest(kind):
                self.plan()
                call = self.waiting(words, "--wait", "4s", "--deadline", "4s", "--on-error", "run")
                self.plan(AWAY)
                answer = call.wait()
                self.assertEqual((answer.status, answer.runs, answer.code), (0, True, "unreachable"), answer)

    def test_who_does_not_wait_says_nothing_of_a_line_that_it_has_not_seen(self):
        self.gate("--group-by", "repository", "--share", "head")
        self.plan({"method": "POST", "nth": 4, **AWAY})
        answer = self.job().call("gate", "--group-by", "repository", "--share", "next", "--no-wait", "--deadline", "3s")
        self.assertEqual((answer.status, answer.runs, answer.code), (3, False, "unreachable"), answer)

    def test_the_deadline_holds_until_it_is_known_that_there_is_something_to_wait_for(self):
        """Each way into a line, on a server that falls silent after each request of it."""
        ways = {"slot": ("--slots", "1"), "group": ("--group-by", "repository"),
                "both": ("--group-by", "repository", "--slots", "1"),
                "calm": ("--settle", "100ms", "--slots", "1")}
        for (kind, words), fault in itertools.product(ways.items(), ("silent", "cut-after")):
            for nth in (3, 4):
                with self.subTest(kind, fault=fault, nth=nth):
                    self.setUp()
                    self.plan({"method": "POST", "nth": nth, "fault": fault})
                    answer = self.job().call("gate", *words, "--deadline", "2s")
                    self.plan()
                    self.assertLess(answer.seconds, 5.5 if kind == "calm" else 3.6, answer)
                    self.assertIn((answer.status, answer.code), ((3, "unreachable"), (0, "first")), answer)

    def test_a_wait_that_is_shorter_than_its_deadline_ends_soon(self):
        for nth in range(4, 8):
            with self.subTest(nth):
                self.setUp()
                self.gate("--group-by", "repository", "--share", "head")
                self.plan({"method": "POST", "nth": nth, "fault": "silent"})
                answer = self.job().call("gate", "--group-by", "repository", "--share", "next", "--wait", "1s",
                                         "--deadline", "2s")
                self.plan()
                self.assertLess(answer.seconds, 5, answer)

    def test_a_gate_without_an_answer_has_not_said_skip_for_no_reason(self):
        job = self.job()
        self.plan({"method": "POST", "path": "receive-pack", "fault": "status", "status": 403})
        self.assertEqual(job.call("gate", "--deadline", "3s").status, 3)
        self.plan()
        answer = self.done(job.call("finish", "--status", "failure"))
        self.assertNotIn("said skip: )", answer.out + answer.err)
        self.assertIn("came to no verdict", answer.out + answer.err)

    def test_a_throttle_that_passes_is_slept_through(self):
        call = self.waiting(self.wait_words()["line"])
        launch.reset(self.proxy)
        self.plan({"fault": "status", "status": 429, "count": 1, "headers": {"Retry-After": "4"}})
        await_that(lambda: len(self.asked()) >= 2, what="the look behind the throttle")
        self.assertEqual(len(self.refused()), 1, self.asked())
        # It is asked anew and not ended: nobody has its turn before the head.
        self.assertIsNone(call.process.poll())

    def test_a_settler_asks_less_and_less_of_a_server_that_is_away(self):
        call = self.waiting(("--settle", "1s", "--share", "calm", "--deadline", "10s"))
        self.plan(AWAY)
        answer = call.wait()
        self.assertEqual((answer.status, answer.code), (3, "unreachable"), answer)
        self.assertLess(len(self.refused()), 60, len(self.refused()))


if __name__ == "__main__":
    unittest.main()
