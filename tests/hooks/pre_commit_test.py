"""The hook as a user meets it: a fresh repository, the real pre-commit, and this tree cloned by URL.

pre-commit clones a commit, so the tree is cloned first and what is not committed yet is committed there, with the
program under test in place of the shipped one.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ["REFGATE_BIN"]).resolve()
PRE_COMMIT = os.environ["PRE_COMMIT_PROGRAM"]

BAD = "on: [push, push]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"
GOOD = BAD.replace("[push, push]", "push")
CONFIG = """repos:
  - repo: {url}
    rev: {rev}
    hooks:
      - id: refgate
        args: [{args}]
"""


class PreCommit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name).resolve()
        home = cls.folder / "home"
        home.mkdir()
        # Whoever owns the tree, it may be cloned.
        (home / ".gitconfig").write_text(
            "[safe]\n\tdirectory = *\n[user]\n\tname = t\n\temail = t@example.com\n",
            encoding="utf-8",
        )
        # No compiler, no language's package manager: what a machine without toolchains has.
        tools = cls.folder / "bin"
        tools.mkdir()
        for name in ("git", "sh", "bash", "uname", "dirname", "basename", "sed", "env"):
            (tools / name).symlink_to(shutil.which(name))
        cls.environment = {
            "PATH": str(tools), "HOME": str(home), "PRE_COMMIT_HOME": str(cls.folder / "cache"),
            "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8",
        }
        cls.origin = cls.folder / "origin"
        cls.git("clone", "-q", TREE.as_uri(), cls.origin)
        for name in (".pre-commit-hooks.yaml", "hooks"):
            cls.replace(name)
        (cls.origin / "dist").mkdir(exist_ok=True)
        machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
        shutil.copy(PROGRAM, cls.origin / "dist" / f"refgate-linux-{machine}")
        cls.git("-C", cls.origin, "add", "-f", ".pre-commit-hooks.yaml", "hooks", "dist")
        cls.git("-C", cls.origin, "commit", "-q", "--allow-empty", "-m", "the working tree")
        cls.rev = cls.git("-C", cls.origin, "rev-parse", "HEAD").strip()

    @classmethod
    def replace(cls, name):
        source, target = TREE / name, cls.origin / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    @classmethod
    def git(cls, *words):
        done = subprocess.run(["git", *map(str, words)], env=cls.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"git {words}: {done.stderr}")
        return done.stdout

    def setUp(self):
        self.work = self.folder / self.id().rsplit(".", 1)[-1]
        self.git("init", "-q", "-b", "main", self.work)

    def write(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run_hook(self, *words, args=""):
        self.write(".pre-commit-config.yaml", CONFIG.format(url=self.origin.as_uri(), rev=self.rev, args=args))
        self.git("-C", self.work, "add", "-A")
        return subprocess.run(
            [PRE_COMMIT, "run", "--color=never", *words], cwd=self.work, env=self.environment, capture_output=True, text=True
        )

    def test_a_bad_workflow_fails_with_its_finding(self):
        self.write(".github/workflows/a.yml", BAD)
        done = self.run_hook()
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(".github/workflows/a.yml:1:12: warning:", done.stdout)
        self.assertIn("[duplicate-entry]", done.stdout)
        self.assertIn("- exit code: 1", done.stdout)

    def test_a_good_workflow_passes(self):
        self.write(".github/workflows/a.yml", GOOD)
        done = self.run_hook("--verbose")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"refgate lint\.+Passed")
        self.assertIn("nothing found in 1 file", done.stdout)

    def test_what_is_no_workflow_is_passed_over_silently(self):
        self.write("compose.yml", "services:\n  a:\n    image: b\n")
        self.write("not really.yaml", "a: [\n")
        self.write("on.yml", "on: true\n")
        done = self.run_hook()
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(done.stdout.splitlines()), 1, done)
        self.assertIn("Passed", done.stdout)

    def test_a_commit_is_kept_back(self):
        self.run_hook()
        subprocess.run([PRE_COMMIT, "install"], cwd=self.work, env=self.environment, check=True, capture_output=True)
        self.write(".github/workflows/a.yml", BAD)
        self.git("-C", self.work, "add", "-A")
        with self.assertRaisesRegex(AssertionError, "duplicate-entry"):
            self.git("-C", self.work, "commit", "-m", "twice")
        self.write(".github/workflows/a.yml", GOOD)
        self.git("-C", self.work, "add", "-A")
        self.git("-C", self.work, "commit", "-m", "once")

    def test_arguments_reach_the_program(self):
        self.write(".github/workflows/a.yml", BAD)
        self.assertEqual(self.run_hook(args="--min-severity=error").returncode, 0)
        done = self.run_hook(args="--fix")
        self.assertIn("files were modified by this hook", done.stdout)
        self.assertEqual((self.work / ".github/workflows/a.yml").read_text(encoding="utf-8").splitlines()[0], "on: [push]")

    def test_the_launcher_says_that_it_checked_nothing_on_other_machines(self):
        bin_folder = self.folder / "other"
        bin_folder.mkdir()
        (bin_folder / "uname").write_text("#!/bin/sh\n[ $1 = -s ] && echo Darwin || echo arm64\n", encoding="utf-8")
        (bin_folder / "uname").chmod(0o755)
        environment = {**self.environment, "PATH": f"{bin_folder}:{self.environment['PATH']}"}
        done = subprocess.run([TREE / "hooks" / "lint.sh"], env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn("not on Darwin/arm64; nothing was checked", done.stderr)
        for way in ("SKIP=refgate git commit", "docs/lint.md#on-each-pull-request", f"-v \"{TREE}/dist\":/dist", "/dist/refgate-linux-arm64 lint"):
            self.assertIn(way, done.stderr)


if __name__ == "__main__":
    unittest.main()
