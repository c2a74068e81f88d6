"""Duplicates that ran, and promises that broke: both have to show up somewhere."""

import http.server
import json
import threading
import unittest

from gate_case import TOKEN, GateCase, payloads


class PathCase(GateCase):
    remote_kind = "path"

    def audit(self, run, executed="true", status="success", event="push", commit="c" * 40,
              workflow="Agent"):
        return self.done(self.person().call("audit", f"k-{run}", event, workflow, str(run), commit,
                                            executed, status))

    def verified(self, *words, status=1):
        answer = self.person().call("verify", "--json", *words)
        self.assertEqual(answer.status, status, answer)
        return answer.json()

    def figures(self):
        """What stats, metrics and verify count: sessions, and duplicates that ran."""
        stats = self.done(self.person().call("stats", "--json")).json()
        page = self.done(self.person().call("metrics")).out.splitlines()
        sessions = sum(int(line.split()[-1]) for line in page
                       if line.startswith("refgate_sessions_total{"))
        self.assertEqual(sessions, stats["total"]["sessions"])
        self.assertIn(f"refgate_duplicates_allowed_total {stats['duplicates_allowed']}", page)
        return stats["total"]["sessions"], stats["duplicates_allowed"]


class ByHand(PathCase):
    def test_two_runs_that_were_executed_are_a_duplicate_everywhere(self):
        self.audit(1)
        self.audit(1)
        self.assertEqual(self.figures(), (1, 0))
        self.assertEqual(self.verified(status=0)["launches"], 1)
        self.audit(2, event="pull_request")
        found = self.verified()
        self.assertEqual([one["kind"] for one in found["duplicates"]], ["within_memory"])
        self.assertIn("Agent", found["duplicates"][0]["scope"])
        self.assertEqual(self.figures(), (2, 1))
        self.assertIn("Duplicate", self.person().call("verify").out)

    def test_a_run_that_was_told_to_skip_and_was_executed(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "failure"))
        guardless = self.job()
        self.assert_skips(guardless.call("gate"), "retry_suppressed")
        self.done(guardless.call("audit", "k", "push", "Agent Review", guardless.run,
                                 payloads.commit("head"), "true", "success"))
        self.assertEqual([one["kind"] for one in self.verified()["duplicates"]], ["told_to_skip"])

    def test_the_launch_of_the_run_itself_is_counted_once(self):
        job, _ = self.gate()
        self.done(job.call("finish"))
        self.done(job.call("audit", "k", "push", "Agent Review", job.run, payloads.commit("head"),
                           "true", "success"))
        self.assertEqual(self.figures(), (1, 0))
        self.verified(status=0)

    def test_a_pair_of_which_only_the_second_is_in_the_period(self):
        self.audit(1)
        answer = self.person().call("log", "--json").json_lines()
        self.audit(2)
        since = self.log()[-1]["timestamp"]
        self.assertGreater(since, answer[0]["timestamp"])
        found = self.verified("--since", since)
        self.assertEqual((len(found["duplicates"]), found["launches"]), (1, 1))
        self.assertEqual(self.verified("--until", answer[0]["timestamp"], status=0)["launches"], 1)


class Lost(PathCase):
    def lost(self, status=1):
        answer = self.person().call("status", "--lost", "--json")
        self.assertEqual(answer.status, status, answer)
        return answer.rows()

    def test_cancelled_work_for_whose_sake_others_were_skipped(self):
        holder, _ = self.gate()
        twin, answer = self.gate(event="pull_request",
                                 payload=payloads.pull_request(payloads.commit("head")))
        self.assertFalse(answer.runs)
        self.lost(status=0)
        self.done(holder.call("finish", "--status", "cancelled"))
        (row,) = self.lost()
        self.assertEqual(row["why"], "cancelled")
        self.assertEqual([skip["run_id"] for skip in row["skipped"]], [twin.run])
        self.assertEqual(row["skipped"][0]["event"], "pull_request")
        told = self.person().call("status", "--lost").out
        self.assertIn(twin.run, told)
        self.assertIn("refgate_promises_broken 1", self.person().call("metrics").out)
        taker, answer = self.gate()
        self.assertTrue(answer.runs)
        self.done(taker.call("finish"))
        self.lost(status=0)

    def test_every_end_without_work_is_listed(self):
        for end, why in ((("finish", "--status", "skipped"), "never_started"),
                         (("finish", "--status", "cancelled"), "cancelled"),
                         (("release",), "released")):
            with self.subTest(why=why):
                self.setUp()
                job, answer = self.gate()
                if end[0] == "release":
                    self.done(self.person().call("release", answer.claim_id, "--reason", "x"))
                else:
                    self.done(job.call(*end))
                self.assertEqual([row["why"] for row in self.lost()], [why])

    def test_what_ended_with_an_answer_is_not_lost(self):
        for status in ("success", "failure"):
            with self.subTest(status=status):
                self.setUp()
                job, _ = self.gate()
                self.gate()
                self.done(job.call("finish", "--status", status))
                self.lost(status=0)

    def test_a_claim_that_was_deleted_breaks_a_promise_too(self):
        self.gate()
        skipped, _ = self.gate()
        (ref,) = self.remote.claims()
        self.remote.git("update-ref", "-d", ref)
        (row,) = self.lost()
        self.assertEqual((row["ref"], row["why"]), (ref, "gone"))
        self.assertEqual(row["skipped"][0]["run_id"], skipped.run)
        self.assertIn(skipped.run, self.person().call("status", "--lost").out)

    def test_a_holder_whose_run_has_ended_is_found_by_asking(self):
        holder, _ = self.gate()

        class Api(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802 - the name that http.server wants
                data = json.dumps({"id": int(holder.run), "status": "completed",
                                   "run_attempt": 1, "conclusion": "failure"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        thread = threading.Thread(target=api.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(api.server_close)
        self.addCleanup(api.shutdown)
        answer = self.person().call(
            "status", "--lost", "--json", GITHUB_TOKEN=TOKEN,
            GITHUB_SERVER_URL="https://github.com",
            GITHUB_API_URL=f"http://127.0.0.1:{api.server_port}")
        self.assertEqual(answer.status, 1, answer)
        self.assertEqual([row["why"] for row in answer.rows()], ["run_ended"])


class Unreadable(PathCase):
    def test_status_names_what_it_cannot_read_and_does_not_say_that_all_is_well(self):
        blob = self.remote.git("hash-object", "-w", "--stdin", input='{"version":99}').strip()
        for ref, name in (("refs/refgate/claims/commit-1/x", "claim.json"),
                          ("refs/refgate/queues/x", "queue.json"),
                          ("refs/refgate/budgets/scope/x", "budget.json")):
            with self.subTest(ref=ref):
                tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
                commit = self.remote.git("commit-tree", "-m", "x", tree).strip()
                self.remote.git("update-ref", ref, commit)
                for words in ((), ("--all",), ("--lost",), ("--queues",)):
                    answer = self.person().call("status", *words)
                    self.assertEqual(answer.status, 3, answer)
                    self.assertIn(ref, answer.err)
                self.remote.git("update-ref", "-d", ref)


if __name__ == "__main__":
    unittest.main()
