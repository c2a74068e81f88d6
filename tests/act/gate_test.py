"""Runs of one gated job: what starts once, what starts again, and what is stored."""

import unittest

import act_case
from act_case import HEAD, MERGE, ActCase, agent, payloads


class OneLaunch(ActCase):
    def test_a_push_and_a_pull_request_of_one_head_run_once_in_either_order(self):
        self.write_workflow(agent())
        expected = []
        orders = [
            (1, "push", self.push, self.pull_request),
            (2, "pull_request", self.pull_request, self.push),
        ]
        for run, event, first, second in orders:
            with self.subTest(first=event):
                head = payloads.commit(event)
                first(head, run=run)
                held = self.remote.refs("refs/refgate/claims")
                second(head, run=run + 10)
                expected.append(f"{event} {run}.1")
                self.assert_ran(*expected)
                self.assertEqual(self.skips()[-1], "pr_lock")
                self.assertEqual(self.lines("skip")[-1]["holder_run_id"], str(run))
                # The second run's finish leaves the claim as it was.
                self.assertEqual(self.remote.refs("refs/refgate/claims"), held)
        self.assertEqual(
            [claim["outcome"] for claim in self.remote.claims().values()], ["success", "success"]
        )
        self.assertEqual([claim["generation"] for claim in self.remote.claims().values()], [1, 1])

    def test_a_second_push_of_the_same_commit_does_not_run(self):
        self.write_workflow(agent())
        self.push(run=1)
        self.push(run=2, ref="refs/heads/another")
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["already_done"])
        self.assert_claim(
            state="ended",
            outcome="success",
            generation=1,
            commit=HEAD,
            holder_run_id="1",
            holder_job="agent",
            holder_actor="ann",
        )

    def test_another_commit_runs(self):
        self.write_workflow(agent())
        self.push(run=1)
        self.push(payloads.commit("other"), run=2)
        self.assert_ran("push 1.1", "push 2.1")

    def test_the_same_head_from_a_fork_mutes_nothing(self):
        self.write_workflow(agent())
        self.pull_request(source=payloads.FORK, run=1)
        self.push(run=2)
        self.assert_ran("pull_request 1.1", "push 2.1")
        self.assertEqual(self.skips(), [])

    def test_workflows_share_the_work_only_when_they_name_the_same_share(self):
        for name in ("one.yml", "two.yml"):
            self.write_workflow(agent(inputs=["share: review"]), name)
        self.write_workflow(agent(), "three.yml")
        for run, file in enumerate(("one.yml", "two.yml", "three.yml"), 1):
            self.push(run=run, file=file)
        self.assert_ran("push 1.1", "push 3.1")


class Again(ActCase):
    def twice(self, *inputs, work="true", **second):
        """A run, and a second attempt of it."""
        self.write_workflow(agent(inputs=inputs, work=work))
        self.push(run=1, fails=work != "true")
        self.push(run=1, attempt=2, **second)

    def test_a_rerun_of_finished_work_does_not_run_whatever_retry_says(self):
        self.twice("retry: allow")
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["already_done"])

    def test_a_rerun_of_failed_work_does_not_run_by_default_and_stays_red(self):
        self.twice(work="exit 7", fails=True)
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["retry_suppressed"])
        self.assert_claim(outcome="failure", generation=1)

    def test_a_rerun_of_failed_work_runs_with_retry_allow(self):
        self.twice("retry: allow", work="exit 7", fails=True)
        self.assert_ran("push 1.1", "push 1.2")
        self.assert_claim(outcome="failure", generation=2, holder_run_attempt=2)

    def test_a_persons_rerun_of_failed_work_runs_with_retry_manual(self):
        self.twice("retry: manual", work="exit 7", fails=True)
        self.assert_ran("push 1.1", "push 1.2")
        self.assertEqual(
            [line["reason_code"] for line in self.lines("launch")], ["first", "retry_allowed"]
        )

    def test_a_bots_rerun_of_failed_work_does_not_run_with_retry_manual(self):
        self.twice("retry: manual", work="exit 7", triggering="renovate[bot]", fails=True)
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["retry_suppressed"])

    def test_force_runs_finished_work_again(self):
        self.write_workflow(agent())
        self.push(run=1)
        self.write_workflow(agent(inputs=["force: true"]))
        self.push(run=1, attempt=2)
        self.assert_ran("push 1.1", "push 1.2")
        self.assertEqual(
            [line["reason_code"] for line in self.lines("launch")], ["first", "forced"]
        )

    def test_a_failing_job_is_stored_as_failed_and_a_later_push_of_the_commit_does_not_run(self):
        self.write_workflow(agent(work="exit 7"))
        self.push(run=1, fails=True)
        self.assert_claim(state="ended", outcome="failure")
        self.assertEqual([line["job_status"] for line in self.lines("end")], ["failure"])
        self.push(run=2)
        self.assert_ran("push 1.1")
        self.assertEqual(self.skips(), ["retry_suppressed"])


class Handed(ActCase):
    NAMES = set("skip_execution session_key reason reason_code retry_suppression early_gating claim_id "
                "generation run_attempt holder_run_id holder_run_url holder_outcome own_failure group position "
                "result_id".split())

    def of_a_gate(self, outputs):
        """Those that a gate sets; the action declares those of other commands, too, and they are empty."""
        self.assertEqual({name for name, value in outputs.items() if value and name not in self.NAMES}, set())
        self.assertLessEqual(self.NAMES, set(outputs))
        return {name: value for name, value in outputs.items() if name in self.NAMES}

    def test_the_gate_decides_in_an_empty_workspace(self):
        self.write_workflow(
            agent(work='find . -mindepth 1 >> "$RAN"\nls -A "$GITHUB_WORKSPACE" >> "$RAN"')
        )
        self.push(run=1)
        self.assert_ran("push 1.1")

    def test_the_outputs_of_a_gate_that_runs(self):
        self.write_workflow(agent())
        self.push(run=1)
        outputs = self.of_a_gate(self.outputs(1))
        self.assertEqual(outputs["claim_id"], self.only_claim()["claim_id"])
        del outputs["claim_id"], outputs["reason"]
        self.assertEqual(
            outputs,
            {
                "skip_execution": "false",
                "session_key": f"agent-review-push-{HEAD[:8]}",
                "reason_code": "first",
                "retry_suppression": "ACTIVE",
                "early_gating": "PROCEEDING",
                "generation": "1",
                "run_attempt": "1",
                "holder_run_id": "1",
                "holder_run_url": f"https://github.com/{payloads.HOME}/actions/runs/1",
                "holder_outcome": "",
                "own_failure": "false",
                "group": "",
                "position": "",
                "result_id": "",
            },
        )

    def test_the_outputs_of_a_gate_that_skips_name_the_holder(self):
        self.write_workflow(agent())
        self.push(run=1)
        self.pull_request(run=2, attempt=3)
        outputs = self.of_a_gate(self.outputs(2, 3))
        self.assertIn("run 1", outputs.pop("reason"))
        self.assertEqual(
            outputs,
            {
                "skip_execution": "true",
                "session_key": f"agent-review-pull_request-{HEAD[:8]}",
                "reason_code": "pr_lock",
                "retry_suppression": "ENFORCED",
                "early_gating": "SUCCESS",
                "claim_id": "",
                "generation": "1",
                "run_attempt": "3",
                "holder_run_id": "1",
                "holder_run_url": f"https://github.com/{payloads.HOME}/actions/runs/1",
                "holder_outcome": "success",
                "own_failure": "false",
                "group": "",
                "position": "",
                "result_id": "",
            },
        )

    def test_the_job_summary_says_what_was_decided(self):
        self.write_workflow(agent())
        first, second = self.push(run=1), self.push(run=2)
        expected = {first: ["**Runs**: Nobody has done this work", "<code>first</code>", "| Generation | 1 |"],
                    second: ["Not run again: [run 1](", "/runs/1) did this work", "<code>already_done</code>"]}
        for outcome, parts in expected.items():
            text = "".join(outcome.summaries())
            self.assertIn("| Session | agent-review-push-", text)
            for part in parts:
                self.assertIn(part, text)

    def test_the_action_of_a_checked_out_repository_works_too(self):
        self.make_action(self.work / "tools" / "refgate", act_case.BINARY)
        steps = agent().replace("uses: refgate/refgate@v1", "uses: ./tools/refgate")
        self.write_workflow(
            steps.replace("steps:\n", "steps:\n      - uses: actions/checkout@v4\n")
        )
        self.push(run=1)
        self.push(run=2)
        self.assert_ran("push 1.1")

    def test_github_sha_is_not_what_counts(self):
        self.write_workflow(agent())
        self.pull_request(run=1, sha=MERGE)
        self.pull_request(run=2, sha=payloads.commit("merged again"))
        self.assert_ran("pull_request 1.1")
        self.assert_claim(commit=HEAD)


if __name__ == "__main__":
    unittest.main()
