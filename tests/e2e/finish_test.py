"""Ending a session: who may, how often, and what else is swept."""

import re
import time
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that


class Finish(GateCase):
    def test_finish_ends_audits_and_releases(self):
        job, gate = self.gate()
        self.done(job.call("finish", "--status", "failure"))
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"], claim["claim_id"]),
                         ("ended", "failure", gate.claim_id))
        (end,) = self.kinds("end")
        self.assertEqual((end["run_id"], end["job_status"], end["executed"], end["commit_sha"]),
                         (job.run, "failure", True, HEAD))
        self.assertEqual(self.person().call("status").status, 0)
        self.assertNotIn(gate.claim_id, self.person().call("status").out)

    def test_finish_is_idempotent(self):
        job, _ = self.gate()
        self.done(job.call("finish"))
        after, log = self.remote.all_refs(), self.log()
        for status in ("success", "failure", "cancelled"):
            self.done(job.call("finish", "--status", status))
        self.assertEqual(self.remote.all_refs(), after)
        self.assertEqual(self.log(), log)

    def test_the_first_finish_says_what_came_of_it(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "cancelled"))
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "cancelled")

    def test_without_its_nonce_it_changes_nothing(self):
        holder, _ = self.gate()
        before = self.remote.all_refs()
        for job in (self.job(), self.job(run=holder.run, attempt=2), self.job(run=holder.run, job="other")):
            self.done(job.call("finish"))
            self.done(job.call("finish", "--status", "failure"))
        # Its own job's files have gone: the session is live all the same.
        answer = self.job(run=holder.run).call("finish")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("--claim-id", answer.err)
        self.assertEqual(self.remote.all_refs(), before)

    def test_with_a_wrong_nonce_it_changes_nothing_and_says_so(self):
        self.gate()
        before = self.remote.all_refs()
        for wrong in ("0" * 32, "nonsense", "../../x", "*"):
            answer = self.job().call("finish", "--claim-id", wrong)
            self.assertIn(answer.status, (0, 1, 2), answer)
            self.assertTrue(answer.out + answer.err)
        self.assertEqual(self.remote.all_refs(), before)

    def test_of_a_run_that_was_told_to_skip_it_changes_nothing(self):
        self.gate()
        skipped = self.job()
        self.assert_skips(skipped.call("gate"), "active_session")
        before = self.remote.all_refs()
        self.assertIn("Nothing was changed", self.done(skipped.call("finish")).out)
        self.assertEqual(self.remote.all_refs(), before)

    def test_another_job_finishes_by_claim_id(self):
        _, gate = self.gate()
        other = self.job(job="report")
        self.done(other.call("finish", "--claim-id", gate.claim_id, "--status", "failure"))
        self.assertEqual(self.only_claim()["outcome"], "failure")

    def test_a_claim_id_in_the_environment_counts_outside_of_actions_alone(self):
        """An earlier step of a job can set variables for later ones."""
        _, gate = self.gate()
        answer = self.done(self.job().call("finish", REFGATE_CLAIM_ID=gate.claim_id))
        self.assertIn("REFGATE_CLAIM_ID is ignored", answer.err)
        self.assertEqual(self.only_claim()["state"], "active")
        self.done(self.person().call("finish", REFGATE_CLAIM_ID=gate.claim_id))
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_what_it_cannot_take_does_not_keep_the_session_live(self):
        rows = (("--own-failure", "maybe"), ("--deadline", "x"), ("--on-error", "x"), ("--config", "/no/such.yml"), ("--lease", "x"),
                ("success",), ("--status", "success", "soon"), ("--status", "success", "--", "--foo"))
        for number, words in enumerate(rows):
            with self.subTest(words):
                job, gate = self.gate(payload=payloads.push(payloads.commit(f"{number} is wrong")))
                answer = job.call("finish", *words)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn("it is left out", answer.err)
                claim = next(each for each in self.remote.claims().values() if each["claim_id"] == gate.claim_id)
                self.assertEqual((claim["state"], claim["outcome"]), ("ended", "success"))

    def test_an_option_that_there_is_not_holds_no_session(self):
        rows = (("--stauts", "failure", "failure", "did you mean --status?"), ("--stauts=failure", "cancelled", "did you mean --status?"),
                ("--status=failure", "--verbos", "failure", "did you mean --verbose?"), ("--frobnicate", "cancelled", "no option --frobnicate"),
                ("-s", "success", "success", "no option -s"), ("--status success", "cancelled", "write it as one word: --status=success"))
        for number, (*words, outcome, said) in enumerate(rows):
            with self.subTest(words):
                job, gate = self.gate(payload=payloads.push(payloads.commit(f"{number} is no option")))
                answer = job.call("finish", *words)
                self.assertEqual((answer.status, answer.err.count("::error ")), (2, 1), answer)
                self.assertIn(said, answer.err)
                claim = next(each for each in self.remote.claims().values() if each["claim_id"] == gate.claim_id)
                self.assertEqual((claim["state"], claim["outcome"]), ("ended", outcome))
        # Whose session is meant, or where it is, is not known.
        for word in ("--claim-di=x", "--namespcae", "--remot"):
            job, _ = self.gate(payload=payloads.push(payloads.commit(word)))
            self.assertEqual(job.call("finish", word, "--status", "success").status, 2)
            self.assertIn("active", [claim["state"] for claim in self.remote.claims().values()])
            self.done(job.call("finish"))

    def test_a_loose_word_is_what_came_of_the_work(self):
        for word, outcome in (("failure", "failure"), ("review-push-9fceb02d", "cancelled")):
            job, gate = self.gate(payload=payloads.push(payloads.commit(word)))
            self.assertEqual(job.call("finish", word).status, 2)
            claim = next(each for each in self.remote.claims().values() if each["claim_id"] == gate.claim_id)
            self.assertEqual(claim["outcome"], outcome)

    def test_whose_session_is_meant_must_be_known(self):
        job, _ = self.gate()
        for words in (("--run-attempt", "x"), ("--namespace", "a..b")):
            self.assertEqual(job.call("finish", *words).status, 2)
            self.assertEqual(self.only_claim()["state"], "active")

    def test_an_unknown_status_with_nothing_to_end_does_not_say_that_something_was_ended(self):
        answer = self.job().call("finish", "--status", "sucess")
        self.assertEqual(answer.status, 2, answer)
        self.assertIn("this step found nothing to end", answer.err)
        self.assertNotIn("is ended as cancelled", answer.err)
        job, _ = self.gate()
        self.assertIn("is ended as cancelled", job.call("finish", "--status", "sucess").err)
        # Twice, with a token and without: by then it is over.
        for token in ({}, {"REFGATE_TOKEN": ""}):
            with self.subTest(token):
                answer = job.call("finish", "--status", "sucess", **token)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn("this step found nothing to end", answer.err)

    def test_a_job_of_another_event_finishes_by_claim_id(self):
        """A later workflow has another payload; the claim id alone says whose session ends."""
        _, gate = self.gate()
        job = self.job("workflow_dispatch", payloads.dispatch(), file="other.yml")
        self.done(job.call("finish", "--claim-id", gate.claim_id))
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_after_a_takeover_it_changes_nothing(self):
        holder, gate = self.take_lost_claim()
        self.assert_runs(self.job().call("gate"), "takeover")
        before = self.remote.refs()
        answer = holder.call("finish")
        self.assertNotIn("Session ended", answer.out)
        self.job().call("finish", "--claim-id", gate.claim_id)
        self.assertEqual(self.remote.refs(), before)
        self.assertEqual(self.only_claim()["generation"], 2)

    def test_after_a_release_it_changes_nothing(self):
        holder, gate = self.gate()
        self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        before = self.remote.refs()
        holder.call("finish")
        self.assertEqual(self.remote.refs(), before)

    def test_a_late_finish_of_a_lease_that_nobody_took_counts(self):
        holder, _ = self.take_lost_claim()
        self.done(holder.call("finish", "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_two_sessions_of_one_job_end_both(self):
        job, _ = self.gate("--share", "one")
        self.assert_runs(job.call("gate", "--share", "two"), "first")
        self.done(job.call("finish"))
        self.assertEqual([claim["state"] for claim in self.remote.claims().values()],
                         ["ended", "ended"])

    def test_an_unknown_status_is_wrong_usage(self):
        job, _ = self.gate()
        for status in ("done", "SUCCESS!", ""):
            self.assertEqual(job.call("finish", "--status", status).status, 2)
        self.assertEqual(self.only_claim()["outcome"], "cancelled")


class Sweep(GateCase):
    remote_kind = "path"

    def expired(self, count):
        """Makes that many claims whose memory has passed. Returns how many of them are gone already."""
        swept = 0
        jobs = [self.job("push", payloads.push(payloads.commit(f"old {number}")))
                for number in range(count)]
        for job in jobs:
            self.assert_runs(job.call("gate", "--memory", "1s", "--pr-lock-window", "1s"), "first")
            done = re.search(r"Old sessions cleaned: (\d+)", self.done(job.call("finish")).out)
            swept += int(done[1]) if done else 0
        until = time.time() + 1.1
        await_that(lambda: time.time() > until)
        return swept

    def test_finish_forgets_nothing_and_the_heartbeats_no_more_than_twenty(self):
        """What runs before finish must not be able to make it delete anything."""
        self.assertEqual(self.expired(26), 0)
        job, gate = self.gate("--heartbeat", "--interval", "300ms", "--lease", "1m", "--skew", "1s")
        claims = "refs/refgate/claims"
        before = self.remote.refs(claims)
        await_that(lambda: len(self.remote.refs(claims)) == len(before) - 20, what="the first beat's sweep")
        left = self.remote.refs(claims)
        self.done(job.call("finish"))
        self.assertEqual(self.remote.refs(claims).keys(), left.keys())
        self.assertIn(gate.claim_id, [claim["claim_id"] for claim in self.remote.claims().values()])

    def test_what_is_swept_stays_in_the_record(self):
        self.expired(3)
        before = self.log()
        self.done(self.person().call("gc"))
        self.assertEqual(self.remote.claims(), {})
        self.assertEqual(sorted(line["id"] for line in self.log()),
                         sorted(line["id"] for line in before))
        self.assertEqual([line["kind"] for line in before].count("launch"), 3)

    def test_the_sweep_leaves_live_lost_and_remembered_claims_alone(self):
        self.gate("--share", "live")
        remembered, _ = self.gate("--share", "remembered")
        self.done(remembered.call("finish"))
        self.take_lost_claim("--share", "lost")
        job, _ = self.gate("--share", "mine")
        self.done(job.call("finish"))
        self.assertEqual(len(self.remote.claims()), 4)

    def test_positional_cleanup_says_how_many_old_sessions_it_cleaned(self):
        swept = self.expired(2)
        answer = self.done(self.person().call("cleanup", "no-such-session"))
        self.assertEqual(swept + int(re.search(r"Old sessions cleaned: (\d+)", answer.out)[1]), 2, answer)
        self.assertEqual(self.remote.claims(), {})


if __name__ == "__main__":
    unittest.main()
