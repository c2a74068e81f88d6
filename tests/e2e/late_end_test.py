"""Ends that come late, or without a claim: what a session did is in the record all the same."""

import subprocess
import unittest

import runner
from gate_case import GateCase


class LateEnd(GateCase):
    remote_kind = "path"

    def lines_of(self, job):
        return sorted(line["kind"] for line in self.log() if line["run_id"] == job.run)

    def test_a_finish_after_a_takeover_records_its_end(self):
        holder, _ = self.take_lost_claim()
        taker, answer = self.gate()
        self.assert_runs(answer, "takeover")
        before = self.remote.refs()
        told = self.done(holder.call("finish", "--status", "success"))
        self.assertIn("is in the record", told.out)
        self.assertEqual(self.remote.refs(), before)
        self.assertEqual(self.lines_of(holder), ["end", "launch", "lost"])
        self.done(taker.call("finish"))

    def test_a_finish_after_a_release_records_its_end(self):
        holder, gate = self.gate()
        self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        self.done(holder.call("finish"))
        self.assertIn("end", self.lines_of(holder))

    def test_a_claim_that_was_deleted_is_recorded_with_launch_and_end(self):
        holder, _ = self.gate()
        for ref in self.remote.claims():
            self.remote.git("update-ref", "-d", ref)
        self.done(holder.call("finish", "--status", "failure"))
        self.assertEqual(self.lines_of(holder), ["end", "launch"])
        self.assertEqual(self.remote.claims(), {})

    def test_what_was_not_executed_leaves_no_end(self):
        holder, _ = self.take_lost_claim()
        self.gate()
        self.done(holder.call("finish", "--status", "skipped"))
        self.assertNotIn("end", self.lines_of(holder))


class WithoutAClaim(GateCase):
    remote_kind = "path"

    def run_without_store(self, *words, **options):
        """A gate that cannot reach its remote and runs all the same; the remote is there again."""
        away = self.path.with_name(self.path.name + ".away")
        job = self.job(**options)
        self.path.rename(away)
        answer = job.call("gate", "--on-error", "run", *words)
        away.rename(self.path)
        self.assertEqual((answer.status, answer.runs), (0, True), answer)
        return job

    def test_its_launch_and_end_are_recorded_and_its_success_is_done_work(self):
        job = self.run_without_store()
        self.done(job.call("finish", "--status", "success"))
        mine = [line for line in self.log() if line["run_id"] == job.run]
        self.assertEqual(sorted(line["kind"] for line in mine), ["end", "launch"])
        self.assertTrue(all(line["executed"] for line in mine))
        self.assert_skips(self.job().call("gate"), "already_done")

    def test_who_holds_the_scope_meanwhile_keeps_it(self):
        job = self.run_without_store()
        holder, answer = self.gate()
        before = self.remote.refs()
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.remote.refs(), before)
        self.assertEqual(sorted(line["kind"] for line in self.log() if line["run_id"] == job.run), ["end", "launch"])
        self.done(holder.call("finish"))
        self.assertEqual(self.person().call("verify").status, 1)


class Elsewhere(GateCase):
    remote_kind = "path"

    def test_a_session_of_another_job_of_the_run_is_named(self):
        holder, gate = self.gate()
        other = self.job(run=holder.run, job="work")
        answer = self.done(other.call("finish"))
        self.assertIn("::warning", answer.out)
        self.assertIn("claim-id", answer.err)
        self.assertEqual(self.only_claim()["state"], "active")

    def test_who_was_told_to_skip_is_not_warned(self):
        holder, _ = self.gate()
        twin = self.job()
        self.assert_skips(twin.call("gate"), "active_session")
        self.assertNotIn("::warning", self.done(twin.call("finish")).out)

    def test_who_renews_by_claim_id_becomes_the_holder(self):
        _, gate = self.gate()
        work = self.job(job="work")
        self.done(work.call("heartbeat", "--claim-id", gate.claim_id))
        claim = self.only_claim()
        self.assertEqual((claim["holder"]["run_id"], claim["holder"]["job"]), (work.run, "work"))
        self.done(work.call("finish"))
        self.assertEqual(self.only_claim()["outcome"], "success")


class Disk(GateCase):
    def test_an_end_that_cannot_be_noted_is_an_end(self):
        """No file can grow, as on a full disk; the push itself needs none."""
        job, _ = self.gate()
        done = subprocess.run(
            ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", runner.BINARY, "finish", "--status", "failure",
             "--remote", self.remote.url], env=job.environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("Session ended", done.stdout)
        self.assertIn("could not be written", done.stderr)
        self.assertEqual(self.only_claim()["outcome"], "failure")

    def test_a_gate_that_cannot_note_its_claim_claims_nothing(self):
        job = self.job()
        (job.folder / "temp" / "refgate").write_text("in the way")
        answer = job.call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertEqual(self.remote.all_refs(), {})


if __name__ == "__main__":
    unittest.main()
