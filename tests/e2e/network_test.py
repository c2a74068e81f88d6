"""Networks and servers that fail: what is done, what is said, and how long it takes."""

import itertools
import os
import socket
import threading
import unittest

import payloads
from gate_case import HEAD, TOKEN, GateCase, launch

WRITES = {"method": "POST", "path": "receive-pack"}


class FaultCase(GateCase):
    """A proxy with planned faults before the class's server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.proxy = cls.contexts.enter_context(launch.faults(cls.server("http")))

    def setUp(self):
        super().setUp()
        self.plan()
        launch.reset(self.proxy)
        self.direct = self.remote
        self.remote = self.direct.by(f"{self.proxy.url}/{self.path.name}")

    def plan(self, *rules):
        launch.set_plan(self.proxy, *rules)

    def asked(self):
        return launch.requests(self.proxy)

    def assert_one_launch(self, job):
        self.plan()
        self.assertEqual(self.only_claim()["holder"]["run_id"], job.run)
        self.assert_skips(self.job().call("gate"), "active_session")
        self.done(job.call("finish"))
        self.done(self.person().call("gc"))
        kinds = [line["kind"] for line in self.log()]
        self.assertEqual((kinds.count("launch"), kinds.count("end")), (1, 1))


class Replies(FaultCase):
    def test_a_reply_lost_after_the_work_was_done_is_a_win(self):
        for rule in ({"count": 1}, {"count": 2}, {}):
            with self.subTest(**rule):
                self.setUp()
                self.plan({**WRITES, "fault": "cut-after", **rule})
                job = self.job()
                self.assert_runs(job.call("gate"), "first")
                self.assert_one_launch(job)

    def test_an_end_of_which_nothing_is_known_is_not_called_undone(self):
        job = self.job()
        self.assert_runs(job.call("gate"), "first")
        self.plan({"fault": "cut-after"})
        answer = job.call("finish", "--deadline", "2s")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("may have been ended; if not", answer.err)
        self.assertNotIn("was not ended", answer.err)
        self.assertEqual(self.only_claim()["state"], "ended")
        self.setUp()
        goes_on = self.folder / "go-on"
        os.mkfifo(goes_on)
        call = self.job().start("run", "--deadline", "2s", "--", "sh", "-c", f"echo ready; cat '{goes_on}'")
        self.assertEqual(call.process.stdout.readline(), b"ready\n")
        self.plan({"fault": "cut-after"})
        goes_on.write_text("")
        answer = call.wait(30)
        self.assertIn("may have been ended; if not", answer.err)

    def test_a_reading_that_fails_after_a_push_does_not_say_that_nothing_was_changed(self):
        job = self.job()
        self.assert_runs(job.call("gate"), "first")
        self.done(job.call("finish"))
        launch.reset(self.proxy)
        self.done(self.person().call("gc", "--dry-run"))
        looks = len([line for line in self.asked() if "upload-pack" in line])
        for nth, said in ((1, "; nothing was changed"), (looks + 1, "; nothing more was changed")):
            self.plan({"path": "upload-pack", "nth": nth, "fault": "status", "status": 503})
            answer = self.person().call("gc", "--deadline", "1s")
            self.assertEqual(answer.status, 3, answer)
            self.assertIn(said, answer.err)

    def test_an_end_of_other_work_than_its_gate_had_no_answer_for_says_what_to_repeat(self):
        repeat = "give finish the share, identity and dimensions of the gate"
        for option in (("--share", "b"), ("--identity", "x-1"), ("--dimension", "region=eu")):
            for on_error in ("fail", "run"):
                with self.subTest(option, on_error=on_error):
                    self.setUp()
                    self.plan({"fault": "status", "status": 503})
                    job = self.job()
                    job.call("gate", *option, "--deadline", "1s", "--on-error", on_error)
                    self.plan()
                    answer = job.call("finish")
                    self.assertEqual(answer.status, 3 if on_error == "fail" else 0, answer)
                    self.assertIn(repeat, answer.err)
                    self.assertFalse(self.direct.claims())

    def test_what_may_be_claimed_is_not_called_unclaimed(self):
        """A 404 for a push that was done, and for the look after it."""
        for words in (("gate",), ("check", "push", "A", HEAD, "44")):
            with self.subTest(words):
                self.setUp()
                self.plan({**WRITES, "fault": "reshape", "status": 404},
                          {"method": "POST", "path": "upload-pack", "fault": "status", "status": 404},
                          {"method": "GET", "fault": "status", "status": 404})
                job = self.job()
                answer = job.call(*words)
                self.assertEqual((answer.status, answer.runs), (3, False), answer)
                (error,) = [line for line in answer.err.splitlines() if line.startswith("::error")]
                self.assertIn("is not known", error)
                for text in (error, answer.summary):
                    self.assertNotIn("nothing was claimed", text)
                    self.assertIn("refgate finish", text)
                self.assertEqual(self.only_claim()["state"], "active" if words[0] == "gate" else "held")
                self.plan()
                if words[0] == "gate":
                    self.done(job.call("finish"))
                    self.assertEqual(self.only_claim()["state"], "ended")

    def test_a_reply_lost_to_one_of_two_rivals(self):
        self.plan({**WRITES, "fault": "cut-after", "count": 2})
        jobs = [self.job() for _ in range(2)]
        answers = [call.wait() for call in [job.start("gate") for job in jobs]]
        self.assertEqual(sorted(answer.runs for answer in answers), [False, True],
                         [str(answer) for answer in answers])
        self.assert_one_launch(jobs[[answer.runs for answer in answers].index(True)])

    def test_a_lost_reply_to_a_takeover_is_a_win(self):
        first, _ = self.gate()
        self.done(first.call("finish", "--status", "cancelled"))
        self.plan({**WRITES, "fault": "cut-after"})
        job = self.job()
        answer = job.call("gate")
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)
        self.plan()
        self.assertEqual(self.only_claim()["claim_id"], answer.claim_id)

    def test_a_lost_reply_to_a_finish_is_an_end(self):
        for rule in ({"count": 1}, {}):
            with self.subTest(**rule):
                self.setUp()
                job, _ = self.gate()
                self.plan({**WRITES, "fault": "cut-after", **rule})
                self.done(job.call("finish", "--status", "failure"))
                self.plan()
                self.assertEqual(self.only_claim()["outcome"], "failure")
                self.done(job.call("finish", "--status", "success"))
                self.done(self.person().call("gc"))
                self.assertEqual(len(self.kinds("end")), 1)

    def test_a_connection_that_is_cut_before_the_work_is_tried_again(self):
        for rule in (WRITES, {"method": "GET"}, {}):
            with self.subTest(**rule):
                self.setUp()
                self.plan({**rule, "fault": "cut-before", "count": 1})
                job = self.job()
                self.assert_runs(job.call("gate"), "first")
                self.assert_one_launch(job)

    def test_a_server_that_is_away_for_a_moment_is_tried_again(self):
        for status in (500, 502, 503, 504, 429):
            for rule in (WRITES, {"method": "GET"}):
                with self.subTest(status=status, **rule):
                    self.setUp()
                    self.plan({**rule, "fault": "status", "status": status, "count": 2})
                    job = self.job()
                    self.assert_runs(job.call("gate"), "first")
                    self.plan({**rule, "fault": "status", "status": status, "count": 2})
                    self.done(job.call("finish"))
                    self.plan()
                    self.assertEqual(self.only_claim()["state"], "ended")

    def test_retry_after_is_heeded_within_the_deadline(self):
        self.plan({"fault": "status", "status": 429, "headers": {"Retry-After": "600"}})
        answer = self.job().call("gate", "--deadline", "3s")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("429", answer.err)
        self.assertLessEqual(answer.seconds, 4)

    def test_what_cannot_be_read_back_is_not_called_a_win_and_finish_gives_it_back(self):
        self.plan({**WRITES, "fault": "cut-after"}, {"nth": 2, "fault": "cut-before"})
        job = self.job()
        answer = job.call("gate", "--deadline", "2s")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.plan()
        self.assertEqual(self.only_claim()["holder"]["run_id"], job.run)
        self.done(job.call("finish", "--status", "cancelled"))
        self.assertEqual(self.only_claim()["state"], "ended")
        answer = self.job().call("gate")
        # Nobody was told to run, so that nothing was launched.
        self.assert_runs(answer, "first")

    def test_what_cannot_be_read_back_is_its_own_to_the_same_job(self):
        self.plan({**WRITES, "fault": "cut-after"}, {"nth": 2, "fault": "cut-before"})
        job = self.job()
        self.assertEqual(job.call("gate", "--deadline", "2s").status, 3)
        self.plan()
        self.assert_runs(job.call("gate"), "own")
        self.assert_one_launch(job)


class Silence(FaultCase):
    """A remote that does not answer: the deadline holds, and the user's choice is honoured."""

    FAULTS = [{"fault": "silent"}, {"fault": "trickle"}, {"fault": "garbage"}, {"fault": "status"},
              {"fault": "cut-before"}, {"fault": "refuse-connect"},
              {**WRITES, "fault": "silent"}, {**WRITES, "fault": "cut-before"},
              {**WRITES, "fault": "garbage"}, {**WRITES, "fault": "status"}]

    def tearDown(self):
        self.plan()
        super().tearDown()

    def begin(self, rule):
        """A repository of its own behind that fault."""
        self.setUp()
        self.plan(rule)

    def test_exit_3_within_the_deadline_and_a_second(self):
        for rule in self.FAULTS:
            with self.subTest(**rule):
                self.begin(rule)
                answer = self.job().call("gate", "--deadline", "2s")
                self.assertEqual(answer.status, 3, answer)
                self.assertLessEqual(answer.seconds, 3, answer)
                self.assertEqual(answer.outputs["skip_execution"], "true", answer)
                self.assertTrue(answer.err.strip(), answer)
                # Behind a slow answer the server has done its work; everywhere else it has seen
                # nothing.
                slow = rule["fault"] == "trickle"
                self.assertEqual(len(self.remote.claims()), 1 if slow else 0)
                if slow:
                    self.assertIn("not known", answer.err)

    def test_on_error_run_and_skip_and_fail(self):
        choices = (("run", 0, "false"), ("skip", 0, "true"), ("fail", 3, "true"))
        for rule, (choice, status, skip) in itertools.product(self.FAULTS, choices):
            with self.subTest(**rule, choice=choice):
                self.begin(rule)
                answer = self.job().call("gate", "--deadline", "1s", "--on-error", choice)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (status, skip),
                                 answer)
                self.assertLessEqual(answer.seconds, 2, answer)
                if status == 0:
                    self.assertEqual(answer.lines["SKIP_EXECUTION"], skip)
                    self.assertIn(answer.code, ("unreachable", "unreadable", "denied"), answer)
                    self.assertEqual(answer.outputs["reason_code"], answer.code)
                    self.assertEqual(answer.lines["CLAIM_ID"], "", answer)

    def test_a_job_that_ran_without_an_answer_finishes_quietly(self):
        self.plan({"fault": "cut-before"})
        job = self.job()
        self.assertTrue(job.call("gate", "--deadline", "1s", "--on-error", "run").runs)
        self.plan()
        self.done(job.call("finish"))
        # It was told to run, and so its end is recorded; what was sent and may still arrive is stale.
        self.assertEqual([claim["outcome"] for claim in self.remote.claims().values()], ["success"])
        self.assert_skips(self.job().call("gate"), "already_done")

    def test_on_error_by_environment_and_configuration(self):
        self.plan({"fault": "cut-before"})
        config = self.folder / "refgate.yml"
        config.write_text("on-error: run\ndeadline: 1s\n", encoding="utf-8")
        self.assertTrue(self.job().call("gate", "--config", config).runs)
        self.assertFalse(self.job().call("gate", "--config", config,
                                         REFGATE_ON_ERROR="skip").runs)
        self.assertTrue(self.job().call("gate", "--config", config, "--on-error", "run",
                                        REFGATE_ON_ERROR="skip").runs)

    def test_every_command_keeps_its_deadline(self):
        job, gate = self.gate()
        commands = [("finish",), ("status",), ("status", "--json"), ("log",), ("show", "x"),
                    ("release", gate.claim_id, "--reason", "x"), ("gc",), ("doctor",),
                    ("check", "push", "w", "c"), ("check", "push", "w", "c", "1"),
                    ("register", "k", "push", "w", "1", "c"),
                    ("audit", "k", "push", "w", "1", "c", "true", "success")]
        for fault in ("silent", "trickle", "status"):
            self.plan({"fault": fault})
            for words in commands:
                with self.subTest(fault=fault, command=words[0]):
                    answer = job.call(*words, "--deadline", "1s")
                    expected = (1, 3) if words[0] == "doctor" else (3,)
                    self.assertIn(answer.status, expected, answer)
                    self.assertLessEqual(answer.seconds, 2, answer)
                    self.assertTrue(answer.err.strip() or words[0] == "doctor", answer)
        self.plan()
        states = {claim["claim_id"]: claim["state"] for claim in self.remote.claims().values()}
        # Behind a slow answer the server has done its work.
        self.assertEqual(states[gate.claim_id], "ended")

    def test_a_port_that_takes_connections_and_nothing_else(self):
        with socket.create_server(("127.0.0.1", 0)) as dead:
            remote = self.remote.by(f"http://127.0.0.1:{dead.getsockname()[1]}/x.git")
            answer = self.job(remote=remote).call("gate", "--deadline", "1s")
        self.assertEqual(answer.status, 3, answer)
        self.assertLessEqual(answer.seconds, 2, answer)


class Refusals(FaultCase):
    """What the server says no to is not tried for ever, and the message says what to change."""

    def refused(self, words, *parts, remote=None):
        answer = self.job(remote=remote).call("gate", *words)
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        for part in parts:
            self.assertIn(part, answer.err)
        return answer

    def test_a_wrong_token(self):
        for token in ("ghs_wrong", ""):
            with self.subTest(token=token):
                remote = self.remote.by(self.remote.url, REFGATE_TOKEN=token)
                answer = self.refused((), "401", "REFGATE_TOKEN", remote=remote)
                self.assertLess(answer.seconds, 10, "nothing gets better by trying again")

    def test_no_such_repository(self):
        missing = self.remote.by(self.remote.url.replace("app-", "none-"))
        self.refused((), "404", remote=missing)

    def test_forbidden_names_the_permission(self):
        self.plan({"fault": "status", "status": 403})
        answer = self.refused(("--deadline", "5s"), "403", "contents: write")
        self.assertLess(len(self.asked()), 5, self.asked())
        self.assertLess(answer.seconds, 5)

    def test_answers_say_whether_they_were_tried_again(self):
        for status in (503, 429):
            self.plan({"fault": "status", "status": status})
            answer = self.refused(("--deadline", "2s"), str(status))
            self.assertRegex(answer.err, r"(?i)tried|attempt|again|times")
            self.assertGreater(len(self.asked()), 1)

    def test_a_redirect_is_not_followed_with_the_token(self):
        heard = []
        with socket.create_server(("127.0.0.1", 0)) as thief:
            def listen():
                while True:
                    try:
                        link, _ = thief.accept()
                    except OSError:
                        return
                    with link:
                        heard.append(link.recv(65536))
            thread = threading.Thread(target=listen, daemon=True)
            thread.start()
            for status in (301, 302, 307, 308):
                target = f"http://127.0.0.1:{thief.getsockname()[1]}/{self.path.name}/info/refs"
                self.plan({"fault": "status", "status": status, "headers": {"Location": target}})
                self.refused(("--deadline", "2s"))
            thief.shutdown(socket.SHUT_RDWR)
        self.assertEqual(heard, [])


class ReadOnly(GateCase):
    """A token that may only read, as forks and Dependabot have it."""

    def setUp(self):
        super().setUp()
        self.writer = self.remote
        self.reader = self.remote_of("read-only")

    def test_it_reads_first_and_says_who_holds_it(self):
        holder, _ = self.gate()
        for choice in ("skip", "run", "fail"):
            answer = self.job(remote=self.reader).call("gate", "--on-read-only", choice)
            self.assert_skips(answer, "active_session")
            self.assertEqual(answer.lines["HOLDER_RUN_ID"], holder.run)
        self.done(holder.call("finish"))
        self.assert_skips(self.job(remote=self.reader).call("gate"), "already_done")

    def test_what_it_cannot_claim_follows_the_choice(self):
        # Where such a token is not to be expected, a set-up that can never launch is not green.
        for words, status, skip in (((), 3, "true"), (("--on-read-only", "skip"), 0, "true"),
                                    (("--on-read-only", "run"), 0, "false"),
                                    (("--on-read-only", "fail"), 3, "true")):
            with self.subTest(words=words):
                answer = self.job(remote=self.reader).call("gate", *words)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (status, skip),
                                 answer)
                if status == 0:
                    self.assertEqual(answer.code, "read_only", answer)
                self.assertIn("contents: write", answer.out + answer.err, answer)
                self.assertIn("workflow_run", answer.out + answer.err, answer)
        self.assertEqual(self.remote.all_refs(), {})

    def test_a_forks_run_is_told_what_it_means_before_what_the_server_said(self):
        job = self.job("pull_request", payloads.pull_request(payloads.commit("of a fork"), source=payloads.FORK), remote=self.reader)
        answer = job.call("gate")
        self.assert_skips(answer, "read_only")
        means = "the token may only read, as those of forks' pull requests and of Dependabot do: have it done by a `workflow_run` follow-up"
        (note,) = [line for line in answer.out.splitlines() if line.startswith("::")]
        (line,) = [line for line in answer.err.splitlines() if line.startswith("refgate: Not run")]
        for told in (note, line):
            self.assertIn("Not run, and nobody does this work: " + means, told)
        self.assertIn("maintainer's label", note)
        self.assertTrue(answer.lines["REASON"].startswith("T" + means[1:]), answer)
        self.assertIn("403", answer.lines["REASON"])

    def test_it_reads_the_record(self):
        self.gate()
        person = self.person(remote=self.reader)
        self.assertEqual(len(self.done(person.call("status", "--json")).rows()), 1)
        self.assertEqual(len(self.done(person.call("log", "--json")).json_lines()), 1)
        for words in (("gc",), ("release", self.only_claim()["claim_id"], "--reason", "x")):
            answer = person.call(*words, "--deadline", "3s")
            if words[0] == "release":
                self.assertEqual(answer.status, 3, answer)
        self.assertEqual(self.only_claim()["state"], "active")

    def test_on_error_does_not_decide_about_a_token_that_may_only_read(self):
        answer = self.job(remote=self.reader).call("gate", "--on-error", "run")
        self.assertFalse(answer.runs)

    def test_the_token_that_is_refused_does_not_stand_in_the_message(self):
        answer = self.job(remote=self.reader).call("gate", "--on-read-only", "fail")
        self.assertNotIn(TOKEN, answer.out + answer.err)


if __name__ == "__main__":
    unittest.main()
