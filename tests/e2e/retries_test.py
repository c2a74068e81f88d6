"""What may run again, how often, how soon, and on whose account."""

import unittest

import payloads
from gate_case import GateCase, await_that, in_parallel


class Retries(GateCase):
    def fail(self, *words, **options):
        job, answer = self.gate("--retry", "allow", *words, **options)
        self.assertTrue(answer.runs, answer)
        self.done(job.call("finish", "--status", "failure"))
        return job

    def test_attempts_are_bounded_and_the_refusal_says_until_when(self):
        for _ in range(3):
            self.fail("--max-attempts", "3")
        _, answer = self.gate("--retry", "allow", "--max-attempts", "3")
        self.assert_skips(answer, "max_attempts")
        self.assertIn("3 times", answer.lines["REASON"])
        self.assertIn("until 20", answer.lines["REASON"])
        self.assert_runs(self.gate("--retry", "allow", "--max-attempts", "4")[1], "retry_allowed")

    def test_a_cooldown_passes(self):
        self.fail()
        _, answer = self.gate("--retry", "allow", "--cooldown", "1h")
        self.assert_skips(answer, "cooldown")
        self.assertIn("until 20", answer.lines["REASON"])
        job = self.job()
        answers = []
        await_that(lambda: answers.append(job.call("gate", "--retry", "allow", "--cooldown", "2s")) or answers[-1].runs)
        self.assertEqual(answers[-1].code, "retry_allowed")

    def test_force_goes_past_all_of_it(self):
        self.fail()
        self.assert_runs(self.gate("--max-attempts", "1", "--cooldown", "1d", "--budget", "0/1d", "--force")[1], "forced")

    def test_bad_limits_are_wrong_usage(self):
        for words in (("--max-attempts", "many"), ("--cooldown", "soon"), ("--budget", "5"), ("--budget", "team:5/1d")):
            with self.subTest(words=words):
                self.assertEqual(self.job().call("gate", *words).status, 2)
        self.assertEqual(self.remote.all_refs(), {})


class Budgets(GateCase):
    def comment(self, number, actor="ann"):
        """A comment of its own is a piece of work of its own: only a budget stops a loop of them."""
        return self.job("push", payloads.push(payloads.commit(f"work {number}")), actor=actor)

    def test_a_budget_of_an_actor_ends_a_loop(self):
        words = ("gate", "--budget", "actor:3/1h")
        for number in range(3):
            self.assert_runs(self.comment(number).call(*words), "first")
        for number in range(3, 6):
            answer = self.comment(number).call(*words)
            self.assert_skips(answer, "budget")
            self.assertIn("3 launches per actor", answer.lines["REASON"])
            self.assertIn("until 20", answer.lines["REASON"])
        self.assert_runs(self.comment(7, actor="ben").call(*words), "first")
        self.assertEqual(len(self.remote.claims()), 4)

    def test_a_budget_of_a_workflow_counts_everybody(self):
        words = ("gate", "--budget", "workflow:2/1h")
        self.assert_runs(self.comment(0).call(*words), "first")
        self.assert_runs(self.comment(1, actor="ben").call(*words), "first")
        self.assert_skips(self.comment(2, actor="cyd").call(*words), "budget")

    def test_a_budget_of_a_scope_counts_its_launches(self):
        for number in range(2):
            job, answer = self.gate("--retry", "allow", "--budget", "2/1h")
            self.assertTrue(answer.runs, answer)
            self.done(job.call("finish", "--status", "failure"))
        self.assert_skips(self.gate("--retry", "allow", "--budget", "2/1h")[1], "budget")

    def test_duplicates_and_ones_own_gate_cost_nothing(self):
        words = ("gate", "--budget", "actor:2/1h")
        job = self.comment(0)
        self.assert_runs(job.call(*words), "first")
        self.assert_runs(job.call(*words), "own")
        self.assert_skips(self.comment(0).call(*words), "active_session")
        self.assert_runs(self.comment(1).call(*words), "first")
        self.assert_skips(self.comment(2).call(*words), "budget")

    def test_a_budget_frees_again(self):
        words = ("gate", "--budget", "actor:1/2s")
        self.assert_runs(self.comment(0).call(*words), "first")
        answers = []
        await_that(lambda: answers.append(self.comment(len(answers) + 1).call(*words)) or answers[-1].runs)
        self.assertTrue(all(answer.code == "budget" for answer in answers[:-1]))

    def test_rivals_of_different_work_never_launch_more_than_the_budget(self):
        jobs = [self.comment(number) for number in range(16)]
        answers = in_parallel([lambda job=job: job.call("gate", "--budget", "workflow:5/1h", "--deadline", "60s") for job in jobs])
        self.assertEqual({answer.status for answer in answers}, {0}, [str(a) for a in answers if a.status])
        self.assertEqual(sum(answer.runs for answer in answers), 5)
        self.assertEqual({answer.code for answer in answers if not answer.runs}, {"budget"})
        live = [claim for claim in self.remote.claims().values() if claim["state"] != "ended"]
        self.assertEqual(len(live), 5)
        self.assertEqual(len(self.kinds("launch")), 5)
        self.assertEqual({claim["outcome"] for claim in self.remote.claims().values()} - {"none"}, {"abandoned"}
                         if len(self.remote.claims()) > 5 else set())

    def test_a_ledger_that_cannot_be_read_is_left_alone_and_named(self):
        self.assert_runs(self.comment(0).call("gate", "--budget", "actor:3/1h"), "first")
        (ref,) = self.remote.refs("refs/refgate/budgets")
        blob = self.remote.git("hash-object", "-w", "--stdin", input='{"version": 9}').strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\tbudget.json\n").strip()
        commit = self.remote.git("-c", "user.name=x", "-c", "user.email=x@localhost", "commit-tree", tree, "-m", "x").strip()
        self.remote.git("update-ref", ref, commit)
        answer = self.comment(1).call("gate", "--budget", "actor:3/1h")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.assertIn("version 9", answer.err)
        self.assertEqual(self.remote.refs("refs/refgate/budgets"), {ref: commit})


if __name__ == "__main__":
    unittest.main()
