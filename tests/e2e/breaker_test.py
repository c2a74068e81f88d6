"""--breaker N/SPAN: when the last N sessions of a workflow all failed, one is let through after the span, and the others wait for it."""

import datetime
import json
import time
import unittest

import payloads
from gate_case import await_that, in_parallel, launch
from pause_test import PauseCase
from slots_test import instant
from supersede_test import SupersedeCase, commit

# One that stays open for as long as a test lasts.
OPEN = ("--breaker", "3/1h")
FORK = payloads.FORK


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class BreakerCase(PauseCase, SupersedeCase):
    plant = PauseCase.plant

    def work(self, name, **options):
        return self.job(payload=payloads.push(payloads.commit(f"breaker {name}")), **options)

    def fork(self, name):
        return self.job("pull_request_target", payloads.pull_request(commit(f"fork {name}"), source=FORK))

    def ask(self, name, *words, **options):
        return self.work(name, **options).call("gate", *(words or OPEN))

    def launched(self, name, *words, job=None, **options):
        job = job or self.work(name, **options)
        answer = self.done(job.call("gate", *(words or OPEN)))
        self.assertTrue(answer.runs, answer)
        job.claim_id = answer.claim_id
        return job

    def ended(self, status, name, *words, finish=(), **options):
        job = self.launched(name, *words, **options)
        self.done(job.call("finish", "--status", status, *finish))
        return job

    def failed(self, times, *words, name="f", **options):
        """So many sessions that failed, of different commits."""
        return [self.ended("failure", f"{name}{number}", *words, **options) for number in range(times)]

    def break_ledger(self, ref):
        blob = self.remote.git("hash-object", "-w", "--stdin", input="{broken").strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\tbudget.json\n").strip()
        made = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-m", "planted").strip()
        self.remote.git("update-ref", ref, made)

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values() if claim["claim_id"] == job.claim_id]
        return claim

    def ledger(self):
        (ref,) = self.remote.refs("refs/refgate/budgets")
        return json.loads(self.remote.git("show", f"{ref}:budget.json"))

    def await_over(self, answer):
        """Until the time that a skip named."""
        await_that(lambda: now() > instant(answer.lines["UNTIL"]), what="the span's end")


class Opening(BreakerCase):
    def test_after_three_failures_the_fourth_is_told_until_when(self):
        last = self.failed(3)[-1]
        claims = self.remote.claims()
        answer = self.ask("fourth")
        self.assert_skips(answer, "breaker")
        span = instant(answer.lines["UNTIL"]) - instant(self.claim_of(last)["ended_at"])
        self.assertLess(abs(span - datetime.timedelta(hours=1)), datetime.timedelta(seconds=3), answer)
        self.assertIn(f" (run {last.run}), and one is let through after ", answer.lines["REASON"])
        self.assertEqual((answer.outputs["until"], answer.lines["CLAIM_ID"]), (answer.lines["UNTIL"], ""))
        self.assertIn("::warning", answer.out)
        # Whatever it claimed meanwhile it gave back.
        self.assertEqual({ref: claim for ref, claim in self.remote.claims().items() if claim["state"] != "ended"}, {})
        self.assertEqual({ref: self.remote.claims()[ref] for ref in claims}, claims)

    def test_it_promises_nothing_and_is_counted_apart_from_duplicates(self):
        self.failed(3)
        self.assert_skips(self.ask("fourth"), "breaker")
        (skip,) = self.kinds("skip")
        self.assertEqual((skip["reason_code"], skip["until"][:2]), ("breaker", "20"))
        total = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((total["prevented"], total["held_back_by_reason"]), (0, {"breaker": 1}))
        page = self.done(self.person().call("metrics")).out
        self.assertIn('{reason="breaker"} 1\n', page)
        self.done(self.person().call("verify"))
        self.assertEqual(self.person().call("status", "--lost").status, 0)

    def test_fewer_do_not_open_it_and_one_success_closes(self):
        self.failed(2)
        self.ended("success", "well")
        self.failed(2, name="g")
        self.launched("next")

    def test_each_counts_by_its_own_number(self):
        self.ended("failure", "only", "--breaker", "1/1h")
        self.assert_skips(self.ask("next", "--breaker", "1/1h"), "breaker")
        self.assertTrue(self.ask("other", "--breaker", "20/1h").runs)

    def test_what_is_neither_success_nor_failure_counts_as_nothing(self):
        self.failed(2)
        for status, more in (("cancelled", ()), ("skipped", ()), ("limited", ("--after", "1s"))):
            self.ended(status, status, finish=more)
        # It is no third failure, and it is no end of the row either.
        self.ended("failure", "third")
        self.assert_skips(self.ask("fourth"), "breaker")

    def test_a_session_that_a_newer_head_ended_counts_as_nothing(self):
        self.failed(2)
        older = self.push("a", run=101)
        self.launched("", *OPEN, "--supersede", job=older)
        newer = self.push("b", "a", run=102)
        self.launched("", *OPEN, "--supersede", job=newer)
        older.call("finish", "--status", "failure")
        self.launched("still closed")
        self.done(newer.call("finish", "--status", "failure"))
        self.assert_skips(self.ask("open"), "breaker")

    def test_ends_at_once_are_all_counted(self):
        words = ("--breaker", "6/1h")
        jobs = [self.launched(number, *words) for number in range(6)]
        in_parallel([lambda job=job: self.done(job.call("finish", "--status", "failure", "--deadline", "90s")) for job in jobs])
        self.assertEqual([entry["outcome"] for entry in self.ledger()["launches"]], ["failure"] * 6)
        self.assert_skips(self.ask("seventh", *words), "breaker")

    def test_it_goes_by_the_order_of_the_ends(self):
        first = self.launched("first")
        self.failed(3)
        self.assert_skips(self.ask("meanwhile"), "breaker")
        self.done(first.call("finish", "--status", "success"))
        self.launched("next")

    def test_another_workflow_is_not_touched(self):
        self.failed(3)
        other = {"workflow": "Other", "file": "other.yml"}
        self.launched("theirs", **other)
        self.assert_skips(self.ask("ours"), "breaker")
        # Nor does it end our row.
        self.ended("success", "theirs too", **other)
        self.assert_skips(self.ask("ours again"), "breaker")

    def test_what_outsiders_cause_is_counted_apart(self):
        for number in range(3):
            job = self.fork(number)
            self.launched("", job=job)
            self.done(job.call("finish", "--status", "failure"))
        self.assert_skips(self.fork("fourth").call("gate", *OPEN), "breaker")
        self.failed(3)
        self.assert_skips(self.ask("own"), "breaker")

    def test_own_failures_do_not_stop_outsiders(self):
        self.failed(3)
        self.launched("", job=self.fork("one"))

    def test_a_run_does_not_start_its_command(self):
        for number in range(3):
            self.assertEqual(self.work(number).call("run", *OPEN, "--", "false").status, 1)
        mark = self.folder / "mark"
        answer = self.work("fourth").call("run", *OPEN, "--skip-exit", "78", "--", "touch", mark)
        self.assertEqual((answer.status, answer.outputs["reason_code"], mark.exists()), (78, "breaker", False), answer)

    def test_forgetting_does_not_close_it(self):
        self.failed(3)
        self.done(self.person().call("gc"))
        self.assert_skips(self.ask("fourth"), "breaker")

    def test_an_end_that_cannot_be_told_is_named(self):
        job = self.launched("a")
        (ref,) = self.remote.refs("refs/refgate/budgets")
        self.break_ledger(ref)
        answer = self.done(job.call("finish", "--status", "failure"))
        self.assertIn("breaker was not told of its end", answer.err)
        self.assertEqual(self.claim_of(job)["outcome"], "failure")

    def test_wrong_words_ask_nothing(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        for words in ("0/1h", "21/1h", "-1/1h", "5", "5/", "/1h", "x/1h", "5/0s", "5/soon", "5usd/1h", "repo:5/1h"):
            with self.subTest(words):
                answer = self.ask("a", "--breaker", words)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
                self.assertIn("breaker", answer.err)
                self.assertNotIn("has no option", answer.err)
        self.assertEqual(launch.requests(server), [])
        self.launched("twenty", "--breaker", "20/1h")


class Passing(BreakerCase):
    def test_force_passes_and_a_holder_goes_on(self):
        job = self.launched("holder")
        self.failed(3)
        self.assert_runs(job.call("gate", *OPEN), "own")
        self.assert_runs(self.ask("forced", *OPEN, "--force"), "forced")
        self.assert_skips(self.ask("next"), "breaker")

    def test_a_duplicate_is_told_that_it_is_one(self):
        job = self.launched("holder")
        self.failed(3)
        self.assert_skips(self.ask("holder"), "active_session")
        self.assertEqual(job.call("finish", "--status", "cancelled").status, 0)

    def test_a_pause_comes_before_it_and_a_budget_behind(self):
        budget = ("--budget", "workflow:3/1h")
        self.failed(3, *OPEN, *budget)
        self.assert_skips(self.ask("open", *OPEN, *budget), "breaker")
        self.pause()
        self.assert_skips(self.ask("paused"), "paused")

    def test_explain_and_a_reader_say_the_same(self):
        self.failed(3)
        told = self.done(self.work("x").call("explain", "--json", *OPEN)).json()["decision"]
        self.assertEqual((told["verdict"], told["reason_code"]), ("skip", "breaker"))
        self.assertIsNotNone(told["until"])
        self.assert_skips(self.ask("reader", remote=self.remote_of("read-only")), "breaker")

    def test_who_only_watches_is_told_and_runs(self):
        self.failed(3)
        answer = self.ask("watched", *OPEN, "--observe")
        self.assert_runs(answer, "breaker")
        self.assertEqual(answer.outputs["would_skip"], "true")

    def test_it_is_one_ledger_with_the_workflows_budget(self):
        words = (*OPEN, "--budget", "workflow:4/1h")
        self.failed(2, *words)
        self.ended("success", "well", *words)
        self.assertEqual(len(self.ledger()["launches"]), 3)
        self.launched("fourth", *words)
        self.assert_skips(self.ask("fifth", *words), "budget")
        # Who names no budget keeps to none.
        self.launched("sixth")

    def test_the_variable_and_the_configuration_say_it_too(self):
        self.failed(3)
        config = self.folder / "refgate.yml"
        config.write_text("breaker: 3/1h\n", encoding="utf-8")
        self.assert_skips(self.ask("configured", "--config", config), "breaker")
        self.assert_skips(self.work("named").call("gate", REFGATE_BREAKER="3/1h"), "breaker")

    def test_who_uses_none_of_it_still_pays_one_request(self):
        self.failed(3)
        server = self.server(self.remote_kind)
        launch.reset(server)
        self.assert_runs(self.work("plain").call("gate"), "first")
        self.assertEqual(len(launch.requests(server)), 1, launch.requests(server))


class Probing(BreakerCase):
    """After the span one is let through."""

    def opened(self, *words, times=3):
        """An open breaker whose span is over; the skip that named it."""
        self.failed(times, *words)
        answer = self.ask("open", *words)
        self.assert_skips(answer, "breaker")
        self.await_over(answer)
        return answer

    def test_of_six_at_once_exactly_one_runs_and_its_success_closes(self):
        words = ("--breaker", "3/5s")
        self.opened(*words)
        jobs = [self.work(f"six {number}") for number in range(6)]
        told = in_parallel([lambda job=job: job.call("gate", *words, "--deadline", "90s") for job in jobs])
        self.assertEqual(sorted(answer.code for answer in told), ["breaker"] * 5 + ["first"])
        for answer in told:
            if not answer.runs:
                self.assertRegex(answer.lines["UNTIL"], r"^20\d\d-\d\d-\d\dT")
        (probe,) = [job for job, answer in zip(jobs, told) if answer.runs]
        self.done(probe.call("finish", "--status", "success"))
        for answer in in_parallel([lambda number=number: self.ask(f"closed {number}", *words) for number in range(4)]):
            self.assert_runs(answer, "first")

    def test_its_failure_opens_it_for_another_span(self):
        words = ("--breaker", "2/4s")
        before = self.opened(*words, times=2)
        probe = self.ended("failure", "probe", *words)
        answer = self.ask("next", *words)
        self.assert_skips(answer, "breaker")
        span = instant(answer.lines["UNTIL"]) - instant(self.claim_of(probe)["ended_at"])
        self.assertLess(abs(span - datetime.timedelta(seconds=4)), datetime.timedelta(seconds=2), answer)
        self.assertGreater(answer.lines["UNTIL"], before.lines["UNTIL"])
        self.await_over(answer)
        self.launched("second probe", *words)
        self.assert_skips(self.ask("behind it", *words), "breaker")

    def test_one_that_does_not_end_within_the_span_counts_as_failed(self):
        words = ("--breaker", "2/4s")
        self.opened(*words, times=2)
        begun = time.monotonic()
        self.launched("silent", *words)
        self.assert_skips(self.ask("while it runs", *words), "breaker")
        second = [self.work("second")]

        def let_through():
            answer = second[0].call("gate", *words)
            if not answer.runs:
                self.assert_skips(answer, "breaker")
                second[0] = self.work("second")
            return answer.runs

        await_that(let_through, what="the second probe")
        # Sooner it had not failed yet.
        self.assertGreater(time.monotonic() - begun, 4)
        self.assert_skips(self.ask("behind it", *words), "breaker")
        self.done(second[0].call("finish", "--status", "success"))
        self.launched("closed", *words)

    def test_one_that_ends_as_neither_leaves_its_place_to_the_next(self):
        words = ("--breaker", "2/4s")
        self.opened(*words, times=2)
        for status in ("cancelled", "skipped"):
            with self.subTest(status):
                probe = self.launched(status, *words)
                self.assert_skips(self.ask("behind it", *words), "breaker")
                self.done(probe.call("finish", "--status", status))
        self.ended("success", "at last", *words)
        self.launched("closed", *words)


class Forgetting(BreakerCase):
    def resume_breaker(self, subject, status=0):
        answer = self.person().call("resume", subject, "--breaker")
        self.assertEqual(answer.status, status, answer)
        return answer

    def test_resume_forgets_the_failures_of_that_workflow_alone(self):
        other = {"workflow": "Other", "file": "other.yml"}
        self.failed(3)
        self.failed(3, name="o", **other)
        self.resume_breaker("workflow:agent.yml")
        self.launched("closed")
        self.failed(2, name="two more")
        self.launched("two are not three")
        self.assert_skips(self.ask("theirs", **other), "breaker")

    def test_the_workflows_name_does_as_well(self):
        self.failed(3)
        self.resume_breaker("workflow:Agent Review")
        self.launched("closed")

    def test_it_forgets_no_launch_and_lifts_no_pause(self):
        words = (*OPEN, "--budget", "workflow:4/1h")
        self.failed(3, *words)
        self.pause("share:other")
        self.resume_breaker("workflow:agent.yml")
        self.assertEqual(self.subjects(), ["share:other"])
        self.launched("fourth", *words)
        self.assert_skips(self.ask("fifth", *words), "budget")

    def test_the_broken_ledger_of_another_workflow_is_named_and_holds_up_nobody(self):
        self.failed(3)
        self.break_ledger("refs/refgate/budgets/workflow/aaa.yml")
        answer = self.resume_breaker("workflow:agent.yml")
        self.assertIn("refs/refgate/budgets/workflow/aaa.yml", answer.err)
        self.launched("closed")
        self.assertEqual(self.person().call("resume", "workflow:aaa.yml", "--breaker").status, 3)

    def test_a_failure_that_ends_later_counts_anew(self):
        running = [self.launched(f"running {number}") for number in range(3)]
        self.failed(3)
        self.resume_breaker("workflow:agent.yml")
        for job in running:
            self.launched(job.run)
            self.done(job.call("finish", "--status", "failure"))
        self.assert_skips(self.ask("open again"), "breaker")

    def test_another_subject_is_wrong_usage_and_changes_nothing(self):
        self.failed(3)
        before = self.ledger()
        for subject in ((), ("all",), ("actor:ann",), ("share:x",), ("repo:octo/app",)):
            with self.subTest(subject):
                answer = self.person().call("resume", *subject, "--breaker")
                self.assertEqual(answer.status, 2, answer)
                self.assertNotIn("has no option", answer.err)
        self.assertEqual(self.ledger(), before)


if __name__ == "__main__":
    unittest.main()
