"""A skip never turns a run's own failure into success, whatever way it is asked again."""

import unittest

import payloads
from gate_case import HEAD, GateCase


class OwnFailure(GateCase):
    remote_kind = "path"

    def failed(self, status="failure", **options):
        job, _ = self.gate(**options)
        self.done(job.call("finish", "--status", status))
        return job

    def rerun(self, job, **options):
        return self.job(run=job.run, attempt=2, **options)

    def test_a_rerun_stays_red(self):
        for status, outcome in (("failure", "failure"), ("timed_out", "failure"),
                                ("cancelled", "cancelled"), ("", "cancelled")):
            with self.subTest(status):
                payload = payloads.push(payloads.commit("own " + status))
                job, _ = self.gate(payload=payload)
                job.call("finish", "--status", status)
                again = self.rerun(job, payload=payload)
                gate = again.call("gate")
                self.assert_skips(gate, "retry_suppressed")
                self.assertEqual((gate.outputs["own_failure"], gate.outputs["holder_outcome"]),
                                 ("true", outcome))
                ended = again.call("finish", "--status", "skipped")
                self.assertEqual(ended.status, 1, ended)
                self.assertIn("::error title=", ended.out + ended.err)

    def test_whatever_holds_it_back(self):
        rows = ((("--retry", "allow", "--max-attempts", "1"), "max_attempts"),
                (("--retry", "allow", "--cooldown", "1h"), "cooldown"),
                (("--retry", "allow", "--budget", "scope:0/1h"), "budget"))
        for number, (words, code) in enumerate(rows):
            with self.subTest(code):
                payload = payloads.push(payloads.commit(f"held {number}"))
                again = self.rerun(self.failed(payload=payload), payload=payload)
                gate = again.call("gate", *words)
                self.assert_skips(gate, code)
                self.assertEqual(gate.outputs["own_failure"], "true")
                self.assertEqual(again.call("finish", "--status", "skipped").status, 1)

    def test_another_run_stays_green_and_hears_how_it_ended(self):
        self.failed()
        for event, payload in (("push", payloads.push(HEAD)),
                               ("pull_request", payloads.pull_request(HEAD))):
            other = self.job(event, payload)
            gate = other.call("gate")
            self.assertEqual((gate.outputs["own_failure"], gate.outputs["holder_outcome"]),
                             ("false", "failure"), gate)
            self.done(other.call("finish", "--status", "skipped"))

    def test_what_was_done_or_lives_is_no_failure(self):
        job, won = self.gate()
        self.assertEqual((won.outputs["own_failure"], won.outputs["holder_outcome"]), ("false", ""))
        live = self.job().call("gate")
        self.assertEqual((live.outputs["own_failure"], live.outputs["holder_outcome"]),
                         ("false", ""))
        self.done(job.call("finish", "--status", "success"))
        again = self.rerun(job)
        gate = again.call("gate")
        self.assertEqual((gate.code, gate.outputs["own_failure"], gate.outputs["holder_outcome"]),
                         ("already_done", "false", "success"))
        self.done(again.call("finish", "--status", "skipped"))

    def test_a_second_try_of_one_step(self):
        for number, words in enumerate((("--", "sh", "-c", "exit 7"),
                                        ("--each", "items", "--", "false"))):
            with self.subTest(words):
                job = self.job("push", payloads.push(payloads.commit(f"try {number}")),
                               environment={"RUNNER_TRACKING_ID": f"github_{number}"})
                (job.folder / "items").write_text("a\n")
                self.assertNotEqual(job.call("run", *words).status, 0)
                again = job.call("run", *words)
                self.assertEqual(again.status, 1, again)
                self.assertEqual(again.outputs["own_failure"], "true")
                self.assertIn("did not end with success", again.err)

    def test_a_second_gate_of_the_job_that_runs_is_no_failure_any_more(self):
        again = self.rerun(self.failed())
        self.assert_skips(again.call("gate"), "retry_suppressed")
        self.assert_runs(again.call("gate", "--retry", "allow"), "retry_allowed")
        self.done(again.call("finish"))


class ThreeJobs(GateCase):
    """gate, work and finish in jobs of their own; attempts reuse the outputs of what succeeded."""

    remote_kind = "path"

    def finish(self, run, outputs, status, attempt=1):
        job = self.job(run=run, attempt=attempt, job="finish")
        return job.call("finish", "--claim-id", outputs["claim_id"], "--status", status,
                        "--own-failure", outputs["own_failure"])

    def asked(self, **options):
        job, gate = self.gate(job="gate", **options)
        return job.run, gate.outputs

    def test_the_check_is_green_for_work_that_was_done(self):
        run, outputs = self.asked()
        self.done(self.finish(run, outputs, "success"))

    def test_the_check_is_red_for_work_that_was_not(self):
        for number, status in enumerate(("failure", "cancelled", "skipped", "timed_out")):
            with self.subTest(status):
                run, outputs = self.asked(payload=payloads.push(payloads.commit(f"w{number}")))
                self.assertEqual(self.finish(run, outputs, status).status, 1)

    def test_rerun_failed_jobs_stays_red(self):
        run, outputs = self.asked()
        self.finish(run, outputs, "failure")
        # The gate's job is not asked again; the guard of work compares the attempt.
        again = self.finish(run, outputs, "skipped", attempt=2)
        self.assertEqual(again.status, 1, again)
        self.assertEqual(self.only_claim()["outcome"], "failure")

    def test_rerun_all_jobs_stays_red(self):
        run, outputs = self.asked()
        self.finish(run, outputs, "failure")
        gate = self.job(run=run, attempt=2, job="gate").call("gate")
        self.assert_skips(gate, "retry_suppressed")
        again = self.job(run=run, attempt=2, job="finish").call(
            "finish", "--status", "skipped", "--own-failure", gate.outputs["own_failure"])
        self.assertEqual(again.status, 1, again)

    def test_what_an_earlier_attempt_may_have_executed_is_not_given_back(self):
        run, outputs = self.asked()
        again = self.finish(run, outputs, "skipped", attempt=2)
        self.assertEqual(again.status, 1, again)
        self.assertEqual(self.only_claim()["outcome"], "cancelled")

    def test_a_duplicate_of_another_run_is_green(self):
        self.asked()
        other = self.job(job="gate").call("gate")
        self.assert_skips(other, "active_session")
        self.done(self.finish("999", other.outputs, "skipped"))

    def test_a_word_that_is_neither_is_wrong_usage(self):
        run, outputs = self.asked()
        answer = self.finish(run, {**outputs, "own_failure": "yes"}, "success")
        self.assertEqual(answer.status, 2, answer)


if __name__ == "__main__":
    unittest.main()
