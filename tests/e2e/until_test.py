"""A skip by time says until when: lines, outputs, explain and the record agree."""

import datetime
import time
import unittest

from gate_case import GateCase


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def seconds_until(text):
    return seconds_of(text) - time.time()


class Until(GateCase):
    remote_kind = "path"

    def assert_until(self, code, at_most, *words):
        """At most so many seconds from now; the test may be slow, and never early."""
        explained = self.done(self.job().call("explain", "--json", *words)).json()["decision"]
        answer = self.job().call("gate", *words)
        self.assert_skips(answer, code)
        self.assertEqual(answer.outputs["until"], answer.lines["UNTIL"])
        self.assertRegex(answer.lines["UNTIL"], r"T\d\d:\d\d:\d\dZ$")
        self.assertEqual(seconds_of(explained["until"]), seconds_of(answer.lines["UNTIL"]))
        self.assertLessEqual(seconds_until(answer.lines["UNTIL"]), at_most + 1)
        self.assertGreater(seconds_until(answer.lines["UNTIL"]), at_most - 600)
        line = self.kinds("skip")[-1]
        self.assertEqual((line["reason_code"], seconds_of(line["until"])),
                         (code, seconds_of(answer.lines["UNTIL"])))

    def ended(self, status):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", status))

    def test_work_that_was_done(self):
        self.ended("success")
        self.assert_until("already_done", 7 * 86400)

    def test_what_failed(self):
        self.ended("failure")
        self.assert_until("cooldown", 3600, "--retry", "allow", "--cooldown", "1h")
        self.assert_until("max_attempts", 7 * 86400, "--retry", "allow", "--max-attempts", "1")

    def test_a_budget(self):
        words = ("--budget", "workflow:1/1h")
        job, _ = self.gate(*words)
        self.done(job.call("finish", "--status", "cancelled"))
        self.assert_until("budget", 3600, *words)

    def test_any_other_verdict_says_none(self):
        _, won = self.gate()
        self.assertEqual(won.outputs["until"], "")
        skipped = self.job().call("gate")
        self.assert_skips(skipped, "active_session")
        self.assertEqual(skipped.outputs["until"], "")
        self.assertNotIn("until", self.kinds("skip")[0])

    def test_who_only_watches_is_told_too(self):
        self.ended("success")
        answer = self.job().call("gate", "--observe")
        self.assertEqual((answer.runs, answer.code), (True, "already_done"), answer)
        self.assertGreater(seconds_until(answer.outputs["until"]), 6 * 86400)


if __name__ == "__main__":
    unittest.main()
