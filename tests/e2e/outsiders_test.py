"""What strangers cause is work of its own: it spends no budget, stands in no line and holds no identity of the repository's own."""

import unittest

import payloads
from gate_case import GateCase
from payloads import FORK, HOME, commit, person, repository

HEAD = commit("main")


def by(association, payload):
    """The same, written by somebody of that association."""
    for name in ("comment", "issue", "review", "discussion", "pull_request"):
        if name in payload:
            payload[name] = {**payload[name], "author_association": association, "user": person("eve")}
    return {**payload, "sender": person("eve")}


def discussion(number, with_comment):
    payload = {"action": "created", "repository": repository(), "sender": person(),
               "discussion": {"number": number, "id": number, "node_id": f"D_{number}", "user": person(), "created_at": "2026-11-20T10:00:00Z"}}
    if with_comment:
        payload["comment"] = {"id": number, "node_id": f"C_{number}", "body": "x", "user": person(), "created_at": "2026-11-20T10:00:00Z"}
    return payload


def strangers(association):
    """(event, payload) of one that a stranger can cause, one of each kind; each is work of its own."""
    yield "issue_comment", by(association, payloads.comment(101))
    yield "issue_comment", by(association, payloads.comment(102, on_pull_request=False))
    yield "issues", by(association, payloads.issue(103))
    yield "pull_request_review", by(association, payloads.review(commit("reviewed"), 104, source=FORK))
    yield "discussion", by(association, discussion(105, False))
    yield "discussion_comment", by(association, discussion(106, True))
    yield "pull_request_target", by(association, payloads.pull_request(commit("evil"), source=FORK))


def wiki_page(number):
    return {"repository": repository(), "sender": person("eve"),
            "pages": [{"page_name": "Home", "title": "Home", "action": "edited", "sha": commit(f"page {number}")}]}


def report_on_wiki(number):
    """A run that a page of the wiki started, on the default branch's head as all of that kind."""
    return {"action": "completed", "repository": repository(), "sender": person("eve"), "workflow": {"id": 7, "name": "Wiki"},
            "workflow_run": {"id": 9000 + number, "event": "gollum", "conclusion": "success", "head_branch": "main", "head_sha": HEAD,
                             "head_repository": repository(), "name": "Wiki", "workflow_id": 7}}


def without_association(payload):
    """As Gitea and Forgejo write it."""
    for name in ("comment", "issue", "review"):
        if name in payload:
            payload[name].pop("author_association", None)
            payload[name]["user"] = person("eve")
    return {**payload, "sender": person("eve")}


class Outsiders(GateCase):
    def test_whoever_edits_a_wiki_or_comments_on_another_forge_is_a_stranger(self):
        kinds = {"gollum": wiki_page, "workflow_run": report_on_wiki,
                 "issue_comment": lambda number: without_association(payloads.comment(number))}
        for settings, refused in ((("--budget", "workflow:2/1d"), "budget"), (("--group-by", "repository", "--no-wait"), "queued"),
                                  (("--slots", "1", "--no-wait"), "queued"), (("--identity", "x"), "active_session")):
            for event, payload in kinds.items():
                with self.subTest(settings=settings, event=event):
                    self.setUp()
                    told = [self.job(event, payload(300 + number)).call("gate", *settings) for number in range(3)]
                    self.assertEqual(told[0].code, "first", told)
                    self.assertEqual(told[-1].code, refused, told)
                    self.assert_runs(self.own(*settings), "first")

    def own(self, *words):
        return self.job(payload=payloads.push(HEAD, ref="refs/heads/main")).call("gate", *words)

    def cause(self, association, *words):
        answers = []
        for event, payload in strangers(association):
            answer = self.job(event, payload).call("gate", *words)
            self.assertEqual(answer.status, 0, answer)
            answers.append((event, answer))
        return answers

    def test_their_launches_spend_no_budget_of_the_repository(self):
        for association in ("NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"):
            with self.subTest(association):
                self.setUp()
                told = self.cause(association, "--budget", "workflow:3/1d")
                # The budget holds them together, too.
                self.assertEqual([answer.code for _, answer in told], ["first"] * 3 + ["budget"] * 4, told)
                for number in range(3):
                    answer = self.job(payload=payloads.push(commit(f"own {number}"))).call("gate", "--budget", "workflow:3/1d")
                    self.assert_runs(answer, "first")
                self.assert_skips(self.own("--budget", "workflow:3/1d"), "budget")

    def test_those_of_the_house_share_its_budget(self):
        for association in ("OWNER", "MEMBER", "COLLABORATOR"):
            with self.subTest(association):
                self.setUp()
                for number in (201, 202, 203):
                    self.job("issue_comment", by(association, payloads.comment(number))).call("gate", "--budget", "workflow:3/1d")
                self.assert_skips(self.own("--budget", "workflow:3/1d"), "budget")

    def test_they_stand_in_no_line_of_the_repository(self):
        for group in ("repository", "team-{owner}"):
            with self.subTest(group):
                self.setUp()
                told = self.cause("NONE", "--group-by", group, "--no-wait")
                self.assertEqual([answer.code for _, answer in told], ["first"] + ["queued"] * 6, told)
                self.assert_runs(self.own("--group-by", group, "--no-wait"), "first")

    def test_they_hold_no_explicit_identity_of_the_repository(self):
        told = self.cause("NONE", "--identity", "pr-7")
        self.assertEqual(told[0][1].code, "first", told)
        self.assert_runs(self.own("--identity", "pr-7"), "first")
        answer = self.job("issue_comment", by("OWNER", payloads.comment(301))).call("gate", "--identity", "pr-7")
        self.assert_skips(answer, "active_session")

    def test_a_run_that_follows_their_event_is_about_no_commit_of_the_repository(self):
        for source in ("issue_comment", "issues", "discussion_comment", "watch", "fork", "schedule", "workflow_run", "release",
                       "deployment_status", "page_build", "pull_request_review", "check_run", "status", ""):
            with self.subTest(source):
                self.setUp()
                theirs = payloads.workflow_run(HEAD, run=900)
                theirs["workflow_run"].update(event=source, head_branch="main")
                ours = payloads.workflow_run(HEAD, run=901)
                ours["workflow_run"].update(head_branch="main")
                job = self.job("workflow_run", theirs)
                self.assert_runs(job.call("gate", "--share", "x"), "first")
                self.done(job.call("finish", "--status", "success"))
                self.assert_runs(self.job("workflow_run", ours).call("gate", "--share", "x"), "first")

    def test_a_fork_of_that_commit_is_told_apart(self):
        self.assert_runs(self.job("workflow_run", payloads.workflow_run(HEAD, source=FORK)).call("gate"), "first")
        self.assert_runs(self.job("workflow_run", payloads.workflow_run(HEAD, run=901, source=HOME)).call("gate"), "first")


if __name__ == "__main__":
    unittest.main()
