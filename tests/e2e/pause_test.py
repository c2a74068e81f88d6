"""pause and resume: a person stops a kind of work, and whoever asks is told so."""

import json
import unittest

import payloads
from gate_case import GateCase, await_that, in_parallel, launch
from queue_test import SPANS, QueueCase
from requests_test import kinds
from session_test import RunCase, is_running

REF = "refs/refgate/pause"
# A session that finds out within a second that it was ended.
BEATS = ("--interval", "300ms", "--lease", "10s", "--skew", "1s", "--kill-after", "2s")


class PauseCase(GateCase):
    def pause(self, *words, status=0, **environment):
        answer = self.person(**environment).call("pause", *words)
        self.assertEqual(answer.status, status, answer)
        return answer

    def resume(self, *words, status=0):
        answer = self.person().call("resume", *words)
        self.assertEqual(answer.status, status, answer)
        return answer

    def pauses(self):
        if REF not in self.remote.refs():
            return []
        record = json.loads(self.remote.git("show", f"{REF}:pause.json"))
        self.assertEqual(record["version"], 2)
        return record["pauses"]

    def subjects(self):
        return sorted(pause["subject"] for pause in self.pauses())

    def ask(self, *words, **options):
        return self.job(**options).call("gate", "--pause", "ask", *words)

    def push_of(self, name):
        return payloads.push(payloads.commit(name))

    def plant(self, text, name="pause.json"):
        blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree,
                                 "-m", "planted").strip()
        self.remote.git("update-ref", REF, commit)
        return commit


class Asking(PauseCase):
    def test_eight_at_once_are_all_told_one_of_them_by_force_and_nothing_is_claimed(self):
        self.pause("--reason", "an agent runs wild", GITHUB_ACTOR="octocat")
        jobs = [self.job() for _ in range(8)]
        told = in_parallel([lambda job=job, words=words: job.call("gate", "--pause", "ask", *words)
                            for job, words in zip(jobs, [("--force",)] + [()] * 7)])
        for answer in told:
            self.assert_skips(answer, "paused")
            for word in ("octocat", "since ", "an agent runs wild", "refgate resume all"):
                self.assertIn(word, answer.lines["REASON"])
            self.assertEqual((answer.lines["UNTIL"], answer.lines["CLAIM_ID"]), ("", ""))
            self.assertIn("::warning ", answer.out)
        self.assertEqual(self.remote.claims(), {})
        # Who does not ask is not told.
        self.assert_runs(self.job().call("gate"), "first")

    def test_nobody_is_told_that_the_work_is_not_done_since_it_may_go_on(self):
        self.gate()
        self.pause()
        answer = self.ask()
        self.assert_skips(answer, "paused")
        self.assertIn("**Not run: paused", answer.summary)
        self.assertNotIn("nobody", answer.summary + answer.out)

    def test_it_is_counted_apart_from_duplicates(self):
        self.pause()
        self.assert_skips(self.ask(), "paused")
        total = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((total["prevented"], total["held_back"], total["held_back_by_reason"]),
                         (0, 1, {"paused": 1}))

    def test_who_holds_the_work_already_goes_on(self):
        job, _ = self.gate("--pause", "ask")
        self.pause()
        self.assert_runs(job.call("gate", "--pause", "ask"), "own")
        self.assert_runs(job.call("gate", "--pause", "ask", "--force"), "own")
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_another_job_of_the_run_does_not_pass(self):
        job, _ = self.gate("--pause", "ask", environment={"RUNNER_TRACKING_ID": "one"})
        self.pause()
        other = self.job(run=job.run, environment={"RUNNER_TRACKING_ID": "two"})
        self.assert_skips(other.call("gate", "--pause", "ask"), "paused")

    def test_what_else_governs_a_launch_asks_too_unless_it_was_told_not_to(self):
        self.pause()
        for words in (("--budget", "scope:5/1h"), ("--observe",)):
            with self.subTest(words=words):
                self.assert_skips(self.job().call("gate", *words), "paused")
                self.assert_runs(self.job(payload=self.push_of(words[0])).call(
                    "gate", "--pause", "ignore", *words), "first")

    def test_who_only_watches_is_stopped_and_its_finish_ends_nothing(self):
        self.pause()
        job = self.job()
        answer = job.call("gate", "--observe")
        self.assert_skips(answer, "paused")
        self.assertEqual(answer.outputs["would_skip"], "false")
        self.done(job.call("finish", "--observe", "--status", "skipped"))
        self.assertEqual((self.remote.claims(), self.kinds("end")), ({}, []))

    def test_a_reader_is_told_by_looking(self):
        remote = self.remote_of("read-only")
        self.pause("--for", "1h")
        answer = self.ask(remote=remote)
        self.assert_skips(answer, "paused")
        self.assertNotEqual(answer.lines["UNTIL"], "")

    def test_check_asks_when_it_is_told_to(self):
        self.pause()
        words = ("push", "Agent", payloads.commit("head"))
        for run in ((), ("4711",)):
            with self.subTest(run=run):
                answer = self.person().call("check", *words, *run, "--pause", "ask")
                self.assertEqual((answer.status, answer.lines["SKIP_EXECUTION"]), (1, "true"), answer)
                self.assertIn("Paused", answer.lines["REASON"])
        self.done(self.person().call("check", *words))

    def test_it_costs_one_read_and_who_does_not_ask_none(self):
        server = self.server("http")
        for words, asked in (((), "P"), (("--pause", "ask"), "RP"), (("--pause", "ignore"), "P")):
            launch.reset(server)
            self.assert_runs(self.job(payload=self.push_of(repr(words))).call("gate", *words), "first")
            self.assertEqual(kinds(launch.requests(server)), asked, words)
        # A budget is read in the same request.
        launch.reset(server)
        self.assert_runs(self.job(payload=self.push_of("budget")).call("gate", "--budget", "actor:9/1h"), "first")
        asked = kinds(launch.requests(server))
        launch.reset(server)
        self.assert_runs(self.job(payload=self.push_of("again")).call(
            "gate", "--budget", "workflow:9/1h", "--pause", "ignore"), "first")
        self.assertEqual(asked, kinds(launch.requests(server)))

    def test_a_record_that_is_not_understood_is_no_answer_and_left_alone(self):
        for text, name, words in (("{", "pause.json", "broken"), ('{"version": 3, "pauses": []}', "pause.json", "version 3"),
                                  ("x", "other.txt", "no list of pauses")):
            with self.subTest(text):
                planted = self.plant(text, name)
                answer = self.ask()
                self.assertEqual((answer.status, answer.runs, answer.code), (3, False, "unreadable"), answer)
                self.assertIn(words, answer.err)
                for command in (("pause",), ("resume",)):
                    self.assertEqual(self.person().call(*command).status, 3)
                self.done(self.person().call("gc"))
                self.assertEqual(self.remote.refs()[REF], planted)
                self.assertIn(REF, self.person().call("status").err)
        self.assert_runs(self.ask("--on-error", "run"), "unreadable")

    def test_subjects_stop_what_they_name(self):
        for subject, stops in (("repo:OCTO/App", True), ("repo:octo/other", False),
                               ("workflow:Agent Review", True), ("workflow:agent.yml", True),
                               ("workflow:other", False), ("share:review", True), ("share:other", False),
                               ("actor:Ann", True), ("actor:bob", True), ("actor:other", False)):
            with self.subTest(subject):
                self.pause(subject)
                job = self.job(payload=self.push_of(subject), triggering="bob")
                told = job.call("gate", "--pause", "ask", "--share", "review")
                self.assertEqual(told.code, "paused" if stops else "first", told)
                self.resume(subject)
                self.assertEqual(self.pauses(), [])


class Lifting(PauseCase):
    def test_of_six_at_once_one_takes_over_what_was_halted(self):
        self.gate()
        answer = self.pause("--halt", "--reason", "wild", GITHUB_ACTOR="octocat")
        self.assertIn("Ended 1 session;", answer.out)
        claim = self.only_claim()
        self.assertEqual((claim["outcome"], claim["note"]), ("released", "octocat: paused: wild"))
        self.assert_skips(self.ask(), "paused")
        self.resume()
        told = in_parallel([self.ask] * 6)
        self.assertEqual(sorted(each.code for each in told), ["active_session"] * 5 + ["takeover"])

    def test_it_lifts_itself(self):
        self.pause("--for", "2s")
        first = self.ask()
        self.assert_skips(first, "paused")
        self.assertRegex(first.lines["UNTIL"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        await_that(lambda: self.ask("--audit-skips", "summary").runs)
        self.done(self.person().call("gc"))
        self.assertNotIn(REF, self.remote.refs())

    def test_two_people_at_once_both_have_their_pause_and_the_same_subject_replaces_its_own(self):
        in_parallel([lambda each=each: self.pause(each, "--for", "1h")
                     for each in ("share:one", "share:two", "all", "actor:ann")])
        self.assertEqual(self.subjects(), ["actor:ann", "all", "share:one", "share:two"])
        self.pause("share:one", "--reason", "now for good")
        (one,) = [each for each in self.pauses() if each["subject"] == "share:one"]
        self.assertEqual((one.get("until"), one["reason"]), (None, "now for good"))
        self.resume("share:two")
        self.assertEqual(self.subjects(), ["actor:ann", "all", "share:one"])
        self.resume("all")
        self.assertEqual(self.subjects(), ["actor:ann", "share:one"])
        self.resume()
        self.assertNotIn(REF, self.remote.refs())
        self.assertIn("Nothing is paused", self.resume(status=1).out)
        self.assertIn("actor:ann is not paused", self.resume("actor:ann", status=1).out)

    def test_wrong_words_change_nothing(self):
        for words, told in ((("actr:ann",), "did you mean actor:"), (("repo:",), "or be left out"),
                            (("repo:octo",), "repo:OWNER/NAME"), (("repo:a/b/c",), "repo:OWNER/NAME"), (("repo:/a",), "repo:OWNER/NAME"),
                            (("actor:a b",), "a login"), (("actor:octo/app",), "a login"), (("--for", "soon"), "--for is"), (("--for", "0s"), "--for is")):
            with self.subTest(words):
                answer = self.pause(*words, status=2)
                self.assertIn(told, answer.err)
        self.assertEqual(self.remote.all_refs(), {})

    def test_the_hundred_and_first_is_refused(self):
        self.pause()
        record = json.loads(self.remote.git("show", f"{REF}:pause.json"))
        record["pauses"] = [{**record["pauses"][0], "subject": f"share:{number}"} for number in range(100)]
        self.plant(json.dumps(record))
        self.assertIn("100 pauses", self.pause("share:more", status=1).err)
        self.pause("share:7", "--reason", "another")
        self.assertEqual(len(self.pauses()), 100)


class Seeing(PauseCase):
    def test_the_record_tells_who_paused_and_resumed_and_which_launch_asked(self):
        self.pause("workflow:Agent", "--for", "1h", "--reason", "wild", GITHUB_ACTOR="octocat")
        self.resume("workflow:Agent")
        self.gate("--pause", "ask")
        self.gate("--share", "other")
        (paused,), (resumed,) = self.kinds("pause"), self.kinds("resume")
        self.assertEqual((paused["session_key"], paused["actor"], paused["reason"], paused["job_status"]),
                         ("workflow:Agent", "octocat", "wild", "paused"))
        self.assertEqual((resumed["session_key"], resumed["job_status"]), ("workflow:Agent", "resumed"))
        self.assertIn("until", paused)
        self.assertEqual(sorted(line.get("asked_pause", False) for line in self.kinds("launch")), [False, True])
        self.assertEqual(len(self.done(self.person().call("log", "--kind", "pause", "--json")).json_lines()), 1)
        self.done(self.person().call("verify"))
        total = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((total["sessions"], total["prevented"], total["held_back"]), (2, 0, 0))

    def test_status_shows_pauses_first(self):
        self.gate()
        self.pause("--for", "1h", "--reason", "wild\x1b[31m", GITHUB_ACTOR="octocat")
        answer = self.done(self.person().call("status"))
        self.assertTrue(answer.out.startswith("Paused by octocat since "), answer)
        self.assertNotIn("\x1b", answer.out)
        self.assertIn("refgate resume all", answer.out)
        (one,) = self.done(self.person().call("status", "--json")).json()["pauses"]
        self.assertEqual((one["subject"], one["who"], one["halt"]), ("all", "octocat", False))
        self.assertIsNotNone(one["until"])

    def test_metrics_say_whether_something_is_paused(self):
        self.assertIn("\nrefgate_paused 0\n", self.done(self.person().call("metrics")).out)
        self.pause("share:x")
        self.assert_skips(self.ask("--share", "x"), "paused")
        page = self.done(self.person().call("metrics")).out
        self.assertIn("\nrefgate_paused 1\n", page)
        self.assertIn('\nrefgate_skips_without_promise_total{reason="paused"} 1\n', page)

    def test_doctor_says_what_is_paused_and_which_launches_did_not_ask(self):
        rows = self.doctor()
        self.assertEqual(rows["pause"]["state"], "ok", rows)
        self.gate("--share", "deaf")
        self.assertEqual(self.doctor()["pause"]["state"], "ok")
        self.gate("--share", "asks", "--pause", "ask")
        row = self.doctor()["pause"]
        self.assertEqual(row["state"], "warning", row)
        self.assertIn("1 of 2 launches", row["text"])
        self.assertIn("--pause ask", row["hint"])
        self.pause("share:asks", "--reason", "wild")
        answer = self.done(self.person().call("doctor", "--rounds", "0"))
        self.assertTrue(answer.out.startswith("warning  paused: Paused (share:asks) "), answer)

    def doctor(self):
        return {row["check"]: row for row in
                self.done(self.person().call("doctor", "--rounds", "0", "--json")).rows()}

    def test_explain_says_what_the_gate_says(self):
        self.pause("--for", "1h")
        job = self.job()
        for words, verdict, code in ((("--pause", "ask"), "skip", "paused"), ((), "run", "first"),
                                     (("--observe",), "skip", "paused")):
            with self.subTest(words):
                told = self.done(job.call("explain", "--json", *words)).json()["decision"]
                self.assertEqual((told["verdict"], told["reason_code"]), (verdict, code))
        # Who stands in a line asks there; who may only look is told the same.
        reader = self.job(remote=self.remote_of("read-only"))
        for words in (("--group-by", "repository"), ("--group-by", "entity"), ("--group-by", "repository", "--no-wait"),
                      ("--identity-by", "patch"), ("--on-lost", "cancel")):
            with self.subTest(words):
                told = self.done(job.call("explain", "--json", *words)).json()["decision"]
                self.assertEqual((told["verdict"], told["reason_code"]), ("skip", "paused"))
                self.assert_skips(reader.call("gate", *words, "--on-read-only", "run"), "paused")
                self.assert_skips(self.job().call("gate", *words), "paused")
        text = self.done(job.call("explain", "--pause", "ask")).out
        self.assertIn("skip (paused): Paused ", text)


class Waiting(QueueCase, PauseCase):
    plant = PauseCase.plant

    def test_a_gate_in_line_gives_up_and_leaves_nothing(self):
        self.head()
        job, call = self.arrive(1, "--wait", "10m")
        self.pause()
        answer = call.wait(30)
        self.assert_skips(answer, "paused")
        self.assertNotIn(job.run, self.runs_in_line())
        self.assertEqual(self.claim_of(job)["state"], "ended")
        self.assertEqual(self.claim_of(job)["outcome"], "abandoned")

    def test_halt_ends_the_head_and_nobody_behind_it_starts(self):
        self.head()
        behind = [self.arrive(number, "--wait", "10m") for number in (1, 2)]
        self.pause("--halt")
        for _, call in behind:
            self.assert_skips(call.wait(30), "paused")
        self.assertEqual(self.active(), set())

    def test_a_standby_gives_up(self):
        self.gate("--lease", "1h")
        job = self.job()
        call = job.start("gate", "--wait", "10m")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"standing by", call.process.stderr.readline())
        self.pause("--for", "1h")
        self.assert_skips(call.wait(60), "paused")

    def test_who_was_told_not_to_ask_waits_on(self):
        first, _ = self.head()
        self.pause()
        job, call = self.arrive(1, "--wait", "10m", "--pause", "ignore")
        self.done(first.call("finish", "--status", "success"))
        self.assert_runs(call.wait(60), "first")
        (launch_line,) = [line for line in self.kinds("launch") if line["run_id"] == job.run]
        self.assertNotIn("asked_pause", launch_line)


class Halting(RunCase, PauseCase):
    def test_a_session_that_did_not_ask_stops_within_an_interval(self):
        process = self.folder / "process"
        call = self.job().start("run", *BEATS, "--", "sh", "-c", f"echo $$ > {process}; exec sleep 600")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        await_that(lambda: process.exists() and process.read_text().strip())
        answer = self.pause("--halt")
        self.assertIn("Ended: ", answer.out)
        ended = call.wait(30)
        self.assertNotEqual(ended.status, 0, ended)
        self.assertFalse(is_running(int(process.read_text())))

    def test_only_the_subject_is_ended(self):
        kept, _ = self.gate("--share", "kept")
        for number in range(4):
            self.gate("--share", "halted", payload=self.push_of(f"more {number}"))
        answer = self.pause("share:halted", "--halt")
        self.assertIn("Ended 4 sessions;", answer.out)
        self.assertEqual({claim["holder"]["run_id"] for claim in self.remote.claims().values()
                          if claim["state"] == "active"}, {kept.run})

    def test_subjects_of_claims(self):
        for subject, ended in (("repo:octo/app", 1), ("repo:octo/other", 0), ("workflow:agent.yml", 1),
                               ("workflow:Other", 0), ("actor:ANN", 1)):
            with self.subTest(subject):
                self.gate("--force")
                answer = self.pause(subject, "--halt")
                self.assertIn(f"Ended {ended} session", answer.out)
        self.assertEqual(len(self.pauses()), 5)

    def test_a_workflows_file_is_known_of_sessions_with_a_share_of_their_own(self):
        for subject, ended in (("workflow:other.yml", 0), ("workflow:agent.yml", 1)):
            with self.subTest(subject):
                self.gate("--force", "--share", "review")
                self.assertIn(f"Ended {ended} session", self.pause(subject, "--halt").out)


if __name__ == "__main__":
    unittest.main()
