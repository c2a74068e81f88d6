"""heartbeat and health: one model of a session's life, for all commands."""

import concurrent.futures
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

import runner
from gate_case import TOKEN, GateCase, await_that, launch
from session_test import is_running

ROUNDS = 100 if runner.FULL else 12
BEATS = ("--lease", "4s", "--interval", "1s")
SHORT = ("--lease", "1m", "--skew", "1s")


class LiveCase(GateCase):
    def health(self, job, *words):
        return job.call("health", "--json", *words)

    def record(self, job):
        (health,) = self.health(job).rows()
        return health

    def background(self, job, *words, **environment):
        """The heartbeats' process id. They end with this test's process, or sooner."""
        answer = self.done(job.call("heartbeat", "--background", "--while-pid", os.getpid(), *BEATS, *words, **environment))
        process = int(answer.out.split("process ")[1].split()[0])
        self.addCleanup(lambda: is_running(process) and os.kill(process, signal.SIGKILL))
        return process


class Heartbeat(LiveCase):
    def test_once_renews_the_lease(self):
        job, _ = self.gate("--lease", "1m")
        before = self.only_claim()
        answer = self.done(job.call("heartbeat"))
        after = self.only_claim()
        self.assertIn("Lease renewed", answer.out)
        self.assertGreater(after["renewed_at"], before["renewed_at"])
        self.assertGreater(after["lease_until"], before["lease_until"])
        self.assertEqual(after["claim_id"], before["claim_id"])
        self.assertEqual(after["generation"], 1)

    def test_a_job_without_a_claim_has_nothing_to_renew(self):
        self.gate()
        skipped, _ = self.gate()
        for words in (("heartbeat",), ("heartbeat", "--background")):
            self.assertEqual(skipped.call(*words).status, 2)

    def test_another_job_renews_by_claim_id(self):
        _, gate = self.gate(*SHORT)
        before = self.only_claim()["renewed_at"]
        consumer = self.job(job="consumer")
        self.done(consumer.call("heartbeat", "--claim-id", gate.claim_id))
        self.assertGreater(self.only_claim()["renewed_at"], before)
        self.assertEqual(self.record(consumer)["alive"], True)
        self.assertEqual(consumer.call("heartbeat", "--claim-id", "0" * 32).status, 2)

    def test_it_learns_of_a_takeover(self):
        job, _ = self.gate()
        _, other = self.gate("--force")
        answer = job.call("heartbeat")
        self.assertEqual(answer.status, 1, answer)
        self.assertIn("taken over", answer.err)
        self.assertEqual(self.record(job)["cause"], "taken_over")
        self.assertEqual(self.only_claim()["claim_id"], other.claim_id)

    def test_in_the_background_it_renews_until_the_session_ends(self):
        job, _ = self.gate("--lease", "4s", "--skew", "1s")
        process = self.background(job)
        seen = {self.only_claim()["renewed_at"]}
        await_that(lambda: seen.add(self.only_claim()["renewed_at"]) or len(seen) >= 4)
        await_that(lambda: self.record(job)["beats"] >= 3)
        self.done(job.call("finish"))
        await_that(lambda: not is_running(process))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assertEqual(self.health(job).status, 1)

    def test_a_lease_that_two_heartbeats_would_miss_is_wrong_usage(self):
        job, _ = self.gate()
        answer = job.call("heartbeat", "--background", "--lease", "2s", "--interval", "2s")
        self.assertEqual(answer.status, 2, answer)
        self.assertIn("longer than", answer.err)

    def test_it_ends_with_the_process_that_it_watches(self):
        job, _ = self.gate(*SHORT)
        watched = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
        answer = self.done(job.call("heartbeat", "--background", "--while-pid", watched.pid, *BEATS))
        process = int(answer.out.split("process ")[1].split()[0])
        self.assertTrue(is_running(process))
        watched.kill()
        watched.wait()
        watched.stdin.close()
        await_that(lambda: not is_running(process))

    def test_it_has_the_token_by_a_pipe_and_leaves_no_core(self):
        job, _ = self.gate(*SHORT)
        for number, environment in enumerate(({}, {"REFGATE_TOKEN": "", "GITHUB_TOKEN": TOKEN, "OTHER": TOKEN, "GITHUB_SERVER_URL": self.server("http").url})):
            process = self.background(job, **environment)
            before = self.only_claim()["renewed_at"]
            await_that(lambda: self.only_claim()["renewed_at"] > before)
            for name in ("environ", "cmdline"):
                with open(f"/proc/{process}/{name}", "rb") as file:
                    self.assertNotIn(TOKEN.encode(), file.read(), (number, name))
            with open(f"/proc/{process}/limits", encoding="ascii") as file:
                (core,) = [line for line in file if line.startswith("Max core file size")]
            self.assertEqual(core.split()[4:6], ["0", "0"])
            # A process that is not dumpable belongs to root in /proc, whoever runs it (proc(5)); as root this says nothing.
            if os.getuid() != 0:
                self.assertEqual(os.stat(f"/proc/{process}/environ").st_uid, 0)
            os.kill(process, signal.SIGTERM)
            await_that(lambda: not is_running(process))

    def test_it_pushes_at_most_once_an_interval(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.job(remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            self.assert_runs(job.call("gate", *SHORT), "first")
            launch.reset(proxy)
            begun = time.monotonic()
            process = self.background(job)
            seen = set()
            await_that(lambda: seen.add(self.only_claim()["renewed_at"]) or len(seen) >= 6)
            os.kill(process, signal.SIGTERM)
            await_that(lambda: not is_running(process))
            took = time.monotonic() - begun
            pushes = [line for line in launch.requests(proxy) if line.startswith("POST") and "receive-pack" in line]
            self.assertGreaterEqual(len(pushes), 5)
            self.assertLessEqual(len(pushes), 1 + took)

    def test_a_store_that_fails_is_tried_again_and_named(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            job = self.job(remote=remote)
            self.assert_runs(job.call("gate", "--lease", "20s", "--skew", "1s"), "first")
            self.done(job.call("heartbeat", "--background", "--while-pid", os.getpid(), "--lease", "20s", "--interval", "1s",
                               "--deadline", "1s"))
            await_that(lambda: self.record(job)["beats"] >= 1)
            launch.set_plan(proxy, {"fault": "status", "status": 503})
            await_that(lambda: self.record(job)["failures"] >= 1)
            self.assertIn("503", self.record(job)["failure"])
            self.assertEqual(self.record(job)["alive"], True)
            beats = self.record(job)["beats"]
            launch.set_plan(proxy)
            await_that(lambda: self.record(job)["beats"] > beats)
            self.assertEqual(self.record(job)["failures"], 0)
            self.done(job.call("finish"))

    def test_the_gate_starts_them_and_its_lease_is_long_until_they_beat(self):
        job = self.job()
        self.assert_runs(job.call("gate", "--heartbeat", "--interval", "2s", "--skew", "1s"), "first")
        self.assertEqual(self.only_claim()["limits"]["lease"], "21600s")
        await_that(lambda: self.only_claim()["limits"]["lease"] == "6s")
        process = self.record(job)["heartbeat_process"]
        self.assertTrue(is_running(process))
        # A second gate of the job needs no second process.
        self.assert_runs(job.call("gate", "--heartbeat", "--interval", "2s", "--skew", "1s"), "own")
        self.assertEqual(self.record(job)["heartbeat_process"], process)
        self.done(job.call("finish"))
        await_that(lambda: not is_running(process))


class Health(LiveCase):
    def test_it_answers_from_the_jobs_record(self):
        job, _ = self.gate()
        answer = job.call("health")
        self.assertEqual(answer.status, 0, answer)
        self.assertIn("alive", answer.out)
        self.assertEqual(job.call("health", "--quiet").out, "")
        health = self.record(job)
        self.assertEqual((health["alive"], health["halt"], health["cascade"], health["operations"]), (True, False, 0, 0))
        self.assertNotIn("claim_id", health)
        self.assertGreater(health["holds_for_ms"], 5 * 3600 * 1000)

    def test_a_job_without_a_session_is_told_so(self):
        self.gate()
        skipped, _ = self.gate()
        self.assertEqual(skipped.call("health").status, 2)

    def test_a_heartbeat_process_that_was_killed_is_told_before_the_lease_is_over(self):
        job = self.job()
        self.assert_runs(job.call("gate", "--heartbeat", "--interval", "2s", "--skew", "1s"), "first")
        await_that(lambda: self.record(job)["beats"] > 0)
        self.assertNotIn("not to be seen", job.call("health").out)
        process = self.record(job)["heartbeat_process"]
        os.kill(process, signal.SIGKILL)
        await_that(lambda: not is_running(process))
        answer = self.done(job.call("health"))
        self.assertIn(f"process {process} is not to be seen from here", answer.out)
        self.assertTrue(self.record(job)["left_alone"])

    def test_who_only_watches_is_never_halted_and_so_never_left_alone(self):
        job = self.job()
        self.assert_runs(job.call("gate", "--observe", "--heartbeat", "--interval", "2s", "--skew", "1s"), "first")
        await_that(lambda: self.record(job)["beats"] > 0)
        process = self.record(job)["heartbeat_process"]
        os.kill(process, signal.SIGKILL)
        await_that(lambda: not is_running(process))
        self.assertFalse(self.record(job)["left_alone"])

    def test_operations_are_counted(self):
        job, _ = self.gate()
        for _ in range(3):
            self.done(job.call("health", "--enter", "--quiet"))
        self.done(job.call("health", "--leave", "--quiet"))
        self.assertEqual(self.record(job)["operations"], 2)

    def test_operations_that_come_and_go_at_once_are_counted_right(self):
        job, _ = self.gate()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda word: self.done(job.call("health", word, "--quiet")), ["--enter"] * 40 + ["--leave"] * 10))
        self.assertEqual(self.record(job)["operations"], 30)

    def test_the_cause_of_death_is_said_once_and_what_follows_is_counted(self):
        job, _ = self.gate()
        self.gate("--force")
        job.call("heartbeat")
        first = job.call("health")
        self.assertEqual(first.status, 1)
        self.assertIn("session death cascade", first.err)
        for _ in range(5):
            again = job.call("health")
            self.assertEqual((again.status, again.out, again.err), (1, "", ""), again)
        self.assertGreaterEqual(self.record(job)["cascade"], 6)

    def test_it_halts_by_its_own_clock(self):
        job, _ = self.gate("--lease", "2s", "--skew", "1s")
        await_that(lambda: job.call("health", "--quiet").status == 1)
        self.assertEqual(self.record(job)["cause"], "expired")
        self.assert_skips(self.job().call("gate"), "active_session")

    def test_it_uses_no_network(self):
        strace = shutil.which("strace")
        self.assertIsNotNone(strace, "strace is needed here: ./dev setup test")
        job, _ = self.gate()
        trace = self.folder / "trace"
        done = subprocess.run([strace, "-f", "-e", "trace=%network", "-o", trace, runner.BINARY, "health"],
                              env={**job.environment, "REFGATE_REMOTE": self.remote.url}, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line for line in trace.read_text().splitlines() if "exited with" not in line], [])

    def test_a_record_that_cannot_be_read_is_no_session(self):
        job, _ = self.gate()
        (path,) = (job.folder / "temp" / "refgate").glob("health-*.json")
        for text in ("", "{", json.dumps({"version": 2}), "x" * 100_000):
            path.write_text(text)
            self.assertEqual(job.call("health").status, 2)


class Takeover(GateCase):
    """A holder is killed at a random moment; others ask again until one runs."""

    def test_exactly_one_takes_over_and_soon(self):
        late = []
        for number in range(ROUNDS):
            with self.subTest(round=number):
                late.append(self.one_round(number))
        print(f"  {ROUNDS} rounds, 16 callers each: the takeover came {min(late):.2f} to {max(late):.2f} s after the kill", file=sys.stderr)

    def one_round(self, number):
        lease, skew = 3.0, 1.0
        words = ("--share", f"r{number}")
        call = self.job().start("run", "--lease", "3s", "--interval", "1s", "--skew", "1s", *words, "--", "sleep", "1000")
        await_that(lambda: any(f"r{number}" in ref for ref in self.remote.claims()) or call.process.poll() is not None)
        time.sleep(random.uniform(0, 1.5))  # the moment is random; nothing is awaited by it
        killed = time.monotonic()
        call.kill()
        winners, stop = [], threading.Event()

        def ask():
            job = self.job()
            while not stop.is_set() and time.monotonic() < killed + 60:
                answer = job.call("gate", "--lease", "1m", *words)
                if answer.status == 0 and answer.runs:
                    winners.append((answer, time.monotonic() - killed))
                    stop.set()
                    return

        threads = [threading.Thread(target=ask) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(winners), 1, [str(answer) for answer, _ in winners])
        answer, after = winners[0]
        self.assertEqual((answer.code, answer.generation), ("takeover", 2), answer)
        self.assertLess(after, lease + skew + 2 + 3 * (not runner.FULL), answer)
        return after


if __name__ == "__main__":
    unittest.main()
