"""What is named as a file is read at once and up to a bound, or refused: no pipe is waited for, no device read."""

import os
import unittest

import payloads
from gate_case import GateCase


class Named(GateCase):
    remote_kind = "path"

    def setUp(self):
        super().setUp()
        self.pipe = self.folder / "pipe"
        os.mkfifo(self.pipe)
        self.nothing_regular = ((self.pipe, "it is a pipe"), (self.folder, "it is a folder"),
                                ("/dev/zero", "it is no regular file"))

    def assert_refused(self, words, **environment):
        for path, why in self.nothing_regular:
            said = [str(word).replace("FILE", str(path)) for word in words]
            with self.subTest(said):
                job = self.job(environment={name: value.replace("FILE", str(path))
                                            for name, value in environment.items()})
                answer = job.start(*said).wait(30)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(f"cannot be read ({why})", answer.err)
        self.assertEqual(self.remote.claims(), {})

    def test_a_configuration(self):
        for words in (("gate", "--config", "FILE"), ("run", "--config", "FILE", "--", "true"),
                      ("status", "--config", "FILE")):
            self.assert_refused(words)
        self.assert_refused(("gate",), REFGATE_CONFIG="FILE")

    def test_a_payload(self):
        self.assert_refused(("gate",), GITHUB_EVENT_PATH="FILE")
        self.assert_refused(("explain", "--payload", "FILE"))

    def test_a_result_or_a_list(self):
        for words in (("deliver", "--file", "FILE", "--", "cat"), ("result", "save", "FILE"),
                      ("run", "--each", "FILE", "--", "true"), ("matrix", "--file", "FILE"),
                      ("envelope", "--provider", "sqs-fifo", "--group-by", "entity", "--body", "FILE")):
            self.assert_refused(words)

    def test_the_linters_files(self):
        folder = self.folder / "w"
        folder.mkdir()
        (folder / "w.yml").write_text("on: push\njobs: {}\n")
        for path, _ in self.nothing_regular:
            for words in (("--baseline", path), ("--config", path)):
                with self.subTest(words):
                    answer = self.person().start("lint", folder / "w.yml", *words).wait(30)
                    self.assertIn(answer.status, (2, 3), answer)
                    self.assertIn("nothing was checked", answer.err)

    def test_what_the_runner_reads(self):
        """A pipe that nobody reads takes no output: it is not waited for either."""
        answer = self.job().start("gate", GITHUB_OUTPUT=str(self.pipe)).wait(30)
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("GITHUB_OUTPUT could not be written", answer.err)
        self.assert_runs(self.job().start("gate", GITHUB_STEP_SUMMARY=str(self.pipe)).wait(30), "first")

    def test_standard_input_is_read_where_it_is_meant(self):
        reading, writing = os.pipe()
        os.write(writing, b'["a"]')
        os.close(writing)
        try:
            answer = self.job().start_fed(reading, "matrix", "--file", "-").wait(30)
        finally:
            os.close(reading)
        self.assertEqual(answer.status, 0, answer)

    def test_more_than_a_bound_is_refused(self):
        long = self.folder / "long"
        with long.open("wb") as file:
            file.truncate((64 << 20) + 1)
        for words, said in ((("gate", "--config", long), "over 256 KiB"),
                            (("run", "--each", long, "--", "true"), "over 64 MiB")):
            with self.subTest(words):
                answer = self.job(payload=payloads.push(payloads.commit("long"))).call(*words)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(said, answer.err)


if __name__ == "__main__":
    unittest.main()
