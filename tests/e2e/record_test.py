"""The record: what plain git shows, what gc does with it, and what nobody may break."""

import json
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that, in_parallel, launch

FETCH = "refs/notes/refgate/*:refs/notes/refgate/*"


class RecordCase(GateCase):
    commits = 4

    def setUp(self):
        super().setUp()
        self.heads = self.remote.git("rev-list", "main").split()
        self.clone = self.folder / "clone"
        launch.git("clone", "-q", self.path, self.clone, check=True)

    def in_clone(self, *words):
        done = launch.git("-C", self.clone, *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def worked(self, count=3, status="success"):
        """So many sessions, each with one duplicate."""
        for head in self.heads[:count]:
            job, _ = self.gate(payload=payloads.push(head))
            self.assert_skips(self.job("push", payloads.push(head)).call("gate"), "active_session")
            self.done(job.call("finish", "--status", status))
        return 3 * count

    def ids(self):
        return sorted(line["id"] for line in self.log())


class PlainGit(RecordCase):
    def test_git_log_shows_the_lines_before_and_after_gc(self):
        self.worked()
        for _ in range(2):
            self.in_clone("fetch", "-q", "origin", f"+{FETCH}", "--prune")
            shown = self.in_clone("log", "--notes=refgate/*", "--format=%H%n%N")
            lines = [json.loads(line) for line in shown.splitlines() if line.startswith("{")]
            self.assertEqual(sorted(line["id"] for line in lines), self.ids())
            kinds = [line["kind"] for line in lines]
            self.assertEqual([kinds.count(kind) for kind in ("launch", "skip", "end")], [3, 3, 3])
            self.done(self.person().call("gc"))
        self.assertEqual(len(self.remote.refs("refs/notes")), 1)

    def test_a_lines_fields_are_the_originals(self):
        self.worked(1)
        for line in self.log():
            executed = line["kind"] != "skip"
            self.assertEqual(line["commit_sha"], self.heads[0])
            self.assertEqual((line["event_type"], line["workflow"], line["executed"]),
                             ("push", "Agent Review", executed))
            self.assertEqual(line["duplicate_prevented"], not executed)
            self.assertEqual(set(line["retry_suppression"]),
                             {"enabled", "status", "early_gating", "cost_optimization"})
            self.assertEqual(line["session_management"], {
                "early_exit": not executed, "single_launch_enforced": True,
                "premium_session_saved": not executed})
            self.assertRegex(line["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")

    def test_the_notes_lie_by_day(self):
        self.worked(1)
        day = self.log()[0]["timestamp"][:10].replace("-", "")
        for ref in self.remote.refs("refs/notes"):
            self.assertTrue(ref.startswith(f"refs/notes/refgate/{day}/"), ref)

    def test_notes_written_by_plain_git_are_kept(self):
        self.worked(1)
        self.done(self.person().call("gc"))
        (ref,) = self.remote.refs("refs/notes")
        self.in_clone("fetch", "-q", "origin", f"+{FETCH}")
        self.in_clone("notes", f"--ref={ref}", "append", "-m", "somebody's remark", self.heads[0])
        self.in_clone("notes", f"--ref={ref}", "add", "-m", "on another commit", self.heads[3])
        self.in_clone("notes", "--ref=refs/notes/refgate/remarks", "add", "-m", "by hand", "HEAD")
        self.in_clone("push", "-q", "origin", FETCH)
        before = self.ids()
        self.assertEqual(len(before), 3)
        job, _ = self.gate(payload=payloads.push(self.heads[1]))
        self.done(job.call("finish"))
        self.done(self.person().call("gc"))
        self.assertEqual(len(self.ids()), 5)
        self.in_clone("fetch", "-q", "origin", f"+{FETCH}", "--prune")
        shown = self.in_clone("log", "--notes=refgate/*", "--format=%N")
        for text in ("somebody's remark", "on another commit", "by hand"):
            self.assertEqual(shown.count(text), 1, shown)
        self.assertEqual(self.in_clone("notes", f"--ref={ref}", "list").count("\n"), 3)

    def test_the_repository_stays_sound(self):
        self.worked()
        self.done(self.person().call("gc"))
        self.remote.git("fsck", "--strict", "--no-dangling")
        self.remote.git("gc", "--prune=now", "-q")
        self.assertEqual(len(self.ids()), 9)

    def test_what_has_no_commit_is_shown_by_the_tool(self):
        person = self.person()
        self.done(person.call("audit", "k", "push", "w", "1", "test123", "true", "success"))
        self.done(person.call("gc"))
        (line,) = self.log("--key", "test123")
        self.assertEqual(line["commit_sha"], "test123")


class Collecting(RecordCase):
    def test_gc_folds_and_a_second_gc_has_nothing_to_do(self):
        self.worked()
        before = self.ids()
        self.done(self.person().call("gc"))
        refs = self.remote.all_refs()
        self.assertEqual(len(self.remote.refs("refs/notes")), 1)
        self.assertEqual(self.ids(), before)
        self.done(self.person().call("gc"))
        self.assertEqual(self.remote.all_refs(), refs)

    def test_a_dry_run_changes_nothing(self):
        self.worked(1)
        refs = self.remote.all_refs()
        self.assertTrue(self.done(self.person().call("gc", "--dry-run")).out)
        self.assertEqual(self.remote.all_refs(), refs)

    def test_gcs_at_once_and_writers_among_them_lose_and_double_nothing(self):
        self.worked()
        jobs = [self.job("push", payloads.push(payloads.commit(f"w{number}")))
                for number in range(6)]
        words = ("--deadline", "120s")
        calls = [self.person().start("gc", *words) for _ in range(4)]
        calls += [job.start("gate", *words) for job in jobs]
        for answer in in_parallel([call.wait for call in calls]):
            self.assertEqual(answer.status, 0, answer)
        calls = [self.person().start("gc", *words) for _ in range(4)]
        calls += [job.start("finish", *words) for job in jobs]
        for answer in in_parallel([call.wait for call in calls]):
            self.assertEqual(answer.status, 0, answer)
        self.done(self.person().call("gc"))
        ids = self.ids()
        self.assertEqual((len(ids), len(set(ids))), (9 + 12, 9 + 12))
        self.assertEqual(sorted(line["id"] for line in self.remote.notes()), ids)

    def test_a_gc_that_is_killed_at_any_request_loses_nothing(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            self.worked()
            before = self.ids()
            for number in range(1, 30):
                launch.set_plan(proxy, {"nth": number, "fault": "silent"})
                launch.reset(proxy)
                call = self.person(remote=remote).start("gc")
                await_that(lambda: len(launch.requests(proxy)) >= number or
                           call.process.poll() is not None)
                status = call.kill().status
                self.assertEqual(self.ids(), before, f"killed at request {number}")
                stored = [line["id"] for line in self.remote.notes()]
                self.assertEqual(sorted(set(stored)), before)
                if status == 0:
                    break
            self.assertGreater(number, 2)
        self.done(self.person().call("gc"))
        self.assertEqual(self.ids(), before)

    def test_gc_completes_what_a_killed_holder_left(self):
        job, gate = self.gate(payload=payloads.push(self.heads[0]))
        self.remote.git("update-ref", "--stdin", input="".join(
            f"delete {ref}\n" for ref in self.remote.refs("refs/notes")))
        self.assertEqual([line["claim_id"] for line in self.log()], [gate.claim_id])
        self.done(self.person().call("gc"))
        self.assertEqual([line["claim_id"] for line in self.remote.notes()], [gate.claim_id])
        self.done(job.call("finish"))
        self.assertEqual(len(self.ids()), 2)

    def test_gc_leaves_live_claims_alone(self):
        live = self.gate(payload=payloads.push(self.heads[3]))[1]
        self.worked()
        self.done(self.person().call("gc"))
        self.assertIn(live.claim_id, [claim["claim_id"] for claim in self.remote.claims().values()])


class Reading(RecordCase):
    def test_log_by_time_and_key(self):
        self.worked()
        job = self.kinds("launch")[0]["run_id"]
        self.assertEqual(len(self.log("--since", "1d")), 9)
        self.assertEqual(self.log("--until", "2020-01-01"), [])
        self.assertEqual(len(self.log("--sha", self.heads[1])), 3)
        self.assertEqual(len(self.log("--key", self.heads[1])), 3)
        self.assertTrue(all(job in (line["run_id"], line.get("holder_run_id"))
                            for line in self.log("--key", job)))
        self.assertTrue(self.log("--key", job))
        for words in (("--since", "soon"), ("--until", "2020-13-45")):
            self.assertEqual(self.person().call("log", *words).status, 2)

    def test_log_is_in_the_order_of_time(self):
        self.worked()
        times = [line["timestamp"] for line in self.log()]
        self.assertEqual(times, sorted(times))

    def test_show_tells_the_story_of_a_session_a_run_and_a_commit(self):
        job, gate = self.gate(payload=payloads.push(self.heads[0]))
        self.job("push", payloads.push(self.heads[0])).call("gate")
        (ref,) = self.remote.claims()
        for target in (gate.claim_id, gate.lines["SESSION_KEY"], job.run, ref, self.heads[0],
                       self.heads[0][:8]):
            with self.subTest(target=target):
                story = self.done(self.person().call("show", target, "--json")).json()
                self.assertEqual([claim["claim_id"] for claim in story["claims"]], [gate.claim_id])
                self.assertIn("launch", [line["kind"] for line in story["entries"]])
                self.assertIn(job.run, self.done(self.person().call("show", target)).out)

    def test_status_shows_the_live_and_with_all_the_ended(self):
        self.worked(1)
        _, live = self.gate(payload=payloads.push(self.heads[1]))
        rows = self.person().call("status", "--json").rows()
        self.assertEqual([row["claim_id"] for row in rows], [live.claim_id])
        self.assertEqual(len(self.person().call("status", "--all", "--json").rows()), 2)

    def test_lost_work_is_named_and_the_status_is_1(self):
        answer = self.person().call("status", "--lost")
        self.assertEqual(answer.status, 0, answer)
        _, gate = self.take_lost_claim()
        answer = self.person().call("status", "--lost", "--json")
        self.assertEqual(answer.status, 1, answer)
        self.assertEqual([row["claim_id"] for row in answer.rows()], [gate.claim_id])
        taker = self.job()
        self.assert_runs(taker.call("gate"), "takeover")
        self.assertEqual(self.person().call("status", "--lost").status, 0)


class Release(RecordCase):
    def test_it_frees_the_session_with_a_reason(self):
        job, gate = self.gate()
        (ref,) = self.remote.claims()
        person = self.person()
        self.done(person.call("release", ref, "--reason", "the runner was unplugged"))
        (line,) = self.kinds("release")
        self.assertIn("the runner was unplugged", json.dumps(line))
        self.assertEqual(line["claim_id"], gate.claim_id)
        again = self.job(run=job.run, attempt=2).call("gate")
        self.assert_runs(again, "takeover")
        self.assertEqual(again.generation, 2)

    def test_by_claim_id_session_key_and_run(self):
        for target in ("claim id", "session key", "run"):
            with self.subTest(target=target):
                self.setUp()
                job, gate = self.gate()
                name = {"claim id": gate.claim_id, "session key": gate.lines["SESSION_KEY"],
                        "run": job.run}[target]
                self.done(self.person().call("release", name, "--reason", "x"))
                self.assert_runs(self.job().call("gate"), "takeover")

    def test_an_ambiguous_target_releases_nothing(self):
        _, gate = self.gate("--share", "one")
        self.gate("--share", "two")
        answer = self.person().call("release", gate.lines["SESSION_KEY"], "--reason", "x")
        self.assertIn(answer.status, (1, 2), answer)
        self.assertTrue(answer.err)
        self.assertEqual({claim["state"] for claim in self.remote.claims().values()}, {"active"})

    def test_what_has_ended_is_freed_of_what_is_remembered(self):
        job, gate = self.gate()
        self.done(job.call("finish"))
        self.done(self.person().call("release", gate.claim_id, "--reason", "x"))
        self.assert_runs(self.job().call("gate"), "takeover")


class Doctor(GateCase):
    def states(self, person):
        answer = person.call("doctor", "--json", "--deadline", "2m")
        return answer, {row["check"]: row for row in answer.rows()}

    def test_all_is_well(self):
        for kind in ("http", "https", "ssh", "path"):
            with self.subTest(kind=kind):
                answer, rows = self.states(self.person(remote=self.remote_of(kind)))
                self.assertEqual(answer.status, 0, answer)
                self.assertEqual({row["state"] for row in rows.values()}, {"ok"}, answer)
                self.assertEqual(self.remote.all_refs(), {}, "doctor leaves nothing behind")

    def test_what_is_wrong_is_named_and_the_status_says_it(self):
        missing = self.remote.by(self.remote.url.replace("app-", "none-"))
        wrong = self.remote.by(self.remote.url, REFGATE_TOKEN="ghs_wrong")
        for remote, text in ((missing, "404"), (wrong, "401"),
                             (self.remote_of("read-only"), "contents: write")):
            with self.subTest(text=text):
                answer, rows = self.states(self.person(remote=remote))
                self.assertIn(answer.status, (1, 3), answer)
                self.assertIn(text, answer.out)
                self.assertTrue([row for row in rows.values() if row["state"] != "ok"])
                self.assertTrue([row for row in rows.values() if row["hint"]])


if __name__ == "__main__":
    unittest.main()
