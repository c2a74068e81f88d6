"""The positional command line of the original script, with the original's own checks."""

import datetime
import json
import time
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that

ORIGINAL = ("SESSION_KEY", "SKIP_EXECUTION", "REASON", "RETRY_SUPPRESSION", "EARLY_GATING")


class OriginalChecks(GateCase):
    """One shell, outside of any run, as the original's test function calls it."""

    def setUp(self):
        super().setUp()
        self.shell = self.person()

    def call(self, *words, status=0):
        answer = self.shell.call(*words)
        self.assertEqual(answer.status, status, answer)
        return answer

    def skips(self):
        return [line["reason_code"] for line in self.kinds("skip")]

    def test_the_original_scripts_own_checks_pass(self):
        first = self.call("check", "push", "test-workflow", "test123", "run456")
        self.assertTrue(first.runs)
        self.call("register", "test-workflow-push-test123", "push", "test-workflow", "run456",
                  "test123")
        second = self.call("check", "push", "test-workflow", "test123", "run789", status=1)
        self.assertFalse(second.runs)
        self.call("register", "test-workflow-pull_request-abc789", "pull_request",
                  "test-workflow", "pr123", "abc789")
        third = self.call("check", "push", "test-workflow", "abc789", "push456", status=1)
        self.assertFalse(third.runs)
        self.call("cleanup", "test-workflow-push-test123")
        self.call("cleanup", "test-workflow-pull_request-abc789")
        self.call("audit", "test-audit-session", "workflow_run", "test-audit", "audit123",
                  "audit789", "true", "success")
        (line,) = [line for line in self.log() if line["session_key"] == "test-audit-session"]
        self.assertEqual((line["event_type"], line["workflow"], line["run_id"], line["commit_sha"],
                          line["executed"], line["job_status"]),
                         ("workflow_run", "test-audit", "audit123", "audit789", True, "success"))

    def test_check_prints_the_originals_lines(self):
        allowed = self.call("check", "push", "Agent/Deep Review", "0123456789abcdef", "1")
        self.assertEqual({name: allowed.lines[name] for name in ORIGINAL if name != "REASON"}, {
            "SESSION_KEY": "agent-deep-review-push-01234567", "SKIP_EXECUTION": "false",
            "RETRY_SUPPRESSION": "ACTIVE", "EARLY_GATING": "PROCEEDING"})
        self.assertTrue(allowed.lines["REASON"])
        prevented = self.call("check", "push", "Agent/Deep Review", "0123456789abcdef", "2",
                              status=1)
        self.assertEqual({name: prevented.lines[name] for name in ORIGINAL if name != "REASON"}, {
            "SESSION_KEY": "agent-deep-review-push-01234567", "SKIP_EXECUTION": "true",
            "RETRY_SUPPRESSION": "ENFORCED", "EARLY_GATING": "SUCCESS"})
        self.assertIn("run 1", prevented.lines["REASON"])

    def test_check_without_a_run_id_only_reads(self):
        for _ in range(2):
            self.assertTrue(self.call("check", "push", "w", "c").runs)
        self.assertEqual(self.remote.all_refs(), {})
        self.call("check", "push", "w", "c", "1")
        before = self.remote.all_refs()
        self.assertFalse(self.call("check", "push", "w", "c", status=1).runs)
        self.assertEqual(self.remote.all_refs(), before)

    def test_whichever_of_push_and_pull_request_comes_first_wins(self):
        for first, second in (("push", "pull_request"), ("pull_request", "push")):
            commit = f"commit-{first}"
            self.call("check", first, "w", commit, "1")
            self.call("register", "k", first, "w", "1", commit)
            self.call("check", second, "w", commit, "2", status=1)
        self.assertEqual(self.skips(), ["pr_lock", "pr_lock"])

    def test_any_text_does_for_commit_and_run(self):
        for number, text in enumerate(("test123", "ä ö", "refs/heads/x", "a..b", "-x", "'; rm -rf /",
                                       "$(id)", "x" * 500, "..", "a\tb", "a\nb")):
            with self.subTest(text=text):
                words = ("--", "push", f"w{number}", text, text)
                self.assertTrue(self.call("check", *words).runs)
                self.call("register", "--", f"k{number}", "push", f"w{number}", text, text)
                self.call("check", "--", "push", f"w{number}", text, "another", status=1)
                self.call("cleanup", f"k{number}")

    def test_a_commit_is_one_however_its_letters_are_written(self):
        self.assertTrue(self.call("check", "push", "w", "ab" * 20, "1").runs)
        self.call("check", "push", "w", "AB" * 20, "2", status=1)
        self.call("check", "push", "w", "AB" * 20, status=1)
        self.call("register", "k", "push", "v", "3", "CD" * 20)
        self.call("check", "push", "v", "cd" * 20, "4", status=1)
        self.call("audit", "a", "push", "w", "5", "AB" * 20, "true", "success")
        self.assertEqual({line["commit_sha"] for line in self.log()}, {"ab" * 20, "cd" * 20})

    def test_what_is_no_whole_commit_is_warned_of_and_taken(self):
        for word, told in (("HEAD", "is no commit's object id"), ("abcdef12", '"$(git rev-parse abcdef12)"')):
            for words in (("check", "push", "w", word, "1"), ("register", "k", "push", "w", "1", word),
                          ("audit", "k", "push", "w", "1", word, "true", "success")):
                self.assertIn(told, self.call(*words).err, words)
        self.assertNotIn("commit", self.call("check", "push", "w", "a" * 40, "1").err)

    def test_registering_what_another_run_holds_says_so_and_exits_1(self):
        self.call("register", "k", "push", "w", "1", "c")
        other = self.person()
        answer = other.call("register", "k", "push", "w", "2", "c")
        self.assertEqual(answer.status, 1, answer)
        self.assertIn("not registered", answer.out)
        self.assertIn("run 1", answer.out + answer.err)
        self.assertEqual(self.only_claim()["holder"]["run_id"], "1")

    def test_register_prints_the_session(self):
        out = self.call("register", "k", "push", "w", "1", "c").out
        head, _, rest = out.partition("\n")
        self.assertEqual(head, "Session registered: k")
        data = json.loads(rest)
        self.assertEqual([data[key] for key in ("session_key", "event_type", "workflow", "run_id",
                                                "commit_sha")], ["k", "push", "w", "1", "c"])
        self.assertTrue(data["start_time"])

    def test_after_cleanup_finished_work_is_not_launched_again(self):
        self.call("check", "push", "w", "c", "1")
        self.call("register", "w-push-c", "push", "w", "1", "c")
        self.call("cleanup", "w-push-c")
        self.call("check", "push", "w", "c", "2", status=1)
        self.assertEqual(self.skips(), ["already_done"])

    def test_cleanup_ends_the_session_by_the_key_that_register_was_given(self):
        self.call("check", "push", "w", "c", "1")
        self.call("register", "k", "push", "w", "1", "c")
        self.assertIn("success", self.call("cleanup", "k").out)
        self.assertEqual(self.only_claim()["state"], "ended")

    def test_the_session_window_is_the_lease_of_check_and_register(self):
        window = ("--session-window", "1s", "--skew", "0s")
        self.call("check", "push", "w", "c", "1", *window)
        self.call("register", "k", "push", "w", "1", "c", *window)
        until = time.time() + 1.1
        await_that(lambda: time.time() > until)
        other = self.person()
        self.assertTrue(other.call("check", "push", "w", "c", "2").runs)

    def test_the_default_window_is_five_minutes(self):
        self.call("register", "k", "push", "w", "1", "c")
        claim = self.only_claim()
        start, end = (datetime.datetime.strptime(claim[name], "%Y-%m-%dT%H:%M:%S.%fZ")
                      for name in ("claimed_at", "lease_until"))
        self.assertEqual((end - start).total_seconds(), 300)

    def test_audit_takes_true_and_false_only(self):
        for word in ("maybe", "", "1"):
            answer = self.call("audit", "k", "push", "w", "1", "c", word, "success", status=2)
            self.assertTrue(answer.err)
        self.assertEqual(self.log(), [])
        self.call("audit", "k", "push", "w", "1", "c", "false", "skipped")
        (line,) = self.log()
        self.assertEqual((line["executed"], line["job_status"]), (False, "skipped"))

    def test_two_audits_are_two_lines(self):
        for _ in range(2):
            self.call("audit", "k", "push", "w", "1", "c", "true", "success")
        self.assertEqual(len(self.log()), 2)

    def test_an_audit_is_of_the_attempt_that_writes_it(self):
        for attempt in ("1", "2"):
            self.call("audit", "k", "push", "w", "1", "c", "true", "success", "--run-attempt", attempt)
        self.assertEqual(sorted(line["run_attempt"] for line in self.log()), [1, 2])
        self.assertEqual(self.call("verify", status=1).status, 1)
        self.assertIn('refgate_sessions_total{workflow="w"} 2', self.call("metrics").out)

    def test_missing_words_are_wrong_usage(self):
        for words in (("check",), ("check", "push"), ("check", "push", "w"), ("register", "k"),
                      ("register", "k", "push", "w", "1"), ("cleanup",), ("audit", "k"),
                      ("audit", "k", "push", "w", "1", "c", "true"),
                      ("check", "push", "w", "c", "1", "more")):
            with self.subTest(words=words):
                self.assertTrue(self.call(*words, status=2).err)
        self.assertEqual(self.remote.all_refs(), {})


class OriginalWorkflow(GateCase):
    """check, register, audit, cleanup as steps of a job in Actions."""

    def steps(self, job, event="push", status="success"):
        run = job.run
        check = job.call("check", event, "Agent Review", HEAD, run)
        self.assertEqual(check.status, 0, check)
        if check.runs:
            self.done(job.call("register", check.outputs["session_key"], event, "Agent Review",
                               run, HEAD))
        self.done(job.call("audit", check.outputs["session_key"], event, "Agent Review", run, HEAD,
                           str(check.runs).lower(), status if check.runs else "skipped"))
        return check

    def test_in_actions_a_prevented_check_exits_0_and_says_so_in_its_outputs(self):
        self.assertTrue(self.job().call("check", "push", "w", "c", "1").runs)
        answer = self.job().call("check", "push", "w", "c", "2")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (0, "true"), answer)
        for name in ORIGINAL:
            self.assertEqual(answer.outputs[name.lower()], answer.lines[name])
        asked = self.job().call("check", "push", "w", "c", "2", "--exit-code")
        self.assertEqual((asked.status, asked.outputs["skip_execution"]), (1, "true"), asked)

    def test_a_whole_job_and_its_duplicates_launch_once(self):
        holder = self.job()
        self.assertTrue(self.steps(holder).runs)
        duplicate = self.job()
        check = self.steps(duplicate)
        self.assertFalse(check.runs)
        self.done(duplicate.call("cleanup", check.outputs["session_key"]))
        self.assertEqual(self.only_claim()["state"], "active")
        pull = self.job("pull_request", payloads.pull_request(HEAD))
        self.assertFalse(self.steps(pull, "pull_request").runs)
        self.done(holder.call("cleanup", "agent-review-push-" + HEAD[:8]))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assertFalse(self.steps(self.job()).runs)
        self.assertEqual(len(self.kinds("launch")), 1)

    def test_cleanup_of_a_run_that_was_told_to_skip_changes_nothing(self):
        holder = self.job()
        key = self.steps(holder).outputs["session_key"]
        claim = self.remote.refs()
        for job in (self.job(), self.job(run=holder.run), self.person()):
            if job.environment.get("GITHUB_ACTIONS"):
                self.assertFalse(self.steps(job).runs)
            answer = self.done(job.call("cleanup", key))
            self.assertIn("not_found", answer.out)
            self.assertEqual(self.remote.refs(), claim)

    def test_what_audit_was_told_is_what_becomes_of_the_session(self):
        holder = self.job()
        key = self.steps(holder, status="failure").outputs["session_key"]
        self.done(holder.call("cleanup", key))
        self.assertEqual(self.only_claim()["outcome"], "failure")
        self.assertFalse(self.steps(self.job()).runs)
        (skip,) = self.kinds("skip")
        self.assertEqual(skip["reason_code"], "retry_suppressed")

    def test_a_check_that_was_allowed_once_is_allowed_again_to_the_same_job(self):
        job = self.job()
        for _ in range(2):
            self.assertTrue(job.call("check", "push", "w", "c", job.run).runs)
        self.done(job.call("register", "k", "push", "w", job.run, "c"))
        self.assertTrue(job.call("check", "push", "w", "c", job.run).runs)
        self.assertEqual(len(self.kinds("launch")), 1)

    def test_an_audit_in_a_re_run_is_joined_with_that_attempts_launch(self):
        job = self.job(attempt=3)
        answer = job.call("gate")
        self.assert_runs(answer, "first")
        words = ("push", "Agent Review", job.run, HEAD, "true", "success")
        self.done(job.call("audit", answer.lines["SESSION_KEY"], *words))
        self.assertEqual({line["run_attempt"] for line in self.log()}, {3})
        # Of another run it knows no attempt.
        self.done(job.call("audit", "k", "push", "w", "99", HEAD, "true", "success"))
        self.assertEqual([line["run_attempt"] for line in self.log() if line["run_id"] == "99"], [1])
        totals = [line for line in self.person().call("metrics").out.splitlines() if line.startswith("refgate_sessions_total{")]
        self.assertEqual(totals, ['refgate_sessions_total{workflow="Agent Review"} 1', 'refgate_sessions_total{workflow="w"} 1'])

    def test_cleanup_twice_is_harmless(self):
        holder = self.job()
        key = self.steps(holder).outputs["session_key"]
        self.assertIn("success", self.done(holder.call("cleanup", key)).out)
        after = self.remote.refs()
        self.done(holder.call("cleanup", key))
        self.assertEqual(self.remote.refs(), after)


if __name__ == "__main__":
    unittest.main()
