"""The linter's command line at a terminal and away from one: colour, the progress line, levels, ignores, exit status."""

import os
import pathlib
import pty
import re
import subprocess
import tempfile
import unittest

REFGATE = os.environ["REFGATE_BIN"]
TWICE = "on: [push, push]\njobs: {}\n"
ONCE = "on: push\njobs: {}\n"


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.workflows = self.folder / ".github" / "workflows"
        self.workflows.mkdir(parents=True)

    def write(self, **files):
        for name, text in files.items():
            (self.workflows / f"{name}.yml").write_text(text, encoding="utf-8")

    def lint(self, *words, terminal="", **environment):
        """The status and what came out; `terminal` names the streams that are one."""
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **environment}
        master, slave = pty.openpty()
        streams = {name: slave if name in terminal else subprocess.PIPE for name in ("stdout", "stderr")}
        child = subprocess.Popen([REFGATE, "lint", *words], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, **streams)
        os.close(slave)
        shown = b""
        if terminal:
            try:
                while part := os.read(master, 65536):
                    shown += part
            except OSError:  # the end of a terminal
                pass
        piped, errors = child.communicate(timeout=60)
        os.close(master)
        return child.returncode, (shown + (piped or b"") + (errors or b"")).decode()

    def test_colour_is_for_terminals_and_can_be_declined(self):
        self.write(a=TWICE)
        self.assertIn("\x1b[1;33mwarning\x1b[0m", self.lint(terminal="stdout")[1])
        for name, words in {
            "a pipe": self.lint(), "NO_COLOR": self.lint(terminal="stdout", NO_COLOR="1"),
            "a dumb terminal": self.lint(terminal="stdout", TERM="dumb"), "JSON": self.lint("--format=json", terminal="stdout"),
        }.items():
            with self.subTest(name):
                self.assertEqual(words[0], 1)
                self.assertIn("duplicate-entry", words[1])
                self.assertNotIn("\x1b", words[1])

    def test_a_progress_line_is_shown_when_there_is_much_to_read_and_taken_away(self):
        self.write(**{f"w{number}": ONCE for number in range(300)})
        status, shown = self.lint(terminal="stderr")
        self.assertEqual(status, 0)
        self.assertIn("\rreading 300 of 300 files", shown)
        self.assertIn("\r\x1b[K", shown)
        self.assertNotIn("reading", self.lint(terminal="stdout")[1])
        for file in list(self.workflows.iterdir())[:250]:
            file.unlink()
        self.assertNotIn("reading", self.lint(terminal="stderr")[1])

    def test_the_least_severity_decides_what_is_shown_and_what_fails(self):
        self.write(a=TWICE)
        self.assertEqual(self.lint("--min-severity=warning")[0], 1)
        status, shown = self.lint("--min-severity=error")
        self.assertEqual((status, re.sub(r" \(\d+\.\d\d s\)", "", shown)), (0, "nothing found in 1 file\n"))
        status, shown = self.lint("--min-severity=bad")
        self.assertEqual(status, 2)
        self.assertIn("error, warning, note", shown)

    def test_an_ignore_that_ignores_nothing_is_reported(self):
        self.write(a="on: [push, push] # refgate: ignore[duplicate-entry] both are meant\njobs: {}\n")
        status, shown = self.lint()
        self.assertEqual((status, shown.split(" (")[0]), (0, "nothing found in 1 file, 1 ignored"))
        self.write(a="on: push # refgate: ignore[duplicate-entry] once\njobs: {}\n")
        self.assertIn("[unused-ignore]", self.lint("--min-severity=note")[1])

    def test_pipes_and_the_standard_input(self):
        os.mkfifo(self.workflows / "pipe.yml")
        for words in (["pipe.yml"], ["--config", "pipe.yml", "."], ["--baseline", "pipe.yml", "."], ["/dev/null"]):
            with self.subTest(words):
                words = [word.replace("pipe.yml", str(self.workflows / "pipe.yml")) for word in words]
                self.write(a=ONCE)
                self.assertEqual(self.lint(*words)[0], 2)
        done = subprocess.run([REFGATE, "lint", "-"], input=TWICE, capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("<stdin>:1:12: warning:", done.stdout)
        done = subprocess.run([REFGATE, "lint", "-", "--stdin-name", ".github/workflows/a.yml"], input=TWICE, capture_output=True, text=True,
                              cwd=self.folder)
        self.assertIn(".github/workflows/a.yml:1:12: warning:", done.stdout)
        self.assertEqual(subprocess.run([REFGATE, "lint", "--fix", "-"], input=TWICE, capture_output=True, text=True).returncode, 2)

    def test_a_baseline_is_written_and_read(self):
        self.write(a=TWICE)
        self.assertEqual(self.lint("--write-baseline", "known.json")[0], 0)
        status, shown = self.lint("--baseline", "known.json")
        self.assertEqual(status, 0)
        self.assertIn("1 known", shown)
        status, shown = self.lint("--write-baseline", "/dev/full")
        self.assertEqual(status, 3)
        self.assertIn("No space left on device", shown)

    def test_the_exit_status_says_what_came_of_the_run(self):
        self.write(a=TWICE)
        self.assertEqual(self.lint()[0], 1)
        self.assertEqual(self.lint("--format=sarif")[0], 0)
        self.assertEqual(self.lint("nowhere")[0], 2)
        self.assertEqual(self.lint("--no-such-option")[0], 2)
        status, shown = self.lint("--sarif=nowhere/x.sarif")
        self.assertEqual(status, 3)
        self.assertIn("--sarif nowhere/x.sarif could not be written", shown)
        self.write(a=ONCE)
        self.assertEqual(self.lint()[0], 0)
        (self.workflows / "a.yml").write_bytes(b"#" * (4 << 20) + b"\n" + ONCE.encode())
        status, shown = self.lint()
        self.assertEqual(status, 1)
        self.assertIn("larger than 4 MB", shown)


if __name__ == "__main__":
    unittest.main()
