"""What gc bounds, what it says of what it could not do, and that a dry run writes nothing."""

import datetime
import json
import unittest

from gate_case import GateCase, launch


class GcCase(GateCase):
    def hook(self, name, text):
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def gc(self, *words, status=0, **environment):
        answer = self.person().call("gc", *words, **environment)
        self.assertEqual(answer.status, status, answer)
        return answer

    def plant(self, ref, files):
        tree = ""
        for name, text in files.items():
            blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
            tree += f"100644 blob {blob}\t{name}\n"
        commit = self.remote.git("commit-tree", "-m", "x",
                                 self.remote.git("mktree", input=tree).strip()).strip()
        self.remote.git("update-ref", ref, commit)

    def worked(self):
        job, answer = self.gate()
        self.done(job.call("finish"))
        self.gate()
        return answer


class Refusals(GcCase):
    def test_lines_that_cannot_be_written_are_named_and_counted(self):
        self.hook("update", 'case $1 in refs/notes/*) exit 1 ;; esac\n')
        self.worked()
        answer = self.gc("--deadline", "60s", status=3)
        self.assertIn("could not be written", answer.err)
        self.assertIn("not published", answer.err)
        self.assertIn("Published 0 lines", answer.out)
        (self.path / "hooks" / "update").unlink()
        self.assertNotIn("Published 0", self.gc().out)

    def test_refs_that_cannot_be_deleted_are_named_and_not_counted_as_folded(self):
        self.worked()
        self.hook("update", f'[ "$3" != {"0" * 40} ]\n')
        answer = self.gc("--deadline", "60s", status=3)
        self.assertIn("could not be deleted", answer.err)
        self.assertIn("folded 0 notes", answer.out)


class DryRuns(GcCase):
    remote_kind = "path"

    def test_nothing_is_written_however_it_is_asked_for(self):
        self.worked()
        before = self.remote.all_refs()
        for words, environment in ((("--dry-run",), {}), ((), {"REFGATE_DRY_RUN": "true"}),
                                   ((), {"REFGATE_DRY_RUN": "1"}), ((), {"REFGATE_DRY_RUN": "TRUE"}), ((), {"REFGATE_DRY_RUN": "Yes"}),
                                   (("--dry-run",), {"REFGATE_DRY_RUN": "false"})):
            answer = self.gc(*words, **environment)
            self.assertIn("Would publish", answer.out)
            self.assertNotIn("fold 0 notes", answer.out)
            self.assertEqual(answer.err, "")
            self.assertEqual(self.remote.all_refs(), before)
        self.gc(status=2, REFGATE_DRY_RUN="perhaps")
        self.assertEqual(self.remote.all_refs(), before)
        self.assertIn("Published", self.gc(REFGATE_DRY_RUN="false").out)


class Bounds(GcCase):
    remote_kind = "path"

    def day(self, days_ago, name, lines):
        """A day of the record, so many days ago, in a ref of that name."""
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days_ago)
        text = "".join(json.dumps({
            "version": 1, "id": f"{days_ago:08d}{number:024d}", "kind": "skip",
            "timestamp": at.strftime("%Y-%m-%dT00:00:00.000Z"), "session_key": "k",
            "event_type": "push", "workflow": "w", "run_id": str(number), "commit_sha": "",
            "executed": False, "job_status": "skipped", "reason_code": "active_session",
            "digest": "none"}) + "\n" for number in range(lines))
        ref = f"refs/notes/refgate/{at:%Y%m%d}/{name}"
        self.plant(ref, {"1" * 40: text})
        return ref

    def test_days_older_than_a_year_are_dropped_and_younger_ones_kept(self):
        old = [self.day(400, "all", 5), self.day(400, "0" * 32, 1), self.day(3000, "all", 2)]
        young = self.day(360, "all", 3)
        before = self.remote.all_refs()
        self.assertIn("would drop 8 lines of 2 days", self.gc("--dry-run").out)
        self.assertEqual(self.remote.all_refs(), before)
        self.assertIn("dropped 8 lines of 2 days", self.gc().out)
        self.assertEqual(set(self.remote.all_refs()), {young})
        self.assertNotIn("dropped", self.gc("--keep", "370d").out)
        self.assertIn("dropped 3 lines of 1 day", self.gc("--keep", "30d").out)
        self.assertEqual(self.remote.all_refs(), {})
        self.assertFalse(set(old) & set(self.remote.all_refs()))

    def test_a_day_with_lines_of_others_is_left_alone(self):
        ref = self.day(400, "all", 2)
        self.plant(ref, {"1" * 40: "a note that somebody wrote\n"})
        self.assertIn("not refgate's", self.gc().err)
        self.assertEqual(set(self.remote.all_refs()), {ref})

    def test_a_span_that_cannot_be_meant_is_wrong_usage(self):
        self.day(400, "all", 1)
        for span in ("0", "1h", "soon", ""):
            self.gc("--keep", span, status=2)
        self.assertEqual(len(self.remote.all_refs()), 1)
        self.assertIn("dropped", self.gc("--keep", "1y").out)


class Doors(GcCase):
    remote_kind = "path"

    def test_the_first_door_goes_when_no_other_is_left(self):
        self.gate("--memory", "1s", "--lease", "1s", "--skew", "0s", "--pr-lock-window", "1s")
        (first,) = self.remote.claims()
        self.await_lost()
        claim = json.loads(self.remote.git("show", f"{first}:claim.json"))
        for door in (",@for=7-main", ",@job=0a1b"):
            with self.subTest(door=door):
                self.plant(first, {"claim.json": json.dumps(claim)})
                self.plant(first + door, {"claim.json": json.dumps(claim)})
                self.plant(first + "x", {"claim.json": json.dumps(claim)})
                self.expired(first)
                self.gc()
                self.assertEqual(set(self.remote.claims()), {first})
                self.gc()
                self.assertEqual(self.remote.claims(), {})

    def test_a_claim_that_tells_that_lines_are_missing_stays_as_long_as_they_would_have(self):
        self.gate("--memory", "1s", "--lease", "1s", "--skew", "0s", "--pr-lock-window", "1s")
        (ref,) = self.remote.claims()
        self.await_lost()
        claim = json.loads(self.remote.git("show", f"{ref}:claim.json"))
        self.plant(ref, {"claim.json": json.dumps(claim | {"left_out": 45})})
        for name in ("claimed_at", "renewed_at", "lease_until"):
            claim[name] = claim[name].replace("2026", "2024")
        self.plant(ref + "x", {"claim.json": json.dumps(claim | {"left_out": 7, "outbox": []})})
        told = self.gc()
        self.assertIn(f"{ref}: 45 older lines of this work are in no record", told.err)
        self.assertIn(f"{ref}x: 7 older lines of this work are in no record", told.err)
        self.assertEqual(set(self.remote.claims()), {ref})

    def expired(self, ref):
        """Awaits that the claim's memory is over: a dry run would forget it."""
        for _ in range(200):
            if "forget 0 expired" not in self.gc("--dry-run").out:
                return
        self.fail(f"{ref} does not expire")


class Requests(GcCase):
    def test_one_look_where_nothing_is_to_be_done(self):
        self.worked()
        self.gc()
        launch.reset(self.server("http"))
        self.gc()
        asked = launch.requests(self.server("http"))
        self.assertLessEqual(len(asked), 5, asked)
        self.assertFalse([line for line in asked if "receive-pack" in line], asked)


if __name__ == "__main__":
    unittest.main()
