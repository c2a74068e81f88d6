"""State that this version did not write: it is left alone and named."""

import unittest

from gate_case import HEAD, GateCase, launch


class Foreign(GateCase):
    remote_kind = "path"

    def store(self, ref, content, name="claim.json"):
        """A parentless commit with that file, as plain git makes it."""
        blob = self.remote.git("hash-object", "-w", "--stdin", input=content,
                               encoding="utf-8", errors="surrogateescape").strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
        made = self.remote.git("commit-tree", tree, "-m", "claim").strip()
        self.remote.git("update-ref", ref, made)
        return made

    def claim_ref(self):
        (ref,) = self.remote.claims()
        return ref

    def records(self):
        """Texts in place of a claim, by what is wrong with them."""
        job, _ = self.gate()
        ref = self.claim_ref()
        text = self.remote.git("show", f"{ref}:claim.json")
        self.assertIn('"version": 2', text)
        yield job, ref, "newer", text.replace('"version": 2', '"version": 3'), "claim.json"
        yield job, ref, "newer without more", '{"version": 999}', "claim.json"
        for what, broken in (("empty", ""), ("half", text[:len(text) // 2]), ("a list", "[]"),
                             ("null", "null"), ("a wrong type", text.replace(
                                 '"generation": 1', '"generation": "one"')),
                             ("a negative number", text.replace('"generation": 1',
                                                                '"generation": -1')),
                             ("no version", text.replace('"version": 2', '"varsion": 1')),
                             ("an impossible time", text.replace('"claimed_at": "2',
                                                                 '"claimed_at": "x')),
                             ("not UTF-8", "\udcff\udcfe"), ("deep", "[" * 50000)):
            yield job, ref, what, broken, "claim.json"
        yield job, ref, "another file", text, "other.json"

    def test_gate_finish_and_gc_leave_it_alone_and_name_it(self):
        for job, ref, what, text, name in self.records():
            with self.subTest(record=what):
                self.store(ref, text, name)
                before = self.remote.refs()
                answer = self.job().call("gate")
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"),
                                 answer)
                self.assertIn(ref, answer.err, "the record is named")
                self.assertEqual(self.remote.refs(), before)
                for choice, skip in (("run", "false"), ("skip", "true")):
                    answer = self.job().call("gate", "--on-error", choice)
                    self.assertEqual((answer.status, answer.lines["SKIP_EXECUTION"], answer.code),
                                     (0, skip, "unreadable"), answer)
                forced = self.job().call("gate", "--force")
                self.assertEqual(forced.status, 3, forced)
                job.call("finish")
                self.person().call("gc")
                self.person().call("cleanup", "agent-review-push-" + HEAD[:8])
                self.assertEqual(self.remote.refs(), before)

    def test_one_record_that_is_not_understood_does_not_hide_the_others(self):
        self.gate("--share", "good")
        good = self.claim_ref()
        self.store(good.rsplit("/", 1)[0] + "/bad", '{"version": 9}')
        answer = self.person().call("status")
        self.assertIn("agent-review", answer.out, answer)
        self.assertIn("/bad", answer.out + answer.err)
        answer = self.person().call("status", "--json")
        self.assertTrue(answer.rows())
        job, _ = self.gate("--share", "other")
        self.done(job.call("finish"))
        self.assertEqual(len(self.remote.refs("refs/refgate/claims")), 3)

    def test_a_claim_that_is_no_commit_is_left_alone(self):
        self.gate()
        ref = self.claim_ref()
        blob = self.remote.git("hash-object", "-w", "--stdin", input="x").strip()
        self.remote.git("update-ref", ref, blob)
        answer = self.job().call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.assertEqual(self.remote.refs(), {ref: blob})

    def test_a_ref_in_the_way_is_named(self):
        """refs/refgate/claims/x and refs/refgate/claims/x/y cannot both be."""
        self.gate()
        ref = self.claim_ref()
        self.remote.git("update-ref", "-d", ref)
        self.store(ref.rsplit("/", 1)[0], "{}")
        before = self.remote.refs()
        answer = self.job().call("gate", "--deadline", "3s")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.assertEqual(self.remote.refs(), before)

    def test_foreign_notes_and_broken_lines_hide_nothing(self):
        job, _ = self.gate()
        self.done(job.call("finish"))
        before = self.log()
        day = before[0]["timestamp"][:10].replace("-", "")
        for number, text in enumerate(("not json", "{}", '{"version": 9, "kind": "launch"}', "[]",
                                       "\x01", '{"version": 1}')):
            self.store(f"refs/notes/refgate/{day}/{number:032x}", text, HEAD)
        self.assertEqual(self.log(), before)
        self.done(self.person().call("gc"))
        self.assertEqual(self.log(), before)
        kept = launch.git("-C", self.path, "grep", "-h", "not json",
                          *self.remote.refs("refs/notes")).stdout
        self.assertIn("not json", kept)


if __name__ == "__main__":
    unittest.main()
