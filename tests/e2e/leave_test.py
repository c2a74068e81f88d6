"""leave: what of refgate is at a remote, and its end."""

import unittest

import payloads
from gate_case import HEAD, GateCase


class Leave(GateCase):
    def fill(self):
        """One of each kind of ref that a session leaves, all of them ended."""
        job = self.job()
        self.assert_runs(job.call("gate", "--pause", "ask", "--group-by", "entity", "--budget", "workflow:5/1d", "--slots", "2", "--supersede"), "first")
        self.done(job.call_fed(b"x", "result", "save", "--title", "t"))
        self.done(job.call("finish", "--status", "success"))
        self.done(self.job("pull_request", payloads.pull_request(HEAD)).call("gate"))
        self.done(self.person().call("pause", "workflow:other", "--reason", "x"))

    def test_it_lists_and_deletes_nothing(self):
        self.fill()
        before = self.remote.all_refs()
        mine = [ref for ref in before if "refgate/" in ref]
        self.assertGreaterEqual({ref.split("/")[2] for ref in mine if ref.startswith("refs/refgate/")}, {"claims", "results", "queues", "slots"})
        for words in ((), ("--dry-run",), ("--yes", "--dry-run")):
            answer = self.done(self.person().call("leave", *words))
            self.assertEqual(answer.out.splitlines()[:-1], sorted(mine))
            self.assertIn(f"{len(mine)} refs at ", answer.out)
            self.assertIn("and 0 live sessions. Nothing was deleted.", answer.out)
        self.assertEqual(self.remote.all_refs(), before)

    def test_with_yes_nothing_is_left_and_nothing_else_is_touched(self):
        for ref in ("refs/other/refgate/claims/x", "refs/refgate-of-others/x", "refs/notes/commits"):
            self.remote.git("update-ref", ref, self.remote.git("hash-object", "-w", "/dev/null").strip())
        before = self.remote.all_refs()
        self.fill()
        answer = self.done(self.person().call("leave", "--yes"))
        self.assertRegex(answer.out, r"\ADeleted (\d+) refs of \1 at ")
        self.assertEqual(self.remote.all_refs(), before)
        again = self.done(self.person().call("leave", "--yes"))
        self.assertRegex(again.out, r"\ANothing of refgate is at .*, namespace refgate\.\n\Z")

    def test_what_is_live_is_not_left(self):
        job, _ = self.gate()
        before = self.remote.all_refs()
        listed = self.done(self.person().call("leave"))
        self.assertIn("and 1 live session.", listed.out)
        answer = self.person().call("leave", "--yes")
        self.assertEqual((answer.status, answer.out), (1, ""), answer)
        self.assertIn(f"is live: run {job.run}", answer.err)
        self.assertIn("nothing was deleted", answer.err)
        self.assertEqual(self.remote.all_refs(), before)
        self.done(self.person().call("pause", "--halt", "--reason", "we leave"))
        self.done(self.person().call("leave", "--yes"))
        self.assertFalse([ref for ref in self.remote.all_refs() if "refgate/" in ref])

    def test_what_is_not_understood_is_named_and_goes_with_the_rest(self):
        self.remote.git("update-ref", "refs/refgate/claims/strange", self.remote.git("hash-object", "-w", "/dev/null").strip())
        listed = self.done(self.person().call("leave"))
        self.assertRegex(listed.err, r"refs/refgate/claims/strange: .*; whether that is live is not known, and --yes deletes it too")
        answer = self.done(self.person().call("leave", "--yes"))
        self.assertRegex(answer.err, r"refs/refgate/claims/strange: .*; whether that is live is not known, and it is among what is to go")
        self.assertFalse(self.remote.claims())

    def test_another_namespace_is_another_life(self):
        self.done(self.job().call("gate", "--namespace", "other"))
        before = self.remote.all_refs()
        self.assertIn("Nothing of refgate is at", self.done(self.person().call("leave", "--yes")).out)
        self.assertEqual(self.remote.all_refs(), before)
        listed = self.done(self.person().call("leave", "--namespace", "other"))
        self.assertIn("1 live session", listed.out)
        # What is suggested asks the same place.
        self.assertTrue(listed.out.endswith("refgate leave --yes --namespace other\n"), listed.out)
        refused = self.person().call("leave", "--yes", "--namespace", "other")
        self.assertIn("refgate pause --halt --reason 'we leave' --namespace other\n", refused.err)

    def test_what_the_server_refuses_is_named(self):
        self.fill()
        reader = self.person(remote=self.remote_of("read-only"))
        self.done(reader.call("leave"))
        answer = reader.call("leave", "--yes")
        self.assertEqual(answer.status, 3, answer)
        hook = self.path / "hooks" / "update"
        hook.write_text('#!/bin/sh\ncase "$1" in refs/refgate/results/*) echo "kept by a rule" >&2; exit 1 ;; esac\n', encoding="utf-8")
        hook.chmod(0o755)
        answer = self.person().call("leave", "--yes")
        self.assertEqual(answer.status, 3, answer)
        self.assertRegex(answer.err, r"refs/refgate/results/\S+ was not deleted: ")
        self.assertEqual([ref.split("/")[2] for ref in self.remote.all_refs() if "refgate/" in ref], ["results"])


if __name__ == "__main__":
    unittest.main()
