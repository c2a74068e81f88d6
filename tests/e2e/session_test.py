"""run: the life of a session around a command. Cancelled, lost, stopped, killed."""

import os
import signal
import time
import unittest

import runner
from gate_case import TOKEN, GateCase, await_that, launch

SHORT = ("--lease", "4s", "--interval", "1s", "--skew", "1s")
# Where its end is told by somebody, and not by the clock, on a machine of any speed.
PATIENT = ("--lease", "40s", "--interval", "1s", "--skew", "1s")


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


class RunCase(GateCase):
    def script(self, text):
        """A command that notes its process id, and then does as `text` says."""
        self.pid_file = self.folder / "command.pid"
        self.pid_file.unlink(missing_ok=True)
        path = self.folder / "command.sh"
        path.write_text(f"#!/bin/sh\necho $$ >{self.pid_file}.new && mv {self.pid_file}.new {self.pid_file}\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def started(self, job, *words, text="while :; do sleep 0.05; done", **environment):
        """A `run` whose command runs, and the command's process id."""
        call = job.start("run", *words, "--", self.script(text), **environment)
        await_that(lambda: self.pid_file.exists() or call.process.poll() is not None)
        self.assertTrue(self.pid_file.exists(), "the command did not start")
        return call, int(self.pid_file.read_text())

    def heartbeats_of(self, call):
        """The process ids of the heartbeats that a `run` started."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if not entry.isdigit():
                    continue
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if b"--attached" in words and str(call.process.pid).encode() in words:
                    found.append(int(entry))
            except OSError:
                continue
        return found


class Run(RunCase):
    def test_it_exits_as_the_command_did_and_says_what_came_of_it(self):
        for number, (text, status, outcome) in enumerate(
                (("exit 0", 0, "success"), ("exit 7", 7, "failure"), ("kill -KILL $$", 137, "failure"))):
            with self.subTest(text=text):
                job = self.job()
                answer = job.call("run", "--share", f"s{number}", "--", "sh", "-c", text)
                self.assertEqual(answer.status, status, answer)
                claims = [claim for ref, claim in self.remote.claims().items() if f"s{number}" in ref]
                self.assertEqual([claim["outcome"] for claim in claims], [outcome])
                self.assertEqual(answer.outputs["skip_execution"], "false")

    def test_a_duplicate_does_not_run_the_command(self):
        job = self.job()
        self.assertEqual(job.call("run", "--", "true").status, 0)
        mark = self.folder / "mark"
        answer = self.job().call("run", "--", "touch", mark)
        self.assertEqual((answer.status, mark.exists()), (0, False), answer)
        self.assertEqual(answer.outputs["reason_code"], "already_done")
        self.assertEqual(answer.outputs["skip_execution"], "true")
        self.assertEqual(self.job().call("run", "--skip-exit", "78", "--", "touch", mark).status, 78)
        self.assertFalse(mark.exists())

    def test_a_command_that_cannot_be_started_gives_the_session_back(self):
        answer = self.job().call("run", "--", "no-such-command-here")
        self.assertEqual(answer.status, 127, answer)
        self.assertIn("no-such-command-here", answer.err)
        self.assertEqual(self.only_claim()["outcome"], "abandoned")

    def test_wrong_usage_asks_nothing(self):
        for words in (("run",), ("run", "--skip-exit", "x", "--", "true"), ("run", "--kill-after", "soon", "--", "true"),
                      ("run", "--parallel", "2", "--", "true"), ("run", "--lease", "2s", "--interval", "2s", "--", "true"),
                      ("run", "--each", "/no/such/file", "--", "true"), ("run", "--each", "-", "--parallel", "0", "--", "true")):
            with self.subTest(words=words):
                answer = self.job().call(*words)
                self.assertEqual(answer.status, 2, answer)
                self.assertEqual(self.remote.all_refs(), {})

    def test_standard_output_and_input_belong_to_the_command(self):
        answer = self.job().call_fed(b"from outside\n", "run", "--", "sh", "-c", "read line; echo \"got $line\"")
        self.assertEqual((answer.status, answer.out), (0, "got from outside\n"), answer)

    def test_the_token_is_not_in_the_commands_environment(self):
        for number, environment in enumerate(({}, {"REFGATE_TOKEN": "", "GITHUB_TOKEN": TOKEN},
                                              {"MY_COPY": TOKEN, "GITHUB_TOKEN": TOKEN})):
            with self.subTest(environment=environment):
                answer = self.job().call("run", "--share", f"s{number}", "--", "env", **environment)
                self.assertEqual(answer.status, 0, answer)
                self.assertNotIn(TOKEN, answer.out)
        kept = self.job().call("run", "--share", "kept", "--keep-token", "--", "env")
        self.assertIn(f"REFGATE_TOKEN={TOKEN}", kept.out)

    def test_the_heartbeats_hold_the_session_for_as_long_as_the_command_runs(self):
        job = self.job()
        go_on = self.folder / "go-on"
        call, _ = self.started(job, *SHORT, text=f"while [ ! -e {go_on} ]; do sleep 0.05; done")
        first = self.only_claim()["renewed_at"]
        await_that(lambda: self.only_claim()["renewed_at"] > first)
        second = self.only_claim()["renewed_at"]
        await_that(lambda: self.only_claim()["renewed_at"] > second)
        self.assert_skips(self.job().call("gate"), "active_session")
        (heartbeat,) = self.heartbeats_of(call)
        go_on.touch()
        answer = call.wait()
        self.assertEqual(answer.status, 0, answer)
        await_that(lambda: not is_running(heartbeat))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assertEqual([line["kind"] for line in self.log() if line["kind"] != "skip"], ["launch", "end"])

    def test_without_an_answer_it_does_as_on_error_says(self):
        answer = self.job(remote=self.remote.by("http://127.0.0.1:9/none")).call("run", "--on-error", "run", "--deadline", "2s",
                                                                              "--", "sh", "-c", "echo ran; \"$0\" health", runner.BINARY)
        self.assertEqual(answer.status, 0, answer)
        self.assertIn("ran", answer.out)
        answer = self.job(remote=self.remote.by("http://127.0.0.1:9/none")).call("run", "--deadline", "2s", "--", "echo", "ran")
        self.assertEqual((answer.status, answer.out), (3, ""), answer)

    def test_outside_of_a_job_two_runs_of_one_person_do_not_take_each_other_for_their_own(self):
        words = ("run", "--event", "push", "--workflow", "w", "--sha", "a" * 40)
        person = self.person()
        call, _ = None, None
        self.pid_file = self.folder / "command.pid"
        call = person.start(*words, "--", self.script("while :; do sleep 0.05; done"))
        await_that(self.pid_file.exists)
        second = person.call(*words, "--", "echo", "ran")
        self.assertEqual((second.status, second.out), (0, ""), second)
        self.assertIn("active_session", second.err)
        call.process.send_signal(signal.SIGTERM)
        call.wait()


class Cancelled(RunCase):
    def cancel_as_the_runner_does(self, call):
        """SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL. Returns how long it took."""
        begun = time.monotonic()
        for number, bound in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5)):
            call.process.send_signal(number)
            answer = None
            try:
                out, err = call.process.communicate(timeout=bound)
                answer = call.answer(out, err)
                break
            except Exception:  # noqa: BLE001 - the next signal follows
                continue
        if answer is None:
            answer = call.kill()
        return answer, time.monotonic() - begun

    def test_a_cancelled_job_leaves_no_live_claim(self):
        for name, text in (("obedient", "while :; do sleep 0.05; done"),
                           ("deaf", "trap '' INT TERM; while :; do sleep 0.05; done"),
                           ("with children", "sh -c \"trap '' INT TERM; while :; do sleep 0.05; done\" & wait")):
            with self.subTest(name=name):
                job = self.job()
                call, pid = self.started(job, "--share", name, text=text)
                answer, seconds = self.cancel_as_the_runner_does(call)
                self.assertLess(seconds, 7.5, answer)
                self.assertNotEqual(answer.status, 0, answer)
                self.assertFalse(is_running(pid))
                live = [claim for claim in self.remote.claims().values() if claim["state"] != "ended"]
                self.assertEqual(live, [])
                self.assertEqual({claim["outcome"] for claim in self.remote.claims().values()}, {"cancelled"})

    def test_cancelled_work_is_taken_up_by_the_next(self):
        call, _ = self.started(self.job())
        self.cancel_as_the_runner_does(call)
        self.assert_runs(self.job().call("gate"), "takeover")

    def test_an_end_by_cancellation_is_one_push(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.job(remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call, _ = self.started(job)
            launch.reset(proxy)
            self.cancel_as_the_runner_does(call)
            pushes = [line for line in launch.requests(proxy) if line.startswith("POST") and "receive-pack" in line]
            self.assertEqual(len(pushes), 1, launch.requests(proxy))


class Lost(RunCase):
    def test_a_command_whose_session_was_taken_over_is_stopped(self):
        job = self.job()
        call, pid = self.started(job, *PATIENT)
        taker, answer = self.gate("--force")
        self.assert_runs(answer, "forced")
        ended = call.wait(30)
        self.assertNotEqual(ended.status, 0, ended)
        self.assertFalse(is_running(pid))
        self.assertEqual(ended.err.count("session death cascade"), 1, ended)
        self.assertIn(f"run {taker.run}", ended.err)
        self.assertEqual(self.only_claim()["claim_id"], answer.claim_id)
        self.assertEqual(self.only_claim()["state"], "active")

    def test_a_session_that_a_person_freed_stops_too(self):
        job = self.job()
        call, pid = self.started(job, *PATIENT)
        self.done(self.person().call("release", job.run, "--reason", "stuck"))
        ended = call.wait(30)
        self.assertFalse(is_running(pid))
        self.assertIn("stuck", ended.err)

    def test_a_command_that_ignores_term_is_killed(self):
        job = self.job()
        call, pid = self.started(job, *SHORT, "--kill-after", "1s", text="trap '' TERM; while :; do sleep 0.05; done")
        self.gate("--force")
        call.wait(30)
        self.assertFalse(is_running(pid))

    def test_without_any_answer_it_halts_before_others_may_take_over(self):
        with launch.faults(self.server("http")) as proxy:
            job = self.job(remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
            call, pid = self.started(job, *SHORT)
            launch.set_plan(proxy, {"fault": "silent"})
            ended = call.wait(60)
            self.assertFalse(is_running(pid))
            self.assertIn("session death cascade", ended.err)
            self.assertIn("acknowledged", ended.err)
            launch.set_plan(proxy)
            self.await_lost()
            self.assert_runs(self.job().call("gate"), "takeover")

    def test_a_holder_that_was_stopped_past_its_expiry_halts_when_it_goes_on(self):
        job = self.job()
        call, pid = self.started(job, *SHORT)
        (heartbeat,) = self.heartbeats_of(call)
        for process in (heartbeat, call.process.pid):
            os.kill(process, signal.SIGSTOP)
        self.await_lost()
        taker, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.assertEqual(job.call("health").status, 1)
        for process in (heartbeat, call.process.pid):
            os.kill(process, signal.SIGCONT)
        ended = call.wait(30)
        self.assertFalse(is_running(pid))
        self.assertIn("session death cascade", ended.err)
        self.assertEqual(self.only_claim()["claim_id"], answer.claim_id)

    def test_a_killed_run_takes_its_command_and_its_heartbeats_along(self):
        call, pid = self.started(self.job(), *SHORT)
        (heartbeat,) = self.heartbeats_of(call)
        call.kill()
        await_that(lambda: not is_running(pid) and not is_running(heartbeat))
        self.await_lost()
        self.assert_runs(self.job().call("gate"), "takeover")

    def test_killed_heartbeats_leave_the_holder_to_its_clock(self):
        call, pid = self.started(self.job(), *SHORT)
        (heartbeat,) = self.heartbeats_of(call)
        os.kill(heartbeat, signal.SIGKILL)
        call.wait(30)
        self.assertFalse(is_running(pid))


class Each(RunCase):
    def counts(self, answer):
        outputs = answer.outputs
        counted = [int(outputs[f"items_{name}"]) for name in ("done", "failed", "cancelled")]
        self.assertEqual(sum(counted), int(outputs["items"]), answer)
        return tuple(counted)

    def test_every_item_is_run_once_and_counted(self):
        items = "".join(f"item {number}\n" for number in range(20)).encode()
        answer = self.job().call_fed(items, "run", "--each", "-", "--parallel", "5", "--", "sh", "-c", "echo \"[$1]\"; test \"$1\" != 'item 7'",
                                     "x", "{}")
        self.assertEqual(answer.status, 1, answer)
        self.assertEqual(self.counts(answer), (19, 1, 0))
        said = [line for line in answer.out.splitlines() if line.startswith("[")]
        self.assertEqual(sorted(said), sorted(f"[item {number}]" for number in range(20)))
        self.assertEqual(self.only_claim()["outcome"], "failure")

    def test_when_the_session_dies_the_rest_is_cancelled_and_the_cause_said_once(self):
        items = self.folder / "items"
        items.write_text("".join(f"{number}\n" for number in range(200)))
        begun = self.folder / "begun"
        begun.mkdir()
        job = self.job()
        call = job.start("run", *SHORT, "--each", items, "--parallel", "4", "--", "sh", "-c", f"touch {begun}/$0; while :; do sleep 0.05; done")
        await_that(lambda: len(list(begun.iterdir())) == 4)
        self.gate("--force")
        answer = call.wait(30)
        self.assertEqual(self.counts(answer), (0, 0, 200))
        self.assertEqual(answer.err.count("session death cascade"), 1, answer)
        self.assertEqual(len(list(begun.iterdir())), 4)
        (health,) = job.call("health", "--json").rows()
        self.assertGreaterEqual(health["cascade"], 196)

    def test_failures_in_a_row_that_name_the_session_cancel_the_rest(self):
        items = b"".join(b"%d\n" % number for number in range(50))
        answer = self.job().call_fed(items, "run", "--each", "-", "--max-failures", "3", "--share", "status", "--", "sh", "-c", "exit 75")
        self.assertEqual(self.counts(answer), (0, 3, 47))
        self.assertEqual(answer.err.count("session death cascade"), 1, answer)
        answer = self.job().call_fed(items, "run", "--each", "-", "--max-failures", "3", "--share", "text", "--session-error", "session not found",
                                     "--", "sh", "-c", "echo 'error: session not found (404)' >&2; exit 1")
        self.assertEqual(self.counts(answer), (0, 3, 47))
        answer = self.job().call_fed(items, "run", "--each", "-", "--max-failures", "3", "--share", "other", "--", "sh", "-c", "exit 1")
        self.assertEqual(self.counts(answer), (0, 50, 0))
        answer = self.job().call_fed(items, "run", "--each", "-", "--max-failures", "3", "--share", "mixed", "--", "sh", "-c",
                                     "test $(($0 % 3)) = 0 || exit 75")
        self.assertEqual(self.counts(answer), (17, 33, 0))

    def test_a_cancelled_batch_counts_what_did_not_run(self):
        items = self.folder / "items"
        items.write_text("".join(f"{number}\n" for number in range(10)))
        call = self.job().start("run", "--each", items, "--parallel", "2", "--", self.script("while :; do sleep 0.05; done"))
        await_that(lambda: self.pid_file.exists())
        call.process.send_signal(signal.SIGTERM)
        answer = call.wait(30)
        self.assertEqual(answer.status, 143, answer)
        self.assertEqual(self.counts(answer), (0, 0, 10))
        self.assertEqual(self.only_claim()["outcome"], "cancelled")


if __name__ == "__main__":
    unittest.main()
