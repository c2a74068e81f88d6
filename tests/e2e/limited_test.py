"""finish --status limited: not again before its time, whoever asks; then the first one, and nobody forgets it."""

import datetime
import json
import pathlib
import re
import socket
import subprocess
import textwrap
import unittest

import heartbeat_end_test
import payloads
from gate_case import HEAD, GateCase, apart, await_that, in_parallel, instant, launch
from requests_test import kinds
from session_test import RunCase

STRICT = ("--retry", "suppress", "--max-attempts", "1")


class LimitedCase(GateCase):
    def limited(self, *words, gate=(), **options):
        """A job whose session has ended as limited."""
        job, answer = self.gate(*gate, **options)
        job.claim_id = answer.claim_id
        self.said = self.done(job.call("finish", "--status", "limited", *words))
        return job

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values() if claim["claim_id"] == job.claim_id]
        return claim

    def due(self):
        return self.person().call("status", "--due", "--json")

    def await_due(self):
        await_that(lambda: self.due().status == 1, what="the limit's end")


class Limited(LimitedCase):
    def test_before_its_time_nobody_and_after_it_exactly_one(self):
        job = self.limited("--after", "6s", gate=STRICT)
        claim = self.only_claim()
        self.assertEqual((claim["state"], claim["outcome"], claim["attempts"]), ("ended", "limited", 0))
        span = (instant(claim["until"]) - instant(claim["ended_at"])).total_seconds()
        self.assertTrue(0 < span <= 6, claim)
        self.assertIn(f"limited until {claim['until'][:19]}Z", self.said.out)
        self.assertIn("::warning title=refgate%3A come back later::", self.said.out)
        # Those that come before: another run, its twin, and a person's re-run.
        for other, words in ((self.job(), STRICT),
                             (self.job("pull_request", payloads.pull_request(HEAD)), STRICT),
                             (self.job(run=job.run, attempt=2, triggering="bea"), ("--retry", "manual"))):
            answer = other.call("gate", *words)
            self.assert_skips(answer, "limited")
            # In whole seconds, and never too early.
            early = instant(answer.outputs["until"]) - instant(claim["until"])
            self.assertTrue(datetime.timedelta() <= early < datetime.timedelta(seconds=1), answer)
            self.assertIn("::warning title=refgate%3A skipped (limited)::", answer.out)
            self.assertEqual((answer.lines["HOLDER_OUTCOME"], answer.lines["CLAIM_ID"]), ("limited", ""))
        self.assertEqual(self.due().status, 0)
        self.await_due()
        jobs = [self.job() for _ in range(5)] + [self.job(run=job.run, attempt=2)]
        told = in_parallel([lambda each=each: each.call("gate", *STRICT) for each in jobs])
        runs = [answer for answer in told if answer.runs]
        self.assertEqual([(answer.code, answer.generation) for answer in runs], [("takeover", 2)])
        self.assertEqual({answer.code for answer in told if not answer.runs}, {"active_session"})
        self.assertEqual(self.only_claim()["attempts"], 1)
        self.assertEqual(self.due().status, 0)
        self.done(jobs[told.index(runs[0])].call("finish", "--status", "success"))
        self.assert_skips(self.job().call("gate", *STRICT), "already_done")

    def test_status_due_names_it_until_it_is_taken_up(self):
        job = self.limited("--after", "4s")
        skipped = self.job()
        self.assert_skips(skipped.call("gate"), "limited")
        before = self.due()
        self.assertEqual((before.status, before.json()["due"], before.json()["later"]), (0, [], 1))
        self.assertLess(apart(before.json()["next"], self.only_claim()["until"]), 2)
        self.assertIn("Later: 1, the next after ", self.done(self.person().call("status", "--due")).out)
        self.assertNotIn("limited", self.person().call("status", "--lost").out)
        self.await_due()
        (due,) = self.due().json()["due"]
        self.assertEqual((due["holder"]["run_id"], due["status"], [skip["run_id"] for skip in due["skipped"]]),
                         (job.run, "limited", [skipped.run]))
        told = self.person().call("status", "--due")
        self.assertEqual(told.status, 1)
        self.assertEqual(self.job().call("status", "--due").outputs["due_runs"], job.run)
        for word in (job.run, skipped.run, job.claim_id):
            self.assertIn(word, told.out)
        self.assertIn("\nrefgate_limited_due 1\n", self.person().call("metrics").out)
        page = self.person().call("report", "--html", "-").out
        (data,) = re.findall(r'"due":(\[.*?\])', page)
        self.assertEqual(json.loads(data)[0]["run"], job.run)
        self.assertEqual(self.job().call("explain", "--json").json()["decision"]["reason_code"], "takeover")
        taker, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.assertEqual(self.due().status, 0)
        self.assertIn("\nrefgate_limited_due 0\n", self.person().call("metrics").out)
        # Whatever comes of it.
        self.done(taker.call("finish", "--status", "failure"))
        self.assertEqual(self.due().status, 0)

    def test_the_record_tells_it_apart_from_duplicates_and_failures(self):
        self.limited("--after", "1h")
        claim = self.only_claim()
        job = self.job()
        self.assert_skips(job.call("gate"), "limited")
        (end,) = self.kinds("end")
        self.assertEqual((end["job_status"], end["until"]), ("limited", claim["until"]))
        (skip,) = self.kinds("skip")
        self.assertEqual(skip["reason_code"], "limited")
        self.assertLess(apart(skip["until"], claim["until"]), 60)
        total = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((total["prevented"], total["held_back_by_reason"], total["closed"]),
                         (0, {"limited": 1}, {"limited": 1}))
        metrics = self.person().call("metrics").out
        self.assertIn('="limited"} 1\n', metrics)
        explained = self.job().call("explain", "--json").json()
        self.assertEqual((explained["decision"]["reason_code"], explained["state"]["status"]), ("limited", "limited"))
        self.assertLess(apart(explained["decision"]["until"], claim["until"]), 60)
        self.assertIn("limited until", self.done(self.person().call("show", end["run_id"])).out)
        self.assertEqual(self.person().call("verify").status, 0)

    def test_it_is_told_by_span_or_by_time_and_an_hour_is_usual(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        minute = datetime.timedelta(minutes=1)
        later = now + datetime.timedelta(hours=5)
        rows = ((), datetime.timedelta(hours=1)), (("--after", "90m"), datetime.timedelta(minutes=90)), \
            (("--after", "30d"), datetime.timedelta(days=30)), \
            (("--until", later.strftime("%Y-%m-%dT%H:%M:%SZ")), later - now), \
            (("--until", later.astimezone(datetime.timezone(datetime.timedelta(hours=2))).isoformat("T", "seconds")), later - now), \
            (("--until", str(int(later.timestamp()))), later - now), \
            (("--until", "2020-01-01T00:00:00Z"), datetime.timedelta()), \
            (("--after", ""), datetime.timedelta(hours=1))
        for number, (words, span) in enumerate(rows):
            with self.subTest(words):
                job = self.limited(*words, payload=payloads.push(payloads.commit(f"span {number}")))
                self.assertLess(abs(instant(self.claim_of(job)["until"]) - now - span), 2 * minute)
        # The past means now.
        self.assertEqual(self.due().status, 1)
        # The variables of the step say it as well, and options win.
        for words, environment, hours in (((), {"REFGATE_AFTER": "3h"}, 3), (("--after", "2h"), {"REFGATE_UNTIL": "0"}, 2)):
            job, answer = self.gate(payload=payloads.push(payloads.commit(repr(environment))))
            job.claim_id = answer.claim_id
            self.done(job.call("finish", "--status", "limited", *words, **environment))
            claim = self.claim_of(job)
            self.assertLess(abs(instant(claim["until"]) - now - datetime.timedelta(hours=hours)), 2 * minute)

    def test_what_contradicts_itself_or_is_no_time_ends_it_for_the_usual_hour(self):
        for words in (("--after", "1h", "--until", "2030-01-01T00:00:00Z"), ("--after", "31d"), ("--after", "soon"), ("--after", "3600"),
                      ("--after", "-5m"), ("--until", "tomorrow"), ("--until", "2100-01-01T00:00:00Z"), ("--until", "1795312800000")):
            with self.subTest(words):
                job, answer = self.gate(payload=payloads.push(payloads.commit(repr(words))))
                job.claim_id = answer.claim_id
                said = job.call("finish", "--status", "limited", *words)
                self.assertEqual(said.status, 2, said)
                self.assertIn("it is left out", said.err)
                self.assertEqual(said.err.count("::error "), 1, said)
                claim = self.claim_of(job)
                span = instant(claim["until"]) - instant(claim["ended_at"])
                self.assertEqual((claim["state"], claim["outcome"]), ("ended", "limited"))
                self.assertLess(abs(span - datetime.timedelta(hours=1)), datetime.timedelta(minutes=1))

    def test_beside_another_status_it_says_nothing(self):
        # A workflow gives them whatever came of its work.
        for words in (("--until", "tomorrow"), ("--after", "1h", "--until", "0")):
            job, answer = self.gate(payload=payloads.push(payloads.commit(repr(words))))
            job.claim_id = answer.claim_id
            self.done(job.call("finish", "--status", "success", *words))
            claim = self.claim_of(job)
            self.assertEqual((claim["outcome"], claim.get("until")), ("success", None))

    def test_force_passes_and_a_person_frees_it(self):
        for number, way in enumerate(("force", "release")):
            payload = payloads.push(payloads.commit(way))
            job = self.limited("--after", "20d", payload=payload)
            if way == "release":
                self.done(self.person().call("release", job.run, "--reason", "the limit was lifted"))
            answer = self.job(payload=payload).call("gate", *(("--force",) if way == "force" else ()))
            self.assert_runs(answer, "forced" if way == "force" else "takeover")
            self.assertEqual(answer.generation, 2, number)

    def test_who_stands_by_is_told_when_the_holder_is_sent_away(self):
        job, _ = self.gate()
        waiter = self.job()
        waiting = waiter.start("gate", "--wait", "1m")
        self.done(job.call("finish", "--status", "limited", "--after", "1h"))
        answer = waiting.wait()
        self.assert_skips(answer, "limited")

    def test_an_end_is_one_post_and_gc_keeps_what_is_due(self):
        server = self.server("http")
        job, _ = self.gate()
        launch.reset(server)
        self.done(job.call("finish", "--status", "limited", "--after", "0"))
        self.assertEqual(kinds(launch.requests(server)), "P")
        self.done(self.person().call("gc"))
        self.assertEqual(self.due().status, 1)
        self.assert_runs(self.gate()[1], "takeover")

    def test_a_launch_that_is_given_back_leaves_it_due(self):
        self.limited("--after", "0")
        job, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.done(job.call("finish", "--status", "skipped"))
        self.assertEqual(self.only_claim()["outcome"], "limited")
        self.assertEqual(self.due().status, 1)
        self.assertEqual(self.only_claim()["attempts"], 0)


class Honest(LimitedCase):
    def test_a_rerun_of_its_own_stays_red_and_another_run_green(self):
        job = self.limited("--after", "1h")
        again = self.job(run=job.run, attempt=2)
        gate = again.call("gate", "--retry", "allow")
        self.assert_skips(gate, "limited")
        self.assertEqual((gate.outputs["own_failure"], gate.outputs["holder_outcome"]), ("true", "limited"))
        self.assertEqual(again.call("finish", "--status", "skipped").status, 1)
        other = self.job()
        gate = other.call("gate")
        self.assertEqual((gate.outputs["own_failure"], gate.outputs["holder_outcome"]), ("false", "limited"))
        self.done(other.call("finish", "--status", "skipped"))

    def test_in_three_jobs_the_check_to_require_is_red(self):
        job, gate = self.gate()
        finish = self.job(run=job.run, job="finish")
        answer = finish.call("finish", "--claim-id", gate.claim_id, "--own-failure", "false", "--status", "limited", "--after", "1h")
        self.assertEqual(answer.status, 1, answer)
        self.assertEqual(self.only_claim()["outcome"], "limited")


class Example(LimitedCase):
    """examples/due.yml, its script with a stand-in for gh."""

    def test_each_run_that_began_due_work_is_launched_again_once(self):
        due = [self.limited("--after", "0", payload=payloads.push(payloads.commit(name))) for name in ("one", "two")]
        self.limited("--after", "0", run=due[0].run, payload=payloads.push(payloads.commit("three")))
        self.limited("--after", "1h", payload=payloads.push(payloads.commit("later")))
        status = self.job().call("status", "--due")
        text = (pathlib.Path(__file__).resolve().parents[2] / "examples" / "due.yml").read_text(encoding="utf-8")
        self.assertIn("if: steps.status.outcome == 'failure'", text)
        self.assertEqual(status.status, 1)
        script = textwrap.dedent(text.split("        run: |\n")[1])
        calls = self.folder / "calls"
        gh = self.folder / "gh"
        gh.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n[ "$3" != {due[0].run} ]\n')
        gh.chmod(0o755)
        said = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], capture_output=True, text=True, check=True,
                              env={"PATH": f"{self.folder}:/usr/bin:/bin", "GITHUB_REPOSITORY": "octo/app",
                                   "DUE_RUNS": status.outputs["due_runs"] + " x;y -R"})
        # One that cannot be launched again keeps no other back.
        self.assertEqual(sorted(calls.read_text().splitlines()), sorted(f"run rerun {job.run} --repo octo/app" for job in due))
        self.assertIn(f"::warning::run {due[0].run} ", said.stdout)


class Runs(RunCase):
    def test_exit_status_75_means_later_where_it_was_said(self):
        for words, outcome in (("--limited-after", "2s"), "limited"), ((), "failure"):
            payload = payloads.push(payloads.commit(outcome))
            answer = self.job(payload=payload).call("run", *words, "--", "sh", "-c", "exit 75")
            self.assertEqual(answer.status, 75, answer)
            claim = [claim for claim in self.remote.claims().values() if claim["outcome"] == outcome]
            self.assertEqual(len(claim), 1, self.remote.claims())
        self.assertIn("come back later", self.job(payload=payloads.push(payloads.commit("third"))).call(
            "run", "--limited-after", "1h", "--", "sh", "-c", "exit 75").err)
        await_that(lambda: self.person().call("status", "--due").status == 1)
        payload = payloads.push(payloads.commit("limited"))
        answer = self.job(payload=payload).call("run", "--limited-after", "2s", "--", "true")
        self.assertEqual((answer.status, "takeover" in answer.err), (0, True), answer)

    def test_any_other_status_is_what_it_was(self):
        answer = self.job().call("run", "--limited-after", "2h", "--", "sh", "-c", "exit 3")
        self.assertEqual((answer.status, self.only_claim()["outcome"]), (3, "failure"))

    def test_what_is_no_span_is_wrong_usage_and_nothing_runs(self):
        mark = self.folder / "ran"
        (self.folder / "items").write_text("a\n")
        for words in (("--limited-after", "soon"), ("--limited-after", "31d"), ("--limited-after", ""),
                      ("--limited-after", "1h", "--each", str(self.folder / "items"))):
            with self.subTest(words):
                self.assertEqual(self.job().call("run", *words, "--", "touch", str(mark)).status, 2)
        self.assertEqual((self.remote.claims(), mark.exists()), ({}, False))


class Intruder(LimitedCase):
    """What code between gate and finish can do with it: end its own job's session, and nothing else."""

    begin = heartbeat_end_test.Ends.begin
    end = staticmethod(heartbeat_end_test.Ends.end)
    finish = heartbeat_end_test.Ends.finish
    await_gone = heartbeat_end_test.Ends.await_gone
    socket_name = heartbeat_end_test.Ends.socket_name

    def test_the_heartbeat_process_is_told_the_time_with_the_end(self):
        job, process = self.begin()
        self.done(self.finish(job, "--status", "limited", "--after", "2h"))
        claim = self.claim_of(job)
        self.assertEqual((claim["outcome"], round((instant(claim["until"]) - instant(claim["ended_at"])).total_seconds() / 60)),
                         ("limited", 120))
        self.await_gone(process)

    def test_a_question_of_its_own_ends_its_own_session_for_thirty_days_at_most(self):
        other, _ = self.begin("--share", "other")
        job, process = self.begin()
        name = self.socket_name(process)
        for until in ('"never"', "5", "null", '"9999-99-01T00:00:00.000Z"'):
            self.assertNotIn(b'"ended"', self.ask(name, until))
        self.assertEqual(self.claim_of(job)["state"], "active")
        self.assertIn(b'"ended"', self.ask(name, '"9999-01-01T00:00:00.000Z"'))
        self.await_gone(process)
        claim = self.claim_of(job)
        self.assertEqual((claim["outcome"], instant(claim["until"]) - instant(claim["ended_at"])),
                         ("limited", datetime.timedelta(days=30)))
        self.assertEqual(self.claim_of(other)["state"], "active")
        # The job's own end changes nothing of it; a person frees it.
        said = job.call("finish", "--status", "success")
        self.assertIn("had ended before", said.out)
        self.assertEqual(self.claim_of(job)["outcome"], "limited")
        self.assert_skips(self.gate()[1], "limited")
        self.done(self.person().call("release", job.claim_id, "--reason", "an agent said so"))
        self.assert_runs(self.gate()[1], "takeover")

    @staticmethod
    def ask(name, until):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(name)
            asking.settimeout(30)
            asking.sendall(b'{"ask":"end","status":"limited","within_ms":20000,"until":%s}\n' % until.encode())
            return asking.recv(65536)

    def test_a_note_of_another_runs_claim_ends_nothing(self):
        victim, answer = self.gate("--share", "victim")
        job, _ = self.gate()
        mine = next((job.folder / "temp").rglob("claim-*.json"))
        theirs = next((victim.folder / "temp").rglob("claim-*.json"))
        mine.write_text(theirs.read_text())
        said = job.call("finish", "--status", "limited", "--after", "30d")
        self.assertNotIn("Session ended", said.out)
        (claim,) = [claim for claim in self.remote.claims().values() if claim["claim_id"] == answer.claim_id]
        self.assertEqual(claim["state"], "active")

    def test_an_outsiders_limit_holds_nobody_of_the_repository_back(self):
        outside = payloads.pull_request(HEAD, source=payloads.FORK)
        job, answer = self.gate(event="pull_request", payload=outside)
        self.assert_runs(answer, "first")
        self.done(job.call("finish", "--status", "limited", "--after", "30d"))
        self.assert_runs(self.gate()[1], "first")


if __name__ == "__main__":
    unittest.main()
