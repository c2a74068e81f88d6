"""How a session ends, whatever its job says of it, and what a later event makes of that."""

import itertools
import unittest

import payloads
from gate_case import HEAD, GateCase

FAILURES = ("failure", "timed_out", "startup_failure")
CANCELLED = ("cancelled", "neutral", "stale", "action_required")
UNKNOWN = ("", " ", "done", "Success", "in_progress")


class Ends(GateCase):
    """Each commit is a scope of its own, so that one class of rows shares a repository."""

    remote_kind = "path"

    def push(self, row, **options):
        return self.job("push", payloads.push(payloads.commit(f"row {row}")), **options)

    def test_every_conclusion_ends_the_session(self):
        outcomes = {"success": "success", **dict.fromkeys(FAILURES, "failure"),
                    **dict.fromkeys(CANCELLED, "cancelled")}
        codes = {"success": "already_done", "failure": "retry_suppressed", "cancelled": "takeover"}
        for status, outcome in outcomes.items():
            with self.subTest(status):
                job = self.push(status)
                self.assertEqual(job.call("gate").code, "first")
                ended = self.done(job.call("finish", "--status", status))
                self.assertIn(f"({outcome})", ended.out)
                self.assertEqual(self.push(status).call("gate").code, codes[outcome])
        statuses = {line["job_status"] for line in self.kinds("end")}
        self.assertEqual(statuses, set(outcomes))

    def test_a_failure_by_any_name_may_be_retried(self):
        for status in FAILURES:
            with self.subTest(status):
                job = self.push(status)
                job.call("gate")
                job.call("finish", "--status", status)
                self.assertEqual(self.push(status).call("gate", "--retry", "allow").code,
                                 "retry_allowed")

    def test_what_is_empty_or_unknown_ends_as_cancelled_and_is_wrong_usage(self):
        for status in UNKNOWN:
            with self.subTest(status):
                job = self.push(status)
                self.assertEqual(job.call("gate", "--max-attempts", "2").code, "first")
                answer = job.call("finish", "--status", status)
                self.assertEqual(answer.status, 2, answer)
                for word in ("steps.<id>.outcome", "needs.<job>.result", "job.status"):
                    self.assertIn(word, answer.err)
                # It may have run: the attempt stays spent.
                again = self.push(status)
                self.assertEqual(again.call("gate", "--max-attempts", "2").code, "takeover")
                again.call("finish", "--status", "cancelled")
                self.assertEqual(self.push(status).call("gate", "--max-attempts", "2").code,
                                 "max_attempts")
        self.assertEqual({line["job_status"] for line in self.kinds("end")}, {"cancelled"})

    def test_a_variable_that_is_there_and_empty_was_said(self):
        job = self.push("variable")
        job.call("gate")
        self.assertEqual(job.call("finish", REFGATE_STATUS="").status, 2)
        self.assertEqual(self.push("variable").call("gate").code, "takeover")

    def test_a_status_that_was_not_given_is_success(self):
        job = self.push("silent")
        job.call("gate")
        self.done(job.call("finish"))
        self.assertEqual(self.push("silent").call("gate").code, "already_done")

    def test_the_session_of_another_job_ends_as_well(self):
        for status, code in (("timed_out", "retry_suppressed"), ("", "takeover"),
                             ("skipped", "first")):
            with self.subTest(status):
                holder = self.push("by id " + status)
                claim = holder.call("gate").claim_id
                other = self.job("push", payloads.push(HEAD), run=holder.run, job="finish")
                other.call("finish", "--claim-id", claim, "--status", status)
                self.assertEqual(self.push("by id " + status).call("gate").code, code)


class NothingExecuted(GateCase):
    """What was skipped, or could not be started, leaves everything as it was."""

    def given_back(self):
        """The one launch, as the record answers it."""
        (launch,), (answer,) = self.kinds("launch"), self.kinds("given_back")
        self.assertEqual(answer["launch"], launch["id"])
        self.assertFalse(answer["executed"])
        return answer

    def test_the_scope_is_free_for_anybody(self):
        for run, attempt in ((None, 1), ("same", 2)):
            with self.subTest(attempt=attempt):
                job, _ = self.gate(payload=payloads.push(payloads.commit(f"free {attempt}")))
                self.done(job.call("finish", "--status", "skipped"))
                again = self.job("push", payloads.push(payloads.commit(f"free {attempt}")),
                                 run=job.run if run else None, attempt=attempt)
                self.assert_runs(again.call("gate", "--max-attempts", "1", "--cooldown", "1h"),
                                 "first")

    def test_the_record_says_so_and_counts_no_session(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "skipped"))
        self.given_back()
        self.assertEqual(self.kinds("end"), [])
        stats = self.person().call("stats", "--json").json()
        self.assertEqual(stats["total"]["sessions"], 0)
        self.assertEqual(self.person().call("verify").status, 0)

    def test_a_launch_that_was_published_is_answered(self):
        job, _ = self.gate()
        self.done(job.call("heartbeat"))
        self.assertEqual(len([n for n in self.remote.notes() if n["kind"] == "launch"]), 1)
        self.done(job.call("finish", "--status", "skipped"))
        self.given_back()
        self.assertEqual(self.person().call("stats", "--json").json()["total"]["sessions"], 0)

    def test_budgets_get_their_launch_back(self):
        budget = ("--budget", "workflow:1/1h", "--budget", "actor:1/1h", "--budget", "scope:1/1h")
        for number in range(3):
            job, answer = self.gate(*budget, payload=payloads.push(payloads.commit(f"n{number}")))
            self.assert_runs(answer, "first")
            self.done(job.call("finish", "--status", "skipped"))
        job, answer = self.gate(*budget)
        self.assert_runs(answer, "first")
        self.done(job.call("finish", "--status", "success"))
        _, answer = self.gate(*budget, payload=payloads.push(payloads.commit("after")))
        self.assert_skips(answer, "budget")

    def test_what_had_ended_before_has_ended_as_it_had(self):
        failed, _ = self.gate()
        failed.call("finish", "--status", "failure")
        retry, answer = self.gate("--retry", "allow")
        self.assert_runs(answer, "retry_allowed")
        self.done(retry.call("finish", "--status", "skipped"))
        self.assertEqual((self.only_claim()["outcome"], self.only_claim()["attempts"]),
                         ("failure", 1))
        self.assert_skips(self.job().call("gate"), "retry_suppressed")

    def test_a_program_that_cannot_be_started(self):
        plain = self.folder / "plain.txt"
        plain.write_text("no program")
        for number, (program, status) in enumerate((("/no/such/program", 127), (plain, 126))):
            payload = payloads.push(payloads.commit(f"start {number}"))
            answer = self.job("push", payload).call("run", "--", program)
            self.assertEqual(answer.status, status, answer)
            again = self.job("push", payload).call("gate", "--max-attempts", "1")
            self.assert_runs(again, "first")
        self.assertEqual(len(self.kinds("given_back")), 2)

    def test_a_program_that_ends_with_127_by_itself_was_executed(self):
        self.assertEqual(self.job().call("run", "--", "sh", "-c", "exit 127").status, 127)
        self.assert_skips(self.job().call("gate"), "retry_suppressed")

    def test_a_batch_of_which_nothing_could_be_started(self):
        items = self.folder / "items"
        items.write_text("a\nb\n")
        answer = self.job().call("run", "--each", items, "--", "/no/such/program")
        self.assertEqual(answer.status, 1, answer)
        self.assert_runs(self.job().call("gate"), "first")


class Released(GateCase):
    """What has ended can be freed by hand, so that it is done again."""

    remote_kind = "path"

    def test_ended_work_is_free_again(self):
        for number, (status, words, attempt) in enumerate(itertools.product(
                ("success", "failure", "cancelled"), ((), ("--max-attempts", "1")), (1, 2))):
            with self.subTest(status=status, words=words, attempt=attempt):
                payload = payloads.push(payloads.commit(f"released {number}"))
                job, gate = self.gate(payload=payload)
                job.call("finish", "--status", status)
                freed = self.done(self.person(USER="ann").call(
                    "release", gate.claim_id, "--reason", "the key was missing"))
                self.assertIn(status, freed.out)
                again = self.job("push", payload, run=job.run if attempt > 1 else None,
                                 attempt=attempt).call("gate", *words)
                self.assert_runs(again, "takeover")
                self.assertIn("the key was missing", again.lines["REASON"])
        (line, *_) = self.kinds("release")
        self.assertEqual((line["actor"], line["reason"]), ("ann", "the key was missing"))
        self.assertEqual(self.person().call("verify").status, 0)

    def test_what_is_free_already_is_not_released_again(self):
        _, gate = self.gate()
        self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        again = self.person().call("release", gate.claim_id, "--reason", "stuck")
        self.assertEqual(again.status, 1, again)
        self.assertIn("free already", again.err)

    def test_what_a_skip_was_for_is_free_already(self):
        self.gate()
        pull = self.job("pull_request", payloads.pull_request(HEAD))
        self.assert_skips(pull.call("gate"), "pr_lock")
        skipped = self.person().call("release", pull.run, "--reason", "stuck")
        self.assertEqual(skipped.status, 1, skipped)
        self.assertIn("To free that one: refgate release", skipped.err)
        self.done(self.person().call("release", "#7", "--reason", "stuck"))
        for target in ("#7", pull.run):
            again = self.person().call("release", target, "--reason", "stuck")
            self.assertEqual(again.status, 1, again)
            self.assertIn("free already", again.err)

    def test_of_a_live_holder_it_says_when_it_was_heard_of_and_that_it_halts(self):
        job, gate = self.gate()
        freed = self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        self.assertRegex(freed.out, r"last heard of (just now|\S+ ago)")
        self.assertIn("halts", freed.out)


class Failed(GateCase):
    """The state of the work decides first: failed is told as failed, whoever asks."""

    remote_kind = "path"

    def pair(self, first):
        pull = payloads.pull_request(HEAD)
        push = payloads.push(HEAD)
        return (("push", push), ("pull_request", pull))[:: 1 if first == "push" else -1]

    def test_by_the_twin(self):
        for first in ("push", "pull_request"):
            with self.subTest(first):
                self.setUp()
                (one, one_payload), (other, other_payload) = self.pair(first)
                job, _ = self.gate(event=one, payload=one_payload)
                job.call("finish", "--status", "timed_out")
                twin = self.job(other, other_payload)
                answer = twin.call("gate")
                self.assert_skips(answer, "retry_suppressed")
                self.assertIn("failed", answer.lines["REASON"])
                explained = self.job(other, other_payload).call("explain")
                self.assertIn("retry_suppressed", explained.out)

    def test_by_a_standby(self):
        holder, _ = self.gate()
        standby = self.job("pull_request", payloads.pull_request(HEAD)).start("gate", "--wait",
                                                                             "60s")
        line = standby.process.stderr.readline().decode()
        self.assertIn("standing by", line)
        holder.call("finish", "--status", "failure")
        self.assert_skips(standby.wait(), "retry_suppressed")


if __name__ == "__main__":
    unittest.main()
