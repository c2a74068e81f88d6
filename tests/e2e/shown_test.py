"""Texts of strangers on their way to people and programs: what is shown is what is there."""

import json
import os
import re
import subprocess
import unittest

import payloads
from gate_case import GateCase
from hostile_texts import TEXTS, UNSEEN
from runner import BINARY

LABELS = re.compile(r'(\w+)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(r'^[a-z_]+(?:\{(.*)\})? -?[0-9.]+(?:e[+-]?\d+)?$')


class Shown(GateCase):
    def assert_seen(self, text, where):
        found = UNSEEN.search(text)
        self.assertIsNone(found, (where, found and hex(ord(found.group())), text[:2000]))

    def assert_plain(self, answer):
        for name in ("out", "err", "summary", "output_text"):
            self.assert_seen(getattr(answer, name), (answer.words, name))
        self.assert_no_command(answer.out + answer.err, answer.words)

    def assert_no_command(self, text, where):
        """As the runner reads a line (actions/runner, ActionCommand): blanks in front of "::" are passed over, "##[" is found anywhere."""
        self.assertNotIn("##[", text, where)
        for line in text.split("\n"):
            if line.strip().startswith("::"):
                self.assertRegex(line, r"^::(error|warning|notice) title=refgate[^:]*::", where)

    def test_names_of_files_that_are_written(self):
        self.job().call("gate")
        person = self.person()
        (self.folder / "plain.yml").write_text("on: push\njobs: {a: {runs-on: u, steps: [{run: claude -p x}]}}\n")
        for text in TEXTS:
            if "/" in text or "\0" in text or not text.strip() or len(text.encode()) > 200:
                continue
            name = str(self.folder / f"a{text}b")
            with self.subTest(text=text):
                for words in (("report", "--html", name), ("lint", "--sarif", name, str(self.folder / "plain.yml")),
                              ("lint", "--write-baseline", name, str(self.folder / "plain.yml"))):
                    answer = person.call(*words)
                    self.assert_plain(answer)
                self.assertNotIn("1 lines", answer.out)

    def test_of_a_run(self):
        answered, runs = set(), []
        for number, text in enumerate(TEXTS):
            with self.subTest(text=text):
                payload = payloads.push(payloads.commit(f"text {number}"))
                payload["ref"] = f"refs/heads/{text}"
                payload["head_commit"] = {"message": text, "id": payload["after"]}
                payload["sender"] = {"login": text}
                job = self.job(payload=payload, workflow=text, actor=text, job=text)
                gate = job.call("gate", "--share", text, "--dimension", f"k={text.strip() or 'x'}")
                runs.append(str(job.run))
                if gate.status == 0:
                    self.assertEqual(gate.outputs["skip_execution"], "false")
                    answered.add(text)
                self.assert_plain(gate)
                again = self.job(payload=payload, workflow=text, actor=text).call(
                    "gate", "--share", text, "--dimension", f"k={text.strip() or 'x'}")
                self.assert_plain(again)
                self.assert_plain(job.call("finish"))
        person = self.person()
        for words in (("status", "--all"), ("status", "--queues"), ("status", "--lost"), ("log",), ("stats",),
                      ("stats", "--by", "workflow"), ("stats", "--by", "actor"), ("verify",), ("gc", "--dry-run"),
                      ("status", "--lost", "--take", "3"), *(("show", run) for run in runs)):
            self.assert_plain(person.call(*words))
        for words in (("status", "--all", "--json"), ("stats", "--json"), ("verify", "--json"),
                      ("doctor", "--json"), *(("show", run, "--json") for run in runs)):
            answer = person.call(*words)
            if not answer.out:
                continue  # a run that refused the text has no story
            self.assertTrue(answer.out.isascii(), answer.out[:500])
            self.assert_no_command(answer.out, words)
            json.loads(answer.out)
            self.assert_seen(answer.out, words)
        lines = person.call("log", "--json")
        self.assert_no_command(lines.out, "log")
        self.assertTrue(lines.out.isascii())
        self.assertGreaterEqual({line["workflow"] for line in lines.json_lines()}, answered)
        self.assertGreater(len(answered), len(TEXTS) / 2)
        self.assert_metrics(self.done(person.call("metrics")).out)

    def assert_metrics(self, text):
        """The text format's grammar: comments and samples, nothing else."""
        self.assert_seen(text, "metrics")
        self.assert_no_command(text, "metrics")
        for line in text.splitlines():
            if line.startswith("#"):
                self.assertRegex(line, r"^# (HELP|TYPE) [a-z_]+ ")
                continue
            sample = SAMPLE.match(line)
            self.assertTrue(sample, line)
            rest = sample[1] or ""
            while rest:
                label = LABELS.match(rest)
                self.assertTrue(label, line)
                rest = rest[label.end():]

    def test_of_a_registered_session(self):
        for number, text in enumerate(TEXTS):
            word = text.strip() or "x"
            with self.subTest(text=text):
                job = self.job()
                for words in (("register", word, "push", word, str(number + 1), word), ("audit", word, "push", word, str(number + 1), word, "true", word),
                              ("check", "push", word, word, str(number + 5000)), ("cleanup", word)):
                    self.assert_plain(job.call(*words))
        for words in (("status", "--all"), ("log",), ("status", "--all", "--json")):
            self.assert_plain(self.person().call(*words))

    def test_of_a_health_file_that_the_agent_wrote(self):
        job, _ = self.gate()
        path, = (job.folder / "temp").rglob("health-*.json")
        health = json.loads(path.read_text(encoding="utf-8"))
        for text in TEXTS:
            with self.subTest(text=text):
                path.write_text(json.dumps({**health, "session_key": text, "failure": text, "failures": 1}), encoding="utf-8")
                for words in (("health",), ("health", "--json")):
                    self.assert_plain(job.call(*words))

    def test_of_a_matrix(self):
        for text in TEXTS:
            done = self.person().call("matrix", json.dumps([text, {"id": text}, text]))
            self.assert_plain(done)
            self.assertEqual(json.loads(done.out)[0], text)

    def test_of_files(self):
        folder = self.folder / "work" / ".github" / "workflows"
        folder.mkdir(parents=True)
        for number, text in enumerate(TEXTS):
            name = text.replace("/", "-")
            text = json.dumps(text)
            (folder / f"{number}{name}.yml").write_text(
                f"name: {text}\non: [push, pull_request]\njobs:\n  j{number}:\n    name: {text}\n"
                f"    runs-on: ubuntu-latest\n    steps:\n      - name: {text}\n"
                "        run: claude -p review\n", encoding="utf-8")
        for form in ("text", "github", "json", "sarif"):
            with self.subTest(form=form):
                done = subprocess.run(
                    [BINARY, "lint", f"--format={form}", str(self.folder / "work")],
                    env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
                self.assertIn(done.returncode, (0, 1), done)
                self.assert_seen(done.stdout.decode("utf-8") + done.stderr.decode("utf-8"), form)
                self.assertGreater(len(done.stdout), 1000)
                self.assertNotIn("##[", done.stdout.decode("utf-8"), form)
                if form in ("json", "sarif"):
                    self.assertTrue(done.stdout.isascii())
                    json.loads(done.stdout)
                for line in done.stdout.decode("utf-8").splitlines():
                    if form == "github" and line.startswith("::"):
                        self.assertRegex(line, r"^::(error|warning|notice) file=[^:]+,line=\d+,"
                                               r"endLine=\d+,col=\d+(,endColumn=\d+)?,"
                                               r"title=refgate%3A [\w-]+::")

    def test_of_what_cannot_be_linted(self):
        """Names and settings of a stranger's commit, in messages that say why nothing was checked."""
        project = self.folder / "project"
        folder = project / ".github" / "workflows"
        folder.mkdir(parents=True)
        (folder / "w.yml").write_text("on: push\n", encoding="utf-8")
        calls = []
        for number, text in enumerate(TEXTS):
            config = self.folder / f"{number}.yml"
            config.write_text(f"rules: {{{json.dumps(text)}: 1}}\n", encoding="utf-8")
            top = self.folder / f"top-{number}.yml"
            top.write_text(f"{json.dumps(text)}: 1\n", encoding="utf-8")
            word = text.replace("\0", "")
            calls += [("--config", config), ("--config", top), ("--config", word), ("--select", word), ("--explain", word or "x"),
                      ("--baseline", word), (f"./{word}x",)]
        for words in calls:
            for form in ("text", "github"):
                done = subprocess.run([BINARY, "lint", f"--format={form}", *map(str, words)], cwd=project,
                                      env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
                told = done.stdout.decode("utf-8") + done.stderr.decode("utf-8")
                self.assert_seen(told, words)
                self.assertNotIn("##[", told)
                for line in told.splitlines():
                    self.assertFalse(line.startswith("::") and not line.startswith("::error "), (words, told))

    def test_of_a_diff_in_a_log(self):
        folder = self.folder / "work" / ".github" / "workflows"
        folder.mkdir(parents=True)
        (folder / "w.yml").write_text(
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      # \x9b31m \u202e ##[add-mask]x \u2028\n"
            "      - uses: anthropics/claude-code-action@v1\n        with:\n          prompt: go\n", encoding="utf-8")
        plain, in_log = (subprocess.run([BINARY, "lint", "--diff", "--fix=unsafe", "."], cwd=self.folder / "work", text=True,
                                        env={"PATH": os.environ["PATH"], **more}, capture_output=True, check=False).stdout
                         for more in ({}, {"GITHUB_ACTIONS": "true"}))
        self.assertIn("##[add-mask]", plain)  # so that it can be applied
        self.assertIn("+++ ", in_log)
        self.assertNotIn("##[", in_log)
        self.assert_seen(in_log, "diff")


if __name__ == "__main__":
    unittest.main()
