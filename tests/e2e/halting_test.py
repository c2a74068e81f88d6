"""What a session leaves behind: nothing that runs, nothing that holds, nothing that was not launched counted as done."""

import fcntl
import os
import signal
import time
import unittest

from gate_case import TOKEN, await_that, launch
from session_test import SHORT, RunCase, is_running


class Tree(RunCase):
    def agents(self, name):
        """Process ids that wrote themselves into the folder."""
        return [int(path.name) for path in (self.folder / name).iterdir()] if (self.folder / name).exists() else []

    def agent(self, name, trap=""):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        path = self.folder / f"agent-{name}.sh"
        path.write_text(f"#!/bin/bash\n{trap}\n: >{folder}/$$\nwhile :; do sleep 0.05; done\n")
        path.chmod(0o755)
        return path

    def begun(self, name, script, *words):
        path = self.folder / f"{name}.sh"
        path.write_text(script)
        call = self.job().start("run", "--share", name, *SHORT, *words, "--", "bash", "-e", path)
        await_that(lambda: self.agents(name) or call.process.poll() is not None)
        return call, self.agents(name)

    def test_whatever_group_an_agent_makes_for_itself_it_is_stopped(self):
        for name, script in (("timeout", "timeout 100 {}"), ("setsid", "setsid {} & wait"), ("jobs", "set -m; {} & wait")):
            for how in ("lost", signal.SIGTERM, signal.SIGINT):
                with self.subTest(name=name, how=how):
                    name = f"{name}-{how if how == 'lost' else how.name}"
                    call, agents = self.begun(name, script.format(self.agent(name)))
                    if how == "lost":
                        self.gate("--force", "--share", name)
                    else:
                        call.process.send_signal(how)
                    call.wait(30)
                    self.assertEqual([agent for agent in agents if is_running(agent)], [])

    def test_a_killed_run_takes_all_of_it_along(self):
        call, agents = self.begun("killed", f"setsid {self.agent('killed')} & wait")
        call.kill()
        await_that(lambda: not any(is_running(agent) for agent in agents))

    def test_an_agent_behind_a_shell_has_the_time_that_it_was_promised(self):
        saved = self.folder / "saved"
        for how in ("lost", signal.SIGTERM):
            with self.subTest(how=how):
                name = f"saves-{'lost' if how == 'lost' else how.name}"
                saved.unlink(missing_ok=True)
                trap = f"trap 'sleep 0.7; : >{saved}; exit 0' TERM"
                call, _ = self.begun(name, str(self.agent(name, trap)), "--kill-after", "20s")
                if how == "lost":
                    self.gate("--force", "--share", name)
                else:
                    call.process.send_signal(how)
                call.wait(30)
                self.assertTrue(saved.exists())


class Led(RunCase):
    def test_two_runs_of_one_job_launch_once(self):
        job = self.job()
        call, _ = self.started(job)
        second = job.call("run", "--", "echo", "launched twice")
        self.assertEqual((second.status, second.out), (0, ""), second)
        self.assertIn("active_session", second.err)
        call.process.send_signal(signal.SIGTERM)
        call.wait(30)

    def test_a_run_inside_a_gated_job_leaves_the_end_to_finish(self):
        job, _ = self.gate()
        self.assertEqual(job.call("run", "--", "true").status, 0)
        self.assertEqual(job.call("run", "--", "true").status, 0)
        self.assertEqual(self.only_claim()["state"], "active")
        self.done(job.call("finish", "--status", "failure"))
        self.assertEqual(self.only_claim()["outcome"], "failure")

    def test_a_run_that_is_cancelled_in_its_gate_leaves_no_live_claim(self):
        with launch.faults(self.server("http")) as proxy:
            for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with self.subTest(how=how.name):
                    launch.set_plan(proxy, {"method": "POST", "fault": "delay", "seconds": 1, "announce": True})
                    launch.reset(proxy)
                    job = self.job(remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
                    call = job.start("run", "--share", how.name, "--", "echo", "ran")
                    await_that(lambda: any(line.endswith(" delay-begins") for line in launch.requests(proxy)))
                    call.process.send_signal(how)
                    answer = call.wait(30)
                    self.assertEqual((answer.status, answer.out), (128 + how, ""), answer)
                    launch.set_plan(proxy)
                    self.assert_runs(self.job().call("gate", "--share", how.name), "first")

    def test_a_lock_that_somebody_holds_keeps_no_session_from_halting(self):
        job = self.job()
        call, pid = self.started(job, *SHORT)
        (path,) = (job.folder / "temp" / "refgate").glob("health-*.json")
        (heartbeat,) = self.heartbeats_of(call)
        os.kill(heartbeat, signal.SIGKILL)
        with open(f"{path}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            call.wait(60)
            self.assertFalse(is_running(pid))
            begun = time.monotonic()
            job.call("finish")
            self.assertLess(time.monotonic() - begun, 20)

    def test_the_token_cannot_be_read_from_the_run_itself(self):
        if os.getuid() == 0:
            # Root may read everything; what it may not is told by who owns the file (proc(5)).
            call, _ = self.started(self.job())
            with open(f"/proc/{call.process.pid}/limits", encoding="ascii"):
                pass
            self.assertEqual(os.stat(f"/proc/{call.process.pid}/environ").st_uid, 0)
            call.process.send_signal(signal.SIGTERM)
            call.wait(30)
            return
        answer = self.job().call("run", "--", "sh", "-c", "tr '\\0' '\\n' < /proc/$PPID/environ; true")
        self.assertNotIn(TOKEN, answer.out)

    def test_items_of_none_are_no_work_done(self):
        empty = self.folder / "empty"
        empty.touch()
        answer = self.job().call("run", "--each", empty, "--", "true")
        self.assertEqual((answer.status, self.remote.all_refs()), (0, {}), answer)
        for source in (self.folder, ""):
            self.assertEqual(self.job().call("run", "--each", source, "--", "true").status, 2)

    def test_a_batch_of_quick_items_is_cancelled_like_any_other(self):
        items = self.folder / "items"
        items.write_text("".join(f"{number}\n" for number in range(3000)))
        for number in range(4):
            begun = self.folder / f"begun-{number}"
            call = self.job().start("run", "--share", f"s{number}", "--each", items, "--", "sh", "-c", f": >{begun}")
            await_that(begun.exists)
            call.process.send_signal(signal.SIGTERM)
            answer = call.wait(60)
            self.assertEqual(answer.status, 143, answer)
            self.assertNotEqual(answer.outputs["items_cancelled"], "0")

    def test_children_that_were_ignored_by_inheritance_are_waited_for(self):
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            call = self.job().start("run", "--", "sh", "-c", "exit 5")
        finally:
            signal.signal(signal.SIGCHLD, before)
        self.assertEqual(call.wait(30).status, 5)


class Untold(RunCase):
    """A call that did not launch is never recorded as done or failed."""

    def test_outputs_that_cannot_be_written_give_the_claim_back(self):
        job = self.job()
        answer = job.call("gate", GITHUB_OUTPUT="/dev/full")
        self.assertEqual(answer.status, 3, answer)
        self.done(job.call("finish", "--status", "failure"))
        self.assert_runs(self.job().call("gate"), "first")

    def test_a_reply_that_never_came_is_given_back_by_finish(self):
        for on_error, status in (("fail", "failure"), ("skip", "success")):
            with self.subTest(on_error=on_error), launch.faults(self.server("http")) as proxy:
                job = self.job(remote=self.remote.by(f"{proxy.url}/{self.path.name}"))
                launch.set_plan(proxy, {"method": "POST", "fault": "cut-after"}, {"fault": "silent"})
                answer = job.call("gate", "--share", on_error, "--on-error", on_error, "--deadline", "2s")
                self.assertEqual(answer.outputs["skip_execution"], "true", answer)
                launch.set_plan(proxy)
                self.done(job.call("finish", "--status", status))
                answer = self.job().call("gate", "--share", on_error)
                self.assertTrue(answer.runs, answer)

    def test_a_budget_that_cannot_be_entered_gives_the_claim_back(self):
        hook = self.path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ncase $1 in */budgets/*) exit 1 ;; esac\n")
        hook.chmod(0o755)
        job = self.job()
        self.assertEqual(job.call("gate", "--budget", "5/1d").status, 3)
        self.assert_runs(self.job().call("gate"), "first")

    def test_one_claim_that_cannot_be_read_does_not_keep_the_others_alive(self):
        job, _ = self.gate("--share", "one")
        self.assert_runs(job.call("gate", "--share", "two"), "first")
        (broken,) = [ref for ref in self.remote.claims() if "one" in ref]
        blob = self.remote.git("hash-object", "-w", "--stdin", input="{").strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\tclaim.json\n").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@localhost", "commit-tree", tree, "-m", "x").strip()
        self.remote.git("update-ref", broken, commit)
        self.assertEqual(job.call("finish").status, 3)
        (other,) = [ref for ref in self.remote.refs("refs/refgate/claims") if "two" in ref]
        self.assertIn('"outcome": "success"', self.remote.git("show", f"{other}:claim.json"))

    def test_a_wait_that_ran_out_leaves_the_scope_as_it_was(self):
        done, _ = self.gate("--share", "done")
        self.done(done.call("finish"))
        head, answer = self.gate("--share", "head", "--group-by", "repository")
        self.assert_runs(answer, "first")
        failed, _ = self.gate("--share", "failed")
        self.done(failed.call("finish", "--status", "failure"))
        _, answer = self.gate("--share", "failed", "--retry", "allow", "--group-by", "repository", "--wait", "1s")
        self.assert_skips(answer, "wait_expired")
        self.assert_skips(self.gate("--share", "failed")[1], "retry_suppressed")
        self.assert_skips(self.gate("--share", "done")[1], "already_done")


if __name__ == "__main__":
    unittest.main()
