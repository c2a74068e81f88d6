"""What Gitea and Forgejo do otherwise than GitHub, as seen on servers of theirs."""

import unittest

import payloads
from api_case import Api, stand_in
from gate_case import HEAD, GateCase
from payloads import FORK

FORGE = {"GITEA_ACTIONS": "true", "GITHUB_RUN_NUMBER": "7"}


class ReadersThatPush(GateCase):
    """Whoever may read may push there, for pull requests that are made so; a hook turns away what else they push."""

    def setUp(self):
        super().setUp()
        self.mine, _ = self.gate()
        self.turn_away("Gitea")

    def turn_away(self, forge):
        hook = self.remote.path / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\necho '{forge}: User permission denied for writing.' >&2\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)

    def test_a_forks_run_is_one_that_may_only_read(self):
        for forge in ("Gitea", "Forgejo"):
            with self.subTest(forge):
                self.turn_away(forge)
                fork = payloads.pull_request(payloads.commit("fork"), source=FORK)
                self.assert_skips(self.job("pull_request", fork, environment=FORGE).call("gate"), "read_only")
                self.assertTrue(self.job("pull_request", fork, environment=FORGE).call("gate", "--on-read-only", "run").runs)

    def test_others_are_told_which_permission_is_missing(self):
        answer = self.job(payload=payloads.push(payloads.commit("other")), environment=FORGE).call("gate")
        self.assertEqual((answer.status, answer.runs, answer.code), (3, False, "read_only"), answer)
        self.assertIn("User permission denied for writing", answer.lines["REASON"])
        self.assertIn("contents: write", answer.out + answer.err)
        self.assertEqual(len(self.remote.claims()), 1)

    def test_what_is_held_is_seen_all_the_same(self):
        self.assert_skips(self.job(environment=FORGE).call("gate", "--audit-skips", "summary"), "active_session")


class Verify(Api):
    def do_POST(self):  # noqa: N802 - the name that http.server wants
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.say(401, b"Verify\n", "text/plain; charset=utf-8")

    do_GET = do_POST


class Tokens(GateCase):
    def test_a_token_that_it_does_not_know(self):
        server = stand_in(self, Verify)
        remote = self.remote.by(f"http://127.0.0.1:{server.server_port}/octo/app")
        for words in (("gate",), ("status",)):
            answer = self.job(remote=remote, environment={**FORGE, "REFGATE_TOKEN": "token-of-nobody"}).call(*words)
            self.assertEqual(answer.status, 3, answer)
            self.assertIn("the token was not accepted", answer.out + answer.err)
            self.assertIn("wrong or has expired", answer.out + answer.err)


class Reviews(GateCase):
    """A review is an action of its pull request there, and it and a comment of it have no number."""

    remote_kind = "path"

    def review(self, words="Looks good", sender="octo", event="pull_request_review", at="2026-11-20T10:00:00Z"):
        payload = payloads.pull_request(HEAD, action="reviewed")
        payload["pull_request"]["updated_at"] = at
        payload.update({"sender": payloads.person(sender), "requested_reviewer": None, "commit_id": "",
                        "review": {"type": "pull_request_review_approved", "content": words}})
        return self.job(event, payload, environment=FORGE).call("gate")

    def test_each_is_work_of_its_own(self):
        for event in ("pull_request_review", "pull_request_review_comment"):
            with self.subTest(event):
                self.assert_runs(self.review(event=event), "first")
                self.assert_skips(self.review(event=event), "active_session")
                self.assert_runs(self.review("Not yet", event=event), "first")
                self.assert_runs(self.review(at="2026-11-20T10:00:01Z", event=event), "first")
                self.assert_runs(self.review(sender="eve", event=event), "first")


if __name__ == "__main__":
    unittest.main()
