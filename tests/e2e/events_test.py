"""Which events are the same work, and which are not."""

import pathlib
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that


class PushAndPullRequest(GateCase):
    def setUp(self):
        super().setUp()
        self.push = lambda **more: self.job("push", payloads.push(HEAD), sha=HEAD, **more)
        self.pull = lambda **more: self.job(
            "pull_request", payloads.pull_request(HEAD, "synchronize"), sha="e" * 40, **more)

    def test_a_pull_request_after_the_push_of_its_head_is_skipped_by_the_pr_lock(self):
        self.assert_runs(self.push().call("gate"), "first")
        second = self.pull().call("gate")
        self.assert_skips(second, "pr_lock")
        self.assertEqual(second.lines["RETRY_SUPPRESSION"], "ENFORCED")
        self.assertEqual(second.lines["EARLY_GATING"], "SUCCESS")

    def test_a_push_after_the_pull_request_of_its_head_is_skipped_by_the_pr_lock(self):
        self.assert_runs(self.pull().call("gate"), "first")
        self.assert_skips(self.push().call("gate"), "pr_lock")

    def test_the_pr_lock_outlives_the_session_in_either_order(self):
        for first, second in ((self.push, self.pull), (self.pull, self.push)):
            with self.subTest(first=first().environment["GITHUB_EVENT_NAME"]):
                self.remote.git("update-ref", "--stdin", input="".join(
                    f"delete {ref}\n" for ref in self.remote.all_refs()))
                job = first()
                self.assert_runs(job.call("gate"), "first")
                self.done(job.call("finish"))
                self.assert_skips(second().call("gate"), "pr_lock")

    def test_after_the_window_a_pull_request_wants_its_review(self):
        job = self.push()
        self.assert_runs(job.call("gate", "--pr-lock-window", "1s"), "first")
        self.done(job.call("finish"))
        await_that(lambda: self.pull().call("gate").code == "first")

    def test_two_pushes_of_one_commit_on_two_branches_are_two_pieces_of_work(self):
        for ref in ("refs/heads/topic", "refs/heads/other", "refs/tags/topic"):
            push = self.job("push", payloads.push(HEAD, ref=ref))
            self.assert_runs(push.call("gate"), "first")
            self.assert_skips(self.job("push", payloads.push(HEAD, ref=ref)).call("gate"),
                              "active_session")

    def test_the_merge_commit_in_github_sha_is_never_the_identity(self):
        self.assert_runs(self.pull().call("gate"), "first")
        other = payloads.commit("another head")
        self.assert_runs(self.job("pull_request", payloads.pull_request(other), sha="e" * 40)
                         .call("gate"), "first")
        self.assertEqual(len(self.remote.claims()), 2)
        self.assertNotIn("e" * 40, " ".join(self.remote.all_refs()))

    def test_the_session_key_names_workflow_event_and_head(self):
        answer = self.pull(workflow="Agent / Deep Review").call("gate")
        self.assertEqual(answer.lines["SESSION_KEY"],
                         f"agent---deep-review-pull_request-{HEAD[:8]}")


class Trust(GateCase):
    def fork(self, event="pull_request"):
        return self.job(event, payloads.pull_request(HEAD, source=payloads.FORK))

    def test_the_same_head_from_a_fork_mutes_nothing_of_the_repository(self):
        for event in ("pull_request", "pull_request_target"):
            with self.subTest(event=event):
                self.assert_runs(self.fork(event).call("gate", "--share", event), "first")
                self.assert_runs(self.job().call("gate", "--share", event), "first")
                own = self.job("pull_request", payloads.pull_request(HEAD))
                self.assert_skips(own.call("gate", "--share", event), "pr_lock")

    def test_two_events_of_the_fork_are_duplicates_of_each_other(self):
        self.assert_runs(self.fork().call("gate"), "first")
        self.assert_skips(self.fork().call("gate"), "active_session")

    def test_a_pull_request_whose_fork_was_deleted_is_not_the_repositorys_own(self):
        gone = payloads.pull_request(HEAD)
        gone["pull_request"]["head"]["repo"] = None
        self.assert_runs(self.job("pull_request", gone).call("gate"), "first")
        self.assert_runs(self.job().call("gate"), "first")

    def test_the_end_of_a_fork_ends_only_the_forks_session(self):
        own, fork = self.job(), self.fork()
        self.assert_runs(own.call("gate"), "first")
        self.assert_runs(fork.call("gate"), "first")
        self.done(fork.call("finish"))
        states = sorted(claim["state"] for claim in self.remote.claims().values())
        self.assertEqual(states, ["active", "ended"])


class Identities(GateCase):
    def test_events_about_one_head_commit_are_one_piece_of_work(self):
        self.assert_runs(self.job().call("gate"), "first")
        for event, payload in (("pull_request_target", payloads.pull_request(HEAD)),
                               ("pull_request", payloads.pull_request(HEAD, "reopened")),
                               ("pull_request", payloads.pull_request(HEAD, "ready_for_review"))):
            with self.subTest(event=event, action=payload["action"]):
                answer = self.job(event, payload).call("gate")
                self.assertEqual((answer.status, answer.runs), (0, False), answer)

    def test_a_report_on_the_commit_is_not_the_code(self):
        self.assert_runs(self.job().call("gate"), "first")
        for event, payload in (("workflow_run", payloads.workflow_run(HEAD)),
                               ("check_suite", payloads.check_suite(HEAD)),
                               ("merge_group", payloads.merge_group(HEAD))):
            with self.subTest(event=event):
                self.assert_runs(self.job(event, payload).call("gate"), "first")
                self.assert_skips(self.job(event, payload).call("gate"), "active_session")

    def test_identity_by_commit_joins_whatever_is_about_it(self):
        words = ("gate", "--identity-by", "commit")
        self.assert_runs(self.job().call(*words), "first")
        for event, payload in (("push", payloads.push(HEAD, ref="refs/tags/v1")),
                               ("workflow_run", payloads.workflow_run(HEAD)),
                               ("pull_request", payloads.pull_request(HEAD, "labeled", "x")),
                               ("merge_group", payloads.merge_group(HEAD))):
            with self.subTest(event=event):
                self.assertFalse(self.job(event, payload).call(*words).runs)
        self.assert_runs(self.job("workflow_dispatch", payloads.dispatch()).call(*words), "first")

    def distinct(self, event, *all_payloads):
        """Each is a first of its kind, and asked once more a duplicate."""
        for payload in all_payloads:
            self.assert_runs(self.job(event, payload).call("gate"), "first")
        for payload in all_payloads:
            self.assert_skips(self.job(event, payload).call("gate"), "active_session")

    def test_labels_are_told_apart_from_the_code_and_from_each_other(self):
        self.distinct("pull_request", payloads.pull_request(HEAD),
                      payloads.pull_request(HEAD, "labeled", label="agent: review"),
                      payloads.pull_request(HEAD, "labeled", label="agent: fix"),
                      payloads.pull_request(HEAD, "unlabeled", label="agent: fix"),
                      payloads.pull_request(HEAD, "closed"))

    def test_a_label_event_is_no_duplicate_of_the_push(self):
        self.assert_runs(self.job().call("gate"), "first")
        labeled = payloads.pull_request(HEAD, "labeled", label="agent")
        self.assert_runs(self.job("pull_request", labeled).call("gate"), "first")

    def test_each_comment_is_work_of_its_own(self):
        self.distinct("issue_comment", payloads.comment(11), payloads.comment(12),
                      payloads.comment(13, on_pull_request=False))

    def test_each_review_is_work_of_its_own(self):
        self.distinct("pull_request_review", payloads.review(HEAD, 21), payloads.review(HEAD, 22))

    def test_issues_are_told_apart_by_number_action_and_label(self):
        self.distinct("issues", payloads.issue(1), payloads.issue(2), payloads.issue(1, "closed"),
                      payloads.issue(1, "labeled", label="agent"),
                      payloads.issue(1, "labeled", label="docs"))

    def test_dispatched_and_scheduled_runs_are_never_duplicates(self):
        for event, payload in (("workflow_dispatch", payloads.dispatch()),
                               ("repository_dispatch", {**payloads.dispatch(), "action": "go"}),
                               ("schedule", payloads.schedule())):
            for _ in range(2):
                with self.subTest(event=event):
                    self.assert_runs(self.job(event, payload, sha=HEAD).call("gate"), "first")
        self.assertEqual(len(self.remote.claims()), 6)
        self.assertTrue(all("/claims/run" in ref for ref in self.remote.claims()),
                        self.remote.claims().keys())

    def test_identity_makes_dispatched_runs_duplicates(self):
        nightly = ("gate", "--identity", "nightly 2026-11-22")
        self.assert_runs(self.job("workflow_dispatch", payloads.dispatch()).call(*nightly), "first")
        self.assert_skips(self.job("schedule", payloads.schedule()).call(*nightly),
                          "active_session")
        self.assert_runs(self.job("schedule", payloads.schedule()).call(
            "gate", "--identity", "nightly 2026-11-23"), "first")

    def test_an_identity_that_is_empty_is_wrong_usage_with_the_guards_closed(self):
        for words, environment in ((("--identity", ""), {}), (("--identity", " "), {}),
                                   ((), {"REFGATE_IDENTITY": ""})):
            with self.subTest(words=words, environment=environment):
                answer = self.job().call("gate", *words, **environment)
                self.assertEqual(answer.status, 2, answer)
                self.assertEqual(answer.outputs["skip_execution"], "true")
                self.assertIn("is empty; nothing was asked", answer.err)
        self.assertEqual(self.remote.claims(), {})

    def test_a_word_that_is_no_commit_is_wrong_usage_with_the_guards_closed(self):
        for word in ("HEAD", "main", "xyz", "123456", "0" * 40, "a" * 65):
            with self.subTest(word=word):
                answer = self.job().call("gate", "--sha", word)
                self.assertEqual(answer.status, 2, answer)
                self.assertEqual(answer.outputs["skip_execution"], "true")
                self.assertIn("7 to 64 hexadecimal digits", answer.err)
        self.assertIn('"$(git rev-parse HEAD)"', self.job().call("gate", "--sha", "HEAD").err)
        self.assertEqual(self.remote.claims(), {})

    def test_an_abbreviated_commit_and_the_full_one_meet_where_the_payload_has_it(self):
        self.assert_runs(self.job().call("gate"), "first")
        self.assert_skips(self.job().call("gate", "--sha", HEAD[:8]), "active_session")
        self.assert_skips(self.job().call("gate", "--sha", HEAD.upper()), "active_session")

    def test_an_abbreviated_commit_alone_is_refused(self):
        for words in (("gate",), ("run",), ("explain",)):
            for commit in (HEAD[:8], HEAD[:39]):
                command, *rest = words
                end = ("--", "true") if command == "run" else ()
                answer = self.person().call(command, "--event", "push", "--workflow", "w", "--run-id", "7", "--sha", commit, *end)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(f'give "$(git rev-parse {commit})"', answer.err)
        self.assertEqual(self.remote.all_refs(), {})

    def test_a_payload_that_is_cut_off_is_named_and_nothing_is_asked(self):
        job = self.job()
        path = job.environment["GITHUB_EVENT_PATH"]
        pathlib.Path(path).write_text('{"a":', encoding="utf-8")
        answer = job.call("gate")
        self.assertEqual(answer.status, 2, answer)
        self.assertIn(f"The event's payload {path} is cut off", answer.err)
        self.assertIn("; nothing was asked", answer.err)

    def test_a_deleted_branch_is_not_work_on_a_commit(self):
        for _ in range(2):
            gone = payloads.push("0" * 40, deleted=True, head_commit=None)
            self.job("push", gone, sha=HEAD).call("gate")
        self.assertFalse([ref for ref in self.remote.claims() if "0" * 40 in ref])

    def test_sha_overrides_the_commit(self):
        other = payloads.commit("other")
        self.assert_runs(self.job().call("gate"), "first")
        self.assert_runs(self.job().call("gate", "--sha", other), "first")
        self.assert_skips(self.job("push", payloads.push(other)).call("gate"), "active_session")


class Scopes(GateCase):
    def test_repositories_that_use_one_store_are_told_apart(self):
        other = {"GITHUB_REPOSITORY": "octo/other", "GITHUB_WORKFLOW_REF":
                 "octo/other/.github/workflows/agent.yml@refs/heads/topic"}
        for event, payload in (("push", payloads.push(HEAD)), ("issues", payloads.issue(5))):
            self.assert_runs(self.job(event, payload).call("gate"), "first")
            self.assert_runs(self.job(event, payload, environment=other).call("gate"), "first")
        words = ("gate", "--identity", "k")
        self.assert_runs(self.job().call(*words), "first")
        self.assert_skips(self.job(environment=other).call(*words), "active_session")

    def test_workflows_are_told_apart_by_their_file(self):
        self.assert_runs(self.job(file="agent.yml").call("gate"), "first")
        self.assert_runs(self.job(file="agent-2.yml").call("gate"), "first")
        self.assert_skips(self.job(file="agent.yml", workflow="Renamed").call("gate"),
                          "active_session")

    def test_workflows_that_name_one_share_are_one(self):
        self.assert_runs(self.job(file="a.yml", workflow="A").call("gate", "--share", "review"),
                         "first")
        self.assert_skips(self.job(file="b.yml", workflow="B").call("gate", "--share", "review"),
                          "active_session")
        self.assert_skips(self.job(file="c.yml", workflow="C").call("gate", REFGATE_SHARE="review"),
                          "active_session")
        self.assert_runs(self.job(file="b.yml", workflow="B").call("gate"), "first")

    def test_dimensions_tell_matrix_legs_apart_in_any_order(self):
        one = ("gate", "--dimension", "model=opus", "--dimension", "region=eu/west 1")
        same = ("gate", "--dimension", "region=eu/west 1", "--dimension", "model=opus")
        self.assert_runs(self.job().call(*one), "first")
        self.assert_skips(self.job().call(*same), "active_session")
        self.assert_runs(self.job().call("gate", "--dimension", "model=opus"), "first")
        self.assert_runs(self.job().call("gate", "--dimension", "model=sonnet",
                                         "--dimension", "region=eu/west 1"), "first")
        self.assert_runs(self.job().call("gate"), "first")

    def test_names_that_look_alike_never_share_a_scope(self):
        names = ["a b", "a-b", "a/b", "a%20b", "A b", "a.b", "a..b", "a_b", "a:b", "a\\b", "ä b",
                 "a b ", ".a", "a.lock", "@{a}", "a~1", "a^b", "*", "?", "-", "[x]", "x" * 300]
        for name in names:
            with self.subTest(name=name):
                self.assert_runs(self.job().call("gate", "--share", name), "first")
        self.assertEqual(len(self.remote.claims()), len(names))

    def test_a_dimension_is_no_part_of_a_share_name(self):
        self.assert_runs(self.job().call("gate", "--share", "a", "--dimension", "b=c"), "first")
        for share in ("a,b=c", "a/b=c", "a;b=c", "a b=c", "a+b=c", "a@b=c", "a&b=c"):
            with self.subTest(share=share):
                self.assert_runs(self.job().call("gate", "--share", share), "first")

    def test_identities_of_different_kinds_never_meet(self):
        self.assert_runs(self.job().call("gate"), "first")
        for text in (HEAD, f"commit-{HEAD}", f"commit/{HEAD}", f"commit:{HEAD}"):
            with self.subTest(identity=text):
                self.assert_runs(self.job().call("gate", "--identity", text), "first")

    def test_namespaces_know_nothing_of_each_other(self):
        job, _ = self.gate("--namespace", "team-a")
        self.assert_runs(self.job().call("gate", "--namespace", "team-b"), "first")
        self.assert_skips(self.job().call("gate", REFGATE_NAMESPACE="team-a"), "active_session")
        self.done(job.call("finish", "--namespace", "team-a"))
        self.assertEqual(self.remote.refs("refs/refgate"), {})
        self.assertEqual(len(self.remote.claims("team-a")), 1)
        self.assertFalse([ref for ref in self.remote.all_refs() if "refgate" in ref])
        self.assertEqual(self.log("--namespace", "team-c"), [])
        self.assertEqual(len([line for line in self.log("--namespace", "team-a")
                              if line["kind"] == "launch"]), 1)


if __name__ == "__main__":
    unittest.main()
