"""A checked-out repository may be anybody's: nothing is read or written through a link out of it."""

import os
import shutil
import subprocess
import unittest

from gate_case import GateCase
from runner import BINARY

FIXABLE = """name: Agent
on: push
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: go
"""


class Links(GateCase):
    def setUp(self):
        super().setUp()
        self.project = self.folder / "project"
        self.workflows = self.project / ".github" / "workflows"
        self.workflows.mkdir(parents=True)
        self.outside = self.folder / "outside"
        self.outside.mkdir()
        self.secret = self.outside / "l.yml"
        self.secret.write_text(FIXABLE, encoding="utf-8")

    def lint(self, *words, folder=None):
        return subprocess.run([BINARY, "lint", *words], cwd=folder or self.project, text=True,
                              env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)

    def test_a_file_of_its_own_is_fixed(self):
        own = self.workflows / "own.yml"
        own.write_text(FIXABLE, encoding="utf-8")
        self.lint("--fix=unsafe", ".")
        self.assertNotEqual(own.read_text(encoding="utf-8"), FIXABLE)

    def test_nothing_is_fixed_through_a_link(self):
        for kind in ("file", "chain", "workflows", "github"):
            for words in (("--fix=unsafe", "."), ("--fix=unsafe", ".github/workflows/l.yml"),
                          ("--fix", "."), ("--fix=unsafe", str(self.project))):
                with self.subTest(kind=kind, words=words):
                    shutil.rmtree(self.project)
                    self.workflows.mkdir(parents=True)
                    if kind == "file":
                        (self.workflows / "l.yml").symlink_to(self.secret)
                    elif kind == "chain":
                        (self.project / "between.yml").symlink_to("../outside/l.yml")
                        (self.workflows / "l.yml").symlink_to("../../between.yml")
                    elif kind == "workflows":
                        self.workflows.rmdir()
                        self.workflows.symlink_to(self.outside)
                    else:
                        shutil.rmtree(self.project / ".github")
                        (self.outside / "workflows").mkdir(exist_ok=True)
                        shutil.copy(self.secret, self.outside / "workflows")
                        (self.project / ".github").symlink_to(self.outside)
                    kept = self.everything_outside_files()
                    done = self.lint(*words)
                    self.assertEqual(self.everything_outside_files(), kept)
                    self.assertEqual(done.returncode, 3, done)
                    self.assertIn("l.yml", done.stderr)

    def test_nothing_is_written_through_a_link(self):
        """What a job writes beside the sources may be a link that somebody has committed."""
        (self.workflows / "w.yml").write_text(FIXABLE, encoding="utf-8")
        for words in (("--sarif", "out"), ("--write-baseline", "out")):
            for target in (self.secret, self.outside / "new"):
                with self.subTest(words=words, target=target.name):
                    link = self.project / "out"
                    link.unlink(missing_ok=True)
                    link.symlink_to(target)
                    done = self.lint(*words)
                    self.assertEqual((done.returncode, self.secret.read_text(encoding="utf-8")), (3, FIXABLE), done)
                    self.assertFalse((self.outside / "new").exists())
                    self.assertIn("it is a link", done.stderr)
        # Where streams are meant, they are links.
        self.assertIn('"$schema"', self.lint("--sarif", "/dev/stdout").stdout)

    def test_a_folder_that_is_a_link_is_left_alone(self):
        folder = self.outside / ".github" / "workflows"
        folder.mkdir(parents=True)
        file = folder / "v.yml"
        file.write_text(FIXABLE, encoding="utf-8")
        (self.project / "sub").symlink_to(self.outside)
        for path in ("sub", "./sub/", "sub/.github/workflows/v.yml"):
            with self.subTest(path):
                done = self.lint("--fix=unsafe", path)
                self.assertEqual((done.returncode, file.read_text(encoding="utf-8")), (3, FIXABLE), done)

    def everything_outside_files(self):
        return {path: path.read_bytes() for path in self.outside.rglob("*") if path.is_file()}

    def test_a_link_within_the_project_is_read_and_left_alone(self):
        real = self.project / "real.yml"
        real.write_text(FIXABLE, encoding="utf-8")
        (self.workflows / "l.yml").symlink_to("../../real.yml")
        self.assertIn("l.yml", self.lint(".").stdout)
        done = self.lint("--fix=unsafe", ".")
        self.assertEqual((done.returncode, real.read_text(encoding="utf-8")), (3, FIXABLE), done)
        self.assertTrue((self.workflows / "l.yml").is_symlink())
        self.assertIn("link", done.stderr)

    def test_nothing_outside_is_read_and_repeated(self):
        secret = self.outside / "action.yml"
        secret.write_text("hunter2: x\n", encoding="utf-8")
        (self.project / ".github" / "refgate.yml").symlink_to(secret)
        (self.workflows / "w.yml").write_text(FIXABLE, encoding="utf-8")
        done = self.lint(".")
        self.assertNotIn("hunter2", done.stdout + done.stderr)
        self.assertIn("refgate.yml", done.stderr)
        (self.project / ".github" / "refgate.yml").unlink()
        for uses in ("./../outside", "./linked", "./linked/deep"):
            secret.write_text("name: hunter2\nruns:\n  using: composite\n  steps:\n"
                              "    - run: claude -p hunter2\n      shell: bash\n", encoding="utf-8")
            link = self.project / "linked"
            link.unlink(missing_ok=True)
            link.symlink_to(self.outside)
            (self.outside / "deep").mkdir(exist_ok=True)
            shutil.copy(secret, self.outside / "deep")
            (self.workflows / "w.yml").write_text(
                "name: w\non: [push, pull_request]\njobs:\n  j:\n    runs-on: ubuntu-latest\n"
                f"    steps:\n      - uses: {uses}\n", encoding="utf-8")
            done = self.lint(".")
            self.assertNotIn("hunter2", done.stdout + done.stderr)
            self.assertNotIn("outside/action.yml", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
