"""The heartbeat process ends the session when `finish` asks it, out of its own memory."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import threading
import unittest
import unittest.mock

import runner
from gate_case import TOKEN, GateCase, await_asked, await_that, heartbeat_process

BEATS = ("--heartbeat", "--interval", "1s", "--lease", "20s", "--skew", "1s")


class Ends(GateCase):
    def begin(self, *words):
        """A job whose gate has started a heartbeat process; (job, the process' id)."""
        job, answer = self.gate(*BEATS, *words)
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        process = heartbeat_process(job)
        self.addCleanup(self.end, process)
        return job, process

    @staticmethod
    def end(process):
        assert process > 1
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def finish(self, job, *words, **environment):
        """As the action calls it: without a token."""
        return job.call("finish", *words, REFGATE_TOKEN="", **environment)

    def await_gone(self, process):
        await_that(lambda: not alive(process), what="the end of the heartbeat process")

    def test_finish_without_a_token_ends_the_session_by_it(self):
        for status, outcome in (("success", "success"), ("failure", "failure"),
                                ("cancelled", "cancelled")):
            job, process = self.begin("--share", status)
            answer = self.done(self.finish(job, "--status", status))
            self.assertIn("heartbeat process", answer.out)
            self.assertIn("Session ended", answer.out)
            (claim,) = [claim for claim in self.remote.claims().values()
                        if claim["claim_id"] == job.claim_id]
            self.assertEqual((claim["state"], claim["outcome"]), ("ended", outcome))
            self.await_gone(process)
            again = self.done(self.finish(job))
            self.assertNotIn("Session ended:", again.out)

    def test_the_program_may_be_written_anew_while_they_beat(self):
        """act, and the runners of Gitea and Forgejo, copy the action's folder over itself for each of its steps."""
        program = shutil.copy(runner.BINARY, self.folder / "refgate")
        with unittest.mock.patch.object(runner, "BINARY", program):
            job, answer = self.gate(*BEATS, environment={"ACT": "true"})
            self.assert_runs(answer, "first")
            process = heartbeat_process(job)
            self.addCleanup(self.end, process)
            with open(program, "r+b") as file:
                file.write(pathlib.Path(runner.BINARY).read_bytes()[:4])
            self.assertTrue(alive(process))
            left = [path.name for path in (job.folder / "temp").rglob("*") if os.access(path, os.X_OK) and path.is_file()]
            self.assertEqual(left, [])
            self.assertIn("Session ended", self.done(self.finish(job, "--status", "success")).out)
        self.await_gone(process)

    def test_where_no_copy_of_the_program_can_be_made_they_beat_all_the_same(self):
        job = self.job(environment={"ACT": "true"})
        (job.folder / "temp" / "refgate" / "refgate").mkdir(parents=True)
        os.chmod(job.folder / "temp" / "refgate", 0o700)
        self.assert_runs(job.call("gate", *BEATS), "first")
        process = heartbeat_process(job)
        self.addCleanup(self.end, process)
        self.assertIn("Session ended", self.done(self.finish(job, "--status", "success")).out)
        self.await_gone(process)

    def test_what_was_not_executed_is_given_back(self):
        job, _ = self.begin()
        self.assertIn("given back", self.done(self.finish(job, "--status", "skipped")).out)
        self.assert_runs(self.gate()[1], "first")

    def test_who_lost_its_session_is_warned_by_it(self):
        job, process = self.begin()
        # It must not find out by itself first: then there is nobody to ask.
        os.kill(process, signal.SIGSTOP)
        self.done(self.person().call("release", job.claim_id, "--reason", "stuck"))
        asking = job.start("finish", REFGATE_TOKEN="")
        await_asked(process)
        os.kill(process, signal.SIGCONT)
        answer = asking.wait()
        self.assertIn("::warning title=refgate%3A session lost", answer.out)
        self.assertIn("was released at", answer.summary)

    def test_a_folder_that_vanished_ends_nothing(self):
        for token in (TOKEN, ""):
            with self.subTest(token=bool(token)):
                job, process = self.begin("--share", f"s{bool(token)}")
                temp = pathlib.Path(job.environment["RUNNER_TEMP"])
                self.empty(temp)
                renewed = self.claim_of(job)["renewed_at"]
                await_that(lambda: self.claim_of(job)["renewed_at"] > renewed, what="a renewal")
                self.empty(temp)
                self.assertTrue(alive(process))
                answer = self.done(job.call("finish", REFGATE_TOKEN=token))
                self.assertIn("Session ended", answer.out)
                self.assertEqual(self.claim_of(job)["state"], "ended")
                self.await_gone(process)

    @staticmethod
    def empty(folder):
        """As a clean-up step does, while the process may write there."""
        def emptied():
            for path in folder.iterdir():
                shutil.rmtree(path, ignore_errors=True)
            return not any(folder.iterdir())
        await_that(emptied, what="an empty folder")

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values()
                    if claim["claim_id"] == job.claim_id]
        return claim

    def test_its_files_are_hints_and_it_moves_no_other_ref(self):
        other, answer = self.gate("--share", "victim")
        victim = answer.claim_id
        job, process = self.begin()
        self.remote.git("update-ref", "refs/heads/main",
                        self.remote.git("hash-object", "-w", "-t", "commit", "--stdin", input=(
                            "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"
                            "author a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n")).strip())
        kept = {ref: value for ref, value in self.remote.all_refs().items()
                if self.claim_ref(job) != ref}
        (victim_ref,) = [ref for ref, claim in self.remote.claims().items()
                         if claim["claim_id"] == victim]
        for ref in ("refs/heads/main", "refs/tags/v9", victim_ref, "refs/refgate/claims/x/..", ""):
            for path in (pathlib.Path(job.environment["RUNNER_TEMP"]) / "refgate").glob("*.json"):
                note = json.loads(path.read_text(encoding="utf-8"))
                note["ref"], note["namespace"] = ref, "heads"
                if "object" in note:
                    note["object"] = kept.get(ref, "1" * 40)
                note["remote"] = "http://127.0.0.1:9/x.git"
                path.write_text(json.dumps(note), encoding="utf-8")
            renewed = self.claim_of(job)["renewed_at"]
            await_that(lambda: self.claim_of(job)["renewed_at"] > renewed, what="a renewal")
        self.assertIn("Session ended", self.done(self.finish(job)).out)
        self.assertEqual(self.claim_of(job)["state"], "ended")
        left = {ref: value for ref, value in self.remote.all_refs().items()
                if ref != self.claim_ref(job) and not ref.startswith("refs/notes/")}
        self.assertEqual(left, {ref: value for ref, value in kept.items()
                                if not ref.startswith("refs/notes/")})
        self.done(other.call("finish"))

    def claim_ref(self, job):
        (ref,) = [ref for ref, claim in self.remote.claims().items()
                  if claim["claim_id"] == job.claim_id]
        return ref

    def test_with_neither_process_nor_token_the_claim_is_left_to_its_lease(self):
        for emptied in (False, True):
            with self.subTest(emptied=emptied):
                job, process = self.begin("--share", f"s{emptied}")
                self.end(process)
                self.await_gone(process)
                if emptied:
                    shutil.rmtree(job.environment["RUNNER_TEMP"])
                before = self.remote.all_refs()
                answer = self.finish(job)
                self.assertEqual(answer.status, 3, answer)
                self.assertIn("lease", answer.err)
                self.assertIn("token", answer.err)
                self.assertEqual(self.remote.all_refs(), before)

    def test_a_job_that_was_told_to_skip_has_nothing_to_end(self):
        self.gate()
        job, answer = self.gate(*BEATS)
        self.assert_skips(answer, "active_session")
        answer = self.done(self.finish(job))
        self.assertIn("Nothing was changed", answer.out)

    def test_whoever_answers_in_its_place_is_believed_as_little_as_its_word(self):
        job, process = self.begin()
        name = self.socket_name(process)
        self.end(process)
        self.await_gone(process)
        before = self.remote.all_refs()
        for reply in (b'{"result":"ended","text":"all is well\\u001b[2J","ref":"refs/heads/main"}\n',
                      b'{"result":"ended","text":"x","ref":"refs/refgate/claims/a/..","claim_id":"y"}\n',
                      b"[]\n", b"\xff\xfe\n", b"{}\n", b"x" * 100_000, b""):
            with self.subTest(reply=reply[:60]):
                with answering(name, reply):
                    answer = self.finish(job, "--deadline", "3s")
                    self.assertNotEqual(answer.status, 4, answer)
                    self.assertNotIn("\x1b", answer.out + answer.err)
                    self.assertNotIn("Session ended", answer.out)
                    self.empty(pathlib.Path(job.environment["RUNNER_TEMP"]))
                    answer = job.call("finish", "--deadline", "3s")
                    self.assertNotEqual(answer.status, 4, answer)
                    if reply.startswith(b'{"result"'):
                        self.assertEqual(answer.status, 3, answer)
                        self.assertRegex(answer.err, "remote|not the name of a ref")
        self.assertEqual(self.remote.all_refs(), before)

    def socket_name(self, process):
        """Of those of the machine, the one that the process listens at."""
        own = set()
        for each in pathlib.Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                own.add(os.readlink(each))
        (name,) = {line.split()[-1] for line in pathlib.Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()
                   if "@refgate-" in line and f"socket:[{line.split()[6]}]" in own}
        return "\0" + name[1:]

    def test_nonsense_that_it_is_asked_changes_nothing(self):
        job, process = self.begin()
        name = self.socket_name(process)
        for line in (b"", b"\n", b"{}\n", b"[1]\n", b'{"ask":"end"}\n', b'{"ask":"end","status":1}\n',
                     b'{"ask":"token"}\n', b"\xff\n", b"x" * 200_000):
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(name)
                asking.settimeout(5)
                try:
                    asking.sendall(line)
                    asking.shutdown(socket.SHUT_WR)
                    self.assertNotIn(b'"ended"', asking.recv(1000))
                except (BrokenPipeError, ConnectionResetError):
                    pass
        self.assertTrue(alive(process))
        self.assertEqual(self.claim_of(job)["state"], "active")
        self.done(self.finish(job))


def alive(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class answering:
    """A program that took the place of the heartbeat process."""

    def __init__(self, name, reply):
        self.reply = reply
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(name)
        self.socket.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.recv(10_000)
                    peer.sendall(self.reply)
                except OSError:
                    pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


if __name__ == "__main__":
    unittest.main()
