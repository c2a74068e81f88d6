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
        # However little they overlapped: who took over saw no end.
        self.assertEqual(self.person().call("verify").status, 1)

    def test_a_finish_after_a_release_records_its_end(self):
        holder, gate = self.gate()
        self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        self.done(holder.call("finish"))
        self.assertIn("end", self.lines_of(holder))
        self.done(self.person().call("verify"))

    def test_a_finish_after_a_release_and_a_takeover_is_a_duplicate(self):
        holder, gate = self.gate()
        self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        taker, answer = self.gate()
        self.assert_runs(answer, "takeover")
        for job in (taker, holder):
            self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.person().call("verify").status, 1)

    def test_a_claim_that_was_deleted_is_recorded_with_launch_and_end(self):
        holder, _ = self.gate()
        for ref in self.remote.claims():
            self.remote.git("update-ref", "-d", ref)
        self.done(holder.call("finish", "--status", "failure"))
        self.assertEqual(self.lines_of(holder), ["end", "launch"])
        self.assertEqual(self.remote.claims(), {})

    def test_a_claim_that_was_deleted_and_made_by_another_leaves_launch_and_end_too(self):
        """What stands there now knows nothing of the first, whatever its generation."""
        for others in (1, 2):
            with self.subTest(others=others):
                self.setUp()
                holder, _ = self.gate()
                for ref in self.remote.claims():
                    self.remote.git("update-ref", "-d", ref)
                for _ in range(others):
                    other, answer = self.gate("--force")
                    self.assertTrue(answer.runs)
                    self.done(other.call("finish", "--status", "failure"))
                self.done(holder.call("finish", "--status", "success"))
                self.assertEqual(self.lines_of(holder), ["end", "launch"])
                self.assertEqual(self.lines_of(other), ["end", "launch"])
                self.assertEqual(len([line for line in self.log() if line["kind"] == "launch"]), others + 1)

    def test_a_deleted_claim_and_another_at_the_same_time_is_a_duplicate(self):
        holder, _ = self.gate()
        for ref in self.remote.claims():
            self.remote.git("update-ref", "-d", ref)
        other, _ = self.gate()
        for job in (holder, other):
            self.done(job.call("finish", "--status", "success"))
        answer = self.person().call("verify", "--skew", "0s")
        self.assertEqual(answer.status, 1, answer)

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

    def test_its_end_is_told_as_what_it_is(self):
        for status in ("success", "failure", "cancelled"):
            with self.subTest(status=status):
                self.setUp()
                job = self.run_without_store()
                answer = self.done(job.call("finish", "--status", status))
                self.assertIn(f"({status}); launched without a claim, remembered", answer.out)
                self.assertEqual(self.only_claim()["outcome"], status)
                for false in ("Nothing was changed", "::warning", "gone", "does not count"):
                    self.assertNotIn(false, answer.out + answer.err + answer.summary)
                self.assertIn("had ended before", self.done(job.call("finish")).out)

    def test_one_job_that_asks_again_is_one_session(self):
        for twice in (False, True):
            with self.subTest(twice=twice):
                self.setUp()
                job = self.run_without_store()
                if twice:
                    away = self.path.with_name(self.path.name + ".away")
                    self.path.rename(away)
                    self.assertTrue(job.call("gate", "--on-error", "run").runs)
                    away.rename(self.path)
                else:
                    self.assert_runs(job.call("gate"), "first")
                self.done(job.call("finish", "--status", "success"))
                self.assertEqual(sorted(line["kind"] for line in self.log()), ["end", "launch"])
                self.assertEqual(self.only_claim()["outcome"], "success")
                self.done(self.person().call("verify"))

    def test_run_tells_it_likewise(self):
        away = self.path.with_name(self.path.name + ".away")
        job = self.job()
        self.path.rename(away)
        answer = self.done(job.call("run", "--on-error", "run", "--", "mv", away, self.path))
        self.assertIn("(success); launched without a claim, remembered", answer.err)
        self.assertNotIn("does not count", answer.out + answer.err + answer.summary)
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_what_was_not_executed_is_no_loss(self):
        job = self.run_without_store()
        answer = self.done(job.call("finish", "--status", "skipped"))
        self.assertIn("launched without a claim", answer.out)
        self.assertNotIn("::warning", answer.out)
        self.assertEqual(self.remote.all_refs(), {})

    def test_it_has_nothing_that_could_be_lost(self):
        job = self.run_without_store("--lease", "6s", "--skew", "1s")
        for words in (("heartbeat",), ("heartbeat", "--background"), ("heartbeat",)):
            answer = self.done(job.call(*words))
            self.assertIn("There is no claim", answer.out)
            (health,) = self.done(job.call("health", "--json")).rows()
            self.assertEqual((health["alive"], health["unclaimed"]), (True, True))
        holder, _ = self.gate()
        self.assertIn("There is no claim", self.done(job.call("heartbeat")).out)
        self.assertEqual(self.done(job.call("health")).status, 0)
        self.done(holder.call("finish"))
        answer = self.done(job.call("finish"))
        self.assertIn("was launched without a claim", answer.out)

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

    def full(self, job, *words):
        return subprocess.run(
            ["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"", runner.BINARY, *words,
             "--remote", self.remote.url], env=job.environment, capture_output=True, text=True, check=False)

    def test_a_renewal_that_cannot_be_noted_is_a_renewal(self):
        for forgotten in (False, True):
            with self.subTest(forgotten=forgotten):
                job, _ = self.gate("--share", f"s{forgotten}")
                if forgotten:
                    for file in (job.folder / "temp" / "refgate").glob("health-*.json"):
                        file.unlink()
                ref, before = next((ref, claim) for ref, claim in self.remote.claims().items() if f"s{forgotten}" in ref)
                done = self.full(job, "heartbeat")
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("Lease renewed", done.stdout)
                self.assertIn("could not be written", done.stderr)
                self.assertGreater(self.remote.claims()[ref]["renewed_at"], before["renewed_at"])

    def test_a_death_that_cannot_be_noted_is_a_death(self):
        # Over HTTP what stands there is fetched, which takes room on the disk.
        self.remote = self.remote_of("path")
        job, _ = self.gate()
        self.gate("--force")
        done = self.full(job, "heartbeat")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("session death", done.stderr)

    def test_a_gate_that_cannot_note_its_claim_claims_nothing(self):
        job = self.job()
        (job.folder / "temp" / "refgate").write_text("in the way")
        answer = job.call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertEqual(self.remote.all_refs(), {})


if __name__ == "__main__":
    unittest.main()
