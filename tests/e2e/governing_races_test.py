"""What each rule that governs launches promises, in a race over HTTP: eight gates at once, and thirty-two with REFGATE_E2E_FULL=1."""

import time
import unittest

import payloads
import runner
from breaker_test import BreakerCase
from gate_case import await_that, in_parallel
from made_good_test import PromiseCase
from settle_test import SettleCase
from slots_test import SlotsCase
from supersede_test import commit

WIDE = 32 if runner.FULL else 8
PATIENT = ("--deadline", "110s")


class Race(BreakerCase, SettleCase, SlotsCase, PromiseCase):
    plant = BreakerCase.plant
    claim_of = BreakerCase.claim_of

    def at_once(self, jobs, *words):
        """The answers of all their gates, which start together."""
        self.began = time.monotonic()
        return in_parallel([lambda job=job: job.call("gate", *words, *PATIENT) for job in jobs])

    def chain(self):
        """Pushes of one branch, each onto the one before, and the last of them."""
        return [self.push(f"r{number}", f"r{number - 1}" if number else None, run=2001 + number) for number in range(WIDE)]

    def tell(self, what):
        print(f"\n{WIDE} at once: {what}, {time.monotonic() - self.began:.1f} s")

    def started(self, told):
        runs = [answer for answer in told if answer.runs]
        self.assertLessEqual({answer.code for answer in runs}, {"first", "takeover"})
        return runs

    def test_supersede_leaves_one_live_session_and_it_is_the_newest(self):
        told = self.at_once(self.chain(), "--supersede")
        self.assertEqual({answer.status for answer in told}, {0})
        self.assertEqual(list(self.live()), [commit(f"r{WIDE - 1}")])
        self.assertLessEqual({answer.code for answer in told if not answer.runs}, {"superseded"})
        self.tell(f"{len(self.started(told))} told to run in turn, one alive in the end, the newest")

    def test_settle_starts_one_of_a_burst_and_it_is_the_newest(self):
        told = self.at_once(self.chain(), "--settle", "5s", "--supersede")
        (newest,) = self.started(told)
        self.assertIs(newest, told[-1])
        self.assertEqual({answer.code for answer in told if not answer.runs}, {"superseded"})
        self.tell("one launched, the newest")

    def test_slots_are_never_more_than_there_are_though_a_third_is_killed(self):
        alive = self.folder / "alive"
        alive.mkdir()
        # One that lives holds a lock, which dies with it; a third goes on until it is killed.
        session = (f"exec 8>{self.folder}/counting 9>{alive}/$0; flock 8; flock 9; live=0; "
                   f"for one in {alive}/*; do flock -n $one true || live=$((live + 1)); done; echo $live >>{self.folder}/counts; flock -u 8; exec 8>&-; "
                   "exec sleep $1")
        # The more there are, the longer a busy server takes to hear of each.
        interval, lease = f"{WIDE // 8}s", f"{WIDE * 5 // 8}s"
        self.began = time.monotonic()

        def live(number):
            doomed = number % 3 == 0
            job = self.push_job(f"race {number}")
            call = job.start("run", "--slots", "3", "--wait", "5m", "--interval", interval, "--lease", lease, "--skew", "1s", "--",
                             "bash", "-c", session, number, "300" if doomed else "0.3")
            if not doomed:
                ended = call.wait(240)
                self.assertEqual(ended.status, 0, ended)
                return
            await_that(lambda: (alive / str(number)).exists() or call.process.poll() is not None, 240, "its start")
            call.kill()

        in_parallel([lambda number=number: live(number) for number in range(WIDE)])
        counts = list(map(int, (self.folder / "counts").read_text().split()))
        self.assertGreaterEqual(len(counts), WIDE - (WIDE + 2) // 3)
        self.assertLessEqual(max(counts), 3)
        launched = {line["run_id"] for line in self.kinds("launch")}
        self.assertEqual(len(launched), WIDE)
        self.tell(f"all {len(launched)} launched, {(WIDE + 2) // 3} killed, never more than {max(counts)} alive")

    def test_a_budget_is_not_overspent(self):
        jobs = [self.work(f"budget {number}") for number in range(WIDE)]
        told = self.at_once(jobs, "--budget", f"repo:{WIDE // 4}usd/1d", "--reserve", "1usd")
        runs = self.started(told)
        self.assertEqual(len(runs), WIDE // 4)
        self.assertEqual({answer.code for answer in told if not answer.runs}, {"budget"})
        self.assertEqual(sum(entry["reserve_usd"] for entry in self.ledger()["launches"]), WIDE // 4)
        self.tell(f"{len(runs)} launched for {WIDE // 4} usd, nothing more reserved")

    def test_a_pause_holds_all_and_its_end_lets_one_through(self):
        self.pause()
        told = self.at_once([self.job() for _ in range(WIDE)], "--pause", "ask")
        self.assertEqual([answer.code for answer in told], ["paused"] * WIDE)
        self.assertEqual(self.remote.claims(), {})
        self.resume()
        told = self.at_once([self.job() for _ in range(WIDE)], "--pause", "ask")
        self.assertEqual(len(self.started(told)), 1)
        self.tell("none launched in the pause, one after it")

    def test_a_breaker_lets_one_through_after_its_span(self):
        words = ("--breaker", f"2/{WIDE // 2 + 6}s")  # longer than the race
        self.failed(2, *words)
        self.await_over(self.ask("early", *words))
        told = self.at_once([self.work(f"late {number}") for number in range(WIDE)], *words)
        self.assertEqual(len(self.started(told)), 1)
        self.assertEqual({answer.code for answer in told if not answer.runs}, {"breaker"})
        self.tell("one launched after the breaker's span")

    def test_of_those_who_come_after_a_limit_one_takes_over(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "limited", "--after", "3s"))
        early = self.at_once([self.job() for _ in range(WIDE // 4)])
        self.assertEqual({answer.code for answer in early}, {"limited"})
        await_that(lambda: self.person().call("status", "--due").status == 1, what="its time")
        told = self.at_once([self.job() for _ in range(WIDE)])
        self.assertEqual([answer.code for answer in self.started(told)], ["takeover"])
        self.tell("none launched before its time, one after it")

    def test_of_those_who_follow_one_takes_over_and_all_are_green(self):
        holder, _ = self.gate()
        self.began = time.monotonic()
        calls = [(job, job.start("gate", "--follow", "--interval", "1s")) for job in (self.job() for _ in range(WIDE))]
        for _, call in calls:
            self.assertIn(b"standing by for", call.process.stderr.readline())
        self.done(holder.call("finish", "--status", "cancelled"))
        await_that(lambda: any(call.process.poll() is not None for _, call in calls), 60, "the one who takes over")
        await_that(lambda: self.only_claim()["state"] == "active", what="its claim")
        ((taker, call),) = [(job, call) for job, call in calls if job.run == self.only_claim()["holder"]["run_id"]]
        self.assert_runs(call.wait(), "takeover")
        self.done(taker.call("finish", "--status", "success"))
        others = in_parallel([one.wait for job, one in calls if job is not taker])
        self.assertEqual({(answer.status, answer.runs, answer.lines["HOLDER_OUTCOME"]) for answer in others}, {(0, False, "success")})
        self.tell("one took over from the cancelled one, all others were green by its success")

    def test_who_only_watches_all_run_and_all_but_one_would_not(self):
        told = self.at_once([self.job() for _ in range(WIDE)], "--observe")
        self.assertTrue(all(answer.runs for answer in told))
        self.assertEqual(sum(answer.outputs["would_skip"] == "false" for answer in told), 1)
        self.tell(f"all ran, {WIDE - 1} would have been skipped")

    def test_of_many_schedules_one_makes_a_promise_good(self):
        holder, _ = self.gate()
        for _ in range(3):
            self.skipped()
        self.done(holder.call("finish", "--status", "cancelled"))
        self.began = time.monotonic()
        answers = in_parallel([lambda job=job: job.call("status", "--lost", "--take", 3) for job in [self.job("schedule", {}) for _ in range(WIDE)]])
        taken = [run for answer in answers for run in self.done(answer).out.split()]
        self.assertEqual(len(taken), 1)
        self.tell("one run is launched again")


if __name__ == "__main__":
    unittest.main()
