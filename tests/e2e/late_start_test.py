"""What is in the way of a start and passes: whoever waits goes on waiting, and starts when it is gone."""

import time
import unittest

from api_case import ApiCase
from gate_case import HEAD, await_that, launch
from settle_test import SettleCase
from slots_test import SlotsCase

# A push that was refused is tried up to six times before it is said to be.
MORE_THAN_ONE_STEP = 8


class Locked(SettleCase, SlotsCase):
    def lock(self, job):
        """Somebody else writes the job's claim, and takes its time."""
        (ref,) = [ref for ref, claim in self.remote.claims().items() if claim["holder"]["run_id"] == job.run]
        path = self.path / f"{ref}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def tries(self):
        return sum(request.startswith("POST ") and "git-receive-pack" in request
                   for request in launch.requests(self.server(self.remote_kind)))

    def assert_waits(self, job, call, go):
        """A start was refused, and it waits; then it starts."""
        lock = self.lock(job)
        go()
        refused = self.tries() + MORE_THAN_ONE_STEP
        await_that(lambda: self.tries() >= refused or call.process.poll() is not None, what="a start that is refused")
        self.assertIsNone(call.process.poll(), call.process.poll() is not None and call.wait())
        self.assertNotEqual(self.claim_of(job)["state"], "active")
        lock.unlink()
        self.assert_runs(call.wait(), "first")
        self.assertEqual(self.claim_of(job)["state"], "active")

    def test_a_slot_is_not_given_up(self):
        holder = self.holder("holder", slots="1")
        job, call = self.waiter("waiter", "--wait", "10m", slots="1")
        self.assert_waits(job, call, lambda: self.done(holder.call("finish")))

    def test_a_turn_is_not_given_up(self):
        words = ("--group-by", "repository", "--wait", "10m")
        holder = self.push_job("holder")
        self.assert_runs(holder.call("gate", *words), "first")
        job = self.push_job("waiter")
        call = self.begin(job, *words)
        await_that(lambda: len(self.remote.claims()) == 2 and self.states()[job.run] == "waiting", what="its arrival")
        self.assert_waits(job, call, lambda: self.done(holder.call("finish")))

    def test_calm_is_not_given_up(self):
        job = self.push("a", run=101)
        call = self.settler(job, "--settle", "4s")
        self.assert_waits(job, call, lambda: None)

    def test_a_dead_holders_slot_is_free_whatever_the_fraction_of_a_second(self):
        """The server's clock is told in whole seconds, which is no skew of ours."""
        for skew in ("0s", "100ms"):
            with self.subTest(skew):
                spans = ("--lease", "2s", "--skew", skew)
                self.holder(f"dead {skew}", slots=f"{skew}:1", spans=spans)
                _, call = self.waiter(f"waiter {skew}", "--wait", "10m", slots=f"{skew}:1", spans=spans,
                                      pool=f"refs/refgate/slots/{skew}")
                self.assert_runs(call.wait(), "first")


class BehindTheDead(SettleCase, SlotsCase, ApiCase):
    """The runs of all who stand in the line have ended, and nobody has taken them out."""

    def says(self, status):
        """Of whichever run it is asked."""
        self.api.reply = lambda handler: handler.say(200, {
            "id": int(handler.path.rpartition("/")[2]), "status": status, "run_attempt": 1, "conclusion": None})

    def test_who_does_not_wait_asks_about_each_that_stands_before_it(self):
        for words in (("--group-by", "repository"), ("--slots", "1")):
            with self.subTest(words):
                name = words[0][2]
                self.says("in_progress")
                self.assert_runs(self.push_job(f"{name}h").call("gate", *words), "first")
                for number in range(2):
                    job = self.push_job(f"{name}{number}")
                    call = self.begin(job, *words, "--wait", "10m")
                    await_that(lambda job=job: self.states().get(job.run) == "waiting", what="its arrival")
                    call.kill()
                self.assert_skips(self.push_job(f"{name}e").call("gate", *words, "--no-wait"), "queued")
                self.says("completed")
                self.assert_runs(self.push_job(f"{name}l").call("gate", *words, "--no-wait"), "first")

    def test_who_waits_asks_as_who_does_not(self):
        for words in (("--group-by", "repository"), ("--slots", "1")):
            with self.subTest(words):
                name = words[0][2]
                self.says("in_progress")
                self.assert_runs(self.push_job(f"{name}h").call("gate", *words), "first")
                job = self.push_job(f"{name}w")
                call = self.begin(job, *words, "--wait", "10m")
                await_that(lambda job=job: self.states().get(job.run) == "waiting", what="its arrival")
                call.kill()
                self.says("completed")
                answer = self.push_job(f"{name}l").call("gate", *words, "--wait", "50s")
                self.assert_runs(answer, "first")
                self.assertLess(answer.seconds, 25)

    def test_who_waits_asks_once_more_before_it_gives_up(self):
        for words in (("--group-by", "repository"), ("--slots", "1")):
            with self.subTest(words):
                name = words[0][2]
                self.says("in_progress")
                self.assert_runs(self.push_job(f"{name}h").call("gate", *words), "first")
                self.api.asked.clear()
                self.assert_skips(self.push_job(f"{name}e").call("gate", *words, "--wait", "1s"), "wait_expired")
                self.assertEqual(len(self.api.asked), 2)
                call = self.begin(self.push_job(f"{name}l"), *words, "--wait", "8s")
                await_that(lambda: len(self.api.asked) == 3, what="its first question")
                self.says("completed")
                self.assert_runs(call.wait(), "first")
                self.assertEqual(len(self.api.asked), 4)

    def test_register_asks_as_check_does(self):
        spans = ("--session-window", "1s", "--skew", "0s", "--pr-lock-window", "0s")
        words = ("push", "w", HEAD)
        self.done(self.job(run=1).call("register", "k", *words[:2], "1", HEAD, *spans))
        over = time.monotonic() + 1.1
        await_that(lambda: time.monotonic() > over, what="the end of the window")
        self.says("in_progress")
        self.assertFalse(self.job(run=2).call("check", *words, "2", *spans).runs)
        answer = self.job(run=2).call("register", "k", *words[:2], "2", HEAD, *spans)
        self.assertEqual(answer.status, 1, answer)
        self.assertIn("not registered", answer.out)
        self.says("completed")
        self.done(self.job(run=2).call("register", "k", *words[:2], "2", HEAD, *spans))


if __name__ == "__main__":
    unittest.main()
