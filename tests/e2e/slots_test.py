"""--slots: at most so many sessions of a pool at once, in the order of their arrival, over HTTP."""

import datetime
import itertools
import json
import signal
import threading
import time
import unittest

import payloads
from gate_case import GateCase, apart, await_that, in_parallel, instant, launch
from pause_test import PauseCase
from requests_test import kinds
from session_test import RunCase

POOL = "refs/refgate/slots/default"
GROUP = "refs/refgate/queues/repo-octo%2Fapp"
# Waiters and holders that nobody misses while a test goes on.
PATIENT = ("--interval", "20s", "--skew", "1s")
# A session without news is dead after three seconds.
BRIEF = ("--lease", "2s", "--skew", "1s")


class SlotsCase(GateCase):
    def pool(self, ref=POOL):
        if ref not in self.remote.refs("refs/refgate"):
            return {"tickets": []}
        record = json.loads(self.remote.git("show", f"{ref}:queue.json"))
        self.assertEqual(record["version"], 2)
        return record

    def in_pool(self, ref=POOL):
        return [ticket["run_id"] for ticket in self.pool(ref)["tickets"]]

    def push_job(self, name, **options):
        return self.job(payload=payloads.push(payloads.commit(f"slots {name}")), **options)

    def holder(self, name, *words, slots="2", spans=PATIENT, **options):
        """A session that has a slot."""
        job = self.push_job(name, **options)
        answer = job.call("gate", "--slots", slots, *spans, *words)
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        return job

    def waiter(self, name, *words, slots="2", spans=PATIENT, pool=POOL, **options):
        """A gate that waits, after it has its place."""
        job = self.push_job(name, **options)
        call = job.start("gate", "--slots", slots, *spans, *words)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        await_that(lambda: job.run in self.in_pool(pool), what="the ticket")
        return job, call

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values() if claim["holder"]["run_id"] == job.run]
        return claim

    def active(self):
        return {claim["holder"]["run_id"] for claim in self.remote.claims().values() if claim["state"] == "active"}

    def plant(self, ref, text, name="queue.json"):
        blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-m", "planted").strip()
        self.remote.git("update-ref", ref, commit)
        return commit


class AtOnce(SlotsCase):
    def test_of_six_at_once_never_more_than_two_run_and_all_do(self):
        running, most, lock = set(), [], threading.Lock()
        pair = threading.Event()

        def live(number):
            job = self.push_job(number)
            answer = job.start("gate", "--slots", "2", *PATIENT, "--wait", "90s").wait(120)
            self.assert_runs(answer, "first")
            with lock:
                running.add(job.run)
                most.append(len(running))
                # One that lost the race for its ticket may look active until its next push; it is not told to run.
                self.assertLessEqual(running, self.active())
                if len(running) == 2:
                    pair.set()
            # The first one goes on until another one runs beside it.
            self.assertTrue(pair.wait(60))
            with lock:
                running.remove(job.run)
            self.done(job.call("finish", "--status", "success"))

        in_parallel(lambda number=number: live(number) for number in range(6))
        self.assertEqual((len(most), max(most)), (6, 2), most)
        self.assertEqual(self.in_pool(), [])
        self.assertEqual({claim["outcome"] for claim in self.remote.claims().values()}, {"success"})
        self.assertEqual(len(self.kinds("launch")), 6)

    def test_first_come_first_served(self):
        first, second = self.holder(1), self.holder(2)
        third, waits = self.waiter(3, "--wait", "10m")
        fourth, waits_longer = self.waiter(4, "--wait", "10m")
        self.assertEqual(self.in_pool(), [job.run for job in (first, second, third, fourth)])
        self.assertEqual({self.claim_of(job)["state"] for job in (third, fourth)}, {"waiting"})
        self.done(second.call("finish"))
        self.assert_runs(waits.wait(), "first")
        self.assertIsNone(waits_longer.process.poll())
        self.assertEqual(self.active(), {first.run, third.run})
        self.done(third.call("finish"))
        self.assert_runs(waits_longer.wait(), "first")
        self.assertEqual(self.active(), {first.run, fourth.run})

    def test_a_wait_of_nothing_waits_for_nothing(self):
        self.holder(1, "--group-by", "repository", slots="1")
        for words in (("--slots", "1"), ("--group-by", "repository"), ("--slots", "1", "--settle", "1s")):
            with self.subTest(words):
                answer = self.push_job(2).call("gate", *words, "--wait", "0s", *PATIENT)
                self.assert_skips(answer, "wait_expired" if "--settle" in words else "queued")
        self.assertEqual(len(self.in_pool()), 1)

    def test_two_pools_do_not_touch_each_other(self):
        self.holder(1, slots="one:1")
        self.holder(2, slots="two:1")
        self.holder(3, slots="1")
        self.assertEqual(sorted(self.remote.refs("refs/refgate/slots")),
                         ["refs/refgate/slots/default", "refs/refgate/slots/one", "refs/refgate/slots/two"])
        answer = self.push_job(4).call("gate", "--slots", "one:1", "--no-wait")
        self.assert_skips(answer, "queued")
        self.assertIn("the slot of one, at its head run ", answer.lines["REASON"])
        self.assertNotEqual(answer.lines["HOLDER_RUN_ID"], "")
        # Who says nothing of slots waits for nobody.
        self.assert_runs(self.push_job(5).call("gate"), "first")

    def test_each_counts_by_its_own_number(self):
        self.holder(1, slots="1")
        self.assert_skips(self.push_job(2).call("gate", "--slots", "1", "--no-wait"), "queued")
        self.assert_runs(self.push_job(3).call("gate", "--slots", "2", "--no-wait"), "first")
        self.assert_skips(self.push_job(4).call("gate", "--slots", "2", "--no-wait"), "queued")

    def test_what_outsiders_cause_takes_no_slot_of_the_repositorys_own(self):
        outside = payloads.pull_request(payloads.commit("fork"), source=payloads.FORK)
        stranger = self.job("pull_request", outside)
        self.assert_runs(stranger.call("gate", "--slots", "1", "--on-read-only", "fail"), "first")
        self.assertEqual((self.in_pool(), self.in_pool(POOL + ",@outside")), ([], [stranger.run]))
        self.holder(1, slots="1")
        other = self.job("pull_request", payloads.pull_request(payloads.commit("fork 2"), source=payloads.FORK))
        self.assert_skips(other.call("gate", "--slots", "1", "--no-wait"), "queued")
        self.done(stranger.call("finish", "--status", "limited", "--after", "1h"))
        self.assertNotIn("closed_until", self.pool())
        self.assertIn("closed_until", self.pool(POOL + ",@outside"))

    def test_force_takes_no_slot_and_waits_for_none(self):
        self.holder(1, slots="1")
        forced = self.push_job(2)
        self.assert_runs(forced.call("gate", "--slots", "1", "--force"), "forced")
        self.assertEqual(len(self.in_pool()), 1)
        self.done(forced.call("finish"))
        self.assertEqual(len(self.in_pool()), 1)
        self.assert_skips(self.push_job(3).call("gate", "--slots", "1", "--no-wait"), "queued")

    def test_a_duplicate_is_a_duplicate_and_takes_no_slot(self):
        job = self.holder(1, slots="1")
        self.assert_skips(self.push_job(1).call("gate", "--slots", "1"), "active_session")
        _, call = self.waiter(2, slots="1")
        self.assert_skips(self.push_job(2).call("gate", "--slots", "1"), "queued")
        self.assertEqual(len(self.in_pool()), 2)
        self.done(job.call("finish"))
        self.assert_runs(call.wait(), "first")
        self.assert_skips(self.push_job(1).call("gate", "--slots", "1"), "already_done")

    def test_who_has_its_slot_has_it_when_it_asks_again(self):
        job = self.holder(1, slots="1")
        self.assert_runs(job.call("gate", "--slots", "1", "--no-wait"), "own")
        self.assertEqual(self.in_pool(), [job.run])


class Dead(SlotsCase):
    def test_two_waiters_start_when_both_holders_were_killed(self):
        holders = [self.holder(name, spans=BRIEF) for name in (1, 2)]
        began = time.monotonic()
        waiters = [self.waiter(name, "--wait", "10m") for name in (3, 4)]
        answers = in_parallel(call.wait for _, call in waiters)
        print(f"\nboth started {time.monotonic() - began:.1f} s after their holders were heard of last")
        for answer in answers:
            self.assert_runs(answer, "first")
            self.assertIn("its slot is free", "".join(each.err for each in answers))
        self.assertEqual(self.active(), {job.run for job, _ in waiters})
        for job in holders:
            claim = self.claim_of(job)
            self.assertEqual((claim["state"], claim["outcome"]), ("ended", "lost"))
        self.assertEqual(sorted(line["run_id"] for line in self.kinds("lost")), sorted(job.run for job in holders))
        # Their work is taken up by whoever comes next.
        self.done(waiters[0][0].call("finish"))
        answer = self.push_job(1).call("gate", "--slots", "2", *PATIENT)
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)

    def test_a_holder_that_was_passed_finds_out_at_its_next_heartbeat_and_can_tell_how_it_ended(self):
        job = self.holder(1, slots="1", spans=BRIEF)
        _, call = self.waiter(2, "--wait", "10m", slots="1")
        self.assert_runs(call.wait(), "first")
        answer = job.call("heartbeat")
        self.assertEqual(answer.status, 1, answer)
        self.assertIn("its slot was given away", answer.out + answer.err)
        self.assertEqual(job.call("health").status, 1)
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.claim_of(job)["outcome"], "lost")
        self.assertIn((job.run, "success"), [(line["run_id"], line["job_status"]) for line in self.kinds("end")])

    def test_a_waiter_that_was_killed_holds_nobody_up_and_leaves_its_work_free(self):
        holder = self.holder(1, slots="1")
        dead, killed = self.waiter(2, "--wait", "10m", slots="1", spans=("--interval", "1s", *BRIEF))
        killed.kill()
        _, call = self.waiter(3, "--wait", "10m", slots="1")
        self.done(holder.call("finish"))
        self.assert_runs(call.wait(), "first")
        claim = self.claim_of(dead)
        self.assertEqual((claim["state"], claim["outcome"], claim["attempts"]), ("ended", "abandoned", 0))
        self.assertEqual([line for line in self.log() if line["run_id"] == dead.run], [])

    def test_a_killed_waiter_is_ended_by_its_jobs_finish(self):
        holder = self.holder(1, slots="1")
        job, call = self.waiter(2, "--wait", "10m", slots="1")
        call.kill()
        self.done(job.call("finish", "--status", "failure"))
        self.assertEqual((self.in_pool(), self.claim_of(job)["outcome"]), ([holder.run], "abandoned"))

    def test_a_released_holder_lets_the_next_one_in(self):
        holder = self.holder(1, slots="1")
        _, call = self.waiter(2, "--wait", "10m", slots="1")
        self.done(self.person().call("release", holder.claim_id, "--reason", "stuck"))
        self.assert_runs(call.wait(), "first")


class Leaving(SlotsCase):
    def test_no_wait_behind_two_tells_the_place_and_leaves_nothing(self):
        self.holder(1), self.holder(2)
        before = self.remote.refs("refs/refgate")
        job = self.push_job(3)
        answer = job.call("gate", "--slots", "2", "--no-wait")
        self.assert_skips(answer, "queued")
        self.assertEqual((answer.lines["POSITION"], answer.lines["GROUP"], answer.claim_id), ("3", "", ""))
        self.assertEqual(answer.outputs["position"], "3")
        self.assertIn("the 2 slots of default", answer.lines["REASON"])
        self.assertEqual(self.remote.refs("refs/refgate"), before)
        self.assertEqual(job.state_files(), [])

    def test_a_wait_that_ran_out_leaves_nothing_and_suppresses_nothing(self):
        holder = self.holder(1, slots="1")
        job = self.push_job(2)
        answer = job.call("gate", "--slots", "1", *PATIENT, "--wait", "1s")
        self.assert_skips(answer, "wait_expired")
        self.assertEqual(answer.lines["POSITION"], "2")
        self.assertEqual((self.in_pool(), self.claim_of(job)["outcome"]), ([holder.run], "abandoned"))
        self.assertEqual(job.state_files(), [])
        self.done(holder.call("finish"))
        self.assert_runs(self.push_job(2).call("gate", "--slots", "1"), "first")

    def test_a_waiter_that_is_cancelled_leaves_no_ticket(self):
        holder = self.holder(1, slots="1")
        for number, each in enumerate((signal.SIGTERM, signal.SIGINT), 2):
            with self.subTest(each.name):
                job, call = self.waiter(number, "--wait", "10m", slots="1")
                call.process.send_signal(each)
                answer = call.wait()
                self.assertEqual((answer.status, answer.runs, answer.code), (-each, False, "wait_expired"), answer)
                self.assertEqual((self.in_pool(), self.claim_of(job)["outcome"]), ([holder.run], "abandoned"))

    def test_a_waiter_whose_session_was_released_ends(self):
        holder = self.holder(1, slots="1")
        job, call = self.waiter(2, "--wait", "10m", slots="1")
        self.done(self.person().call("release", self.claim_of(job)["claim_id"], "--reason", "not wanted"))
        answer = call.wait()
        self.assert_skips(answer, "wait_expired")
        self.assertIn("not wanted", answer.lines["REASON"])
        self.assertEqual(self.in_pool(), [holder.run])

    def test_a_finish_by_its_claim_id_alone_gives_the_slot_back(self):
        job = self.holder(1, slots="1")
        elsewhere = self.job(run=job.run, job="finish")
        self.done(elsewhere.call("finish", "--claim-id", job.claim_id))
        self.assertEqual((self.in_pool(), self.claim_of(job)["outcome"]), ([], "success"))

    def test_a_launch_of_which_nothing_was_executed_gives_its_slot_back(self):
        job = self.holder(1, slots="1")
        self.done(job.call("finish", "--status", "skipped"))
        self.assertEqual(self.in_pool(), [])

    def test_a_budget_that_is_spent_gives_the_slot_back(self):
        self.assert_runs(self.push_job(1).call("gate", "--slots", "1", "--budget", "workflow:2/1h", *PATIENT), "first")
        job, call = self.waiter(2, "--wait", "10m", "--budget", "workflow:2/1h", slots="1")
        self.assert_runs(self.push_job(3).call("gate", "--budget", "workflow:2/1h"), "first")
        first = self.pool()["tickets"][0]
        self.done(self.person().call("release", first["claim_id"], "--reason", "done"))
        self.assert_skips(call.wait(), "budget")
        self.assertNotIn(job.run, self.in_pool())

    def test_a_stale_ticket_keeps_no_session_alive(self):
        job = self.holder(1, slots="1")
        # Others join again and again while it ends.
        stop = threading.Event()

        def disturb():
            number = 10
            while not stop.is_set():
                self.push_job(number := number + 1).call("gate", "--slots", "9", "--wait", "1s", *PATIENT)

        disturber = threading.Thread(target=disturb)
        disturber.start()
        try:
            await_that(lambda: len(self.in_pool()) > 1)
            self.done(job.call("finish"))
        finally:
            stop.set()
            disturber.join()
        self.assertEqual(self.claim_of(job)["outcome"], "success")
        self.assertNotIn(job.run, self.in_pool())


class Governed(SlotsCase):
    def test_the_turn_in_the_group_comes_first_and_the_slot_second(self):
        entity = ("--group-by", "repository")
        holder = self.holder("holder", slots="1")
        first, waits = self.waiter("first", *entity, "--wait", "10m", slots="1")
        second = self.push_job("second")
        call = second.start("gate", "--slots", "1", *entity, *PATIENT, "--wait", "10m")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        queue = GROUP
        await_that(lambda: len(self.pool(queue)["tickets"]) == 2, what="its place in the group")
        # Who is not at the head of its group stands before no slot.
        self.assertEqual(self.in_pool(), [holder.run, first.run])
        self.assertEqual({self.claim_of(job)["state"] for job in (first, second)}, {"waiting"})
        self.done(holder.call("finish"))
        self.assert_runs(waits.wait(), "first")
        self.assertIsNone(call.process.poll())
        self.done(first.call("finish"))
        answer = call.wait()
        self.assert_runs(answer, "first")
        self.assertEqual(answer.lines["GROUP"], "repo-octo/app")
        self.assertEqual((self.in_pool(), self.in_pool(queue)), ([second.run], [second.run]))
        self.done(second.call("finish"))
        self.assertEqual((self.in_pool(), self.in_pool(queue)), ([], []))

    def test_who_gives_up_before_a_slot_leaves_its_group_too(self):
        self.holder("holder", slots="1")
        words = ("--group-by", "repository", "--slots", "1", *PATIENT)
        job = self.push_job("first")
        self.assert_skips(job.call("gate", *words, "--wait", "1s"), "wait_expired")
        self.assertEqual((len(self.in_pool()), self.in_pool(GROUP)), (1, []))
        answer = self.push_job("second").call("gate", *words, "--no-wait")
        self.assert_skips(answer, "queued")
        self.assertEqual(answer.lines["POSITION"], "2")

    def test_who_only_watches_never_waits(self):
        self.holder(1, slots="1")
        answer = self.push_job(2).call("gate", "--slots", "1", "--observe")
        self.assertEqual((answer.status, answer.runs, answer.code, answer.outputs["would_skip"]), (0, True, "queued", "true"), answer)
        self.assertEqual(len(self.in_pool()), 1)

    def test_a_record_that_is_not_understood_is_no_free_slot_and_left_alone(self):
        job = self.holder(1, slots="9")
        for text in ("{", '{"version": 99}'):
            commit = self.plant(POOL, text)
            answer = self.push_job(2).call("gate", "--slots", "9")
            self.assertEqual((answer.status, answer.runs), (3, False), answer)
            self.assertEqual(self.remote.refs(POOL)[POOL], commit)
        self.assertEqual(self.person().call("status", "--queues").status, 3)
        self.done(job.call("finish"))
        self.assertEqual(self.remote.refs(POOL)[POOL], commit)

    def test_a_claim_that_is_not_understood_is_named_by_who_would_wait_for_its_slot(self):
        for slots, broken, words in itertools.product(("1", "2"), (0, 1), (("--wait", "10s"), ("--no-wait",))):
            with self.subTest(slots=slots, broken=broken, words=words):
                self.setUp()
                jobs = [self.holder(number, slots=slots) for number in range(int(slots))]
                last = jobs[min(broken, int(slots) - 1)]
                (ref,) = [ref for ref, claim in self.remote.claims().items() if claim["claim_id"] == last.claim_id]
                commit = self.plant(ref, '{"version":3}', "claim.json")
                answer = self.push_job("next").call("gate", "--slots", slots, *PATIENT, *words)
                self.assertEqual((answer.status, answer.runs, answer.code), (3, False, "unreadable"), answer)
                self.assertIn(f"--delete {ref}", answer.err)
                self.assertEqual((self.remote.refs(ref)[ref], len(self.in_pool())), (commit, int(slots)))
                # Where there is a slot all the same, nobody cares.
                self.assert_runs(self.push_job("more").call("gate", "--slots", "3", *PATIENT, *words), "first")

    def test_a_pool_that_is_full_takes_nobody(self):
        job = self.holder(1, slots="500")
        record = self.pool()
        (ticket,) = record["tickets"]
        record["tickets"] = [dict(ticket, claim_id=f"{number:032x}") for number in range(500)]
        (ref,) = self.remote.claims()
        for each in record["tickets"]:
            each["claim_ref"] = ref
        self.plant(POOL, json.dumps(record))
        # Each ticket's claim has changed hands: they are passed.
        self.assert_runs(self.push_job(2).call("gate", "--slots", "1", "--wait", "30s"), "first")
        # Those of claims that nobody can read may live.
        record["tickets"] = [dict(ticket, claim_id=f"{number:032x}", claim_ref=f"refs/refgate/claims/x/{number}") for number in range(500)]
        tree = self.remote.git("rev-parse", f"{POOL}:").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-m", "no claim").strip()
        self.remote.git("update-ref", "--stdin", input="".join(f"create {each['claim_ref']} {commit}\n" for each in record["tickets"]))
        self.plant(POOL, json.dumps(record))
        answer = self.push_job(3).call("gate", "--slots", "500", "--wait", "5s")
        self.assert_skips(answer, "queued")
        self.assertIn("full", answer.lines["REASON"])
        self.assertEqual(len(self.pool()["tickets"]), 500)

    def test_what_is_no_number_of_slots_is_wrong_usage_and_nothing_is_asked(self):
        for words in (("--slots", "0"), ("--slots", "many"), ("--slots", "a/b:1"), ("--slots", "501")):
            with self.subTest(words):
                answer = self.push_job(1).call("gate", *words)
                self.assertEqual((answer.status, "slots is" in answer.err), (2, True), answer)
        self.assertEqual(self.remote.all_refs(), {})


class Paused(SlotsCase, PauseCase):
    def test_who_waits_for_a_slot_gives_up_when_it_is_paused(self):
        holder = self.holder(1, slots="1")
        job, call = self.waiter(2, "--wait", "10m", slots="1")
        self.pause("--reason", "enough")
        self.assert_skips(call.wait(), "paused")
        self.assertEqual((self.in_pool(), self.claim_of(job)["outcome"]), ([holder.run], "abandoned"))

    def test_it_implies_asking_before_the_claim(self):
        self.pause()
        self.assert_skips(self.push_job(1).call("gate", "--slots", "1"), "paused")
        self.assertEqual(self.remote.claims(), {})
        self.assert_runs(self.push_job(1).call("gate", "--slots", "1", "--pause", "ignore"), "first")


class Closed(SlotsCase):
    def test_a_providers_limit_closes_the_pool_and_nobody_else(self):
        job = self.holder(1, slots="3")
        self.done(job.call("finish", "--status", "limited", "--after", "1h"))
        claim = self.claim_of(job)
        self.assertEqual(self.in_pool(), [])
        self.assertLess(apart(self.pool()["closed_until"], claim["until"]), 10)
        page = self.done(self.person().call("report", "--html", "-")).out
        shown = f'"pools":[{{"closed_until":"{self.pool()["closed_until"]}","in_use":0,"pool":"default","waiting":0}}]'
        self.assertIn(shown, page)
        before = self.remote.refs("refs/refgate")
        other = self.push_job(2)
        answer = other.call("gate", "--slots", "3")
        self.assert_skips(answer, "limited")
        self.assertLess(apart(answer.outputs["until"], self.pool()["closed_until"]), 2)
        self.assertIn("pool of slots default is closed", answer.lines["REASON"])
        self.assertIn("::warning title=refgate%3A skipped (limited)::", answer.out)
        self.assertEqual((self.remote.refs("refs/refgate"), other.state_files()), (before, []))
        self.assert_runs(self.push_job(2).call("gate", "--slots", "other:3"), "first")
        self.assert_runs(self.push_job(3).call("gate"), "first")
        self.assert_runs(self.push_job(4).call("gate", "--slots", "3", "--force"), "forced")
        # The state of the work decides first.
        self.assert_skips(self.push_job(3).call("gate", "--slots", "3"), "active_session")

    def test_those_who_wait_give_up_at_once(self):
        first, second = self.holder(1), self.holder(2)
        waiters = [self.waiter(name, "--wait", "10m") for name in (3, 4)]
        self.done(first.call("finish", "--status", "limited", "--after", "1h"))
        for job, call in waiters:
            answer = call.wait()
            self.assert_skips(answer, "limited")
            self.assertNotEqual(answer.outputs["until"], "")
            self.assertEqual(self.claim_of(job)["outcome"], "abandoned")
        self.assertEqual(self.in_pool(), [second.run])

    def test_the_later_of_two_times_stands_and_then_it_is_open(self):
        for name, after in ((1, "1h"), (2, "3h"), (3, "2h")):
            job = self.holder(name, slots="9") if name == 1 else self.jobs_before[name]
            if name == 1:
                self.jobs_before = {each: self.holder(each, slots="9") for each in (2, 3)}
            self.done(job.call("finish", "--status", "limited", "--after", after))
        left = instant(self.pool()["closed_until"]) - datetime.datetime.now(datetime.timezone.utc)
        self.assertLess(abs(left.total_seconds() - 3 * 3600), 120)
        self.done(self.person().call("release", POOL, "--reason", "the limit was lifted"))
        self.assertNotIn("closed_until", self.pool())
        self.assertEqual(self.person().call("release", POOL, "--reason", "again").status, 1)
        job = self.holder(4, slots="1")
        self.done(job.call("finish", "--status", "limited", "--after", "1s"))
        await_that(lambda: self.push_job(5).call("gate", "--slots", "1").code == "first", what="the pool's opening")

    def test_by_the_claims_id_alone_it_closes_its_pool_too(self):
        job = self.holder(1, slots="model:1")
        elsewhere = self.job(run=job.run, job="finish")
        elsewhere.call("finish", "--claim-id", job.claim_id, "--status", "limited", "--after", "1h")
        self.assertEqual(list(self.remote.refs("refs/refgate/slots")), ["refs/refgate/slots/model"])
        self.assertIn("closed_until", self.pool("refs/refgate/slots/model"))

    def test_a_note_that_names_another_pool_closes_and_opens_nothing(self):
        self.holder("victim", slots="victim:1")
        job = self.holder(1, slots="own:1")
        (note,) = (job.folder / "temp").rglob("claim-*.json")
        text = note.read_text()
        self.assertIn("refs/refgate/slots/own", text)
        note.write_text(text.replace("refs/refgate/slots/own", "refs/refgate/slots/victim"))
        before = self.remote.refs("refs/refgate/slots/victim")
        job.call("finish", "--status", "limited", "--after", "30d")
        self.assertEqual(self.remote.refs("refs/refgate/slots/victim"), before)

    def test_a_session_without_a_slot_closes_nothing(self):
        job = self.push_job(1)
        self.assert_runs(job.call("gate"), "first")
        self.done(job.call("finish", "--status", "limited", "--after", "1h"))
        self.assertEqual(self.remote.refs("refs/refgate/slots"), {})

    def test_gc_keeps_a_closed_pool(self):
        job = self.holder(1, slots="1")
        self.done(job.call("finish", "--status", "limited", "--after", "1h"))
        self.done(self.person().call("gc"))
        self.assertIn(POOL, self.remote.refs())


class Requests(SlotsCase):
    def asked(self, call):
        server = self.server(self.remote_kind)
        launch.reset(server)
        answer = call()
        self.assertEqual(answer.status, 0, answer)
        return kinds(launch.requests(server))

    def test_who_uses_none_pays_nothing(self):
        job = self.push_job(1)
        self.assertEqual(self.asked(lambda: job.call("gate")), "P")
        self.assertEqual(self.asked(lambda: job.call("heartbeat")), "P")
        self.assertEqual(self.asked(lambda: job.call("finish", "--status", "limited")), "P")
        self.assertEqual(self.asked(lambda: self.push_job(2).call("gate", "--pause", "ask")), "RP")
        self.assertEqual(self.remote.refs("refs/refgate/slots"), {})

    def test_with_slots_it_is_two_pushes_at_the_gate_and_one_at_the_end(self):
        for name, asked in (1, "RPRP"), (2, "RRPRP"):
            job = self.push_job(name)
            # What governs it is read, the claim made, the pool looked at, a ticket taken with the start; a read is a look,
            # and a fetch of what is not known yet.
            self.assertEqual(self.asked(lambda: job.call("gate", "--slots", "2", "--pause", "ask")), asked)
            if name == 2:
                self.assertEqual(self.asked(lambda: job.call("heartbeat")), "P")
                self.assertEqual(self.asked(lambda: job.call("finish")), "RRP")
        self.assertEqual(len(self.in_pool()), 1)
        # One that is in use is looked at.
        self.assertEqual(self.asked(lambda: self.push_job(3).call("gate", "--slots", "1", "--no-wait", "--audit-skips", "summary")).count("P"), 0)

    def test_the_end_of_a_limited_session_closes_the_pool_in_its_one_push(self):
        job = self.holder(1, slots="1")
        self.assertEqual(self.asked(lambda: job.call("finish", "--status", "limited", "--after", "1h")), "RRP")
        self.assertIn("closed_until", self.pool())


class Runs(RunCase):
    def test_run_takes_a_slot_for_as_long_as_its_command(self):
        words = ("run", "--slots", "1", "--interval", "300ms", "--lease", "10s", "--skew", "1s")
        mark, go = self.folder / "began", self.folder / "go"
        first = self.job(payload=payloads.push(payloads.commit("first"))).start(
            *words, "--", "sh", "-c", f"touch {mark}; while [ ! -e {go} ]; do sleep 0.05; done")
        self.addCleanup(lambda: first.process.poll() is None and first.kill())
        await_that(mark.exists)
        second = self.job(payload=payloads.push(payloads.commit("second")))
        answer = second.call(*words, "--no-wait", "--skip-exit", "9", "--", "false")
        self.assertEqual(answer.status, 9, answer)
        waits = second.start(*words, "--wait", "10m", "--", "true")
        self.addCleanup(lambda: waits.process.poll() is None and waits.kill())
        await_that(lambda: len(json.loads(self.remote.git("show", f"{POOL}:queue.json"))["tickets"]) == 2)
        go.touch()
        self.assertEqual((first.wait().status, waits.wait().status), (0, 0))
        self.assertEqual(json.loads(self.remote.git("show", f"{POOL}:queue.json"))["tickets"], [])
        self.assertEqual({claim["outcome"] for claim in self.remote.claims().values()}, {"success"})


if __name__ == "__main__":
    unittest.main()
