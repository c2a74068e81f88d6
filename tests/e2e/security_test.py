"""What docs/security.md claims of the program as a whole: whom it speaks with, what it needs, what it leaves."""

import os
import pathlib
import re
import unittest

import payloads
from catcher import catcher
from gate_case import HEAD, GateCase, heartbeat_process, launch

TREE = pathlib.Path(__file__).resolve().parents[2]
PAGE = (TREE / "docs" / "security.md").read_text(encoding="utf-8")
LISTENS = "0A"


def commands_of(row):
    """What the first cell of that row of the table of permissions names."""
    table = PAGE.split("## Permissions")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return re.findall(r"`([^`]+)`", rows[row].split("|")[1])


def sockets_of(process):
    names = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{process}/fd")]
    return {name[8:-1] for name in names if name.startswith("socket:[")}


class Security(GateCase):
    def whole_session(self, job):
        """Every command that writes, in an order in which each has something to do."""
        gate = job.call("gate", "--pause", "ask")
        self.assert_runs(gate, "first")
        for words in (("heartbeat",), ("finish",), ("check", "push", "w", HEAD, "1"), ("register", "k", "push", "w", "1", HEAD),
                      ("audit", "k", "push", "w", "1", HEAD, "true", "success"), ("cleanup", "k"), ("pause", "--reason", "x"), ("resume",),
                      ("run", "--share", "other", "--", "true"), ("release", gate.claim_id, "--reason", "x"), ("gc",), ("status", "--lost", "--take", "1"),
                      ("doctor", "--rounds", "0")):
            self.assertIn(job.call(*words).status, (0, 1), words)
        for words in (("result", "save", "--title", "t"), ("deliver", "--to", "one=false")):
            self.assertIn(job.call_fed(b"x", *words).status, (0, 1), words)
        self.done(job.call("result", "prune"))

    def test_a_session_opens_no_port(self):
        job, _ = self.gate("--heartbeat", "--interval", "1s")
        process = heartbeat_process(job)
        inodes = sockets_of(process)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in pathlib.Path(f"/proc/{process}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                cells = line.split()
                if cells[9] in inodes:
                    self.assertNotEqual(cells[3], LISTENS, line)
                    self.assertNotIn("udp", table, line)
        self.done(job.call("finish"))

    def test_nothing_is_written_outside_of_the_jobs_folder(self):
        job = self.job()
        home = self.folder / "home"
        home.mkdir()
        self.whole_session_in(job, home)
        self.assertEqual(sorted(home.rglob("*")), [])
        left = {path.name for path in job.folder.iterdir() if not path.name.startswith(("output-", "summary-"))}
        self.assertEqual(left, {"temp", "event.json"})
        self.assertEqual({path.name for path in (job.folder / "temp").iterdir()}, {"refgate"})

    def whole_session_in(self, job, home):
        job.environment.update(HOME=str(home), TMPDIR=str(home))
        self.whole_session(job)

    def test_a_session_speaks_with_its_remote_and_nobody_else(self):
        with catcher() as elsewhere:
            # Whatever is not this machine's goes by the proxy; the API that is named is another.
            job = self.job()
            job.environment.update(https_proxy=elsewhere.url, http_proxy=elsewhere.url, all_proxy=elsewhere.url, no_proxy="127.0.0.1,localhost",
                                   GITHUB_SERVER_URL="https://github.invalid")
            self.whole_session(job)
            for words in (("status",), ("log",), ("stats",), ("verify",), ("metrics",), ("report", "--html", "-"), ("explain",), ("result", "list")):
                self.done(job.call(*words))
            self.assertEqual(elsewhere.seen, [])

    def test_writers_touch_refs_of_the_namespace_alone(self):
        branches = self.remote.all_refs()
        self.whole_session(self.job())
        for ref in set(self.remote.all_refs()) - set(branches):
            self.assertRegex(ref, r"^refs/(notes/)?refgate/")
        self.assertEqual({ref: value for ref, value in self.remote.all_refs().items() if ref in branches}, branches)

    def test_readers_need_no_right_to_write(self):
        job, _ = self.gate()
        kept = job.call_fed(b"x", "result", "save").lines["RESULT_ID"]
        reader = self.person(remote=self.remote_of("read-only"))
        given = {"show": (job.run,), "explain": ("--event", "push", "--sha", HEAD, "--workflow", "w"), "result get": (kept,), "report": ("--html", "-")}
        before = self.remote.all_refs()
        names = commands_of(1)
        self.assertGreater(len(names), 8)
        for name in names:
            with self.subTest(name):
                answer = reader.call(*name.split(), *given.get(name, ()))
                self.assertEqual(answer.status, 0, answer)
        self.assertEqual(self.remote.all_refs(), before)

    def test_what_needs_no_permission_asks_nobody(self):
        job, _ = self.gate()
        with catcher() as elsewhere:
            job.environment.update(GITHUB_SERVER_URL=elsewhere.url, GITHUB_API_URL=elsewhere.url, REFGATE_TOKEN="", http_proxy=elsewhere.url, https_proxy=elsewhere.url)
            launch.git("init", "-q", job.folder, check=True)
            folder = job.folder / ".github" / "workflows"
            folder.mkdir(parents=True)
            (folder / "w.yml").write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: 5\n    steps:\n      - run: make\n", encoding="utf-8")
            given = {"matrix": ('["a", "a"]',), "envelope": ("--provider", "sqs-fifo"), "completion": ("bash",), "lint": (str(job.folder),)}
            for name in commands_of(4):
                with self.subTest(name):
                    self.done(job.call(name, *given.get(name, ())))
            self.assertEqual(elsewhere.seen, [])

    def test_the_table_of_permissions_has_every_command(self):
        known = set(re.findall(r"^  ([a-z]+) {2,}", self.person().call("--help").out, re.M)) - {"help"}
        told = {name.split()[0] for row in (0, 1, 4) for name in commands_of(row)}
        self.assertEqual(told, known)

    def test_no_token_crosses_the_network_in_clear(self):
        for url in ("http://example.invalid/x.git", "http://127.0.0.1.example.invalid/x.git", "http://localhost.example.invalid/x.git"):
            answer = self.job().call("gate", "--remote", url)
            self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
            self.assertIn("in clear", answer.err)
            self.assertIn("nothing was sent", answer.err)

    def test_no_text_of_an_event_is_stored(self):
        mark = "only-in-the-text-of-the-event"
        for event, payload in (("issue_comment", payloads.comment(7)), ("issues", payloads.issue(8)), ("push", payloads.push(HEAD)),
                               ("pull_request", payloads.pull_request(payloads.commit("pr")))):
            for name in ("comment", "issue", "pull_request", "head_commit"):
                if payload.get(name):
                    payload[name] = {**payload[name], "body": mark, "title": mark, "message": mark}
            job = self.job(event, payload)
            self.done(job.call("gate", "--group-by", "entity"))
            self.done(job.call("finish"))
        self.done(self.person().call("gc"))
        names = self.remote.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
        self.assertGreater(len(names), 5)
        for name in names:
            kind = self.remote.git("cat-file", "-t", name).strip()
            self.assertNotIn(mark, self.remote.git("cat-file", kind, name, errors="replace"))

    def test_what_leaves_it_leaves_nothing(self):
        block, = re.findall(r"```sh\n(git .*?)```", PAGE.split("## How to leave it")[1], re.S)
        work = self.folder / "work"
        launch.git("init", "-q", work, check=True)
        launch.git("-C", work, "remote", "add", "origin", self.path, check=True)
        launch.git("-C", work, "-c", "user.name=a", "-c", "user.email=a@localhost", "commit", "-q", "--allow-empty", "-m", "x", check=True)
        launch.git("-C", work, "push", "-q", "origin", "HEAD:main", check=True)
        before = self.remote.all_refs()
        self.whole_session(self.job())
        self.assertGreater(len(self.remote.all_refs()), len(before))
        done = launch.subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.remote.all_refs(), before)


if __name__ == "__main__":
    unittest.main()
