"""A push that arrives after its sender is dead and its job has finished opens nothing."""

import unittest

from network_test import WRITES, FaultCase
from gate_case import await_that


class Fence(FaultCase):
    def kill_a_gate_whose_push_is_on_its_way(self, seconds=2):
        self.plan({**WRITES, "fault": "delay", "count": 1, "seconds": seconds, "announce": True})
        job = self.job()
        call = job.start("gate")
        await_that(lambda: any("delay-begins" in line for line in self.asked()), what="the push")
        self.assertEqual(call.kill().outputs["skip_execution"], "true")
        return job

    def late_push_arrives(self):
        await_that(lambda: any(line.endswith(" delay") for line in self.asked()), what="the late push")

    def test_a_first_claim_that_comes_too_late_is_stale(self):
        job = self.kill_a_gate_whose_push_is_on_its_way()
        self.assertIn("Session ended", self.done(job.call("finish", "--status", "failure")).out)
        self.assertFalse(any(line.endswith(" delay") for line in self.asked()), "the push came too early to prove anything")
        self.late_push_arrives()
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"]), ("ended", "released"))
        self.assert_runs(self.job().call("gate"), "takeover")
        self.assertEqual([line["run_id"] for line in self.kinds("launch")].count(job.run), 0)

    def test_a_takeover_that_comes_too_late_is_stale(self):
        first, _ = self.gate()
        self.done(first.call("finish", "--status", "cancelled"))
        job = self.kill_a_gate_whose_push_is_on_its_way()
        self.done(job.call("finish"))
        self.late_push_arrives()
        self.assertEqual(self.only_claim()["state"], "ended")
        self.assertEqual([line["run_id"] for line in self.kinds("launch")], [first.run])

    def test_a_push_that_had_arrived_is_given_back_since_nobody_was_told(self):
        job = self.kill_a_gate_whose_push_is_on_its_way(seconds=0)
        self.late_push_arrives()
        self.done(job.call("finish", "--status", "failure"))
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"], claim["holder"]["run_id"]), ("ended", "abandoned", job.run))
        self.assert_runs(self.job(remote=self.direct).call("gate"), "first")

    def test_somebody_who_won_meanwhile_is_left_alone(self):
        job = self.kill_a_gate_whose_push_is_on_its_way()
        winner = self.job(remote=self.direct)
        self.assert_runs(winner.call("gate"), "first")
        before = self.remote.all_refs()
        self.assertIn("Nothing was changed", self.done(job.call("finish")).out)
        self.late_push_arrives()
        self.assertEqual(self.remote.all_refs(), before)


if __name__ == "__main__":
    unittest.main()
