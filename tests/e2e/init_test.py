"""init: what it writes is a workflow that the linter finds nothing in, and what is there is kept."""

import pathlib
import subprocess
import tempfile
import unittest

import runner

FILES = {".github/workflows/agent.yml", ".github/refgate.yml", ".pre-commit-config.yaml"}


class Init(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def call(self, *words):
        return subprocess.run([runner.BINARY, *words], cwd=self.root, capture_output=True, text=True, check=False)

    def written(self):
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def test_it_writes_what_the_linter_finds_nothing_in(self):
        done = self.call("init")
        self.assertEqual((done.returncode, self.written()), (0, FILES), done)
        lint = self.call("lint", "--min-severity", "note")
        self.assertEqual(lint.returncode, 0, lint.stdout + lint.stderr)
        self.assertIn("1 file", lint.stdout + lint.stderr)

    def test_what_is_there_is_kept(self):
        workflow = self.root / ".github/workflows/agent.yml"
        workflow.parent.mkdir(parents=True)
        workflow.write_text("mine\n")
        (self.root / ".pre-commit-config.yaml").symlink_to("nowhere")
        done = self.call("init")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(workflow.read_text(), "mine\n")
        self.assertEqual(done.stdout.count("kept"), 2)
        self.assertFalse((self.root / "nowhere").exists())

    def test_a_dry_run_writes_nothing(self):
        done = self.call("init", "--dry-run")
        self.assertEqual((done.returncode, self.written()), (0, set()), done)
        self.assertIn("skip_execution == 'false'", done.stdout)

    def test_a_folder_that_is_none_is_wrong_usage(self):
        self.assertEqual(self.call("init", "no-such-folder").returncode, 2)


if __name__ == "__main__":
    unittest.main()
