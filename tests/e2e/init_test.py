"""init: gates for the agents that a repository has, as a diff and on request; a first workflow where there is none."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import runner

FILES = {".github/workflows/agent.yml", ".github/refgate.yml", ".pre-commit-config.yaml"}

HEAD = """name: Claude
on:
  pull_request:
    types: [opened, synchronize]
permissions:
  contents: read
  pull-requests: write
concurrency:
  group: claude-${{ github.event.pull_request.number }}
jobs:
"""
JOB = """  claude:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4  # pinned
      - name: Set up
        if: ${{ github.event.action == 'opened' }}
        run: |
          npm ci
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: review
"""

# What gets a gate: name, workflow, what has to stand in it afterwards.
SHAPES = [
    ("plain", HEAD + JOB, ["if: steps.gate.outputs.skip_execution == 'false' && (github.event.action == 'opened')",
                           "          retry: manual\n          pause: ask\n",
                           "persist-credentials: false", "contents: write", "actions: read", "timeout-minutes: 60",
                           "status: ${{ steps.agent.outcome }}"]),
    ("windows line ends", (HEAD + JOB).replace("\n", "\r\n"), ["command: finish\r\n"]),
    ("no line end at the end", (HEAD + JOB).rstrip("\n"), ["command: finish"]),
    ("steps in the column of their key", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
    - name: Agent
      id: work
      run: claude -p review
""", ["    - id: gate\n", "status: ${{ steps.work.outcome }}"]),
    ("a step that is called gate", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        run: echo
      - run: claude -p review
""", ["- id: gate-2\n", "steps.gate-2.outputs.skip_execution"]),
    ("a condition that always holds", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p review
      - if: always()
        run: echo done
""", ["if: steps.gate.outputs.skip_execution == 'false' && (always())"]),
    ("a condition with a colon", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - if: "contains(github.event.pull_request.title, 'fix: ')"
        run: claude -p review
""", ["if: \"steps.gate.outputs.skip_execution == 'false' && (contains(github.event.pull_request.title, 'fix: '))\""]),
    ("two agents in a job", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p review
      - id: second
        run: codex exec review
""", ["status: ${{ steps.agent-1.outcome == 'success' && steps.second.outcome || steps.agent-1.outcome }}"]),
    ("a checkout with inputs", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - run: claude -p review
""", ["persist-credentials: false\n          fetch-depth: 0"]),
    ("permissions of the job", HEAD + """  claude:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - run: claude -p review
""", ["    permissions:\n      actions: read\n      contents: write\n"]),
    ("a checkout at the end", HEAD + """  claude:
    runs-on: ubuntu-latest
    steps:
      - run: claude -p review
      - uses: actions/checkout@v4
""", ["        uses: actions/checkout@v4\n        with:\n          persist-credentials: false\n      - if: always()\n"]),
    ("another job beside it", HEAD + JOB + """  build:
    runs-on: ubuntu-latest
    steps:
      - run: npm ci
""", ["permissions:\n  contents: read\n  pull-requests: write\nconcurrency",
       "    permissions:\n      actions: read\n      contents: write\n      pull-requests: write\n    steps"]),
]

# What is left to a person: name, workflow, words of the note.
BY_HAND = [
    ("steps in flow style", HEAD + "  claude:\n    runs-on: ubuntu-latest\n    steps: [{run: claude -p x}]\n", ["takes no edit", "  finish:\n"]),
    ("no permissions at all", HEAD.replace("permissions:\n  contents: read\n  pull-requests: write\n", "") + JOB,
     ["repository's default decided"]),
    ("it pushes by git", HEAD + JOB + "      - run: git push\n", ["keeps its token"]),
    ("another system", HEAD + JOB.replace("ubuntu-latest", "windows-latest"),
     ["does not run on Linux", "    runs-on: windows-latest\n", "    runs-on: ubuntu-latest\n"]),
]

# What a person pastes stands between two lines of the answer that begin in the first column.
PASTED = re.compile(r"To be pasted in its place.*\n((?: .*\n|\n)+)")


class Init(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / ".git").mkdir()

    def call(self, *words, at="."):
        return subprocess.run([runner.BINARY, *words], cwd=self.root / at, capture_output=True, text=True, check=False)

    def written(self):
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def workflow(self, text, name="claude.yml"):
        path = self.root / ".github/workflows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    def rules(self, *words):
        found = json.loads(self.call("lint", "--format", "json", *words).stdout)
        return sorted({each["rule"] for each in found["findings"]})

    def test_a_first_workflow_where_no_agent_is(self):
        shown = self.call("init")
        self.assertEqual((shown.returncode, self.written()), (0, set()), shown)
        self.assertEqual(shown.stdout.count("would write"), 3)
        self.assertIn("refgate init --write", shown.stdout)
        done = self.call("init", "--write")
        self.assertEqual((done.returncode, self.written()), (0, FILES), done)
        # A gate that each push asks is what the workflow is there to show: a note, and no more.
        self.assertLessEqual(set(self.rules()), {"broad-push"})
        self.assertEqual(self.call("lint").returncode, 0)
        again = self.call("init")
        self.assertEqual(again.stdout.count("kept"), 3, again)
        self.assertNotIn("--write", again.stdout)

    def test_the_first_workflow_asks_and_lets_a_person_try_again(self):
        self.call("init", "--write")
        text = (self.root / ".github/workflows/agent.yml").read_text()
        for words in ("retry: manual", "pause: ask"):
            self.assertIn(words, text)

    def test_agents_get_gates_as_a_diff_and_on_request(self):
        for name, text, expected in SHAPES:
            with self.subTest(shape=name):
                path = self.workflow(text)
                shown = self.call("init")
                self.assertEqual((shown.returncode, path.read_bytes()), (0, text.encode()), shown)
                self.assertIn("+++ b/.github/workflows/claude.yml", shown.stdout)
                self.assertIn("refgate init --write", shown.stdout)
                self.assertFalse((self.root / ".github/workflows/agent.yml").exists())
                done = self.call("init", "--write")
                self.assertEqual(done.returncode, 0, done)
                after = path.read_bytes().decode()
                for words in expected:
                    self.assertIn(words, after)
                self.assertFalse((self.root / ".github/workflows/agent.yml").exists())
                self.assertEqual(self.rules(), [], after)
                self.call("init", "--write")
                self.assertEqual(path.read_bytes().decode(), after)

    def test_what_cannot_be_written_is_said(self):
        for name, text, words in BY_HAND:
            with self.subTest(shape=name):
                self.workflow(text)
                done = self.call("init")
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("look at  .github/workflows/claude.yml", done.stdout)
                for each in words:
                    self.assertIn(each, done.stdout)

    def test_what_is_to_be_pasted_is_a_gated_workflow(self):
        path = self.workflow(BY_HAND[-1][1])
        shown = self.call("init", "--write")
        self.assertEqual(path.read_text(), BY_HAND[-1][1])
        path.write_text(HEAD + PASTED.search(shown.stdout).group(1))
        self.assertEqual(self.rules(), [], path.read_text())
        self.assertNotIn("look at", self.call("init").stdout)

    def test_a_half_gate_is_no_reason_to_commit(self):
        gate = "      - id: gate\n        uses: refgate/refgate@v0.2.0\n      - if: steps.gate.outputs.skip_execution != 'false'\n        run: claude -p x\n"
        self.workflow(HEAD + "  claude:\n    runs-on: ubuntu-latest\n    steps:\n" + gate)
        done = self.call("init", "--write")
        self.assertNotEqual(self.call("lint").returncode, 0)
        self.assertIn("broken-guard", done.stdout)
        self.assertIn("until refgate lint has nothing to say", done.stdout)
        self.assertNotIn("Next: look at the change, commit", done.stdout)

    def test_a_configuration_that_is_not_understood_is_said(self):
        self.workflow(HEAD + JOB)
        path = self.root / ".github" / "refgate.yml"
        said = "left out .github/refgate.yml (refgate lint says why): agents named there are not known"
        with tempfile.TemporaryDirectory() as elsewhere:
            outside = pathlib.Path(elsewhere) / "refgate.yml"
            outside.write_text("rules: {}\n")
            for make in (lambda: path.write_text("rules: {no-such-rule: off}\n"), lambda: path.write_text("rules: [\n"), path.mkdir,
                         lambda: path.symlink_to(outside), lambda: path.symlink_to("nowhere")):
                make()
                done = self.call("init")
                self.assertEqual(done.returncode, 0, done)
                self.assertIn(said, done.stdout)
                self.assertNotEqual(self.call("lint").returncode, 0)
                path.rmdir() if path.is_dir() else path.unlink()
        for text in (None, "rules: {}\n"):
            if text is not None:
                path.write_text(text)
            self.assertNotIn("left out", self.call("init").stdout)

    def test_the_command_that_pins_is_told_and_pins(self):
        path = self.workflow(HEAD + JOB)
        windows = self.workflow((HEAD + JOB).replace("\n", "\r\n"), "windows.yml")
        done = self.call("init", "--write")
        command = re.search(r"^  (commit=.*)$", done.stdout, re.M).group(1)
        action = self.root / "action"
        environment = {**os.environ, "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1",
                       "GIT_CONFIG_KEY_0": f"url.{action}.insteadOf", "GIT_CONFIG_VALUE_0": "https://github.com/refgate/refgate"}
        person = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
        subprocess.run(["git", "init", "-q", action], check=True)
        subprocess.run(["git", "-C", action, *person, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
        version = re.search(r"refgate/refgate@(v[0-9.]+)$", path.read_text(), re.M).group(1)
        # Where the tag is not to be had nothing is changed.
        before = path.read_text()
        subprocess.run(["bash", "-c", command], cwd=self.root, env=environment, check=False)
        self.assertEqual(path.read_text(), before)
        subprocess.run(["git", "-C", action, *person, "tag", "-a", "-m", "tag", version], check=True)
        subprocess.run(["bash", "-c", command], cwd=self.root, env=environment, check=True)
        commit = subprocess.run(["git", "-C", action, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual(path.read_text(), before.replace(f"@{version}\n", f"@{commit} # {version}\n"))
        self.assertEqual(windows.read_bytes(), path.read_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(self.rules(), [])
        self.assertIn("Nothing is left to write", self.call("init").stdout)

    def test_what_is_to_be_pasted_for_several_jobs_does_not_collide(self):
        shapes = {"win": "runs-on: windows-latest", "mac": "runs-on: macos-latest",
                  "any": "strategy:\n      matrix:\n        os: [ubuntu-latest, windows-latest]\n    runs-on: ${{ matrix.os }}"}
        self.workflow(HEAD + "".join(f"  {name}:\n    {shape}\n    steps:\n      - run: claude -p x\n"
                                     for name, shape in shapes.items()))
        pasted = PASTED.findall(self.call("init").stdout)
        jobs = re.findall(r"^  (\S+):$", "".join(pasted), re.M)
        self.assertEqual(sorted(jobs), sorted(each for name in shapes for each in (name, f"gate-{name}", f"finish-{name}")))

    def test_the_top_of_the_repository_is_found(self):
        (self.root / "sub/deep").mkdir(parents=True)
        self.assertEqual(self.call("init", "--write", at="sub/deep").returncode, 0)
        self.assertEqual(self.written(), FILES)

    def test_outside_of_a_repository_nothing_is_written(self):
        (self.root / ".git").rmdir()
        done = self.call("init")
        self.assertEqual((done.returncode, self.written()), (2, set()), done)
        self.assertIn("no git repository", done.stderr)

    def test_what_is_there_is_kept_and_the_hook_is_shown(self):
        workflow = self.workflow("mine\n", "agent.yml")
        (self.root / ".pre-commit-config.yaml").write_text("repos: []\n")
        done = self.call("init", "--write")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(workflow.read_text(), "mine\n")
        self.assertEqual((self.root / ".pre-commit-config.yaml").read_text(), "repos: []\n")
        self.assertIn("to be pasted", done.stdout)
        self.assertIn("id: refgate", done.stdout)

    def test_nothing_is_written_through_a_link(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            (self.root / ".github").symlink_to(elsewhere)
            done = self.call("init", "--write")
            self.assertEqual((done.returncode, list(pathlib.Path(elsewhere).iterdir())), (2, []), done)
            (self.root / ".github").unlink()
            outside = pathlib.Path(elsewhere) / "w.yml"
            outside.write_text(HEAD + JOB)
            self.workflow("", "w.yml").unlink()
            (self.root / ".github/workflows/w.yml").symlink_to(outside)
            self.call("init", "--write")
            self.assertEqual(outside.read_text(), HEAD + JOB)

    def test_a_link_that_leads_nowhere_is_kept(self):
        (self.root / ".pre-commit-config.yaml").symlink_to("nowhere")
        self.assertEqual(self.call("init", "--write").returncode, 0)
        self.assertFalse((self.root / "nowhere").exists())

    def test_nothing_is_written_unless_it_is_asked_for(self):
        self.assertEqual(self.call("init").returncode, 0)
        self.assertEqual(self.written(), set())
        self.workflow(HEAD + JOB)
        self.assertEqual(self.call("init").returncode, 0)
        self.assertEqual(self.written(), {".github/workflows/claude.yml"})

    def test_a_dry_run_writes_nothing(self):
        done = self.call("init", "--dry-run")
        self.assertEqual((done.returncode, self.written()), (0, set()), done)
        self.assertIn("skip_execution == 'false'", done.stdout)

    def test_wrong_usage(self):
        self.assertEqual(self.call("init", "no-such-folder").returncode, 2)
        self.assertEqual(self.call("init", "--write", "--dry-run").returncode, 2)


class DryRuns(unittest.TestCase):
    def test_a_dry_run_writes_nothing_however_it_is_asked_for(self):
        for words, variables in ((["init"], {"REFGATE_DRY_RUN": "true"}), (["init", "--write"], {"REFGATE_DRY_RUN": "TRUE"}),
                                 (["init", "--write"], {"REFGATE_DRY_RUN": "1"}), (["init", "--dry-run"], {})):
            for workflows in ({}, {"claude.yml": HEAD + JOB}):
                with self.subTest(words=words, variables=variables, workflows=list(workflows)), tempfile.TemporaryDirectory() as folder:
                    root = pathlib.Path(folder)
                    (root / ".git").mkdir()
                    (root / ".github/workflows").mkdir(parents=True)
                    for name, text in workflows.items():
                        (root / ".github/workflows" / name).write_text(text, encoding="utf-8")
                    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
                    done = subprocess.run([runner.BINARY, *words], cwd=root, text=True, capture_output=True, env=variables, check=True)
                    self.assertEqual({path: path.read_bytes() for path in root.rglob("*") if path.is_file()}, before)
                    self.assertIn("othing was written", done.stdout)
                    self.assertNotIn("Next:", done.stdout)


if __name__ == "__main__":
    unittest.main()
