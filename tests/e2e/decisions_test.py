"""What became of the former session, and what a later caller is told."""

import time
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that


class AfterTheEnd(GateCase):
    def ended(self, status, *words, **options):
        job, answer = self.gate(*words, **options)
        self.assert_runs(answer, "first")
        self.done(job.call("finish", "--status", status))
        return job

    def rerun(self, job, **options):
        return self.job(run=job.run, attempt=2, **options)

    def test_success_is_not_launched_again(self):
        job = self.ended("success")
        for retry in ("suppress", "manual", "allow"):
            with self.subTest(retry=retry):
                self.assert_skips(self.job().call("gate", "--retry", retry), "already_done")
                self.assert_skips(self.rerun(job).call("gate", "--retry", retry), "already_done")

    def test_success_says_where_its_result_is(self):
        job = self.ended("success")
        answer = self.job().call("gate")
        url = f"https://github.com/octo/app/actions/runs/{job.run}"
        self.assertIn(url, answer.lines["REASON"])
        self.assertEqual(answer.lines["HOLDER_RUN_URL"], url)
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], job.run)

    def test_failure_by_who_asks_and_the_retry_mode(self):
        bot = {"triggering": "renovate[bot]"}
        rows = [("another run", None, {}, {"suppress": 0, "manual": 0, "allow": 1}),
                ("a re-run by a person", 2, {}, {"suppress": 0, "manual": 1, "allow": 1}),
                ("a re-run by a bot", 2, bot, {"suppress": 0, "manual": 0, "allow": 1})]
        for who, attempt, options, expected in rows:
            for retry, runs in expected.items():
                with self.subTest(who=who, retry=retry):
                    share = ("--share", f"{who} {retry}")
                    failed = self.ended("failure", *share)
                    job = (self.rerun(failed, **options) if attempt else self.job(**options))
                    answer = job.call("gate", "--retry", retry, *share)
                    if runs:
                        self.assert_runs(answer, "retry_allowed")
                        self.assertEqual(answer.generation, 2)
                    else:
                        self.assert_skips(answer, "retry_suppressed")
                        self.assertEqual(answer.lines["RETRY_SUPPRESSION"], "ENFORCED")

    def test_a_person_who_reruns_what_a_bot_triggered_counts_as_a_person(self):
        failed = self.ended("failure", actor="renovate[bot]")
        answer = self.rerun(failed, actor="renovate[bot]", triggering="ann").call(
            "gate", "--retry", "manual")
        self.assert_runs(answer, "retry_allowed")

    def test_a_retry_that_succeeded_is_done(self):
        failed = self.ended("failure")
        again = self.rerun(failed)
        self.assert_runs(again.call("gate", "--retry", "allow"), "retry_allowed")
        self.done(again.call("finish", "--status", "success"))
        self.assert_skips(self.job().call("gate", "--retry", "allow"), "already_done")

    def test_cancelled_work_is_taken_up_once_by_another_trigger(self):
        self.ended("cancelled")
        answer = self.job().call("gate")
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)
        self.assert_skips(self.job().call("gate"), "active_session")

    def test_a_rerun_of_cancelled_work_follows_the_retry_mode(self):
        rows = [("suppress", {}, False), ("manual", {}, True), ("allow", {}, True),
                ("manual", {"triggering": "renovate[bot]"}, False)]
        for number, (retry, options, runs) in enumerate(rows):
            with self.subTest(retry=retry, **options):
                share = ("--share", f"row {number}")
                job = self.ended("cancelled", *share)
                answer = self.rerun(job, **options).call("gate", "--retry", retry, *share)
                self.assertEqual((answer.status, answer.runs), (0, runs), answer)
                if not runs:
                    self.assertEqual(answer.code, "retry_suppressed", answer)

    def test_an_earlier_attempt_of_the_same_run_is_over(self):
        """A re-run begins only after all of the former attempt has ended."""
        for retry in ("suppress", "manual", "allow"):
            with self.subTest(retry=retry):
                share = ("--share", retry)
                job, _ = self.gate(*share)
                answer = self.rerun(job).call("gate", "--retry", retry, *share)
                self.assert_runs(answer, "takeover")
                self.assertEqual(answer.generation, 2)

    def test_a_job_status_of_skipped_is_no_success(self):
        self.ended("skipped")
        self.assert_runs(self.job().call("gate"), "first")

    def test_a_push_and_a_pull_request_do_not_escape_retry_suppression(self):
        self.ended("failure")
        answer = self.job("pull_request", payloads.pull_request(HEAD)).call("gate")
        self.assertEqual((answer.status, answer.runs), (0, False), answer)


class Time(GateCase):
    def test_a_live_claim_is_ended_by_no_window(self):
        self.gate("--memory", "1s", "--pr-lock-window", "1s")
        claimed = time.time()
        await_that(lambda: time.time() > claimed + 1.2)
        for words in ((), ("--memory", "1s"), ("--pr-lock-window", "1s"), ("--lease", "1s")):
            self.assert_skips(self.job().call("gate", "--skew", "0s", *words,
                                              REFGATE_SESSION_WINDOW="1s"), "active_session")

    def test_a_lost_claim_is_taken_over_with_the_next_generation(self):
        first, _ = self.take_lost_claim()
        second = self.job()
        answer = second.call("gate")
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], second.run)
        (lost,) = self.kinds("lost")
        self.assertEqual((lost["run_id"], lost["executed"]), (first.run, True))
        self.assertEqual(len(self.kinds("launch")), 2)

    def test_a_rerun_of_a_lost_run_takes_over_whatever_the_retry_mode(self):
        for retry in ("suppress", "manual", "allow"):
            with self.subTest(retry=retry):
                job, _ = self.gate("--lease", "1s", "--skew", "0s", "--share", retry)
                claimed = time.time()
                await_that(lambda: time.time() > claimed + 1.2)
                answer = self.job(run=job.run, attempt=2).call("gate", "--retry", retry,
                                                               "--share", retry)
                self.assert_runs(answer, "takeover")

    def test_the_holders_lease_and_skew_bind_the_reader(self):
        self.gate("--lease", "8s", "--skew", "8s")
        claimed = time.time()
        await_that(lambda: time.time() > claimed + 8.2)
        self.assert_skips(self.job().call("gate", "--skew", "0s"), "active_session")

    def test_finished_work_is_forgotten_after_its_memory(self):
        for status in ("success", "failure"):
            with self.subTest(status=status):
                share = ("--share", status)
                job, _ = self.gate("--memory", "1s", "--pr-lock-window", "1s", *share)
                self.done(job.call("finish", "--status", status))
                ended = time.time()
                await_that(lambda: time.time() > ended + 1.1)
                answer = self.job().call("gate", *share)
                self.assert_runs(answer, "first")

    def test_the_memory_of_the_claim_counts_not_the_readers(self):
        job, _ = self.gate()
        self.done(job.call("finish"))
        ended = time.time()
        await_that(lambda: time.time() > ended + 1.1)
        self.assert_skips(self.job().call("gate", "--memory", "1s"), "already_done")


class Force(GateCase):
    def test_force_runs_whatever_the_state_is(self):
        former, _ = self.gate()
        forced = self.job()
        answer = forced.call("gate", "--force")
        self.assert_runs(answer, "forced")
        self.assertEqual(answer.generation, 2)
        self.assertNotEqual(former.call("finish").out, "")
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["claim_id"]), ("active", answer.claim_id))
        self.done(forced.call("finish"))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assert_runs(self.job().call("gate", "--force"), "forced")
        self.assertEqual(len(self.kinds("launch")), 3)

    def test_force_of_nothing_is_a_launch_too(self):
        answer = self.job().call("gate", "--force")
        self.assertEqual((answer.status, answer.runs), (0, True), answer)
        self.assertEqual(len(self.kinds("launch")), 1)

    def test_force_by_environment(self):
        self.gate()
        self.assert_runs(self.job().call("gate", REFGATE_FORCE="true"), "forced")


class Ownership(GateCase):
    def test_a_second_gate_of_the_same_job_is_its_own(self):
        job, first = self.gate()
        again = job.call("gate")
        self.assert_runs(again, "own")
        self.assertEqual((again.claim_id, again.generation), (first.claim_id, 1))
        self.assertEqual(len(self.kinds("launch")), 1)

    def test_the_claim_id_is_the_proof_in_another_job(self):
        _, first = self.gate()
        self.assert_runs(self.job().call("gate", "--claim-id", first.claim_id), "own")
        self.assert_skips(self.job().call("gate", "--claim-id", "0" * 32), "active_session")

    def test_a_claim_id_that_is_not_live_any_more_closes_the_guard(self):
        gate, answer = self.take_lost_claim()
        self.assert_runs(self.job().call("gate"), "takeover")
        for job, words in ((self.job(run=gate.run, job="work"), ("--claim-id", answer.claim_id)),
                           (self.job(run=gate.run), ("--claim-id", answer.claim_id)),
                           (self.job(job="work", payload=payloads.push(payloads.commit("elsewhere"))), ("--claim-id", "f" * 32))):
            with self.subTest(words):
                late = job.call("gate", *words)
                self.assertEqual((late.status, late.runs), (0, False), late)
                self.assertIn("No live session of this work has the id that claim-id names", late.lines["REASON"])
        self.assertEqual(len(self.remote.claims()), 1)

    def test_a_session_that_was_ended_is_not_begun_again_by_its_id(self):
        for number, status in enumerate(("cancelled", "skipped", "success", "failure")):
            job, answer = self.gate(payload=payloads.push(payloads.commit(status)))
            self.done(job.call("finish", "--status", status))
            again = self.job(run=job.run, job="work", payload=payloads.push(payloads.commit(status)))
            self.assert_skips(again.call("gate", "--claim-id", answer.claim_id), "claim_lost")
            self.assertEqual(len(self.remote.claims()), number + 1)

    def test_jobs_and_matrix_legs_of_one_run_are_work_of_their_own(self):
        job, _ = self.gate(job="agent")
        self.assert_runs(self.job(run=job.run, job="agent-2").call("gate"), "first")
        legs = ('{"model": "opus", "n": 1}', '{"model": "opus", "n": 2}')
        for leg in legs:
            self.assert_runs(self.job(run=job.run).call("gate", REFGATE_MATRIX=leg), "first")
        for leg in legs:
            self.assert_skips(self.job().call("gate", "--matrix", leg), "active_session")
        for no_leg in ("null", "", "nonsense", "[]"):
            self.assert_skips(self.job().call("gate", REFGATE_MATRIX=no_leg), "active_session")

    def test_a_named_share_joins_jobs_and_legs(self):
        job, answer = self.gate("--share", "review", "--matrix", '{"n": 1}', job="agent")
        self.assert_runs(answer, "first")
        for number, name in enumerate(("agent", "security")):
            second = self.job(run=job.run, job=name)
            self.assert_skips(second.call("gate", "--share", "review", "--matrix",
                                          f'{{"n": {number}}}'), "active_session")

    def test_a_job_told_to_skip_does_not_own_what_comes_later(self):
        holder, _ = self.gate()
        skipped = self.job()
        self.assert_skips(skipped.call("gate"), "active_session")
        self.done(holder.call("finish", "--status", "cancelled"))
        taker = self.job()
        self.assert_runs(taker.call("gate"), "takeover")
        self.assert_skips(skipped.call("gate"), "active_session")


class Reasons(GateCase):
    def test_a_skip_says_who_holds_it_since_when_where_and_how_to_override(self):
        holder, _ = self.gate(actor="octocat", job="deep-review")
        reason = self.job(job="deep-review").call("gate").lines["REASON"]
        for part in (f"run {holder.run}", "octocat", "deep-review", "--force", "refgate release",
                     f"https://github.com/octo/app/actions/runs/{holder.run}",
                     self.only_claim()["claimed_at"][:19]):
            self.assertIn(part, reason)

    def test_what_the_reason_proposes_frees_the_session(self):
        self.gate()
        reason = self.job().call("gate").lines["REASON"]
        words = reason[reason.index("refgate release"):].split()
        person = self.person()
        self.done(person.call("release", words[2], "--reason", "runner was unplugged"))
        self.assert_runs(self.job().call("gate"), "takeover")


if __name__ == "__main__":
    unittest.main()
