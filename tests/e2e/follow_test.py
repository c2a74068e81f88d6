"""gate --follow: a skip is green only when the work that it stands for has ended with success."""

import signal
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that
from network_test import FaultCase
from queue_test import QueueCase

BRIEF = ("--lease", "6s", "--skew", "1s")


class FollowCase(GateCase):
    def follow(self, *words, job=None, **options):
        """A follower that has seen the holder."""
        job = job or self.job(**options)
        call = job.start("gate", "--follow", *words)
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"standing by for", call.process.stderr.readline())
        return job, call

    def assert_red(self, answer, code):
        self.assertEqual((answer.status, answer.runs, answer.code), (1, False, code), answer)
        self.assertTrue("::error " in answer.out, answer)

    def followed(self, status):
        """What a follower is told whose holder ends with `status`."""
        holder, _ = self.gate()
        _, call = self.follow()
        self.done(holder.call("finish", "--status", status))
        return call.wait()


class Colours(FollowCase):
    def test_success_is_green(self):
        answer = self.followed("success")
        self.assert_skips(answer, "already_done")
        self.assertEqual(answer.lines["HOLDER_OUTCOME"], "success")
        self.assertNotIn("::error ", answer.out)

    def test_failure_is_red(self):
        answer = self.followed("failure")
        self.assert_red(answer, "retry_suppressed")
        self.assertEqual(answer.lines["HOLDER_OUTCOME"], "failure")

    def test_what_was_cancelled_or_given_back_is_taken_up(self):
        for status, code in (("cancelled", "takeover"), ("skipped", "first")):
            with self.subTest(status=status):
                self.setUp()
                self.assert_runs(self.followed(status), code)

    def test_a_killed_holder_is_taken_over_by_one_and_the_others_end_as_it_does(self):
        for status, answers in (("success", (0, "already_done")), ("failure", (1, "retry_suppressed"))):
            with self.subTest(status=status):
                self.setUp()
                holder = self.job()
                work = holder.start("run", *BRIEF, "--interval", "300ms", "--", "sleep", "120")
                self.addCleanup(lambda call=work: call.process.poll() is None and call.kill())
                await_that(self.remote.claims, what="the holder")
                followers = [self.follow(*BRIEF) for _ in range(4)]
                work.kill()
                taker = self.await_taker(followers, holder)
                self.assert_runs(taker[1].wait(), "takeover")
                self.done(taker[0].call("finish", "--status", status))
                for job, call in followers:
                    if job is taker[0]:
                        continue
                    answer = call.wait()
                    self.assertEqual((answer.status, answer.runs, answer.code),
                                     (answers[0], False, answers[1]), answer)
                    self.assertEqual(answer.lines["HOLDER_RUN_ID"], taker[0].run)

    def await_taker(self, followers, holder):
        def taken():
            claim = self.only_claim()
            return claim["generation"] > 1 and claim
        await_that(taken, what="the takeover")
        run = taken()["holder"]["run_id"]
        self.assertNotEqual(run, holder.run)
        (taker,) = [each for each in followers if each[0].run == run]
        return taker

    def test_the_wait_is_bounded(self):
        holder, _ = self.gate()
        answer = self.job().call("gate", "--follow", "--wait", "1s")
        self.assert_red(answer, "wait_expired")
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], holder.run)
        self.assertIn("has not ended within 1s", answer.lines["REASON"])
        (line,) = self.kinds("skip")
        self.assertEqual(line["reason_code"], "wait_expired")

    def test_what_has_ended_before_is_told_at_once(self):
        holder, _ = self.gate()
        self.done(holder.call("finish"))
        self.assert_skips(self.job().call("gate", "--follow"), "already_done")
        twin = self.job("pull_request", payloads.pull_request(HEAD))
        self.assert_skips(twin.call("gate", "--follow"), "pr_lock")
        other = {"payload": payloads.push(payloads.commit("other"))}
        holder, _ = self.gate(**other)
        self.done(holder.call("finish", "--status", "failure"))
        self.assert_red(self.job(**other).call("gate", "--follow"), "retry_suppressed")
        self.assert_runs(self.job(**other).call("gate", "--follow", "--retry", "allow"),
                         "retry_allowed")

    def test_what_may_not_be_launched_is_red_at_once(self):
        holder, _ = self.gate()
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assert_red(self.job().call("gate", "--follow", "--cooldown", "1h"), "cooldown")
        self.assert_red(self.job().call("gate", "--follow", "--max-attempts", "1"), "max_attempts")
        self.assert_red(self.job().call("gate", "--follow", "--budget", "0/1h"), "budget")
        self.done(self.person().call("pause"))
        self.assert_red(self.job().call("gate", "--follow"), "paused")

    def test_a_pause_ends_the_waiting(self):
        self.gate()
        _, call = self.follow()
        self.done(self.person().call("pause"))
        self.assert_red(call.wait(), "paused")

    def test_nobody_follows_its_own_run(self):
        holder, _ = self.gate("--share", "review")
        beside = self.job(run=holder.run, job="other")
        answer = beside.call("gate", "--follow", "--share", "review")
        self.assert_red(answer, "active_session")
        self.assertIn("does not follow its own jobs", answer.lines["REASON"])
        self.assertNotIn("standing by", answer.err)

    def test_who_is_first_runs(self):
        self.assert_runs(self.job().call("gate", "--follow"), "first")

    def test_force_runs(self):
        self.gate()
        self.assert_runs(self.job().call("gate", "--follow", "--force"), "forced")

    def test_it_contradicts_no_wait(self):
        before = self.remote.all_refs()
        answer = self.job().call("gate", "--follow", "--no-wait")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertEqual(self.remote.all_refs(), before)

    def test_observing_decides_as_of_now(self):
        self.gate()
        answer = self.job().call("gate", "--follow", "--observe")
        self.assert_runs(answer, "active_session")
        self.assertNotIn("standing by", answer.err)

    def test_an_input_of_the_environment_and_of_the_configuration(self):
        self.gate()
        answer = self.job().call("gate", "--wait", "1s", REFGATE_FOLLOW="true")
        self.assert_red(answer, "wait_expired")
        config = self.folder / "settings.yml"
        config.write_text("follow: true\nwait: 1s\n", encoding="utf-8")
        self.assert_red(self.job().call("gate", "--config", config), "wait_expired")

    def test_the_positional_check_knows_none(self):
        self.done(self.person().call("check", "push", "Agent", HEAD, "1"))
        answer = self.person(REFGATE_FOLLOW="true").call("check", "push", "Agent", HEAD, "2")
        self.assertNotIn("standing by", answer.err)

    def test_a_follower_that_is_cancelled_ends_by_the_signal(self):
        self.gate()
        _, call = self.follow("--audit-skips", "summary")
        before = self.remote.refs("refs/refgate")
        call.process.send_signal(signal.SIGTERM)
        answer = call.wait()
        self.assertEqual((answer.status, answer.runs), (-signal.SIGTERM, False), answer)
        self.assertEqual(self.remote.refs("refs/refgate"), before)

    def test_explain_says_what_comes_of_it(self):
        def told(*words):
            return self.job().call("explain", "--json", *words).json()["decision"]["follow"]
        self.assertEqual((told("--follow"), told()), ("runs", None))
        holder, _ = self.gate()
        self.assertEqual(told("--follow"), "waits")
        self.assertIn("would wait", self.job().call("explain", "--follow").out)
        self.done(holder.call("finish"))
        self.assertEqual(told("--follow"), "green")
        self.assertEqual(told("--follow", "--observe"), None)

    def test_skips_that_are_red_are_no_broken_promises(self):
        holder, _ = self.gate()
        self.assert_red(self.job().call("gate", "--follow", "--wait", "1s"), "wait_expired")
        self.done(holder.call("finish", "--status", "cancelled"))
        (row,) = self.person().call("status", "--lost", "--json").json()["lost"]
        self.assertEqual(row["skipped"], [])


class Run(FollowCase):
    def test_it_ends_as_the_work_does(self):
        for status, expected in (("success", 7), ("failure", 1)):
            with self.subTest(status=status):
                self.setUp()
                holder, _ = self.gate()
                call = self.job().start("run", "--follow", "--skip-exit", "7", "--", "false")
                self.assertIn(b"standing by", call.process.stderr.readline())
                self.done(holder.call("finish", "--status", status))
                self.assertEqual(call.wait().status, expected)

    def test_it_takes_over_and_its_command_counts(self):
        holder, _ = self.gate()
        call = self.job().start("run", "--follow", "--", "sh", "-c", "exit 5")
        self.assertIn(b"standing by", call.process.stderr.readline())
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assertEqual(call.wait().status, 5)


class InLine(QueueCase):
    def test_a_follower_in_a_group_waits_for_its_twin(self):
        holder = self.push_job(1)
        self.assert_runs(holder.call("gate", "--group-by", "repository"), "first")
        follower = self.push_job(1)
        call = follower.start("gate", "--follow", "--group-by", "repository")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"following", call.process.stderr.readline())
        self.done(holder.call("finish", "--status", "failure"))
        answer = call.wait()
        self.assertEqual((answer.status, answer.code), (1, "retry_suppressed"), answer)

    def test_and_takes_over_when_that_is_cancelled(self):
        holder = self.push_job(1)
        self.assert_runs(holder.call("gate", "--group-by", "repository"), "first")
        follower = self.push_job(1)
        call = follower.start("gate", "--follow", "--group-by", "repository")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"following", call.process.stderr.readline())
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assert_runs(call.wait(), "takeover")

    def test_a_place_in_line_that_did_not_come_is_red(self):
        self.head()
        answer = self.push_job(1).call("gate", "--follow", "--group-by", "repository", "--wait",
                                       "1s")
        self.assertEqual((answer.status, answer.code), (1, "wait_expired"), answer)
        self.assertEqual(answer.lines["POSITION"], "2")


class ReadOnly(FollowCase):
    def reader(self, **options):
        remote = self.remote.by(f"{self.server('read-only').url}/{self.path.name}")
        return self.job(remote=remote, **options)

    def test_it_follows_by_looking(self):
        for status, code in (("success", "already_done"), ("failure", "retry_suppressed")):
            with self.subTest(status=status):
                self.setUp()
                holder, _ = self.gate()
                call = self.reader().start("gate", "--follow")
                self.addCleanup(lambda call=call: call.process.poll() is None and call.kill())
                self.assertIn(b"standing by for", call.process.stderr.readline())
                self.done(holder.call("finish", "--status", status))
                answer = call.wait()
                self.assertEqual((answer.status, answer.runs, answer.code),
                                 (0 if status == "success" else 1, False, code), answer)

    def test_what_it_may_not_take_over_is_red(self):
        holder, _ = self.gate()
        call = self.reader().start("gate", "--follow", "--on-read-only", "skip")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"standing by for", call.process.stderr.readline())
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assert_red(call.wait(), "read_only")

    def test_where_nobody_does_the_work_it_is_red(self):
        answer = self.reader().call("gate", "--follow", "--on-read-only", "skip")
        self.assert_red(answer, "read_only")


class Outage(FaultCase):
    def test_it_is_outlasted(self):
        holder = self.job(remote=self.direct)
        self.assert_runs(holder.call("gate"), "first")
        call = self.job().start("gate", "--follow", "--deadline", "1s")
        self.addCleanup(lambda: call.process.poll() is None and call.kill())
        self.assertIn(b"standing by for", call.process.stderr.readline())
        self.plan({"fault": "cut-before"})
        self.assertIn(b"still standing by", call.process.stderr.readline())
        self.done(holder.call("finish"))
        self.plan()
        self.assert_skips(call.wait(), "already_done")

    def test_no_answer_is_red_whatever_on_error_says(self):
        self.plan({"fault": "cut-before"})
        answer = self.job().call("gate", "--follow", "--deadline", "1s", "--on-error", "skip")
        self.assertEqual((answer.status, answer.runs, answer.code), (1, False, "unreachable"),
                         answer)


if __name__ == "__main__":
    unittest.main()
