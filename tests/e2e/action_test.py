"""The action's own script: what it starts, what steers it, and what an earlier step cannot change.

The runner runs the script with the step's `shell`, in an environment that any earlier step of the
job may have added to (GITHUB_ENV, GITHUB_PATH) and with a folder of the action that any earlier
step may have written to.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import unittest

from gate_case import TOKEN, GateCase
from runner import BINARY, read_outputs

TREE = pathlib.Path(__file__).resolve().parents[2]
TEXT = (TREE / "action.yml").read_text(encoding="utf-8")
STEP = TEXT.split("\nruns:\n")[1]
SCRIPT = re.sub(r"^ {8}", "", STEP.split("\n      run: |\n")[1], flags=re.MULTILINE)
SHELL = re.search(r"^      shell: (.*)$", STEP, re.MULTILINE)[1]
NAMES = re.findall(r"^        (INPUT_\w+): ", STEP, re.MULTILINE)
# What an input is that was not given, where that is a plain text.
DEFAULTS = {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in re.findall(
    r"^  ([\w-]+):\n(?:    .*\n)*?    default: ([^'$].*)$", TEXT, re.MULTILINE)}
DIGESTS = dict(re.findall(r"binary=([\w-]+) digest=([0-9a-f]{64}) ;;", STEP))
NATIVE = {"x86_64": "refgate-linux-x64", "aarch64": "refgate-linux-arm64"}[os.uname().machine]


class Action(GateCase):
    def setUp(self):
        super().setUp()
        self.action = self.folder / "action"
        (self.action / "dist").mkdir(parents=True)
        self.binary = self.action / "dist" / NATIVE
        self.copy()
        digest = hashlib.sha256(pathlib.Path(BINARY).read_bytes()).hexdigest()
        # The shipped binary's digest stands there already.
        self.script = SCRIPT.replace(DIGESTS[NATIVE], digest)
        self.assertIn(digest, self.script)
        self.traces = self.folder / "traces"

    def copy(self):
        self.binary.write_bytes(pathlib.Path(BINARY).read_bytes())
        self.binary.chmod(0o755)

    def step(self, job, command="gate", inputs=None, **environment):
        """One step that uses the action."""
        job.calls += 1
        output = job.folder / f"output-{job.calls}"
        output.touch()
        file = job.folder / f"step-{job.calls}.sh"
        file.write_text(self.script, encoding="utf-8")
        given = {"INPUT_COMMAND": command, "INPUT_REMOTE": self.remote.url,
                 "INPUT_STATUS": "success",
                 **{f"INPUT_{name}": value for name, value in (inputs or {}).items()}}
        variables = {**job.environment, **environment, **dict.fromkeys(NAMES, ""),
                     **DEFAULTS, **given,
                     "ACTION_FOLDER": str(self.action), "REFGATE_TOKEN": TOKEN,
                     "GITHUB_OUTPUT": str(output),
                     "GITHUB_STEP_SUMMARY": str(job.folder / "summary")}
        words = [str(file) if word == "{0}" else word for word in shlex.split(SHELL)]
        done = subprocess.run(words, env=variables, cwd=job.folder, text=True,
                              capture_output=True, check=False)
        done.outputs = read_outputs(output.read_text(encoding="utf-8"))
        return done

    def trap(self, name):
        """A program that leaves a trace with what it knows."""
        return (f"#!/bin/sh\n{{ echo {name}; env; }} >> {self.traces}\n"
                f"exec /usr/bin/{name} \"$@\"\n")

    def assert_no_trace(self):
        self.assertFalse(self.traces.exists(), self.traces.exists() and self.traces.read_text())

    def test_gate_and_finish_go_through(self):
        job = self.job()
        done = self.step(job)
        self.assertEqual((done.returncode, done.outputs["skip_execution"]), (0, "false"), done)
        self.assertNotIn("warning", done.stderr)
        done = self.step(job, "finish", {"CLAIM_ID": done.outputs["claim_id"]})
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_a_program_that_was_replaced_is_not_started(self):
        for change in ("script", "byte", "link", "nothing", "folder"):
            for command in ("gate", "run", "check", "finish"):
                with self.subTest(change=change, command=command):
                    self.binary.unlink(missing_ok=True)
                    if change == "script":
                        self.binary.write_text(self.trap("true"), encoding="utf-8")
                    elif change == "byte":
                        self.binary.write_bytes(pathlib.Path(BINARY).read_bytes() + b"\0")
                    elif change == "link":
                        self.binary.symlink_to("/usr/bin/env")
                    elif change == "folder":
                        self.binary.mkdir()
                    if change in ("script", "byte"):
                        self.binary.chmod(0o755)
                    done = self.step(self.job(), command)
                    self.assertEqual(done.returncode, 4, done)
                    self.assertIn("::error title=refgate::", done.stdout)
                    self.assertIn("not started", done.stdout)
                    if command != "finish":
                        self.assertEqual(done.outputs, {"skip_execution": "true"})
                    self.assert_no_trace()
                    if change == "folder":
                        self.binary.rmdir()
        self.assertEqual(self.remote.all_refs(), {})

    def test_start_up_files_functions_and_path_of_an_earlier_step_run_nothing(self):
        start_up = self.folder / "start-up"
        start_up.write_text(self.trap("true").replace("exec", ": "), encoding="utf-8")
        shims = self.folder / "shims"
        shims.mkdir()
        for name in ("bash", "sh", "uname", "sha256sum", "mktemp", "env", "printf", "cat"):
            (shims / name).write_text(self.trap(name), encoding="utf-8")
            (shims / name).chmod(0o755)
        function = f"() {{ {{ echo function; env; }} >> {self.traces}; }}"
        job = self.job()
        hostile = {"BASH_ENV": str(start_up), "ENV": str(start_up), "SHELLOPTS": "xtrace",
                   "PS4": f"$(env >> {self.traces})", "IFS": "/",
                   "PATH": f"{shims}:{os.environ['PATH']}",
                   **{f"BASH_FUNC_{name}%%": function for name in (
                       "command", "uname", "sha256sum", "echo", "exec", "export", "printf", "set",
                       "read", "case", "[")}}
        done = self.step(job, **hostile)
        self.assertEqual((done.returncode, done.outputs["skip_execution"]), (0, "false"), done)
        done = self.step(job, "finish", **hostile)
        self.assertEqual(done.returncode, 0, done)
        self.assert_no_trace()
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_what_steers_is_an_input_and_no_variable(self):
        other = self.remote_of("http")
        job = self.job()
        self.step(job, inputs={"NAMESPACE": "mine"},
                  REFGATE_REMOTE="http://127.0.0.1:9/x.git", REFGATE_NAMESPACE="theirs")
        self.assertEqual(len(other.refs("refs/mine/claims")), 1)
        self.assertEqual(len(other.refs("refs/theirs")), 0)

    def test_a_limit_is_an_input_and_no_variable_of_an_earlier_step(self):
        for number, inputs in enumerate(({"AFTER": "2h"}, {"UNTIL": "2000000000"}, {})):
            job = self.job()
            self.assertEqual(self.step(job, inputs={"SHARE": f"s{number}"}).outputs["skip_execution"], "false")
            done = self.step(job, "finish", {"STATUS": "limited", "SHARE": f"s{number}", **inputs},
                             REFGATE_AFTER="20d", REFGATE_UNTIL="")
            # Over thirty days is wrong usage, and an hour is taken: what was given came through.
            self.assertEqual(done.returncode, 2 if "UNTIL" in inputs else 0, done.stderr)
            self.assertEqual("--until 2000000000" in done.stderr, "UNTIL" in inputs, done.stderr)
        hours = sorted(self.hours(claim) for claim in self.remote.claims().values() if claim["outcome"] == "limited")
        self.assertEqual(hours, [1, 1, 2])
        done = self.step(self.job(), "run", {"RUN": "exit 75", "SHARE": "run", "LIMITED_AFTER": "3h"})
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn(3, [self.hours(claim) for claim in self.remote.claims().values() if claim["outcome"] == "limited"])

    def test_what_steers_a_step_behind_the_work_is_handed_over_as_an_option(self):
        job = self.job()
        settings = job.folder / "c.yml"
        settings.write_text("memory: 1h\n", encoding="utf-8")
        evil = job.folder / "evil.yml"
        evil.write_text("namespace: evil\n", encoding="utf-8")
        given = {"CONFIG": str(settings), "DEADLINE": "20s", "ON_ERROR": "fail", "SHARE": "s", "MATRIX": '{"a": 1}', "JOB_INDEX": "0",
                 "IDENTITY_BY": "event", "MEMORY": "2h", "LEASE": "1h", "SKEW": "1s", "INTERVAL": "5m", "ON_LOST": "note"}
        hostile = {"REFGATE_CONFIG": str(evil), "REFGATE_DEADLINE": "100ms"}
        self.assertEqual(self.step(job, inputs={"SHARE": "s", "HEARTBEAT": "false"}).outputs["skip_execution"], "false")
        for command in ("register", "cleanup", "audit", "result", "deliver", "gc", "release", "pause", "resume", "heartbeat", "finish"):
            with self.subTest(command):
                done = self.step(job, command, given, **hostile)
                # Arguments are missing to some; an option that they do not have would be named.
                self.assertNotRegex(done.stderr, "has no option|is ignored")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual([ref for ref in self.remote.all_refs() if "evil" in ref], [])
        (claim,) = self.remote.claims().values()
        self.assertEqual(claim["state"], "ended")

    def test_what_a_matrix_a_title_or_a_flag_says_keeps_no_session_from_its_end(self):
        """Texts may hold what looks like an option; yes is as good as true."""
        for number, given in enumerate(({"MATRIX": '{"args": "--print --verbose --max-turns 5"}'}, {"DIMENSION": "title=use --verbose now and --force"},
                                        {"IDENTITY": "fix: drop --force from the script"}, {"SHARE": "the --memory share"}, {"OBSERVE": "yes"}, {"OBSERVE": "1"})):
            with self.subTest(given):
                given = {"SHARE": str(number), "HEARTBEAT": "false", **given}
                job = self.job()
                begun = self.step(job, inputs=given)
                self.assertEqual((begun.returncode, begun.outputs["skip_execution"]), (0, "false"), begun)
                ended = self.step(job, "finish", given)
                self.assertEqual(ended.returncode, 0, ended)
                self.assertNotIn("active", [claim["state"] for claim in self.remote.claims().values()])

    def test_what_an_earlier_step_set_is_passed_over_and_named(self):
        evil = self.folder / "evil.yml"
        evil.write_text("namespace: evil\non-error: skip\n", encoding="utf-8")
        job = self.job()
        self.step(job, inputs={"HEARTBEAT": "false"})
        done = self.step(job, "finish", REFGATE_CONFIG=str(evil), REFGATE_ON_ERROR="skip")
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("REFGATE_CONFIG is ignored", done.stderr)
        self.assertIn("REFGATE_ON_ERROR is ignored", done.stderr)
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_the_token_goes_to_commands_that_ask_the_remote_alone(self):
        (words,) = re.findall(r"^        REFGATE_TOKEN: \$\{\{ inputs\.token \|\| contains\(fromJSON\('(\[.*?\])'\), inputs\.command\) && ", STEP, re.MULTILINE)
        asking = set(json.loads(words))
        shown = subprocess.run([BINARY, "help"], text=True, capture_output=True, check=False).stdout
        known = set(re.findall(r"^  ([a-z]+) +\S", shown, re.MULTILINE))
        self.assertEqual(asking - known, set(), shown)
        self.assertEqual(known - asking - {"help"}, {"health", "lint", "matrix", "envelope", "completion", "init"})

    @staticmethod
    def hours(claim):
        until, ended = (datetime.datetime.fromisoformat(claim[name].replace("Z", "+00:00")) for name in ("until", "ended_at"))
        return round((until - ended).total_seconds() / 3600)

    def test_the_digests_are_those_of_dist(self):
        sums = dict(reversed(line.split()) for line in
                    (TREE / "dist" / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
        self.assertEqual(DIGESTS, sums)


if __name__ == "__main__":
    unittest.main()
