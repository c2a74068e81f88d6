"""What a command may not move: a push that comes too late opens nothing, and no ref outside of the
namespace is touched, whatever the job's own files say."""

import json
import unittest

from network_test import WRITES, FaultCase
from gate_case import GateCase, await_that


class Fence(FaultCase):
    def kill_a_gate_whose_push_is_on_its_way(self, seconds=2):
        self.plan({**WRITES, "fault": "delay", "count": 1, "seconds": seconds, "announce": True})
        job = self.job()
        call = job.start("gate")
        await_that(lambda: any("delay-begins" in line for line in self.asked()), what="the push")
        self.assertEqual(call.kill().outputs["skip_execution"], "true")
        return job

    def late_push_arrives(self):
        await_that(lambda: any(line.endswith(" delay") for line in self.asked()), what="the late push")

    def test_a_first_claim_that_comes_too_late_is_stale(self):
        job = self.kill_a_gate_whose_push_is_on_its_way()
        self.assertIn("Session ended", self.done(job.call("finish", "--status", "failure")).out)
        self.assertFalse(any(line.endswith(" delay") for line in self.asked()), "the push came too early to prove anything")
        self.late_push_arrives()
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"]), ("ended", "released"))
        self.assert_runs(self.job().call("gate"), "takeover")
        self.assertEqual([line["run_id"] for line in self.kinds("launch")].count(job.run), 0)

    def test_a_takeover_that_comes_too_late_is_stale(self):
        first, _ = self.gate()
        self.done(first.call("finish", "--status", "cancelled"))
        job = self.kill_a_gate_whose_push_is_on_its_way()
        self.done(job.call("finish"))
        self.late_push_arrives()
        self.assertEqual(self.only_claim()["state"], "ended")
        self.assertEqual([line["run_id"] for line in self.kinds("launch")], [first.run])

    def test_a_push_that_had_arrived_is_given_back_since_nobody_was_told(self):
        job = self.kill_a_gate_whose_push_is_on_its_way(seconds=0)
        self.late_push_arrives()
        self.done(job.call("finish", "--status", "failure"))
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"], claim["holder"]["run_id"]), ("ended", "abandoned", job.run))
        self.assert_runs(self.job(remote=self.direct).call("gate"), "first")

    def test_somebody_who_won_meanwhile_is_left_alone(self):
        job = self.kill_a_gate_whose_push_is_on_its_way()
        winner = self.job(remote=self.direct)
        self.assert_runs(winner.call("gate"), "first")
        before = self.remote.all_refs()
        self.assertIn("Nothing was changed", self.done(job.call("finish")).out)
        self.late_push_arrives()
        self.assertEqual(self.remote.all_refs(), before)


class Names(GateCase):
    """A step between the gate and what follows rewrites the job's note."""

    commits = 1
    NAMES = ("refs/heads/main", "refs/heads/new", "refs/tags/v1", "refs/notes/commits",
             "refs/refgatex/claims/a", "refs/refgate", "HEAD", "main", "", "refs/heads/../x",
             "refs/refgate/claims/../../heads/main", "refs/refgate/a.lock", "refs/refgate/a b",
             "refs/refgate/a\nb", "refs/refgate/a:refs/heads/main")

    def edit_notes(self, job, **fields):
        edited = 0
        for path in (job.folder / "temp").rglob("*.json"):
            record = json.loads(path.read_text(encoding="utf-8"))
            if "ref" in record:
                path.write_text(json.dumps({**record, **fields}), encoding="utf-8")
                edited += 1
        self.assertGreater(edited, 0)

    def outside(self):
        return {ref: value for ref, value in self.remote.all_refs().items()
                if not ref.startswith(("refs/refgate/", "refs/notes/refgate/"))}

    def assert_untouched(self, commands, **fields):
        before = self.outside()
        for words in commands:
            with self.subTest(command=words[0], **fields):
                job, _ = self.gate("--share", f"s{next(self.jobs)}")
                self.edit_notes(job, **fields)
                answer = job.call(*words)
                self.assertIn(answer.status, (0, 1, 2, 3), answer)
                self.assertNotIn("internal", answer.err)
                self.assertEqual(self.outside(), before, answer)

    def test_no_command_moves_what_the_note_names(self):
        main = self.remote.refs("refs/heads")["refs/heads/main"]
        (self.folder / "result.txt").write_text("done\n", encoding="utf-8")
        commands = (("finish", "--status", "success"), ("heartbeat",),
                    ("result", "save", self.folder / "result.txt"))
        for name in self.NAMES:
            self.assert_untouched(commands, ref=name, object=main)
            self.assert_untouched(commands[:1], ref=name, object=main, namespace="heads")

    def test_a_value_that_is_no_object_is_no_internal_error(self):
        for value in ("abc", "refs/heads/main", "0" * 40, "HEAD^"):
            self.assert_untouched((("finish",), ("heartbeat",)), object=value)
            self.assert_untouched((("finish",),), object="", expected=value, phase="asked")

    def test_a_namespace_of_gits_own_is_refused(self):
        for name in ("heads", "tags", "notes", "a b", "../x"):
            answer = self.job().call("gate", "--namespace", name)
            self.assertIn(answer.status, (2, 3), answer)
            self.assertEqual(answer.outputs["skip_execution"], "true")
            self.assertIn("namespace", answer.err)
        self.assertEqual(list(self.remote.all_refs()), ["refs/heads/main"])


if __name__ == "__main__":
    unittest.main()
