"""Every way in decides by the same state: a look, a place in a line, a positional check. And what is typed wrong starts nothing."""

import hashlib
import os
import signal
import subprocess
import unittest

import payloads
from gate_case import GateCase, await_that, in_parallel, launch
from payloads import commit
from session_test import is_running


class Budgets(GateCase):
    """A budget that is spent holds back whoever asks, in whatever words."""

    BUDGET = ("--budget", "workflow:1/1d")

    def setUp(self):
        super().setUp()
        self.holder, _ = self.gate(*self.BUDGET)
        self.other = {"payload": payloads.push(commit("other"))}

    def test_a_check_without_a_run_says_what_the_gate_says(self):
        self.assert_skips(self.job(**self.other).call("gate", *self.BUDGET), "budget")
        someone = self.person(REFGATE_BUDGET="workflow:1/1d")
        answers = [someone.call("check", "push", "Agent review", commit(f"check {words}"), *words)
                   for words in (["1"], [], ["2"], [])]
        self.assertEqual([(answer.status, answer.lines["SKIP_EXECUTION"]) for answer in answers],
                         [(0, "false")] + [(1, "true")] * 3, [str(answer) for answer in answers])

    def test_who_would_stand_in_line_is_told_that_nothing_will_come_of_its_turn(self):
        job, answer = self.gate("--group-by", "repository", payload=payloads.push(commit("head of the line")))
        self.assertTrue(answer.runs, answer)
        answer = self.job(**self.other).call("gate", "--group-by", "repository", "--no-wait", *self.BUDGET)
        self.assert_skips(answer, "budget")

    def test_a_look_says_the_same(self):
        answer = self.job(**self.other).call("explain", "--json", *self.BUDGET)
        self.assertEqual(answer.json()["decision"]["reason_code"], "budget", answer)


class Tickets(GateCase):
    def test_a_ticket_that_the_server_keeps_costs_a_finish_one_try(self):
        job, _ = self.gate("--group-by", "repository")
        hook = self.path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ncase $1 in refs/refgate/queues/*) echo no >&2; exit 1 ;; esac\n")
        hook.chmod(0o755)
        launch.reset(self.server("http"))
        answer = self.done(job.call("finish"))
        self.assertIn("ended", answer.out)
        asked = launch.requests(self.server("http"))
        self.assertLessEqual(len(asked), 8, asked)
        self.assertLessEqual(sum("receive-pack" in request and request.startswith("POST") for request in asked), 4, asked)
        self.assertEqual(self.only_claim()["state"], "ended")
        hook.unlink()
        # The line passes over what is dead.
        self.assert_runs(self.job(payload=payloads.push(commit("next"))).call("gate", "--group-by", "repository"), "first")


class Heartbeats(GateCase):
    def test_three_calls_leave_one_process(self):
        job, _ = self.gate()
        seen = set()
        for _ in range(3):
            self.done(job.call("heartbeat", "--background", "--while-pid", os.getpid(), "--interval", "5s"))
            seen |= {row["heartbeat_process"] for row in job.call("health", "--json").rows()}
        self.assertEqual(len(seen), 1)
        self.done(job.call("finish"))

    def test_of_three_at_once_one_renews(self):
        for _ in range(4):
            job, _ = self.gate("--force")
            answers = in_parallel([lambda job=job: job.call(
                "heartbeat", "--background", "--while-pid", os.getpid(), "--interval", "1s")] * 3)
            told = [self.done(answer).out for answer in answers]
            self.assertEqual(sorted("Heartbeats started" in out for out in told), [False, False, True], told)
            self.done(job.call("finish"))

    def test_a_lock_that_was_left_holds_nobody_up(self):
        job, gate = self.gate()
        lock = job.folder / "temp" / "refgate" / f"beats-{hashlib.sha256(gate.claim_id.encode()).hexdigest()[:32]}"
        for make in (lambda: lock.write_text("left"), lambda: lock.symlink_to("/nowhere"), lock.mkdir, lambda: os.mkfifo(lock)):
            with self.subTest():
                make()
                answer = self.done(job.call("heartbeat", "--background", "--while-pid", os.getpid(), "--interval", "5s"))
                self.assertIn("started", answer.out)
                process = int(answer.out.split("process ")[1].split()[0])
                os.kill(process, signal.SIGKILL)
                await_that(lambda: not is_running(process))
                lock.rmdir() if lock.is_dir() and not lock.is_symlink() else lock.unlink()

    def test_a_process_that_has_ended_starts_nothing(self):
        job, _ = self.gate()
        ended = subprocess.Popen(["true"])
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        for reaped in (False, True):
            with self.subTest(reaped=reaped):
                if reaped:
                    ended.wait()
                answer = job.call("heartbeat", "--background", "--while-pid", ended.pid)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn("has ended", answer.err)
                self.assertNotIn("started", answer.out)

    def test_what_is_no_process_starts_nothing(self):
        job, _ = self.gate()
        for word in ("12x", "x", "-5", "0", "99999999999999999999", " 1", "1.5", "0x10", "+7", "99999999999", "4194304"):
            with self.subTest(word):
                answer = job.call("heartbeat", "--background", f"--while-pid={word}")
                self.assertEqual(answer.status, 2, answer)
                self.assertNotIn("started", answer.out)
                (health,) = job.call("health", "--json").rows()
                self.assertEqual(health["heartbeat_process"], 0)


class Waiting(GateCase):
    def test_a_claim_that_only_waited_does_not_suppress_its_own_rerun(self):
        self.gate("--group-by", "repository")
        waiter = self.job(payload=payloads.push(commit("waits")), run=7777)
        process = waiter.start("gate", "--group-by", "repository", "--wait", "1h", "--lease", "3s", "--skew", "1s")
        await_that(lambda: any(claim["state"] == "waiting" for claim in self.remote.claims().values()))
        process.kill()
        answer = self.job(payload=payloads.push(commit("waits")), run=7777, attempt=2).call(
            "gate", "--group-by", "repository", "--no-wait", "--retry", "suppress")
        self.assertIn(answer.code, ("queued", "active_session"), answer)
        if answer.code == "active_session":
            await_that(lambda: self.job(payload=payloads.push(commit("waits")), run=7777, attempt=2).call(
                "gate", "--group-by", "repository", "--no-wait").code == "queued")


if __name__ == "__main__":
    unittest.main()
