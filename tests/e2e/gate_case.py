"""The ground of the end-to-end tests: remotes of every kind, jobs, and what plain git sees."""

import datetime
import concurrent.futures
import contextlib
import itertools
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "server"))

import launch  # noqa: E402
import payloads  # noqa: E402
import runner  # noqa: E402

TOKEN = "ghs_aTokenThatOnlyTheTestsKnow0000000000"
HEAD = payloads.commit("head")
RUNS = itertools.count(1001)


class Remote:
    """Where the state lies: what the binary is told, and the bare repository behind it."""

    def __init__(self, url, path, **environment):
        self.url, self.path, self.environment = str(url), pathlib.Path(path), environment

    def by(self, url, **environment):
        return Remote(url, self.path, **{**self.environment, **environment})

    def git(self, *words, check=True, **options):
        done = launch.git("-C", self.path, *words, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"git {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def refs(self, pattern="refs/refgate"):
        """Name → object id, of all refs below `pattern`."""
        listed = self.git("for-each-ref", "--format=%(refname) %(objectname)", pattern)
        return dict(line.split() for line in listed.splitlines())

    def all_refs(self):
        return self.refs("refs")

    def claims(self, name_space="refgate"):
        """Ref → the stored record."""
        return {ref: json.loads(self.git("show", f"{ref}:claim.json"))
                for ref in self.refs(f"refs/{name_space}/claims")}

    def notes(self):
        """Every line of every note, as plain git stores them."""
        lines = []
        for ref in self.refs("refs/notes"):
            for name in self.git("ls-tree", "-r", "--name-only", ref).splitlines():
                lines += self.git("show", f"{ref}:{name}").splitlines()
        return [json.loads(line) for line in lines if line.strip()]


def await_that(condition, seconds=30, what="the awaited condition"):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.01)


def heartbeat_process(job):
    """The id of the process that renews the job's session, once it runs."""
    def told():
        return [number for text in job.state_files() if '"heartbeat_process"' in text
                for number in [json.loads(text)["heartbeat_process"]] if number > 1]
    await_that(told, what="the heartbeat process")
    return told()[0]


def await_asked(process):
    """Until somebody stands before the socket of a heartbeat process (that is stopped): else it may find out by itself first."""
    inodes = set()
    for file in pathlib.Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(file).removeprefix("socket:[").rstrip("]"))

    def lines():
        return [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]]
    (name,) = {line[7] for line in lines() if len(line) > 7 and line[6] in inodes and line[7].startswith("@refgate-")}
    await_that(lambda: sum(line[-1] == name for line in lines()) > 1, what="a question to the heartbeats")


def in_parallel(actions):
    """The results, in order, of actions that all run at once."""
    actions = list(actions)
    with concurrent.futures.ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(lambda action: action(), actions))


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def apart(one, other):
    """Seconds between two times as they are written: what is cut off below the second may differ, and so may the digit before it."""
    return abs((instant(one) - instant(other)).total_seconds())


class GateCase(unittest.TestCase):
    """A fresh bare repository for each test, over HTTP with a token unless `remote_kind` differs."""

    remote_kind = "http"
    commits = 0

    @classmethod
    def setUpClass(cls):
        cls.contexts = contextlib.ExitStack()
        cls.addClassCleanup(cls.contexts.close)
        cls.root = cls.class_folder() / "repositories"
        cls.root.mkdir()
        cls.numbers = itertools.count(1)
        cls.servers = {}

    @classmethod
    def class_folder(cls):
        # Resolved because a path remote and the server's root must be spelled alike.
        return pathlib.Path(cls.contexts.enter_context(tempfile.TemporaryDirectory())).resolve()

    @classmethod
    def server(cls, kind):
        """The class's server of that kind, started when first asked for."""
        if kind not in cls.servers:
            start = {"http": lambda: launch.serve(cls.root, auth=TOKEN),
                     "https": lambda: launch.serve(cls.root, auth=TOKEN, tls=True),
                     "read-only": lambda: launch.serve(cls.root, auth=TOKEN, read_only=True),
                     "ssh": lambda: launch.sshd(cls.root)}[kind]
            cls.servers[kind] = cls.contexts.enter_context(start())
        return cls.servers[kind]

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.class_folder()))
        self.jobs = itertools.count(1)
        self.path = launch.make_repository(self.root / f"app-{next(self.numbers)}.git",
                                           self.commits)
        self.remote = self.remote_of(self.remote_kind)

    def remote_of(self, kind):
        name = self.path.name
        if kind == "path":
            return Remote(self.path, self.path)
        server = self.server(kind)
        if kind == "ssh":
            return Remote(f"{server.root_url}/{name}", self.path,
                          GIT_SSH_COMMAND=server.ssh_command)
        more = {"SSL_CERT_FILE": server.ca} if server.ca else {}
        return Remote(f"{server.url}/{name}", self.path, REFGATE_TOKEN=TOKEN, **more)

    def job(self, event="push", payload=None, *, run=None, remote=None, **options):
        """A job of a new run; a push of HEAD unless told otherwise."""
        if payload is None and event == "push":
            payload = payloads.push(HEAD)
        return runner.Job(self.folder / f"job-{next(self.jobs)}", remote or self.remote,
                          next(RUNS) if run is None else run, event, payload, **options)

    def person(self, remote=None, **environment):
        """Somebody at a command line, outside of any run."""
        return runner.Job(self.folder / f"person-{next(self.jobs)}", remote or self.remote, 0,
                          actions=False, environment=environment)

    def gate(self, *words, **options):
        """(job, answer) of the gate of a new job; its status is 0."""
        job = self.job(**options)
        answer = job.call("gate", *words)
        self.assertEqual(answer.status, 0, answer)
        return job, answer

    def assert_runs(self, answer, code):
        self.assertEqual((answer.status, answer.runs, answer.code), (0, True, code), answer)

    def assert_skips(self, answer, code):
        self.assertEqual((answer.status, answer.runs, answer.code), (0, False, code), answer)

    def done(self, answer):
        self.assertEqual(answer.status, 0, answer)
        return answer

    def log(self, *words):
        return self.done(self.person().call("log", "--json", *words)).json_lines()

    def kinds(self, kind):
        return [line for line in self.log() if line["kind"] == kind]

    def only_claim(self):
        (claim,) = self.remote.claims().values()
        return claim

    def await_lost(self):
        """Until the one live claim's lease has passed."""
        person = self.person()
        await_that(lambda: person.call("status", "--lost").status == 1, what="the lease's end")

    def take_lost_claim(self, *words):
        """A claim whose holder said nothing more and whose lease has passed."""
        job, answer = self.gate("--lease", "1s", "--skew", "0s", *words)
        self.assert_runs(answer, "first")
        self.await_lost()
        return job, answer
