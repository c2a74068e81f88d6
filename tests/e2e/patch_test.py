"""The same change, whatever its commit: --identity-by patch, with the diffs of real git behind a stand-in for the REST API."""

import threading
import unittest
import urllib.parse

from api_case import ApiCase
from gate_case import TOKEN, launch, payloads

PATCH = ("gate", "--identity-by", "patch")
LINES = [f"line {number}\n" for number in range(40)]


class Code:
    """A repository with code in it, which only the stand-in reads."""

    def __init__(self, folder):
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("main", {"a.txt": "".join(LINES), "b.txt": "b\n", "logo.png": b"\0one"})

    def git(self, *words, **options):
        done = launch.git("-C", self.folder, *words, **options)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, branch, files, start=None):
        """The new commit's id, on `branch`, which begins at `start`."""
        if start:
            self.git("checkout", "--quiet", "-B", branch, start)
        elif self.git("branch", "--list", branch):
            self.git("checkout", "--quiet", branch)
        for name, content in files.items():
            path = self.folder / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def diff(self, path):
        """What GitHub answers for /repos/octo/app/compare/BASE...HEAD."""
        words = urllib.parse.unquote(path.removeprefix("/repos/octo/app/compare/"))
        done = launch.git("-C", self.folder, "diff", words)
        return (200, done.stdout.encode()) if done.returncode == 0 else (404, b"{}")


class SameChange(ApiCase):
    def setUp(self):
        super().setUp()
        folder = self.folder / "code"
        folder.mkdir()
        self.code = Code(folder)
        self.api.reply = lambda handler: handler.say(*self.code.diff(handler.path), "text/plain")
        self.base = self.code.git("rev-parse", "main")

    def changed(self, old, new):
        return "".join(LINES).replace(f"{old}\n", f"{new}\n")

    def pull(self, head, base=None, onto="main", number=7):
        payload = payloads.pull_request(head, number=number)
        payload["pull_request"]["base"].update(sha=base or self.base, ref=onto)
        return payload

    def asks(self, event, payload, *words):
        return self.job(event, payload).call(*PATCH, *words)

    def finished(self, payload, event="pull_request"):
        job = self.job(event, payload)
        self.assert_runs(job.call(*PATCH), "first")
        self.done(job.call("finish"))
        return job

    def test_a_pull_request_its_merge_group_and_its_squashed_commit_are_launched_once(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        self.finished(self.pull(head))
        # Somebody else's commit came first, far above this one's lines.
        other = self.code.commit("main", {"a.txt": "above\n" * 9 + "".join(LINES)}, self.base)
        queued = self.code.commit(
            "queue", {"a.txt": "above\n" * 9 + self.changed("line 20", "twenty")}, other)
        group = payloads.merge_group(queued)
        group["merge_group"]["base_sha"] = other
        answer = self.asks("merge_group", group)
        self.assert_skips(answer, "already_done")
        self.assertIn("--identity-by patch", answer.lines["REASON"])
        pushed = payloads.push(queued, "refs/heads/main", before=other)
        self.assert_skips(self.asks("push", pushed), "already_done")
        self.assertEqual({token for _, token in self.api.asked}, {f"Bearer {TOKEN}"})

    def test_a_rebased_push_meets_the_pull_request(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        self.finished(self.pull(head))
        other = self.code.commit("main", {"b.txt": "c\n"}, self.base)
        rebased = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, other)
        self.assert_skips(self.asks("push", payloads.push(rebased)), "already_done")
        self.assert_skips(self.asks("pull_request", self.pull(rebased, other)), "already_done")
        # Another pull request that brings it is the same work, by that one word.
        self.assert_skips(self.asks("pull_request", self.pull(rebased, other, number=8)),
                          "already_done")
        self.assert_runs(self.job("push", payloads.push(rebased)).call("gate"), "first")

    def test_what_differs_is_other_work(self):
        twenty = self.changed("line 20", "twenty")
        head = self.code.commit("topic", {"a.txt": twenty}, self.base)
        self.finished(self.pull(head))
        others = {
            "one line more": {"a.txt": twenty.replace("line 30", "thirty")},
            "another word": {"a.txt": self.changed("line 20", "20")},
            "a file besides": {"a.txt": twenty, "c.txt": "c\n"},
            "a binary file besides": {"a.txt": twenty, "logo.png": b"\0two"},
            "the same lines in another file": {"b.txt": twenty},
        }
        for name, files in others.items():
            with self.subTest(name):
                head = self.code.commit("other", files, self.base)
                self.assert_runs(self.asks("pull_request", self.pull(head)), "first")
        with self.subTest("another branch that it is for"):
            self.assert_runs(self.asks("pull_request", self.pull(head, onto="v1")), "first")

    def test_two_binary_files_are_told_apart(self):
        head = self.code.commit("topic", {"logo.png": b"\0two"}, self.base)
        self.finished(self.pull(head))
        head = self.code.commit("other", {"logo.png": b"\0three"}, self.base)
        self.assert_runs(self.asks("pull_request", self.pull(head)), "first")
        other = self.code.commit("main", {"b.txt": "c\n"}, self.base)
        head = self.code.commit("again", {"logo.png": b"\0two"}, other)
        self.assert_skips(self.asks("pull_request", self.pull(head, other)), "already_done")

    def test_without_a_clear_answer_it_is_told_by_its_event(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        whole = self.code.diff(f"/repos/octo/app/compare/{self.base}...{head}")[1]
        job = self.finished(self.pull(head))
        for name, status, body, why in (
                ("too large", 406, b"{}", "the API answered 406"),
                ("no permission", 403, b"{}", "the API answered 403"),
                ("moved", 302, whole, "the API answered 302"),
                ("nothing", 200, b"", "nothing is changed"),
                ("cut off", 200, whole[:-9], "no whole diff"),
                ("a page", 200, b"<html></html>", "no whole diff"),
                ("over 8 MB", 200, b" " * 8_000_001, "too long")):
            with self.subTest(name):
                self.answers(status, body)
                head = self.code.commit("topic", {"b.txt": f"{name}\n"})
                answer = self.asks("pull_request", self.pull(head))
                self.assert_runs(answer, "first")
                self.assertIn("Told by its event", answer.lines["REASON"])
                self.assertIn(why, answer.lines["REASON"])
                # By its event it meets who asks so, and whoever has no answer either.
                answer = self.job("pull_request", self.pull(head)).call("gate")
                self.assert_skips(answer, "active_session")
                self.assert_skips(self.asks("pull_request", self.pull(head)), "active_session")
        # The end of a session is that of its claim, whatever is asked then.
        self.assertEqual(job.call("finish").status, 0)

    def test_an_api_that_hangs_or_is_not_there(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        over = threading.Event()
        self.addCleanup(over.set)
        self.api.reply = lambda handler: over.wait(60)
        answer = self.asks("pull_request", self.pull(head))
        self.assert_runs(answer, "first")
        self.assertIn("did not answer in time", answer.lines["REASON"])
        nowhere = {"GITHUB_API_URL": ""}
        job = self.job("pull_request", self.pull(head), environment=nowhere)
        self.assert_skips(job.call(*PATCH), "active_session")

    def test_what_brings_no_code_is_told_by_its_event_and_asks_nothing(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        labeled = payloads.pull_request(head, action="labeled", label="review")
        for event, payload in (("issue_comment", payloads.comment(5)),
                               ("pull_request_review", payloads.review(head, 6)),
                               ("workflow_run", payloads.workflow_run(head)),
                               ("pull_request", labeled)):
            with self.subTest(event):
                answer = self.asks(event, payload)
                self.assert_runs(answer, "first")
                self.assertNotIn("by its change", answer.lines["REASON"])
        self.assertEqual(self.api.asked, [])

    def test_other_gates_ask_nothing(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        self.job("pull_request", self.pull(head)).call("gate")
        self.job("pull_request", self.pull(head)).call("gate", "--identity-by", "commit")
        self.job("pull_request", self.pull(head)).call("gate", "--identity", "x")
        refused = self.asks("pull_request", self.pull(head), "--identity", "x")
        self.assertEqual(refused.status, 2, refused)
        self.assertEqual(self.api.asked, [])

    def test_names_of_branches_are_escaped(self):
        self.code.git("branch", "--move", "main", "r#1%2")
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        payload = payloads.push(head)
        payload["repository"]["default_branch"] = "r#1%2"
        answer = self.asks("push", payload)
        self.assertNotIn("Told by its event", answer.lines["REASON"])
        self.assertEqual(self.api.asked[0][0], f"/repos/octo/app/compare/r%231%252...{head}")

    def test_one_of_many_at_once_runs(self):
        heads = [self.code.commit(f"topic-{number}", {"a.txt": self.changed("line 20", "twenty"), "b.txt": f"{number}\n"}, self.base)
                 for number in range(2)]
        starts = [self.job("pull_request", self.pull(heads[number % 2])).start(*PATCH)
                  for number in range(12)]
        answers = [start.wait() for start in starts]
        self.assertEqual([answer.runs for answer in answers].count(True), 2)

    def test_explain_says_the_same(self):
        head = self.code.commit("topic", {"a.txt": self.changed("line 20", "twenty")}, self.base)
        self.finished(self.pull(head))
        job = self.job("pull_request", self.pull(head))
        told = job.call("explain", "--identity-by", "patch")
        self.assertIn("already_done", told.out)
        self.assertIn("patch", told.out)
        told = job.call("explain", "--identity-by", "patch", "--offline")
        self.assertIn("not asked for with --offline", told.out)


if __name__ == "__main__":
    unittest.main()
