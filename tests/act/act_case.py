"""The ground of the tests under act: a repository with workflows, a remote for the state, runs.

Workflows say `uses: refgate/refgate@v1`, as a user's do; act takes that from a folder with this
tree's action.yml and the built program in dist/. No step has checked anything out, and act gives
each job an empty workspace. What ran is what a workflow's steps append to the file at $RAN; what is
stored is what plain git finds in the bare repository.

Facts about act 0.2.89 that this file relies on: the run's id and attempt are those of `--env`, the
`github.sha` that of the variable SHA_REF; without ACT_DISABLE_VERSION_CHECK it asks its home page.
"""

import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent / "server")]

import launch  # noqa: E402
import payloads  # noqa: E402
from gate_case import TOKEN, Remote, await_that  # noqa: E402, F401

BINARY = pathlib.Path(os.environ["REFGATE_BIN"]).resolve()
HEAD = payloads.commit("head")
MERGE = payloads.commit("merge")
# What README, the examples and gated.yml name: the version of this tree.
PINNED = "v" + re.search(r"project\(refgate VERSION (\S+)", (TREE / "CMakeLists.txt").read_text())[1]
OPTIONS = ["-P", "ubuntu-latest=-self-hosted", "-P", "ubuntu-24.04=-self-hosted", "--json",
           "--pull=false", "--no-cache-server", "--action-offline-mode", "--remote-name", "origin"]

AGENT = """
name: Agent Review
on: [push, pull_request, workflow_run]
jobs:
  agent:
    runs-on: ubuntu-latest
    @STRATEGY@
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          @INPUTS@
      - if: steps.gate.outputs.skip_execution == 'false'
        run: |
          echo "$GITHUB_EVENT_NAME $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT" >> "$RAN"
          @WORK@
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: finish
          remote: ${{ vars.STATE }}
          @FINISH@
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: printf '%s' "$OUTPUTS" > "$OUTPUTS_FILE-$GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT"
"""


def agent(*, inputs=(), finish=(), work="true", strategy=""):
    """A workflow of one gated job; `inputs` are lines of the gate's `with:`, `finish` of its end's."""
    text = AGENT.replace("@STRATEGY@", strategy).replace("@INPUTS@", "\n          ".join(inputs))
    text = text.replace("@FINISH@", "\n          ".join(finish))
    return text.replace("@WORK@", work.replace("\n", "\n          "))


class Outcome:
    """An ended act: its status, and the entries of its log."""

    def __init__(self, status, log):
        self.status, self.log = status, log

    def entries(self):
        for line in self.log.splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)

    def summaries(self):
        """What act read from GITHUB_STEP_SUMMARY, step by step."""
        return [entry["content"] for entry in self.entries() if entry.get("command") == "summary"]

    def __str__(self):
        texts = (str(entry.get("msg", "")).rstrip() for entry in self.entries())
        return f"act ended with {self.status}:\n" + "\n".join(texts)


class Act:
    """An act that has been started."""

    def __init__(self, words, environment, folder, log):
        with open(log, "wb") as file:
            self.process = subprocess.Popen(words, env=environment, cwd=folder, stdout=file,
                                            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.log = log

    def wait(self, seconds=120):
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        return Outcome(status, self.log.read_text(encoding="utf-8", errors="replace"))


class ActCase(unittest.TestCase):
    """Each test has a repository of its own, and a fresh remote over HTTP with a token."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.act_program = shutil.which("act")
        if not cls.act_program:
            raise AssertionError("act is not on PATH; ./dev act installs it and runs these tests")
        cls.contexts = contextlib.ExitStack()
        cls.addClassCleanup(cls.contexts.close)
        folder = cls.contexts.enter_context(tempfile.TemporaryDirectory())
        cls.class_folder = pathlib.Path(folder).resolve()
        cls.numbers = itertools.count(1)
        repositories = cls.class_folder / "repositories"
        repositories.mkdir()
        cls.server = cls.contexts.enter_context(launch.serve(repositories, auth=TOKEN))
        cls.action = cls.make_action(cls.class_folder / "action", BINARY)

    @staticmethod
    def make_action(folder, binary, uname="command -p uname"):
        """The action as it is published, for this program. A file, as there: act copies the folder over itself for each step."""
        (folder / "dist").mkdir(parents=True)
        digest = hashlib.sha256(pathlib.Path(binary).read_bytes()).hexdigest() if binary.exists() else "0" * 64
        text = (TREE / "action.yml").read_text(encoding="utf-8")
        text = re.sub("digest=[0-9a-f]{64}", f"digest={digest}", text)
        assert text.count("command -p uname") == 2
        text = text.replace("command -p uname", str(uname))
        (folder / "action.yml").write_text(text, encoding="utf-8")
        for name in ("refgate-linux-x64", "refgate-linux-arm64"):
            if binary.exists():
                shutil.copy2(binary, folder / "dist" / name)
        return folder

    def setUp(self):
        number = next(self.numbers)
        self.folder = self.class_folder / f"test-{number}"
        self.outcomes = []
        self.marks = self.folder / "ran"
        self.bin = self.folder / "bin"
        (self.folder / "home").mkdir(parents=True)
        self.bin.mkdir()
        path = launch.make_repository(self.class_folder / "repositories" / f"app-{number}.git", 0)
        self.remote = Remote(f"{self.server.url}/{path.name}", path)
        self.work = self.make_work()

    def make_work(self):
        """The user's repository: a git repository whose workflows the tests write."""
        work = self.folder / "work"
        (work / ".github" / "workflows").mkdir(parents=True)
        (work / "README").write_text("a repository\n", encoding="utf-8")
        launch.git("init", "-q", "-b", "main", work, check=True)
        url = f"https://github.com/{payloads.HOME}"
        launch.git("-C", work, "remote", "add", "origin", url, check=True)
        launch.git("-C", work, "add", "-A", check=True)
        launch.git("-C", work, "commit", "-q", "-m", "start", check=True)
        (self.folder / "secrets").write_text(f"GITHUB_TOKEN={TOKEN}\n", encoding="utf-8")
        return work

    def write_workflow(self, text, name="agent.yml"):
        (self.work / ".github" / "workflows" / name).write_text(text, encoding="utf-8")

    def start(self, event, payload, *, run, attempt=1, sha=None, ref="refs/heads/topic", actor="ann",
              triggering=None, file="agent.yml", state=None, words=(), **variables):
        """Starts act on one workflow file, as GitHub starts a run of it on one event."""
        number = len(self.outcomes) + 1
        event_file = self.folder / f"event-{number}.json"
        event_file.write_text(json.dumps(payload), encoding="utf-8")
        words = [self.act_program, event, "-e", event_file, "-W", f".github/workflows/{file}",
                 "--actor", actor, *OPTIONS, "--secret-file", self.folder / "secrets",
                 "--local-repository", f"refgate/refgate@v1={self.action}",
                 "--local-repository", f"refgate/refgate@{PINNED}={self.action}",
                 "--var", f"STATE={state or self.remote.url}", *words]
        variables = {
            "GITHUB_RUN_ID": run, "GITHUB_RUN_ATTEMPT": attempt, "GITHUB_REF": ref,
            "SHA_REF": sha or payload.get("after", MERGE), "GITHUB_REPOSITORY": payloads.HOME,
            "GITHUB_WORKFLOW_REF": f"{payloads.HOME}/.github/workflows/{file}@{ref}",
            "GITHUB_TRIGGERING_ACTOR": triggering or actor, "RAN": self.marks,
            "OUTPUTS_FILE": self.folder / "outputs", **variables}
        for name, value in variables.items():
            words += ["--env", f"{name}={value}"]
        home = self.folder / "home"
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(home),
                       "XDG_CACHE_HOME": str(home / ".cache"), "LC_ALL": "C.UTF-8",
                       "GIT_CONFIG_NOSYSTEM": "1", "ACT_DISABLE_VERSION_CHECK": "1"}
        act = Act(list(map(str, words)), environment, self.work, self.folder / f"log-{number}")
        self.outcomes.append(act)
        return act

    def run_act(self, event, payload, *, fails=False, **options):
        """The outcome of a run, whose success is as expected."""
        outcome = self.start(event, payload, **options).wait()
        self.assertEqual(outcome.status != 0, fails, outcome)
        return outcome

    def push(self, head=HEAD, **options):
        return self.run_act("push", payloads.push(head), **options)

    def pull_request(self, head=HEAD, source=payloads.HOME, **options):
        """On pull_request GITHUB_SHA is the merge commit."""
        options.setdefault("sha", MERGE)
        return self.run_act(
            "pull_request",
            payloads.pull_request(head, source=source),
            ref="refs/pull/7/merge",
            **options,
        )

    def ran(self):
        return self.marks.read_text(encoding="utf-8").splitlines() if self.marks.exists() else []

    def outputs(self, run, attempt=1):
        """The gate's outputs as the runner hands them to later steps."""
        return json.loads((self.folder / f"outputs-{run}.{attempt}").read_text(encoding="utf-8"))

    def story(self):
        return "\n".join(
            str(
                Outcome(
                    act.process.returncode, act.log.read_text(encoding="utf-8", errors="replace")
                )
            )
            for act in self.outcomes
        )

    def assert_ran(self, *lines):
        """In any order, since jobs run at the same time."""
        self.assertEqual(sorted(self.ran()), sorted(lines), self.story())

    def only_claim(self):
        claims = self.remote.claims()
        self.assertEqual(len(claims), 1, f"{list(claims)}\n{self.story()}")
        return next(iter(claims.values()))

    def assert_claim(self, **fields):
        claim = self.only_claim()
        flat = {**claim, **{f"holder_{name}": value for name, value in claim["holder"].items()}}
        self.assertEqual({name: flat[name] for name in fields}, fields, self.story())

    def lines(self, kind):
        """The record's lines of that kind, in the order of their times."""
        return sorted(
            (line for line in self.remote.notes() if line["kind"] == kind),
            key=lambda line: line["timestamp"],
        )

    def skips(self):
        return [line["reason_code"] for line in self.lines("skip")]
