"""docs/json.md says what --json prints: each member that comes is described, and each that is described comes."""

import pathlib
import re
import unittest

import payloads
from gate_case import GateCase

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text(encoding="utf-8")


def table_of(title):
    """(path, what) of each row of that section."""
    section = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
    return re.findall(r"^\| `([^`]+)` \| (.*?) \|$", section, re.M)


def described(title):
    """Path → whether it may be absent. A row that links to a section stands for its rows too."""
    rows = {}
    for path, what in table_of(title):
        absent = "may be absent" in what
        rows[path] = absent
        linked = re.search(r"\[(?:a )?(claim|line|counts)\]", what)
        if not linked:
            continue
        section = {"claim": "A claim", "line": "A line", "counts": "Counts"}[linked[1]]
        if section != title:
            for below, below_absent in described(section).items():
                whole = below if path == "[]" else f"{path}.{below}"
                rows[whole] = absent or below_absent
    # "sessions[]" is no member, it stands for its rows.
    return {path: absent for path, absent in rows.items() if not path.endswith("[]")}


def paths_of(value, below=""):
    """Of every member: "sessions[].holder.run_id"."""
    if isinstance(value, dict):
        for name, member in value.items():
            path = f"{below}.{name}" if below else name
            yield path
            yield from paths_of(member, path)
    elif isinstance(value, list):
        for member in value:
            yield from paths_of(member, below + "[]")


def pattern_of(path):
    return re.compile(re.escape(path).replace(r"\*", r"[^.\[]+"))


class Documented(GateCase):
    remote_kind = "path"

    def setUp(self):
        super().setUp()
        head = payloads.commit("a head")
        self.done_job, _ = self.gate(payload=payloads.push(head))
        self.done(self.done_job.call("finish"))
        self.job("push", payloads.push(head)).call("gate")
        self.live, self.gated = self.gate("--group-by", "entity", "--slots", "3", event="pull_request",
                                          payload=payloads.pull_request(payloads.commit("live")))
        self.gate("--lease", "1s", "--skew", "0s", payload=payloads.push(payloads.commit("lost")))
        self.await_lost()

    def check(self, command, *answers):
        rows = described(f"`refgate {command} --json`")
        seen = {path for answer in answers for path in paths_of(answer)}
        patterns = {path: pattern_of(path) for path in rows}
        for path in sorted(seen):
            with self.subTest("described", path=path):
                self.assertTrue(any(pattern.fullmatch(path) for pattern in patterns.values()))
        for path, may_be_absent in rows.items():
            with self.subTest("comes", path=path):
                self.assertTrue(may_be_absent or any(map(patterns[path].fullmatch, seen)))

    def json(self, *words):
        answer = self.person().call(*words, "--json")
        self.assertIn(answer.status, (0, 1), answer)
        value = answer.json()
        self.assertEqual(value["version"], 1)
        return value

    def test_status(self):
        self.check("status", self.json("status", "--all"))

    def test_status_of_lost_work(self):
        self.check("status --lost", self.json("status", "--lost"))

    def test_status_of_limited_work(self):
        job, _ = self.gate(payload=payloads.push(payloads.commit("limited")))
        self.done(job.call("finish", "--status", "limited", "--after", "0"))
        self.check("status --due", self.json("status", "--due"))

    def test_what_is_launched_again(self):
        holder, _ = self.gate()
        self.gate()
        self.done(holder.call("finish", "--status", "cancelled"))
        self.check("status --lost", self.json("status", "--lost"))
        value = self.json("status", "--lost", "--take", "1")
        self.assertEqual(len(value["runs"]), 1)
        self.check("status --lost --take N", value)

    def test_status_of_queues(self):
        self.gate("--supersede", payload=payloads.push(payloads.commit("newest")))
        self.check("status --queues", self.json("status", "--queues"))

    def test_show(self):
        self.check("show", self.json("show", self.done_job.run))

    def test_log(self):
        lines = self.log()
        self.assertEqual({line["version"] for line in lines}, {2})
        self.check("log", *lines)

    def test_stats(self):
        self.check("stats", self.json("stats", "--hot", "1", "--usd-per-hour", "10"))

    def test_verify(self):
        self.check("verify", self.json("verify"))

    def test_doctor(self):
        self.check("doctor", self.json("doctor", "--rounds", "1"))

    def test_health(self):
        value = self.live.call("health", "--json").json()
        self.assertEqual(value["version"], 1)
        self.check("health", value)

    def test_results(self):
        (self.folder / "review.md").write_text("All good.\n")
        self.done(self.live.call("result", "save", self.folder / "review.md"))
        self.check("result list", self.json("result", "list"))

    def test_explain_of_a_run(self):
        self.check("explain TARGET", self.json("explain", self.done_job.run), self.json("explain", self.live.run))

    def test_explain(self):
        job = self.job(payload=payloads.push(payloads.commit("new")))
        value = job.call("explain", "--json", "--group-by", "entity", "--slots", "3").json()
        self.assertEqual(value["version"], 1)
        self.check("explain", value)


if __name__ == "__main__":
    unittest.main()
