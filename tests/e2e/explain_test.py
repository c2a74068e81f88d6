"""Explain: what an event would do, and nothing that it does."""

import json
import unittest

import payloads
from gate_case import HEAD, GateCase, launch


class Explain(GateCase):
    def explain(self, job, *words):
        before = self.remote.all_refs()
        answer = self.done(job.call("explain", *words))
        self.assertEqual(self.remote.all_refs(), before)
        self.assertEqual(answer.outputs, {})
        return answer

    def payload(self, content):
        path = self.folder / "payload.json"
        path.write_text(json.dumps(content))
        return path

    def test_it_decides_as_the_gate_would(self):
        job = self.job()
        told = self.explain(job, "--json").json()
        self.assertEqual((told["asked"], told["state"], told["decision"]["verdict"], told["decision"]["reason_code"]), (True, None, "run", "first"))
        gate = job.call("gate")
        self.assert_runs(gate, "first")
        self.assertEqual(list(self.remote.claims()), [told["scope"]["ref"]])
        self.assertEqual(job.state_files() != [], True)
        other = self.job("pull_request", payloads.pull_request(HEAD))
        told = self.explain(other, "--json").json()
        self.assertEqual((told["decision"]["verdict"], told["decision"]["reason_code"]), ("skip", "pr_lock"))
        self.assertEqual(told["state"]["claim_id"], gate.claim_id)
        self.assertEqual((told["event"]["entity"], told["event"]["trust"]), ({"kind": "pull_request", "value": "7"}, "repository"))
        self.assertEqual(told["event"]["identity"], {"kind": "head", "value": f"{HEAD}.topic"})
        text = self.explain(other).out
        for part in ("pull_request (opened) of octo/app by ann", f"head {HEAD}.topic", told["scope"]["ref"], "skip (pr_lock)", job.run):
            self.assertIn(part, text)
        self.done(job.call("finish"))
        self.assertEqual(self.explain(self.job(), "--json").json()["decision"]["reason_code"], "already_done")

    def test_a_payload_of_another_event_is_explained_outside_of_any_run(self):
        path = self.payload(payloads.pull_request(HEAD, source=payloads.FORK))
        words = ("--event", "pull_request", "--payload", path, "--workflow", "Agent", "--group-by", "entity", "--dimension", "model=opus")
        told = self.explain(self.person(), "--json", *words).json()
        self.assertEqual(told["event"]["trust"], "outside")
        self.assertEqual(told["scope"]["dimensions"], {"model": "opus"})
        self.assertEqual(told["ordering"], {"strategy": "entity", "group": "outside: pr-octo/app-7", "ref": "refs/refgate/queues/outside%3A%20pr-octo%2Fapp-7", "in_line": 0})
        text = self.explain(self.person(), *words).out
        self.assertIn("from outside", text)
        self.assertIn("group outside: pr-octo/app-7 (entity)", text)

    def test_the_runs_own_event_does_not_colour_that_of_the_payload(self):
        path = self.payload(payloads.comment(99))
        told = self.explain(self.job(), "--json", "--event", "issue_comment", "--payload", path).json()
        self.assertEqual((told["event"]["kind"], told["event"]["identity"]["kind"]), ("issue_comment", "comment"))

    def test_what_the_job_owns_and_what_is_spent_count_as_they_do_for_the_gate(self):
        job = self.job()
        self.assert_runs(job.call("gate", "--budget", "workflow:1/1d"), "first")
        self.assertEqual(self.explain(job, "--json").json()["decision"]["reason_code"], "own")
        other = self.job(payload=payloads.push(payloads.commit("other")))
        self.assertEqual(self.explain(other, "--json", "--budget", "workflow:1/1d").json()["decision"]["reason_code"], "budget")
        self.assert_skips(other.call("gate", "--budget", "workflow:1/1d"), "budget")

    def test_offline_asks_nothing(self):
        launch.reset(self.server(self.remote_kind))
        told = self.explain(self.job(), "--offline", "--json").json()
        self.assertEqual((told["asked"], told["decision"]["reason_code"]), (False, "first"))
        self.assertIn("not asked", self.explain(self.job(), "--offline").out)
        self.assertEqual(launch.requests(self.server(self.remote_kind)), [])

    def test_an_event_that_is_never_a_duplicate_says_why(self):
        text = self.explain(self.job("workflow_dispatch", payloads.dispatch())).out
        self.assertIn("never a duplicate", text)

    def test_those_in_line_are_told(self):
        self.assert_runs(self.job().call("gate", "--group-by", "repository"), "first")
        job = self.job(payload=payloads.push(payloads.commit("other")))
        told = self.explain(job, "--json", "--group-by", "repository").json()
        self.assertEqual(told["ordering"]["in_line"], 1)
        self.assertIn("after those in line", self.explain(job, "--group-by", "repository").out)
        self.assertIn("(queued)", self.explain(job, "--group-by", "repository", "--no-wait").out)

    def test_what_cannot_be_read_is_said(self):
        answer = self.person().call("explain", "--event", "push", "--payload", self.folder / "missing.json", "--workflow", "Agent")
        self.assertEqual(answer.status, 2)
        self.assertIn("missing.json", answer.err)
        answer = self.person().call("explain", "--event", "push", "--payload", self.payload({"ref": 7}), "--workflow", "Agent")
        self.assertEqual(answer.status, 2)

    def of(self, target, *words):
        person = self.person()
        before = self.remote.all_refs()
        answer = self.done(person.call("explain", target, *words))
        self.assertEqual(self.remote.all_refs(), before)
        (told,) = self.done(person.call("explain", target, *words, "--json")).rows()
        return answer.out, told

    def test_a_run_that_was_is_explained_by_whatever_names_it(self):
        pull = payloads.pull_request(HEAD)
        held, _ = self.gate(event="pull_request", payload=pull)
        skipped, _ = self.gate(event="pull_request", payload=pull)
        for target in (held.run, f"https://github.com/octo/app/actions/runs/{held.run}", "#7", "https://github.com/octo/app/pull/7",
                       HEAD, HEAD[:8], skipped.run):
            with self.subTest(target=target):
                out, told = self.of(target)
                self.assertEqual((told["decision"]["verdict"], told["decision"]["rule"], told["decision"]["reason_code"]),
                                 ("skip", "held", "active_session"))
                self.assertEqual(told["state"]["holder"]["run_id"], held.run)
                self.assertIn(HEAD, told["identity"])
                self.assertIn(f"refgate release {held.run}", out)
                self.assertIn("Rule      held: ", out)
        out, told = self.of(skipped.run)
        self.assertEqual(told["told"]["run_id"], skipped.run)
        self.assertIn("It was    told to skip (active_session)", out)

    def test_what_would_change_the_verdict_changes_it(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "failure"))
        out, told = self.of(job.run)
        self.assertEqual((told["decision"]["verdict"], told["decision"]["rule"]), ("skip", "failed"))
        self.assertIn("--retry allow", out)
        self.assertEqual(self.of(job.run, "--retry", "allow")[1]["decision"]["verdict"], "run")
        self.assertEqual(self.of(job.run, "--force")[1]["decision"]["rule"], "forced")
        self.done(self.person().call("pause", "--reason", "x"))
        out, told = self.of(job.run)
        self.assertEqual((told["decision"]["rule"], told["changed_by"]), ("paused", ["refgate resume all"]))
        self.done(self.person().call("resume"))
        self.done(self.person().call("release", job.run, "--reason", "x"))
        self.assertEqual(self.of(job.run)[1]["decision"]["verdict"], "run")

    def test_a_success_is_remembered_until_it_is_said_to(self):
        job, _ = self.gate("--memory", "2d")
        self.done(job.call("finish"))
        told = self.of(job.run)[1]
        self.assertEqual(told["decision"]["rule"], "done")
        self.assertTrue(told["changed_by"][0].startswith("time: from "), told)

    def test_an_unknown_target_and_an_event_beside_one(self):
        answer = self.person().call("explain", "4711")
        self.assertEqual((answer.status, answer.out), (1, ""))
        self.assertIn("nothing is known of", answer.err)
        self.assertEqual(self.person().call("explain", "4711", "--offline").status, 2)


if __name__ == "__main__":
    unittest.main()
