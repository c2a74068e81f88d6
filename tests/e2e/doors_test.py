"""One head, several pull requests; several jobs of one run that share a scope."""

import time
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that


class Doors(GateCase):
    remote_kind = "path"

    def pull(self, number, base="main", action="synchronize", **more):
        payload = payloads.pull_request(HEAD, action)
        payload["number"] = payload["pull_request"]["number"] = number
        payload["pull_request"]["base"]["ref"] = base
        return self.job("pull_request", payload, **more)

    def test_a_pull_request_that_a_claim_does_not_cover_has_a_door_of_its_own(self):
        first, second = self.pull(7), self.pull(8, "release")
        self.assert_runs(first.call("gate"), "first")
        self.assert_runs(second.call("gate"), "first")
        self.assert_skips(self.pull(7).call("gate"), "active_session")
        self.assert_skips(self.pull(8, "release").call("gate"), "active_session")
        self.assert_runs(self.pull(7, "release").call("gate"), "first")
        self.done(second.call("finish", "--status", "success"))
        self.assert_skips(self.pull(8, "release").call("gate"), "already_done")
        self.done(first.call("finish", "--status", "failure"))
        self.assert_runs(self.pull(7).call("gate", "--retry", "allow"), "retry_allowed")

    def test_a_push_is_covered_by_any_door_and_covers_all(self):
        self.assert_runs(self.pull(7).call("gate"), "first")
        self.assert_runs(self.pull(8, "release").call("gate"), "first")
        self.assert_skips(self.job().call("gate"), "pr_lock")
        self.remote.git("update-ref", "--stdin", input="".join(
            f"delete {ref}\n" for ref in self.remote.all_refs()))
        self.assert_runs(self.job().call("gate"), "first")
        self.assert_skips(self.pull(7).call("gate"), "pr_lock")
        self.assert_skips(self.pull(8, "release").call("gate"), "pr_lock")

    def test_a_pull_request_opened_after_the_lock_window_runs(self):
        push = self.job()
        self.assert_runs(push.call("gate", "--pr-lock-window", "1s"), "first")
        self.done(push.call("finish", "--status", "success"))
        ended = time.time()
        await_that(lambda: time.time() > ended + 1.1)
        self.assert_runs(self.pull(7).call("gate"), "first")
        self.assert_skips(self.job().call("gate"), "pr_lock")


class JobsOfOneRun(GateCase):
    remote_kind = "path"

    def test_what_cannot_be_told_apart_mutes_nobody(self):
        one = self.job(environment={"RUNNER_TRACKING_ID": "a"})
        self.assert_runs(one.call("gate"), "first")
        self.assert_runs(one.call("gate"), "own")
        two = self.job(run=one.run, environment={"RUNNER_TRACKING_ID": "b"})
        self.assert_runs(two.call("gate"), "same_run")
        self.assert_runs(two.call("gate"), "own")
        self.assert_runs(self.job().call("gate"), "same_run")
        for job in (one, two):
            self.done(job.call("finish", "--status", "success"))
        self.assert_runs(self.job().call("gate"), "same_run")
        self.assertTrue(all(claim["ambiguous"] for claim in self.remote.claims().values()))

    def test_a_named_share_joins_them_all_the_same(self):
        one, answer = self.gate("--share", "review")
        self.assert_runs(answer, "first")
        self.assert_skips(self.job(run=one.run).call("gate", "--share", "review"),
                          "active_session")

    def test_a_claim_is_found_by_its_id_from_another_job(self):
        gate, answer = self.gate()
        work = self.job(run=gate.run, job="work")
        self.assert_runs(work.call("gate", "--claim-id", answer.claim_id), "own")
        end = self.job(run=gate.run, job="end")
        self.done(end.call("finish", "--claim-id", answer.claim_id, "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "success")

    def test_in_a_container_the_check_run_tells_jobs_apart(self):
        one = self.job(environment={"REFGATE_CHECK_RUN": "71"})
        self.assert_runs(one.call("gate"), "first")
        two = self.job(run=one.run, environment={"REFGATE_CHECK_RUN": "72"})
        self.assert_runs(two.call("gate"), "same_run")
        self.assertEqual(len({claim["holder"]["instance"]
                              for claim in self.remote.claims().values()}), 2)

    def test_a_run_does_not_stand_by_for_itself(self):
        one, answer = self.gate("--share", "review")
        self.assert_runs(answer, "first")
        started = self.job(run=one.run).start("gate", "--share", "review", "--wait", "1h")
        self.assert_skips(started.wait(60), "active_session")

    def test_a_run_behind_another_has_its_turn_with_all_of_its_jobs(self):
        words = ("gate", "--group-by", "repository")

        def of(number, **more):
            return self.job(payload=payloads.push(payloads.commit(f"line {number}")), **more)

        def in_line(count):
            def stands():
                queues = self.person().call("status", "--queues", "--json").json()["queues"]
                return sum(len(queue["tickets"]) for queue in queues) == count
            await_that(stands, what=f"a line of {count}")

        head = of(1)
        self.assert_runs(head.call(*words), "first")
        first = of(2, run=77)
        waits = first.start(*words)
        in_line(2)
        stranger = of(3)
        behind = stranger.start(*words)
        self.addCleanup(lambda: behind.process.poll() is None and behind.kill())
        in_line(3)
        last = of(2, run=77, job="other")
        goes_along = last.start(*words)
        in_line(4)
        self.assert_skips(of(4).call(*words, "--no-wait"), "queued")
        self.done(head.call("finish"))
        self.assert_runs(waits.wait(60), "first")
        self.assert_runs(goes_along.wait(60), "first")
        self.assert_runs(of(2, run=77, job="third").call(*words, "--no-wait"), "first")
        self.assertIsNone(behind.process.poll(), "another run waits for all of them")

    def test_a_run_does_not_wait_for_itself(self):
        words = ("gate", "--group-by", "entity", "--wait", "5s")
        one = self.job()
        self.assert_runs(one.call(*words), "first")
        self.assert_runs(self.job(run=one.run, job="other").call(*words), "first")


if __name__ == "__main__":
    unittest.main()
