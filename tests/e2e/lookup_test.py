"""Whether a holder's run has ended, as the REST API says: only a clear answer counts."""

import json
import threading
import time
import unittest

from api_case import ApiCase
from gate_case import TOKEN


class Lookup(ApiCase):
    def run_of(self, job, **changes):
        return {"id": int(job.run), "status": "completed", "run_attempt": 1, "conclusion": "failure", **changes}

    def test_work_of_a_run_that_has_ended_is_taken_over(self):
        holder, _ = self.gate()
        self.answers(200, self.run_of(holder))
        job, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.assertEqual(answer.generation, 2)
        self.assertIn("has ended", answer.lines["REASON"])
        self.assertEqual(self.api.asked, [(f"/repos/octo/app/actions/runs/{holder.run}", f"Bearer {TOKEN}")])

    def test_only_one_of_many_takes_it_over(self):
        holder, _ = self.gate()
        self.answers(200, self.run_of(holder))

        def reply(handler):
            number = handler.path.rpartition("/")[2]
            handler.say(200, {"id": int(number), "run_attempt": 1, "status": "completed" if number == holder.run else "in_progress"})

        self.api.reply = reply
        calls = [self.job().start("gate") for _ in range(16)]
        answers = [call.wait() for call in calls]
        self.assertEqual([answer.code for answer in answers if answer.runs], ["takeover"])
        self.assertEqual({answer.status for answer in answers}, {0})

    def test_gitea_and_forgejo_tell_no_attempt(self):
        """Gitea 1.25 and 1.26 answer with run_attempt 0; Forgejo without one, and with the outcome as the status."""
        untold = {"run_attempt": 0, "run_number": 7, "html_url": "https://forge.example/octo/app/actions/runs/101"}
        for forge, state, code in (("GITEA_ACTIONS", {**untold, "status": "completed"}, "takeover"),
                                   ("GITEA_ACTIONS", {**untold, "status": "in_progress"}, "active_session"),
                                   ("GITEA_ACTIONS", {"status": "in_progress", "run_attempt": 1}, "active_session"),
                                   ("FORGEJO_ACTIONS", {"status": "failure", "index_in_repo": 7}, "takeover"),
                                   ("FORGEJO_ACTIONS", {"status": "running", "index_in_repo": 7}, "active_session")):
            with self.subTest(forge=forge, **state):
                def gate(number):
                    job = self.job(environment={"GITEA_ACTIONS": "true", forge: "true", "GITHUB_RUN_NUMBER": number,
                                                "GITHUB_SERVER_URL": "https://forge.example"})
                    return job, job.call("gate", "--share", f"{forge} {sorted(state.items())}")
                holder, first = gate("7")
                self.assert_runs(first, "first")
                self.answers(200, {"id": int(holder.run), **state})
                self.assertEqual(gate("8")[1].code, code)

    def test_anything_but_a_clear_answer_means_unknown(self):
        holder, _ = self.gate()
        run = self.run_of(holder)
        cut = json.dumps(run).encode()[:-9]
        for name, status, body in (("in progress", 200, {**run, "status": "in_progress"}), ("queued", 200, {**run, "status": "queued"}),
                                   ("no permission", 403, {"message": "Resource not accessible by integration"}),
                                   ("not found", 404, {"message": "Not Found", **run}), ("failing", 502, run), ("moved", 302, run),
                                   ("another run", 200, {**run, "id": 1}), ("an older attempt", 200, {**run, "run_attempt": 0}),
                                   ("nothing", 200, b""), ("a page", 200, b"<html>completed</html>"), ("cut off", 200, cut),
                                   ("endless", 200, b" " * 3_000_000 + json.dumps(run).encode())):
            with self.subTest(name=name):
                self.api.asked.clear()
                self.answers(status, body)
                self.assert_skips(self.gate()[1], "active_session")
                self.assertEqual(len(self.api.asked), 1)

    def test_an_api_that_hangs_costs_no_more_than_its_bound(self):
        self.gate()
        over = threading.Event()
        self.addCleanup(over.set)
        self.api.reply = lambda handler: over.wait(60)
        begun = time.monotonic()
        self.assert_skips(self.gate()[1], "active_session")
        self.assertLess(time.monotonic() - begun, 20)

    def test_it_is_not_asked_when_that_would_change_nothing(self):
        holder, _ = self.gate()
        self.answers(200, self.run_of(holder))
        self.done(holder.call("finish"))
        self.assert_skips(self.gate()[1], "already_done")
        self.assert_runs(self.gate("--share", "other")[1], "first")
        self.assertEqual(self.api.asked, [])

    def test_it_is_not_asked_when_told_so_or_without_a_token_or_elsewhere(self):
        holder, _ = self.gate()
        self.answers(200, self.run_of(holder))
        self.assert_skips(self.gate("--holder-run", "ignore")[1], "active_session")
        elsewhere = {"GITHUB_SERVER_URL": "https://github.example"}
        # Elsewhere the repository is in the scope, unless an identity is named.
        self.assert_runs(self.job(environment=elsewhere).call("gate"), "first")
        named = ("--identity", "shared")
        self.assert_runs(self.gate(*named)[1], "first")
        self.assert_skips(self.job(environment=elsewhere).call("gate", *named), "active_session")
        self.assert_skips(self.job(environment={"GITHUB_API_URL": ""}).call("gate"), "active_session")
        self.assertEqual(self.api.asked, [])


if __name__ == "__main__":
    unittest.main()
