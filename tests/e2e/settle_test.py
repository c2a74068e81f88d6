"""Of a burst of pushes only the last one starts: --settle waits until its branch is calm."""

import datetime
import signal
import time
import unittest

import payloads
from gate_case import await_that, in_parallel, launch
from pause_test import PauseCase
from requests_test import kinds
from session_test import RunCase
from slots_test import POOL, SlotsCase, instant
from supersede_test import SupersedeCase, commit

# Longer than any test waits: who answers under it did not wait until it was calm.
LONG = ("--settle", "2m")
# What a look takes at most (15 s between two) and a busy machine.
ONE_LOOK = 30
BRIEF = ("--lease", "3s", "--interval", "1s", "--skew", "1s")


class SettleCase(SupersedeCase):
    def begin(self, job, *words):
        """A gate of it that goes on by itself, and ends with the test at the latest."""
        call = job.start("gate", *words)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        return call

    def newest_run(self):
        return [record["run_id"] for record in self.newest().values()]

    def states(self):
        return {claim["holder"]["run_id"]: claim["state"] for claim in self.remote.claims().values()}

    def settler(self, job, *words):
        """A gate that has arrived and waits."""
        call = self.begin(job, *words)
        await_that(lambda: call.process.poll() is not None or
                   (job.run in self.newest_run() and self.states().get(job.run) == "waiting"), what="its arrival")
        if call.process.poll() is not None:
            self.fail(f"it does not wait: {call.wait()}")
        return call

    def soon(self, call):
        """The answer of one who need not wait until it is calm."""
        return call.wait(ONE_LOOK)

    def assert_all_given_back(self):
        self.assertEqual({claim["state"] for claim in self.remote.claims().values()} - {"ended"}, set())


class Burst(SettleCase):
    def test_only_the_newest_of_a_burst_runs_in_whatever_order_its_runners_start(self):
        chain = {101: ("z", "a"), 102: ("a", "b"), 103: ("b", "c"), 104: ("c", "d"), 105: ("d", "e")}
        calls = {}
        for run in (105, 101, 104, 102, 103):
            before, name = chain[run]
            calls[run] = self.begin(self.push(name, before, run=run), "--settle", "3s")
            time.sleep(0.3)  # the shape of the burst: nothing is awaited by it
        answers = {run: call.wait() for run, call in calls.items()}
        self.assert_runs(answers.pop(105), "first")
        for run, answer in answers.items():
            self.assert_skips(answer, "superseded")
            self.assertIn("::warning", answer.out)
            self.assertGreater(int(answer.lines["HOLDER_RUN_ID"]), run)
        self.assertEqual({run: state for run, state in self.states().items() if state != "ended"}, {"105": "active"})
        # Nobody wants the older ones any more.
        self.assertEqual(self.person().call("status", "--lost").status, 0)

    def test_who_is_older_is_told_at_its_next_look_and_not_when_it_is_calm(self):
        first = self.settler(self.push("a", run=101), *LONG)
        second = self.settler(self.push("b", "a", run=102), *LONG)
        self.assert_skips(self.soon(first), "superseded")
        third = self.settler(self.push("c", "b", run=103), *LONG)
        self.assert_skips(self.soon(second), "superseded")
        # One that comes late is told at once.
        self.assert_skips(self.soon(self.begin(self.push("b", "a", run=102, attempt=2), *LONG)), "superseded")
        self.assertIsNone(third.process.poll())
        self.assertEqual(list(self.live()), [commit("c")])

    def test_the_skip_is_recorded_and_what_was_given_back_counts_as_no_launch(self):
        first = self.settler(self.push("a", run=101), *LONG)
        self.assert_runs(self.push("b", "a", run=102).call("gate", "--settle", "1s"), "first")
        self.assert_skips(self.soon(first), "superseded")
        self.assertEqual([line["run_id"] for line in self.kinds("launch")], ["102"])
        (skip,) = self.kinds("skip")
        self.assertEqual((skip["run_id"], skip["reason_code"]), ("101", "superseded"))
        total = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((total["sessions"], total["prevented"], total["held_back_by_reason"]), (1, 0, {"superseded": 1}))
        # It suppresses nothing: the move back to that head is launched.
        self.assertTrue(self.push("a", "b", run=103).call("gate", "--settle", "1s").runs)

    def test_six_at_once_have_one_live_claim_in_the_end(self):
        names = "abcdef"
        jobs = [self.push(name, names[at - 1] if at else "z", run=201 + at) for at, name in enumerate(names)]
        told = in_parallel([lambda job=job: job.call("gate", "--settle", "5s", "--deadline", "90s") for job in jobs])
        self.assert_runs(told.pop(), "first")
        self.assertEqual({(answer.status, answer.code) for answer in told}, {(0, "superseded")})
        self.assertEqual(list(self.live()), [commit("f")])
        self.assertEqual(self.states()["206"], "active")

    def test_a_forced_push_back_to_an_earlier_commit_is_the_newest(self):
        first = self.settler(self.push("a", "z", run=101), *LONG)
        second = self.settler(self.push("b", "a", run=102), *LONG)
        self.assert_skips(self.soon(first), "superseded")
        back = self.begin(self.push("a", "b", run=103), "--settle", "2s")
        self.assert_skips(self.soon(second), "superseded")
        self.assertTrue(back.wait().runs)
        self.assertEqual(list(self.live()), [commit("a")])

    def lasts_for_too_long(self):
        """The burst, as if its first head had come long ago."""
        (ref,) = self.remote.refs("refs/refgate/newest")
        (newest,) = self.newest().values()
        self.plant(ref, {**newest, "burst_since": "2026-01-01T00:00:00.000Z"})

    def test_the_newest_starts_when_its_burst_has_lasted_for_too_long(self):
        call = self.settler(self.push("a", run=101), *LONG)
        self.lasts_for_too_long()
        self.assert_runs(self.soon(call), "first")

    def test_heads_that_come_faster_than_a_gate_can_start_starve_nobody(self):
        self.settler(self.push("a", run=101), *LONG).kill()
        self.lasts_for_too_long()
        with launch.faults(self.server("http")) as proxy:
            # Others come between its arrival and its start.
            launch.set_plan(proxy, {"fault": "delay", "seconds": 1})
            slow = self.push("b", "a", run=102, remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call = self.begin(slow, *LONG)
            await_that(lambda: "102" in self.newest_run() or call.process.poll() is not None, what="its arrival")
            newer = self.settler(self.push("c", "b", run=103), *LONG)
            newest = self.settler(self.push("d", "c", run=104), *LONG)
            self.assert_runs(self.soon(call), "first")
        # With it the burst was over, and another began.
        self.assert_skips(self.soon(newer), "superseded")
        self.assertIsNone(newest.process.poll())
        self.assertEqual({run: state for run, state in self.states().items() if state != "ended"},
                         {"102": "active", "104": "waiting"})


class Running(SettleCase, RunCase):
    def test_with_supersede_the_older_session_ends_at_the_arrival(self):
        self.assert_runs(self.push("a", run=101).call("gate", "--supersede"), "first")
        call = self.settler(self.push("b", "a", run=102), "--supersede", *LONG)
        await_that(lambda: self.states()["101"] == "ended", what="the end of the older session")
        self.assertIsNone(call.process.poll())
        (older,) = [claim for claim in self.remote.claims().values() if claim["commit"] == commit("a")]
        self.assertEqual((older["outcome"], older["superseded_by"]), ("cancelled", "102"))

    def test_without_it_the_older_session_goes_on_beside_the_newest(self):
        self.assert_runs(self.push("a", run=101).call("gate", "--settle", "1s"), "first")
        answer = self.push("b", "a", run=102).call("gate", "--settle", "1s")
        self.assert_runs(answer, "first")
        self.assertEqual(sorted(self.live()), [commit("a"), commit("b")])

    def test_run_waits_too_and_launches_only_the_newest(self):
        marks = {name: self.folder / name for name in "ab"}
        first = self.push("a", run=101).start("run", *LONG, "--", "touch", marks["a"])
        self.addCleanup(lambda: first.process.poll() is None and first.kill())
        await_that(lambda: "101" in self.newest_run() or first.process.poll() is not None)
        self.assertEqual(self.push("b", "a", run=102).call("run", "--settle", "1s", "--", "touch", marks["b"]).status, 0)
        older = self.soon(first)
        self.assertEqual((older.status, older.outputs["reason_code"]), (0, "superseded"), older)
        self.assertEqual([path.exists() for path in marks.values()], [False, True])

    def test_who_may_still_be_skipped_ends_nobody_at_its_arrival(self):
        budget = ("--budget", "workflow:2/1h")
        self.assert_runs(self.push("a", run=101).call("gate", "--supersede", *budget), "first")
        call = self.settler(self.push("b", "a", run=102), "--supersede", "--settle", "3s", *budget)
        self.assert_runs(self.push("x", run=103, ref="refs/heads/other").call("gate", *budget), "first")
        self.assert_skips(call.wait(), "budget")
        self.assertEqual(self.states(), {"101": "active", "102": "ended", "103": "active"})


class OnceOnly(SettleCase):
    """`at` is when the commit became newest."""

    def test_a_takeover_and_a_rerun_of_the_same_head_do_not_wait_again(self):
        job = self.push("a", run=101)
        self.assert_runs(job.call("gate", "--settle", "2s"), "first")
        (before,) = self.newest().values()
        self.done(job.call("finish", "--status", "failure"))
        # As if an hour had passed: a span from now on would be seen, one from the arrival on is over.
        (ref,) = self.remote.refs("refs/refgate/newest")
        self.plant(ref, {**before, **{name: "2026-01-01T00:00:00.000Z" for name in ("at", "burst_since") if name in before}})
        for attempt in (2, 3):
            again = self.push("a", run=101, attempt=attempt)
            answer = self.soon(self.begin(again, "--retry", "allow", *LONG))
            self.assertTrue(answer.runs, answer)
            self.done(again.call("finish", "--status", "failure"))

    def test_a_second_event_of_the_head_waits_no_longer_than_the_first(self):
        first = self.settler(self.pull("a", run=101), "--settle", "6s")
        (before,) = self.newest().values()
        # A push of it is the same work and is told so at once; another pull request of it is not.
        self.assert_skips(self.soon(self.begin(self.push("a", run=103), *LONG)), "queued")
        second = self.begin(self.pull("a", run=102, number=8), "--settle", "6s")
        for call in (first, second):
            self.assert_runs(call.wait(), "first")
        (after,) = self.newest().values()
        self.assertEqual(after["at"], before["at"])


class Leaving(SettleCase, PauseCase):
    def test_a_settler_that_is_told_to_end_gives_everything_back(self):
        for number, each in enumerate((signal.SIGTERM, signal.SIGINT)):
            with self.subTest(each.name):
                call = self.settler(self.push(f"s{number}", ref=f"refs/heads/s{number}"), *LONG)
                told = time.monotonic()
                call.process.send_signal(each)
                answer = call.wait(ONE_LOOK)
                self.assertLess(time.monotonic() - told, 6, answer)
                self.assertNotEqual(answer.status, 0, answer)
                self.assertFalse(answer.runs, answer)
                self.assert_all_given_back()

    def test_a_killed_settlers_claim_passes_by_its_lease(self):
        job = self.push("a", run=101)
        self.settler(job, *LONG, *BRIEF).kill()
        self.await_lost_or_free()
        answer = self.push("a", run=101, attempt=2).call("gate", "--settle", "1s")
        self.assertTrue(answer.runs, answer)
        self.assertEqual(self.states(), {"101": "active"})
        self.assertEqual(len(self.remote.claims()), 1)

    def await_lost_or_free(self):
        """Until whoever asks is told that it would run."""
        person = self.push("a", run=102)
        await_that(lambda: self.done(person.call("explain", "--json")).json()["decision"]["verdict"] == "run",
                   what="the end of the lease")

    def test_a_settler_renews_its_claim_while_it_waits(self):
        call = self.settler(self.push("a", run=101), "--settle", "12s", *BRIEF)
        over = instant(self.only_claim()["lease_until"]) + datetime.timedelta(seconds=2)
        await_that(lambda: datetime.datetime.now(datetime.timezone.utc) > over, what="the end of its first lease")
        self.assert_skips(self.push("a", run=102).call("gate"), "queued")
        self.assertIsNone(call.process.poll())
        self.assert_runs(call.wait(), "first")
        self.assertEqual(self.only_claim()["generation"], 1)

    def test_a_pause_that_comes_meanwhile_holds(self):
        for words in ((), ("--halt",)):
            with self.subTest(words):
                call = self.settler(self.push(f"p{len(words)}", ref=f"refs/heads/p{len(words)}"), "--settle", "6s")
                self.pause("--reason", "wild", *words)
                answer = call.wait()
                self.resume()
                self.assert_skips(answer, "paused")
                self.assertIn("wild", answer.lines["REASON"])
                self.assert_all_given_back()

    def test_a_pause_is_asked_for_before_it_arrives(self):
        self.pause()
        self.assert_skips(self.soon(self.begin(self.push("a"), *LONG)), "paused")
        self.assertEqual((self.newest(), self.remote.claims()), ({}, {}))

    def test_a_settler_whose_claim_was_released_does_not_start(self):
        job = self.push("a", run=101)
        call = self.settler(job, "--settle", "6s")
        self.done(self.person().call("release", self.only_claim()["claim_id"], "--reason", "not wanted"))
        answer = call.wait()
        self.assertFalse(answer.runs, answer)
        self.assert_all_given_back()

    def test_an_outage_while_it_settles_is_waited_out(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.push("a", run=101, remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call = self.settler(job, "--settle", "5s")
            launch.reset(proxy)
            launch.set_plan(proxy, {"fault": "status", "status": 503})
            await_that(lambda: launch.requests(proxy) or call.process.poll() is not None, seconds=20, what="a look")
            self.assertIsNone(call.process.poll())
            launch.set_plan(proxy)
            self.assert_runs(call.wait(), "first")

    def test_a_settler_whose_server_is_silent_ends_when_it_is_told_to(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.push("a", run=101, remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call = self.settler(job, "--settle", "8s", "--on-error", "run")
            launch.reset(proxy)
            launch.set_plan(proxy, {"fault": "silent"})
            await_that(lambda: launch.requests(proxy), seconds=20, what="a look that gets no answer")
            told = time.monotonic()
            call.process.send_signal(signal.SIGTERM)
            answer = call.wait(ONE_LOOK)
            self.assertLess(time.monotonic() - told, 7.5, answer)
            self.assertFalse(answer.runs, answer)
            self.assertEqual((answer.status, answer.code), (-signal.SIGTERM, "wait_expired"), answer)

    def test_a_start_that_gets_no_answer_is_none(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.push("a", run=101, remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call = self.settler(job, "--settle", "4s", "--deadline", "3s")
            launch.set_plan(proxy, {"fault": "status", "status": 503})
            answer = call.wait()
            self.assertEqual((answer.status, answer.runs), (3, False), answer)


class Aside(SettleCase):
    """Whom it does not concern."""

    def test_events_that_bring_no_head_do_not_wait(self):
        for name, job in {
                "a comment": self.job("issue_comment", payloads.comment(5)),
                "a schedule": self.job("schedule", payloads.schedule()),
                "a dispatch": self.job("workflow_dispatch", payloads.dispatch()),
                "a tag": self.push("a", ref="refs/tags/v1"),
                "a label": self.pull("b", "labeled", label="review"),
                "a review": self.job("pull_request_review", payloads.review(commit("c"), 3)),
                "a merge group": self.job("merge_group", payloads.merge_group(commit("d")))}.items():
            with self.subTest(name):
                self.assert_runs(self.soon(self.begin(job, *LONG)), "first")
        self.assertEqual(self.newest(), {})

    def test_who_only_watches_never_waits(self):
        answer = self.soon(self.begin(self.push("b", "a", run=102), "--observe", *LONG))
        self.assert_runs(answer, "first")
        self.assertEqual(answer.outputs["would_skip"], "false")

    def test_force_does_not_wait(self):
        self.assert_runs(self.soon(self.begin(self.push("a"), "--force", *LONG)), "forced")

    def test_a_read_only_token_does_not_wait(self):
        reader = self.remote_of("read-only")
        answer = self.soon(self.begin(self.push("b", "a", run=11, remote=reader), *LONG, "--on-read-only", "run"))
        self.assert_runs(answer, "read_only")
        self.assert_runs(self.push("b", "a", run=11).call("gate", "--supersede"), "first")
        self.assert_skips(self.soon(self.begin(self.push("a", run=10, remote=reader), *LONG)), "superseded")

    def test_who_uses_none_of_it_still_pays_one_request(self):
        self.assert_runs(self.push("a", run=101).call("gate", "--settle", "1s"), "first")
        server = self.server(self.remote_kind)
        launch.reset(server)
        self.assert_runs(self.push("b", "a", run=102).call("gate"), "first")
        self.assertEqual(kinds(launch.requests(server)), "P")

    def test_the_variable_and_the_configuration_say_it_too(self):
        config = self.folder / "refgate.yml"
        config.write_text("settle: 2m\n", encoding="utf-8")
        self.settler(self.push("a", run=101), "--config", config)
        self.settler(self.push("b", run=102, ref="refs/heads/other", environment={"REFGATE_SETTLE": "2m"}))

    def test_another_branch_and_another_workflow_do_not_disturb(self):
        calls = [self.settler(job, "--settle", "6s") for job in (
            self.push("a", "z", run=101), self.push("b", "a", run=102, ref="refs/heads/other"),
            self.push("c", "a", run=103, workflow="Other", file="other.yml"))]
        calls.append(self.begin(self.push("d", "a", run=104), "--settle", "6s", "--share", "apart"))
        for call in calls:
            self.assert_runs(call.wait(), "first")
        self.assertEqual(sorted(self.newest_run()), ["101", "102", "103", "104"])

    def test_explain_waits_for_nothing_and_says_who_is_older(self):
        self.assert_runs(self.push("b", "a", run=11).call("gate", "--settle", "1s"), "first")
        call = self.push("a", run=10).start("explain", "--json", *LONG)
        told = self.done(self.soon(call)).json()["decision"]
        self.assertEqual((told["verdict"], told["reason_code"]), ("skip", "superseded"))

    def test_a_record_that_cannot_be_read_opens_nothing(self):
        self.assert_runs(self.push("a", run=11).call("gate", "--settle", "1s"), "first")
        (ref,) = self.remote.refs("refs/refgate/newest")
        made = self.plant(ref, "{}")
        answer = self.push("b", "a", run=12).call("gate", "--settle", "1s")
        self.assertEqual((answer.status, answer.runs), (3, False), answer)
        self.assertEqual(self.remote.refs("refs/refgate/newest"), {ref: made})

    def test_words_that_contradict_each_other_ask_nothing(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        for words in (("--settle", "2m", "--no-wait"), ("--settle", "7h"), ("--settle", "soon"), ("--settle", "-1s")):
            with self.subTest(words):
                answer = self.push("a").call("gate", *words)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
                self.assertIn("settle", answer.err)
                self.assertNotIn("has no option", answer.err)
        self.assertEqual(launch.requests(server), [])


class Governed(SettleCase, SlotsCase):
    def test_the_slot_comes_after_the_calm(self):
        holder = self.holder("holder", slots="1")
        job = self.push("a", run=101, ref="refs/heads/other")
        settling = self.settler(job, "--slots", "1", *LONG, *BRIEF)
        arrived = self.claim_of(job)["lease_until"]
        await_that(lambda: self.claim_of(job)["lease_until"] > arrived, what="a renewal")
        self.assertEqual(self.in_pool(), [holder.run], "who settles stands before no slot")
        newer = self.push("b", "a", run=102, ref="refs/heads/other")
        call = self.begin(newer, "--slots", "1", "--settle", "1s", "--wait", "10m")
        self.assert_skips(self.soon(settling), "superseded")
        await_that(lambda: newer.run in self.in_pool(), what="its ticket")
        self.assertIsNone(call.process.poll())
        self.done(holder.call("finish"))
        self.assert_runs(call.wait(), "first")
        self.assertEqual(self.in_pool(), [newer.run])

    def test_a_slot_that_does_not_come_leaves_nothing(self):
        holder = self.holder("holder", slots="1")
        answer = self.push("a", run=101, ref="refs/heads/other").call("gate", "--slots", "1", "--settle", "1s", "--wait", "2s")
        self.assert_skips(answer, "wait_expired")
        self.assertEqual((self.in_pool(POOL), self.active()), ([holder.run], {holder.run}))

    def test_who_waits_for_a_slot_and_is_the_newest_no_more_gives_up(self):
        holder = self.holder("holder", slots="1")
        older, newer = (self.push(name, before, run=run, ref="refs/heads/other")
                        for name, before, run in (("a", "z", 101), ("b", "a", 102)))
        waits = self.begin(older, "--slots", "1", "--settle", "1s", "--wait", "10m")
        await_that(lambda: older.run in self.in_pool(), what="its ticket")
        self.settler(newer, "--slots", "1", *LONG)
        self.assert_skips(self.soon(waits), "superseded")
        self.assertEqual(self.in_pool(), [holder.run])

    def test_who_settles_reserves_nothing(self):
        budget = ("--budget", "repo:1usd/1h", "--reserve", "1usd")
        self.settler(self.push("a", run=101), *budget, *LONG)
        self.assert_runs(self.push("x", run=102, ref="refs/heads/other").call("gate", *budget), "first")


if __name__ == "__main__":
    unittest.main()
