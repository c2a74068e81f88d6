"""Pairs of events, through the real program: a skip is a promise that this very work is being done, or has been done.

The table is pairs.txt. Every row runs on a path remote, every third over HTTP as well.
"""

import http.server
import json
import pathlib
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import gate_case  # noqa: E402
import payloads  # noqa: E402
from gate_case import GateCase  # noqa: E402
from payloads import person  # noqa: E402

HOME = payloads.HOME


def table():
    for line in (HERE / "pairs.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            before, asks, must, why = (cell.strip() for cell in line.split(" | "))
            yield before, asks, must, why


def at(minute):
    minute = int(minute)
    return f"2026-11-20T{10 + minute // 60:02}:{minute % 60:02}:00Z"


def repository(name=HOME):
    made = payloads.repository(name)
    made.update(id=sum(map(ord, name)), fork=False, updated_at=at(0))
    return made


class Words(dict):
    """`kind key=value …`: the words of one event."""

    def __init__(self, text):
        kind, *pairs = text.split()
        super().__init__(pair.split("=", 1) for pair in pairs if not pair.startswith("opt="))
        self.kind = kind
        self.options = [pair[4:] for pair in pairs if pair.startswith("opt=")]

    def sha(self):
        return payloads.commit("commit " + self.get("sha", "a"))

    def home(self):
        return self.get("repo", HOME)


def full_ref(name, base):
    name = name.replace("$base", base)
    if name.startswith("heads/") or name.startswith("tags/"):
        return "refs/" + name
    return "refs/heads/" + name


def pull(words):
    fork = words.get("fork")
    head = words.get("head", "feature")
    return {"number": int(words.get("n", 7)), "state": "open", "title": words.get("title", "A change"),
            "draft": words.get("draft") == "1", "user": person(), "author_association": "NONE" if fork else "MEMBER",
            "updated_at": at(words.get("at", 1)), "merged": False,
            "head": {"sha": words.sha(), "ref": head, "repo": repository(fork or words.home())},
            "base": {"sha": payloads.commit("base " + words.get("basesha", "")), "ref": words.get("base", "main"),
                     "repo": repository(words.home())}}


def named(payload, words):
    """What a label, an assignment or a review request is about."""
    for word, key, name in (("label", "label", "name"), ("assignee", "assignee", "login"),
                            ("reviewer", "requested_reviewer", "login")):
        if word in words:
            payload[key] = {name: words[word], "id": sum(map(ord, words[word]))}
    if words.get("action") == "milestoned":
        payload["milestone"] = {"number": 3}
    return payload


def event_of(words):
    """(GITHUB_EVENT_NAME, payload) of one event."""
    kind, sha, home = words.kind, words.sha(), words.home()
    common = {"repository": repository(home), "sender": person(words.get("actor", "ann"))}
    if kind == "push":
        base = payloads.commit("base")
        ref = full_ref(words.get("ref", "feature"), base)
        common["repository"]["pushed_at"] = 1_780_000_000 + 60 * int(words.get("at", 0))
        before = words.get("before", "older")
        return "push", {"ref": ref, "before": "0" * 40 if before == "0" else payloads.commit("commit " + before),
                        "after": sha, "deleted": False, "created": before == "0", "forced": words.get("forced") == "1",
                        "head_commit": {"id": sha}, "commits": [{"id": sha}], **common}
    if kind in ("pr", "prt"):
        action = words.get("action", "opened")
        payload = {"action": action, "number": int(words.get("n", 7)), "pull_request": pull(words), **common}
        if action == "edited" and "frombase" in words:
            payload["changes"] = {"base": {"ref": {"from": words["frombase"]}, "sha": {"from": "f" * 40}}}
        return {"pr": "pull_request", "prt": "pull_request_target"}[kind], named(payload, words)
    if kind == "issue":
        return "issues", named({"action": words.get("action", "opened"), **common,
                                "issue": {"number": int(words.get("n", 5)), "title": "It fails", "user": person(),
                                          "author_association": words.get("assoc", "MEMBER"),
                                          "updated_at": at(words.get("at", 1))}}, words)
    if kind == "comment":
        action = words.get("action", "created")
        payload = {"action": action, **common,
                   "issue": {"number": int(words.get("n", 7)), "title": "A change", "user": person(),
                             "author_association": "MEMBER", "pull_request": {"url": "https://api.github.com/x"},
                             "updated_at": at(words.get("at", 1))},
                   "comment": {"id": int(words.get("id", 1)), "body": "again", "user": person(),
                               "author_association": words.get("assoc", "MEMBER"), "updated_at": at(words.get("at", 1))}}
        if action == "edited":
            payload["changes"] = {"body": {"from": "before"}}
        return "issue_comment", payload
    if kind == "wfrun":
        action, source = words.get("action", "completed"), words.get("src", "CI")
        number = sum(map(ord, source))
        run = {"id": int(words.get("srcrun", 900)), "head_sha": sha, "head_branch": words.get("branch", "feature"),
               "event": words.get("srcevent", "push"), "run_attempt": int(words.get("srcattempt", 1)), "name": source,
               "conclusion": words.get("conclusion", "success") if action == "completed" else None,
               "status": action, "workflow_id": number, "repository": repository(home), "pull_requests": [],
               "head_repository": None if words.get("fork") == "gone" else repository(words.get("fork", home))}
        return "workflow_run", {"action": action, "workflow_run": run, **common,
                                "workflow": {"id": number, "name": source, "path": f".github/workflows/{source}.yml"}}
    if kind == "check_run":
        return "check_run", {"action": words.get("action", "completed"), **common,
                             "check_run": {"id": int(words["id"]), "name": words["check"], "head_sha": sha,
                                           "status": "completed", "conclusion": words.get("conclusion", "success"),
                                           "app": {"id": 9, "slug": "linter"},
                                           "check_suite": {"id": 31, "head_branch": "feature", "head_sha": sha,
                                                           "pull_requests": []}}}
    if kind == "status":
        return "status", {"id": int(words.get("id", 61)), "sha": sha, "context": words["context"], "state": words["state"],
                          "branches": [{"name": "feature", "commit": {"sha": sha}}], **common}
    if kind in ("deployment", "deployment_status"):
        deployment = {"id": int(words.get("id", 1)), "sha": sha, "ref": "main", "environment": "live", "task": "deploy"}
        payload = {"action": "created", "deployment": deployment, **common}
        if kind == "deployment_status":
            payload["deployment_status"] = {"id": int(words.get("sid", 111)), "state": words["state"]}
        return kind, payload
    if kind == "release":
        return "release", {"action": words["action"], **common,
                           "release": {"id": int(words["id"]), "tag_name": "v" + words["id"], "prerelease": False,
                                       "draft": False, "author": person(), "published_at": at(words.get("at", 1))}}
    if kind == "merge_group":
        base = payloads.commit("base")
        return "merge_group", {"action": "checks_requested", **common,
                               "merge_group": {"head_sha": sha, "base_sha": base, "base_ref": "refs/heads/main",
                                               "head_ref": f"refs/heads/gh-readonly-queue/main/pr-{words.get('n', 7)}-{base}"}}
    if kind == "dispatch":
        return "workflow_dispatch", {"ref": "refs/heads/main", "inputs": {"x": words.get("input", "")},
                                     "workflow": ".github/workflows/agent.yml", **common}
    raise AssertionError(f"no such event: {kind}")


class Api(http.server.BaseHTTPRequestHandler):
    """GitHub's answer to the question whether a run has ended."""

    def do_GET(self):  # noqa: N802 - the name that http.server wants
        number = self.path.rpartition("/")[2]
        over = number in self.server.over
        text = json.dumps({"id": int(number), "run_attempt": self.server.over.get(number, 1),
                           "status": "completed" if over else "in_progress",
                           "conclusion": "success" if over else None}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Pairs(GateCase):
    remote_kind = "path"

    def setUp(self):
        super().setUp()
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        self.api.daemon_threads = True
        self.api.over = {}
        thread = threading.Thread(target=self.api.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.api.server_close)
        self.addCleanup(self.api.shutdown)

    def fresh(self, kind):
        """Everything anew for one row, but the servers."""
        self.path = gate_case.launch.make_repository(self.root / f"app-{next(self.numbers)}.git", self.commits)
        self.remote = self.remote_of(kind)
        self.api.over = {}
        self.last = None   # (job, words) that was told to run last
        self.runs = 500

    def job_of(self, words):
        event, payload = event_of(words)
        self.runs += 1
        file = words.get("file", "agent.yml")
        actor = words.get("actor", "ann")
        job = self.job(event, payload, run=words.get("run", self.runs), attempt=int(words.get("attempt", 1)),
                       job=words.get("job", "agent"), workflow=words.get("name", "Agent"), file=file, actor=actor,
                       triggering=words.get("trig", actor), sha=words.sha(),
                       environment={"GITHUB_API_URL": f"http://127.0.0.1:{self.api.server_port}"})
        job.environment.update(GITHUB_REPOSITORY=words.home(),
                               GITHUB_WORKFLOW_REF=f"{words.home()}/.github/workflows/{file}@refs/heads/main",
                               RUNNER_TRACKING_ID=f"github_{next(self.jobs)}")
        return job

    def ask(self, text):
        words = Words(text)
        job = self.last[0] if words.get("same") == "1" else self.job_of(words)
        options = list(words.options)
        if "index" in words:
            options += ["--job-index", words["index"]]
        answer = job.call("gate", "--wait", "0s", *options) if not any("group-by" in each for each in options) \
            else job.call("gate", *options)
        if answer.status == 0 and answer.runs:
            self.last = (job, words, answer.claim_id)
        return answer

    def happen(self, step):
        if step.startswith("finish"):
            status = step.split()[1]
            self.last[0].call("finish", "--status", "" if status == "EMPTY" else status)
        elif step.startswith("ended"):
            job, words, _ = self.last
            self.api.over[job.run] = int(words.get("attempt", 1))
        elif step == "beat":
            # Handed over: a job of another run goes on with the claim.
            other = self.job_of(Words("push ref=main sha=a"))
            self.done(other.call("heartbeat", "--claim-id", self.last[2]))
        elif step.startswith("sleep"):
            until = time.monotonic() + float(step.split()[1])
            while time.monotonic() < until:  # a window of the product that has to pass
                time.sleep(0.05)
        else:
            answer = self.ask(step)
            self.assertEqual(answer.status, 0, answer)

    def check(self, row, kind):
        before, asks, must, why = row
        self.fresh(kind)
        for step in filter(None, (each.strip() for each in before.split(" ; "))):
            self.happen(step)
        answer = self.ask(asks)
        verdict, _, code = must.partition(" ")
        self.assertEqual((answer.status, answer.runs), (0, verdict == "run"), f"{why}\n{answer}")
        if code:
            self.assertEqual(answer.code, code, f"{why}\n{answer}")

    def needs_http(self, before):
        return "ended" in before

    def test_every_pair(self):
        rows = list(table())
        self.assertGreater(len(rows), 100)
        for row in rows:
            if self.needs_http(row[0]):
                continue
            with self.subTest(before=row[0], asks=row[1]):
                self.check(row, "path")

    def test_a_third_of_them_over_http(self):
        for number, row in enumerate(table()):
            if number % 3 == 0 or self.needs_http(row[0]):
                with self.subTest(before=row[0], asks=row[1]):
                    self.check(row, "http")


if __name__ == "__main__":
    unittest.main()
