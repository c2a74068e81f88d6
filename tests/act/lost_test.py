"""Runs that end before their work does: the runner is killed, or the run is cancelled."""

import contextlib
import os
import pathlib
import signal
import subprocess
import unittest

from act_case import BINARY, TOKEN, ActCase, agent, await_that

SHORT = ["lease: 1s", "skew: 0s"]


class Lost(ActCase):
    def start_and_await_work(self, **options):
        """A run whose work hangs, as soon as it does."""
        pid = self.folder / "pid"
        # The next run's work ends by itself.
        hang = f'echo $$ > "{pid}.new"; mv "{pid}.new" "{pid}"; exec sleep 300'
        work = f'test -e "{pid}" || {{ {hang}; }}'
        self.write_workflow(agent(inputs=options.pop("inputs", ()), work=work))
        act = self.start("push", {"after": "1" * 40, "ref": "refs/heads/topic"}, **options)
        self.addCleanup(self.end, act, pid)
        await_that(lambda: pid.exists() or act.process.poll() is not None, what="the work")
        self.assertIsNone(act.process.poll(), self.story())
        return act

    @staticmethod
    def end(act, pid):
        act.process.kill()
        act.process.wait()
        with contextlib.suppress(OSError):
            number = int(pid.read_text(encoding="utf-8"))
            # The number may be another process's by now.
            if b"sleep" in pathlib.Path(f"/proc/{number}/cmdline").read_bytes():
                os.kill(number, signal.SIGKILL)

    def is_lost(self):
        """Whether the program counts the session as lost."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                       "REFGATE_TOKEN": TOKEN, "REFGATE_REMOTE": self.remote.url}
        words = [BINARY, "status", "--lost"]
        return subprocess.run(words, env=environment, stdout=subprocess.DEVNULL).returncode == 1

    def push_again(self, **options):
        return self.run_act("push", {"after": "1" * 40, "ref": "refs/heads/topic"}, **options)

    def test_a_killed_runner_leaves_a_claim_that_holds_until_its_lease_has_passed(self):
        act = self.start_and_await_work(run=1)
        act.process.kill()
        act.process.wait()
        self.push_again(run=2)
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["active_session"])
        self.assert_claim(state="active", holder_run_id="1")

    def test_the_work_of_a_killed_runner_is_taken_over_by_one_later_run(self):
        act = self.start_and_await_work(run=1, inputs=SHORT)
        act.process.kill()
        act.process.wait()
        await_that(self.is_lost, what="the lease's end")
        self.push_again(run=2)
        self.push_again(run=3)
        self.assert_ran("push 1.1", "push 2.1")
        self.assert_claim(state="ended", outcome="success", generation=2, holder_run_id="2")
        self.assertEqual(
            [line["reason_code"] for line in self.lines("launch")], ["first", "takeover"]
        )
        self.assertEqual([line["run_id"] for line in self.lines("lost")], ["1"])
        self.assertEqual(self.skips(), ["already_done"])

    def test_a_cancelled_run_says_so_and_a_later_run_takes_over(self):
        act = self.start_and_await_work(run=1)
        act.process.send_signal(signal.SIGINT)
        act.wait()
        self.assert_claim(state="ended", outcome="cancelled", generation=1)
        self.push_again(run=2)
        self.assert_ran("push 1.1", "push 2.1")
        self.assert_claim(state="ended", outcome="success", generation=2, holder_run_id="2")

    def test_a_rerun_of_a_cancelled_run_needs_retry(self):
        act = self.start_and_await_work(run=1)
        act.process.send_signal(signal.SIGINT)
        act.wait()
        self.assert_claim(state="ended", outcome="cancelled")
        self.push_again(run=1, attempt=2, fails=True)
        self.assert_ran("push 1.1")
        self.write_workflow(agent(inputs=["retry: manual"]))
        self.push_again(run=1, attempt=3)
        self.assert_ran("push 1.1", "push 1.3")
        self.assertEqual(self.skips(), ["retry_suppressed"])


if __name__ == "__main__":
    unittest.main()
