"""Slots and the jobs of one run: a job shares what it has, another one waits, and no forged note takes part."""

import json
import unittest

from slots_test import PATIENT, SlotsCase


class Own(SlotsCase):
    def test_a_job_shares_the_slot_that_it_has(self):
        job = self.holder("own", "--share", "a", slots="1")
        for how in ("--wait=10m", "--no-wait"):
            answer = job.call("gate", "--slots", "1", "--share", how[2:4], how, *PATIENT)
            self.assert_runs(answer, "first")
            self.assertIn("this very job has a slot of default already", answer.err)
        # Each of its sessions has it until it ends.
        other = self.push_job("other")
        self.assert_skips(other.call("gate", "--slots", "1", "--no-wait", *PATIENT), "queued")
        self.done(job.call("finish", "--claim-id", job.claim_id))
        self.assert_skips(other.call("gate", "--slots", "1", "--no-wait", *PATIENT), "queued")
        self.done(job.call("finish"))
        self.assert_runs(other.call("gate", "--slots", "1", "--no-wait", *PATIENT), "first")

    def test_a_note_that_was_forged_shares_no_slot_of_another_job(self):
        holder = self.holder("own", slots="1", run=5)
        job = self.push_job("mine", run=5, job="other")
        self.assert_runs(job.call("gate"), "first")
        (own,) = (job.folder / "temp").rglob("claim-*.json")
        (theirs,) = (holder.folder / "temp").rglob("claim-*.json")
        note = json.loads(theirs.read_text())
        note["claim"] = json.dumps({**json.loads(note["claim"]), "holder": json.loads(json.loads(own.read_text())["claim"])["holder"]})
        (own.parent / theirs.name).write_text(json.dumps(note))
        self.assert_skips(job.call("gate", "--slots", "1", "--share", "b", "--no-wait", *PATIENT), "queued")

    def test_another_job_of_the_run_waits_and_is_told_whose_slot_it_is(self):
        self.holder("own", slots="1", run=5)
        answer = self.push_job("own", run=5, job="other").call("gate", "--slots", "1", "--wait", "1s", *PATIENT)
        self.assert_skips(answer, "wait_expired")
        self.assertIn("which is this very run", answer.err)
        self.assertIn("which is this very run", answer.lines["REASON"])


if __name__ == "__main__":
    unittest.main()
