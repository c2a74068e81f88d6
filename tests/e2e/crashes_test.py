"""kill -9 at every step of a gate and of a finish, and what the next caller meets."""

import contextlib
import os
import random
import re
import signal
import unittest
import urllib.parse

import runner
from gate_case import HEAD, GateCase, await_that, launch

HOOKS = ("pre-receive", "update", "post-receive")
MOMENTS = 120 if runner.FULL else 40


def stands_in(folder):
    """Whether a process, such as git or a hook of it, has the folder as its own."""
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdigit() and os.readlink(f"/proc/{entry}/cwd") == str(folder):
                return True
    return False


def is_asked(port):
    """Whether the server's side of a connection to the port is open."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split()[1:4] for line in table][1:]
    open_states = {"01", "03", "08"}  # ESTABLISHED, SYN_RECV, CLOSE_WAIT
    return any(int(local.split(":")[1], 16) == port and state in open_states
               for local, _, state in rows)


class CrashCase(GateCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = cls.contexts.enter_context(launch.faults(cls.server("http")))

    def setUp(self):
        super().setUp()
        launch.set_plan(self.proxy)
        launch.reset(self.proxy)
        self.remote = self.remote.by(f"{self.proxy.url}/{self.path.name}")

    def stopped_at_request(self, number, call_of):
        """The answer of a call that is killed while it waits for its request of that number."""
        launch.set_plan(self.proxy, {"nth": number, "fault": "silent"})
        launch.reset(self.proxy)
        call = call_of()
        await_that(lambda: len(launch.requests(self.proxy)) >= number or
                   call.process.poll() is not None)
        answer = call.kill()
        launch.set_plan(self.proxy)
        return answer

    def stopped_in_hook(self, name, call_of, how=signal.SIGKILL):
        """Killed while the server is in that hook; the server then goes on."""
        mark, gone = self.folder / "mark", self.folder / "gone"
        hook = self.path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n: >{mark}\nwhile [ ! -e {gone} ]; do sleep 0.01; done\n")
        hook.chmod(0o755)
        call = call_of()
        await_that(mark.exists)
        call.process.send_signal(how)
        answer = call.kill() if how == signal.SIGKILL else call.wait()
        hook.unlink()
        gone.touch()
        self.await_rest()
        mark.unlink()
        gone.unlink()
        return answer

    def await_rest(self):
        """Until nothing of a killed call is on its way any more."""
        port = urllib.parse.urlsplit(self.proxy.url).port
        await_that(lambda: not is_asked(port) and not stands_in(self.path),
                   what="the server's rest")

    def assert_guards(self, answer, job):
        """Closed, unless the claim is really ours."""
        said = answer.outputs.get("skip_execution")
        if said == "false":
            self.assertEqual(self.only_claim()["claim_id"], answer.outputs["claim_id"], answer)
            self.assertEqual(self.only_claim()["holder"]["run_id"], job.run)
        else:
            self.assertIn(said, ("true", None), answer)
        return said

    def assert_sound(self, job):
        """A finish of the job ends what it won; another trigger takes over; nothing is doubled."""
        arrived = bool(self.remote.claims())
        # What was being written beside a note when the process was killed is none.
        told = any('"phase": "told"' in path.read_text(encoding="utf-8")
                   for path in (job.folder / "temp").rglob("claim-*.json"))
        self.done(job.call("finish", "--status", "cancelled"))
        claims = self.remote.claims()
        # What was launched was cancelled; what nobody was told of is given back; a push that never arrived leaves a fence against its arrival.
        outcome = "cancelled" if arrived and told else "abandoned" if arrived else "released"
        for claim in claims.values():
            self.assertEqual((claim["state"], claim["outcome"]), ("ended", outcome))
        other = self.job()
        answer = other.call("gate")
        self.assert_runs(answer, "takeover" if claims and outcome != "abandoned" else "first")
        self.done(other.call("finish"))
        self.done(self.person().call("gc"))
        lines = [(line["kind"], line["run_id"]) for line in self.log()]
        expected = [("launch", other.run), ("end", other.run)]
        if arrived and told:
            expected += [("launch", job.run), ("end", job.run)]
        self.assertEqual(sorted(lines), sorted(expected))
        stored = [line["id"] for line in self.remote.notes()]
        self.assertEqual(len(set(stored)), len(stored))


class Gate(CrashCase):
    def test_killed_at_each_request(self):
        for number in (1, 2, 3):
            with self.subTest(request=number):
                self.setUp()
                job = self.job()
                answer = self.stopped_at_request(number, lambda: job.start("gate"))
                said = self.assert_guards(answer, job)
                if answer.status == -signal.SIGKILL:
                    self.assertEqual(said, "true", answer)
                self.assert_sound(job)

    def test_killed_while_the_server_works(self):
        for hook in HOOKS:
            with self.subTest(hook=hook):
                self.setUp()
                job = self.job()
                answer = self.stopped_in_hook(hook, lambda: job.start("gate"))
                self.assertEqual(self.assert_guards(answer, job), "true")
                self.assertEqual(self.only_claim()["holder"]["run_id"], job.run)
                self.assert_skips(self.job().call("gate", "--audit-skips", "summary"),
                                  "active_session")
                self.assert_sound(job)

    def test_cancelled_while_the_server_works(self):
        """GitHub sends SIGINT, then SIGTERM, then kills."""
        for how in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=how.name):
                self.setUp()
                job = self.job()
                answer = self.stopped_in_hook("pre-receive", lambda: job.start("gate"), how)
                self.assertEqual(answer.status, -how, answer)
                self.assertIn("whether something was claimed is not known", answer.err)
                self.assert_guards(answer, job)
                self.assert_sound(job)

    def test_who_is_ended_in_its_push_says_what_makes_sure(self):
        person = self.person()
        words = ("gate", "--event", "push", "--workflow", "w", "--sha", HEAD, "--run-id", "1")
        answer = self.stopped_in_hook("pre-receive", lambda: person.start(*words), signal.SIGTERM)
        (said,) = re.findall(r"To give it back: refgate (finish --claim-id \w+)$", answer.err, re.M)
        self.assertEqual(self.only_claim()["state"], "active")
        self.done(person.call(*said.split()))
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_a_run_that_asks_is_ended_as_a_gate_is(self):
        job, mark = self.job(), self.folder / "was run"
        answer = self.stopped_in_hook("pre-receive", lambda: job.start("run", "--", "touch", mark), signal.SIGTERM)
        self.assertEqual(answer.status, -signal.SIGTERM, answer)
        self.assertRegex(answer.err, "nothing was launched, and whether something was claimed is not known. To give it back: refgate finish --claim-id")
        self.assertNotIn("it ran", answer.err)
        self.assertFalse(mark.exists())
        self.assert_guards(answer, job)
        self.assert_sound(job)

    def test_a_heartbeat_that_is_ended_in_its_push_says_what_makes_sure(self):
        job, _ = self.gate()
        answer = self.stopped_in_hook("pre-receive", lambda: job.start("heartbeat"), signal.SIGTERM)
        self.assertEqual(answer.status, -signal.SIGTERM, answer)
        self.assertIn("heartbeat was interrupted while it wrote", answer.err)

    def test_a_deliver_that_is_ended_while_it_keeps_says_where_the_result_lies(self):
        job, _ = self.gate()
        with open(os.devnull, "rb") as nothing:
            answer = self.stopped_in_hook("pre-receive", lambda: job.start_fed(nothing, "deliver", "--", "false"), signal.SIGTERM)
        self.assertEqual(answer.status, -signal.SIGTERM, answer)
        (path,) = re.findall(r"it lies in (\S+), and whether the store has it is told by refgate result list", answer.err)
        self.assertTrue(os.path.exists(path))

    def test_killed_in_a_takeover(self):
        for hook in HOOKS:
            with self.subTest(hook=hook):
                self.setUp()
                first, _ = self.gate()
                self.done(first.call("finish", "--status", "cancelled"))
                job = self.job()
                answer = self.stopped_in_hook(hook, lambda: job.start("gate"))
                self.assertEqual(self.assert_guards(answer, job), "true")
                self.done(job.call("finish", "--status", "cancelled"))
                claim = self.only_claim()
                # Some hooks already see the first push, which expects no claim and is refused.
                self.assertIn((claim["generation"], claim["state"]), ((1, "ended"), (2, "ended")))
                taker = self.job()
                answer = taker.call("gate")
                self.assert_runs(answer, "takeover")
                self.assertEqual(answer.generation, claim["generation"] + 1)
                # Who was killed before anybody was told has launched nothing.
                self.assertEqual(sorted(line["run_id"] for line in self.kinds("launch")), [first.run, taker.run])

    def test_without_a_finish_another_trigger_takes_over_after_the_lease(self):
        job = self.job()
        self.stopped_in_hook("post-receive", lambda: job.start("gate", "--lease", "1s", "--skew",
                                                               "0s"))
        self.await_lost()
        answer = self.job().call("gate")
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)
        self.done(self.person().call("gc"))
        self.assertEqual(len(self.kinds("launch")), 2)
        self.assertEqual([line["run_id"] for line in self.kinds("lost")], [job.run])

    def test_the_same_job_asks_again_and_owns_what_it_won(self):
        job = self.job()
        self.stopped_in_hook("post-receive", lambda: job.start("gate"))
        self.assert_runs(job.call("gate"), "own")
        self.assertEqual(len(self.kinds("launch")), 1)
        self.assert_sound(job)

    def test_the_same_job_asks_again_after_it_won_nothing(self):
        job = self.job()
        self.stopped_at_request(1, lambda: job.start("gate"))
        self.assert_runs(job.call("gate"), "first")
        self.assert_sound(job)

    def test_killed_at_random_moments(self):
        """From the start of the process to after its end."""
        random.seed(4711)
        longest = max(self.job().call("gate", "--identity", f"warm {number}").seconds
                      for number in range(3))
        closed = 0
        for number in range(MOMENTS):
            self.setUp()
            moment = random.uniform(0, longest * 1.2)
            with self.subTest(moment=f"{moment:.4f} s"):
                job = self.job()
                answer = job.start("gate").wait_or_kill(moment)
                self.await_rest()
                closed += self.assert_guards(answer, job) != "false"
                self.assert_sound(job)
        self.assertGreater(closed, 0, "no moment was early enough")


class Finish(CrashCase):
    def assert_ended_once(self, job):
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.done(self.person().call("gc"))
        self.assertEqual([line["run_id"] for line in self.kinds("end")], [job.run])
        self.assertEqual(len(self.kinds("launch")), 1)
        self.assert_skips(self.job().call("gate"), "already_done")

    def test_killed_at_each_request(self):
        for number in (1, 2, 3):
            with self.subTest(request=number):
                self.setUp()
                job, _ = self.gate()
                self.stopped_at_request(number, lambda: job.start("finish"))
                self.assert_ended_once(job)

    def test_killed_while_the_server_works(self):
        for hook in HOOKS:
            with self.subTest(hook=hook):
                self.setUp()
                job, _ = self.gate()
                self.stopped_in_hook(hook, lambda: job.start("finish"))
                self.assert_ended_once(job)

    def test_a_killed_finish_ends_nothing_twice_for_the_next_holder(self):
        for hook in HOOKS:
            with self.subTest(hook=hook):
                self.setUp()
                job, _ = self.gate()
                self.stopped_in_hook(hook, lambda: job.start("finish", "--status", "cancelled"))
                taker = self.job()
                self.assert_runs(taker.call("gate"), "takeover")
                self.done(job.call("finish", "--status", "cancelled"))
                claim = self.only_claim()
                self.assertEqual((claim["state"], claim["holder"]["run_id"]),
                                 ("active", taker.run))
                self.done(taker.call("finish"))
                self.assertEqual(sorted(line["run_id"] for line in self.kinds("end")),
                                 sorted([job.run, taker.run]))

    def test_killed_at_random_moments(self):
        random.seed(1147)
        for number in range(MOMENTS // 2):
            self.setUp()
            moment = random.uniform(0, 0.15)
            with self.subTest(moment=f"{moment:.4f} s"):
                job, _ = self.gate()
                job.start("finish").wait_or_kill(moment)
                self.await_rest()
                self.assert_ended_once(job)


if __name__ == "__main__":
    unittest.main()
