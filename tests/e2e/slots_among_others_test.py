"""--slots beside what else may hold a launch back or end it: newer heads, places that came too late, closed pools, wrong clocks."""

import json
import signal
import time
import unittest

import payloads
from gate_case import await_that, launch
from slots_test import BRIEF, PATIENT, POOL, SlotsCase



class AmongOthers(SlotsCase):
    """What once went wrong between two of its steps, or beside another option."""

    def slow_push(self, nth, seconds):
        """The store behind a server that takes its time for one push."""
        proxy = self.enterContext(launch.faults(self.server("http")))
        launch.set_plan(proxy, {"method": "POST", "path": "git-receive-pack", "nth": nth, "count": 1, "fault": "delay", "seconds": seconds})
        return self.remote.by(f"{proxy.url}/{self.path.name}")

    def head(self, name, before=None, run=None):
        pushed = payloads.push(payloads.commit(name), "refs/heads/topic", before=payloads.commit(before) if before else "0" * 40)
        return self.job(payload=pushed, run=run)

    def run_states(self):
        return {claim["holder"]["run_id"]: claim["state"] for claim in self.remote.claims().values()}

    def test_who_is_skipped_for_want_of_a_slot_has_ended_nobody_on_an_older_head(self):
        for number, words in (1, ("--no-wait",)), (2, ("--wait", "1s")):
            self.holder(f"elsewhere {number}", slots=f"pool-{number}:1")
            older, newer = 100 * number + 1, 100 * number + 2
            self.assert_runs(self.head(f"a{number}", run=older).call("gate", "--supersede", "--share", f"s{number}"), "first")
            answer = self.head(f"b{number}", f"a{number}", run=newer).call(
                "gate", "--supersede", "--share", f"s{number}", "--slots", f"pool-{number}:1", *words)
            self.assert_skips(answer, "queued" if "--no-wait" in words else "wait_expired")
            self.assertEqual(self.run_states()[str(older)], "active")

    def test_a_newer_head_takes_the_slot_of_the_older_one_at_once(self):
        for number, words in (1, ("--no-wait",)), (2, ("--wait", "60s")):
            pool, share = f"mine-{number}:1", f"own{number}"
            older, newer = 300 + 10 * number, 301 + 10 * number
            self.assert_runs(self.head(f"c{number}", run=older).call("gate", "--supersede", "--share", share, "--slots", pool, *PATIENT), "first")
            answer = self.head(f"d{number}", f"c{number}", run=newer).call("gate", "--supersede", "--share", share, "--slots", pool, *PATIENT, *words)
            self.assert_runs(answer, "first")
            self.assertEqual({run: self.run_states()[str(run)] for run in (older, newer)}, {older: "ended", newer: "active"})

    def test_a_start_whose_place_came_too_late_is_no_session_of_the_job_that_comes_again(self):
        self.holder("h")
        job = self.push_job("g", remote=self.slow_push(2, 4))
        call = job.start("gate", "--slots", "2", *PATIENT)
        await_that(lambda: any(claim["holder"]["run_id"] == job.run for claim in self.remote.claims().values()), what="the claim")
        self.holder("x")
        call.kill()
        await_that(lambda: self.claim_of(job)["state"] == "active", what="the push that was on the wire")
        self.assert_skips(job.call("gate", "--slots", "2", *PATIENT, "--wait", "1s"), "wait_expired")
        self.assertEqual(len(self.active()), 2)

    def test_a_pool_that_closes_during_the_start_is_closed(self):
        holder = self.holder("h", slots="9")
        job = self.push_job("g", remote=self.slow_push(2, 4))
        call = job.start("gate", "--slots", "9", *PATIENT)
        await_that(lambda: any(claim["holder"]["run_id"] == job.run for claim in self.remote.claims().values()), what="the claim")
        self.done(holder.call("finish", "--status", "limited", "--after", "1h"))
        answer = call.wait()
        self.assert_skips(answer, "limited")
        self.assertFalse(answer.lines.get("POSITION"))
        self.assertEqual(self.active(), set())

    def test_what_others_left_behind_is_in_nobodys_way(self):
        holder = self.holder(1, slots="1")
        record = self.pool()
        (ticket,) = record["tickets"]
        left = [dict(ticket, claim_id=f"{n:032x}", claim_ref=f"refs/refgate/claims/x/left{n}", run_id=str(n)) for n in range(499)]
        record["tickets"] = [ticket, *left]
        self.plant(POOL, json.dumps(record))
        self.assert_runs(self.push_job(2).call("gate", "--slots", "2", "--wait", "30s", *PATIENT), "first")
        self.assertEqual(len(self.in_pool()), 2)
        record["tickets"] = left[:60]
        self.done(holder.call("finish"))
        self.plant(POOL, json.dumps(record))
        self.assert_runs(self.push_job(3).call("gate", "--slots", "1", "--no-wait"), "first")

    def test_who_only_watches_ends_nobody(self):
        holder = self.holder(1, slots="1", spans=BRIEF)
        self.await_lost()
        answer = self.push_job(2).call("gate", "--slots", "1", "--observe")
        self.assertTrue(answer.runs, answer)
        self.assertEqual(self.claim_of(holder)["state"], "active")

    def test_of_one_group_one_runs_though_the_first_was_silent_before_its_slot(self):
        holder = self.holder("h", slots="1")
        first, waits = self.waiter("A", "--group-by", "repository", "--wait", "10m", slots="1", spans=BRIEF)
        waits.process.send_signal(signal.SIGSTOP)
        self.addCleanup(lambda: waits.process.poll() is None and waits.process.send_signal(signal.SIGCONT))
        self.await_lost()
        self.assert_runs(self.push_job("B").call("gate", "--group-by", "repository", "--wait", "60s", *PATIENT), "first")
        waits.process.send_signal(signal.SIGCONT)
        self.done(holder.call("finish"))
        self.assertFalse(waits.wait(60).runs)
        self.assertNotIn(first.run, self.active())

    def test_a_session_whose_slot_was_given_away_is_told_so_and_its_limit_closes_the_pool(self):
        holder = self.holder(1, slots="1", spans=BRIEF)
        _, call = self.waiter(2, "--wait", "10m", slots="1")
        self.assert_runs(call.wait(), "first")
        answer = self.done(holder.call("finish", "--status", "limited", "--after", "1h"))
        self.assertIn("given up as lost", answer.out + answer.err)
        self.assertIn("closed_until", self.pool())
        self.assert_skips(self.push_job(3).call("gate", "--slots", "1"), "limited")

    def test_a_limit_closes_a_pool_whose_record_is_gone_and_says_of_one_that_it_cannot_read(self):
        gone, kept = self.holder(1, slots="gone:1"), self.holder(2, slots="kept:1")
        self.remote.git("update-ref", "-d", "refs/refgate/slots/gone")
        self.plant("refs/refgate/slots/kept", "{")
        self.done(gone.call("finish", "--status", "limited", "--after", "1h"))
        self.assertIn("closed_until", self.pool("refs/refgate/slots/gone"))
        answer = self.done(kept.call("finish", "--status", "limited", "--after", "1h"))
        self.assertIn("could not be closed", answer.err)

    def test_who_opens_a_pool_stands_in_the_record(self):
        self.done(self.holder(1, slots="1").call("finish", "--status", "limited", "--after", "1h"))
        self.done(self.person().call("release", POOL, "--reason", "lifted by support"))
        (line,) = [line for line in self.log() if line["kind"] == "resume"]
        self.assertEqual((line["reason"], line["session_key"], line["job_status"]), ("lifted by support", "slots:default", "opened"))


if __name__ == "__main__":
    unittest.main()
