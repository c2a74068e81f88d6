"""Nothing grows without bound: launches of one scope, again and again, through the binary.

A short run by default; REFGATE_E2E_FULL=1 makes it 5,000 launches each. The same in one process is
tests/unit/bounded_claim_test.cpp, which knows stores that take no notes, too.
"""

import itertools
import unittest

import payloads
import runner
from gate_case import GateCase

LAUNCHES = 5000 if runner.FULL else 40
LONGEST_CLAIM = 64 << 10
MOST_LINES = 64


class BoundedCase(GateCase):
    longest = most = 0

    def measure(self):
        """Of the one claim as it lies there now."""
        (ref,) = self.remote.refs("refs/refgate/claims")
        size = int(self.remote.git("cat-file", "-s", f"{ref}:claim.json"))
        lines = len(self.only_claim()["outbox"])
        self.longest, self.most = max(self.longest, size), max(self.most, lines)
        self.assertLess(size, LONGEST_CLAIM)
        self.assertLessEqual(lines, MOST_LINES)

    def launch_again_and_again(self, *words, status=None, launches=LAUNCHES, **options):
        job = self.job(**options)
        for number in range(launches):
            job.run = str(100000 + number)
            job.environment["GITHUB_RUN_ID"] = job.run
            answer = job.call("gate", *words)
            self.assertEqual((answer.status, answer.runs), (0, True), answer)
            self.assertEqual(answer.generation, number + 1)
            if status:
                self.assertIn("Session ended", self.done(job.call("finish", "--status", status)).out)
            if number < 100 or number % 50 == 0:
                self.measure()
            for path in (job.folder / "temp").rglob("*.json"):
                path.unlink()
            for path in itertools.chain(job.folder.glob("output-*"), job.folder.glob("summary-*")):
                path.unlink()
        self.measure()

    def assert_each_line_once(self, launches, ends=0, left_out=0):
        lines = self.log()
        ids = [line["id"] for line in lines]
        self.assertEqual(len(ids), len(set(ids)))
        kinds = [line["kind"] for line in lines]
        if left_out:
            self.assertEqual(len(lines) + left_out, launches + max(ends, launches - 1))
        else:
            self.assertEqual((kinds.count("launch"), kinds.count("end")), (launches, ends))


class OnAPath(BoundedCase):
    remote_kind = "path"

    def assert_bounded(self, ends):
        self.assert_each_line_once(LAUNCHES, ends)
        self.done(self.person().call("gc", "--deadline", "10m"))
        self.assertEqual(self.only_claim()["outbox"], [])
        self.assert_each_line_once(LAUNCHES, ends)
        refs = self.remote.refs("refs/notes")
        print(f"\n{self.id()}: {LAUNCHES} launches, claim at most {self.longest} bytes and {self.most} lines, "
              f"{len(refs)} notes refs after gc", flush=True)

    def test_failed_and_allowed_again(self):
        self.launch_again_and_again("--retry", "allow", status="failure")
        self.assert_bounded(LAUNCHES)

    def test_forced(self):
        self.launch_again_and_again("--force")
        self.assert_bounded(0)

    def test_cancelled_and_taken_over(self):
        self.launch_again_and_again(status="cancelled")
        self.assert_bounded(LAUNCHES)


class WithoutNotes(BoundedCase):
    """Over HTTP, from a server that takes no notes: what does not fit is counted and named."""

    def setUp(self):
        super().setUp()
        hook = self.path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\ncase $1 in refs/notes/*) echo 'no notes' >&2; exit 1;; esac\n", encoding="utf-8")
        hook.chmod(0o755)

    def test_forced_with_long_names(self):
        launches = 500 if runner.FULL else 30
        self.launch_again_and_again("--force", launches=launches, workflow='"' * 1000, payload=payloads.push(payloads.commit("x")))
        claim = self.only_claim()
        self.assertGreater(claim["left_out"], 0)
        self.assert_each_line_once(launches, left_out=claim["left_out"])
        self.assertEqual(self.person().call("gc").status, 3)
        self.assertEqual(self.remote.notes(), [])
        self.assert_told(claim["left_out"])

    def assert_told(self, left_out):
        """By each command that tells what was, and for as long as the claim lies there."""
        (ref,) = self.remote.refs("refs/refgate/claims")
        words = [("verify",), ("log",), ("log", "--json"), ("stats",), ("status",), ("status", "--json"), ("metrics",),
                 ("report", "--html", "-"), ("show", ref), ("gc",), ("gc", "--dry-run"), ("verify", "--since", "1d")]
        for word in words:
            with self.subTest(word):
                answer = self.person().call(*word)
                expected = 3 if word[0] == "verify" or word == ("gc",) else 0
                self.assertEqual(answer.status, expected, answer)
                self.assertIn(f"{ref}: {left_out} older lines of this work are in no record", answer.err)
        told = self.person().call("verify", "--json")
        self.assertEqual((told.status, told.json()["left_out"]), (3, left_out))
        for word in ("stats", "status"):
            self.assertEqual(self.done(self.person().call(word, "--json")).json()["left_out"], left_out)
        shown = self.person().call("verify").out
        self.assertIn(f"Left out: {left_out} lines are in no record", shown)
        self.assertNotIn("No duplicate ran", shown)
        self.assertIn(f"{left_out} lines are in no record", self.person().call("stats").out)
        self.assertIn(f"{left_out} lines are in no record", self.person().call("report", "--summary").out)
        self.assertIn(f'"left_out":{left_out}', self.person().call("report", "--html", "-").out)
        self.assertIn(f"refgate_record_left_out_lines {left_out}\n", self.person().call("metrics").out)


if __name__ == "__main__":
    unittest.main()
