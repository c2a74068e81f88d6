"""One session's life, and what follows it, on servers that will not do all that is asked of them.

Each kind of server meets each command. Where the server lets a claim be made, every launch is
decided, nothing is live after its finish, and each line stands in the record once, whether the
server took it as a note or the claim still carries it. Where it does not, nothing is begun.
"""

import pathlib
import unittest

from gate_case import GateCase, await_that, launch
from network_test import WRITES, FaultCase

COUNT = "n=0; while read old new ref; do n=$((n+1)); done\n[ $n -le {} ] || {{ echo 'too many refs' >&2; exit 1; }}\n"
EACH = "while read old new ref; do {}; done\n"
NO_NOTES = "case $ref in refs/notes/*) echo 'no notes here' >&2; exit 1;; esac"
NO_DELETES = "[ $new != " + "0" * 40 + " ] || { echo 'nothing is deleted here' >&2; exit 1; }"
BRANCHES = "case $ref in refs/heads/*) ;; *) echo 'branches only' >&2; exit 1;; esac"
NO_CLAIMS = "case $ref in */claims/*) echo 'GH013: repository rule violations' >&2; exit 1;; esac"
NO_QUEUES = "case $ref in */queues/*) echo 'no queues' >&2; exit 1;; esac"
NO_RESULTS = "case $ref in */results/*) echo 'no results' >&2; exit 1;; esac"
BY_NAME = "ref=$1 old=$2 new=$3\n{}\n"


class Life:
    """The commands, one test for each kind of server."""

    def met(self):
        """What every command meets anew; a plan of faults counts from here."""

    def call(self, job, *words):
        self.met()
        return job.call(*words)

    def live_claims(self):
        return [claim for claim in self.remote.claims().values() if claim["state"] != "ended"]

    def assert_each_line_once(self, launches):
        lines = self.log()
        ids = [line["id"] for line in lines]
        self.assertEqual(len(ids), len(set(ids)))
        kinds = [line["kind"] for line in lines]
        self.assertEqual((kinds.count("launch"), kinds.count("end")), (launches, launches), kinds)

    def begin(self, code, *words):
        job = self.job()
        self.assert_runs(self.call(job, "gate", *words), code)
        return job

    def end(self, job, status):
        answer = self.done(self.call(job, "finish", "--status", status))
        self.assertIn("Session ended", answer.out)
        self.assertEqual(self.live_claims(), [], answer)
        return answer

    def live_a_life(self, results=True):
        first = self.begin("first")
        self.assert_skips(self.call(self.job(), "gate"), "active_session")
        self.done(self.call(first, "heartbeat"))
        self.done(self.call(first, "heartbeat"))
        if results:
            file = pathlib.Path(self.folder / "result.txt")
            file.write_text("what came of it\n", encoding="utf-8")
            saved = self.done(self.call(first, "result", "save", file))
            got = self.done(self.call(self.person(), "result", "get", saved.lines["RESULT_ID"]))
            self.assertEqual(got.out, "what came of it\n")
        ended = self.end(first, "cancelled")
        second = self.begin("takeover")
        self.end(second, "failure")
        third = self.begin("retry_allowed", "--retry", "allow")
        self.end(third, "success")
        self.assert_skips(self.call(self.job(), "gate"), "already_done")
        return ended

    def stand_in_line(self):
        words = ("--group-by", "repository", "--deadline", "60s")
        head = self.begin("first", "--share", "line-1", *words)
        waiting = self.job().start("gate", "--share", "line-2", *words, "--wait", "2m")
        self.addCleanup(lambda: waiting.process.poll() is None and waiting.kill())
        await_that(lambda: len(self.live_claims()) == 2, what="the claim of who waits")
        self.done(self.call(head, "finish"))
        answer = waiting.wait()
        self.assert_runs(answer, "first")
        self.done(self.person().call("finish", "--claim-id", answer.claim_id))
        self.assertEqual(self.live_claims(), [])


class Hooks(Life, GateCase):
    def hook(self, name, text):
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        path.chmod(0o755)

    def assert_gc(self, whole, *named):
        answer = self.person().call("gc")
        self.assertEqual(answer.status == 0, whole, answer)
        for words in named:
            self.assertIn(words, answer.err + answer.out)

    def test_one_ref_a_push(self):
        self.hook("pre-receive", COUNT.format(1))
        self.live_a_life()
        self.stand_in_line()
        self.assert_each_line_once(5)
        self.assert_gc(True)
        self.assert_each_line_once(5)

    def test_two_refs_a_push(self):
        self.hook("pre-receive", COUNT.format(2))
        self.live_a_life()
        self.stand_in_line()
        self.assert_gc(True)
        self.assert_each_line_once(5)

    def test_a_push_with_a_note_is_refused_whole(self):
        self.hook("pre-receive", EACH.format(NO_NOTES))
        ended = self.live_a_life()
        self.assertIn("could not be written to the record", ended.err)
        self.stand_in_line()
        self.assert_each_line_once(5)
        self.assertEqual(self.remote.notes(), [])
        self.assert_gc(False, "no notes here")
        self.assert_each_line_once(5)
        # Mended, gc writes what the claims have carried meanwhile.
        self.hook("pre-receive", "exit 0\n")
        self.assert_gc(True)
        self.assertEqual(len([line for line in self.remote.notes() if line["kind"] == "launch"]), 5)
        self.assert_each_line_once(5)

    def test_a_note_is_refused_by_name(self):
        self.hook("update", BY_NAME.format(NO_NOTES))
        ended = self.live_a_life()
        self.assertIn("could not be written to the record", ended.err)
        self.stand_in_line()
        self.assert_gc(False, "hook declined")
        self.assert_each_line_once(5)

    def test_a_server_gives_up_in_the_middle_of_a_push_for_the_sake_of_a_note(self):
        """git's own dies without a report when a reference-transaction hook says no."""
        self.hook("reference-transaction", '[ "$1" = prepared ] && grep -q refs/notes && exit 1; exit 0\n')
        self.live_a_life()
        self.stand_in_line()
        self.assert_gc(False)
        self.assert_each_line_once(5)

    def test_a_server_takes_packs_of_a_bounded_size(self):
        self.remote.git("config", "receive.maxInputSize", "2200")
        self.live_a_life()
        self.stand_in_line()
        self.assert_each_line_once(5)
        self.remote.git("config", "receive.maxInputSize", "300")
        server = self.server("http")
        launch.reset(server)
        answer = self.job().call("gate", "--share", "another")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.assertIn("exceeds maximum allowed size", answer.err)
        pushes = [line for line in launch.requests(server) if "POST" in line and "receive-pack" in line]
        self.assertLessEqual(len(pushes), 2, pushes)

    def test_nothing_is_deleted(self):
        for name, text in (("pre-receive", EACH.format(NO_DELETES)), ("update", BY_NAME.format(NO_DELETES))):
            with self.subTest(hook=name):
                self.hook(name, text)
                self.live_a_life()
                self.stand_in_line()
                self.assert_gc(False, "could not be deleted")
                self.assert_each_line_once(5)
                self.setUp()

    def test_branches_only(self):
        for name, text in (("pre-receive", EACH.format(BRANCHES)), ("update", BY_NAME.format(BRANCHES)),
                           ("update", BY_NAME.format(NO_CLAIMS)), ("pre-receive", EACH.format(NO_CLAIMS))):
            with self.subTest(hook=name, text=text):
                self.hook(name, text)
                for words in ((), ("--group-by", "repository"), ("--budget", "workflow:3/1d")):
                    job = self.job()
                    answer = job.call("gate", *words)
                    self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
                    self.assertIn("refused", answer.err)
                    self.assertEqual(self.done(job.call("finish")).status, 0)
                self.assertEqual(self.remote.claims(), {})

    def test_a_line_that_cannot_be_kept_starts_nobody_and_leaves_nothing_live(self):
        self.hook("update", BY_NAME.format(NO_QUEUES))
        job = self.job()
        answer = job.call("gate", "--group-by", "repository")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.done(job.call("finish", "--status", "failure"))
        self.assertEqual(self.live_claims(), [])
        self.assert_runs(self.job().call("gate"), "first")

    def test_a_result_that_cannot_be_kept_costs_the_session_nothing(self):
        self.hook("update", BY_NAME.format(NO_RESULTS))
        job, _ = self.gate()
        (self.folder / "r").write_text("x", encoding="utf-8")
        answer = job.call("result", "save", self.folder / "r")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("hook declined", answer.err)
        self.end(job, "success")


class Faults(Life, FaultCase):
    """What every command meets at its first request, at its first push, or always."""

    rules = ()

    def met(self):
        self.plan(*self.rules)

    def live_with(self, *rules):
        self.rules = rules
        self.live_a_life()
        self.met()
        self.done(self.person().call("gc"))
        self.plan()
        self.assert_each_line_once(3)
        self.rules = ()

    def test_a_busy_server_that_says_for_how_long(self):
        for status in (429, 503, 403):
            with self.subTest(status=status):
                self.live_with({"fault": "status", "status": status, "count": 1,
                                "headers": {"Retry-After": "1"}})
                self.setUp()

    def test_a_busy_server_whose_pause_is_too_long(self):
        first = self.begin("first")
        for status in (429, 503):
            rule = {"fault": "status", "status": status, "headers": {"Retry-After": "3600"}}
            for job, words in ((self.job(), ("gate",)), (first, ("heartbeat",)), (first, ("finish",)),
                               (self.job(), ("gate", "--group-by", "repository")), (self.person(), ("gc",)),
                               (self.person(), ("log",))):
                with self.subTest(status=status, command=words):
                    self.plan(rule)
                    launch.reset(self.proxy)
                    answer = job.call(*words)
                    self.assertEqual(answer.status, 3, answer)
                    self.assertEqual(len(self.asked()), 1, self.asked())
                    self.assertIn("asks to wait 1h", answer.err)
        self.plan()
        self.end(first, "success")

    def test_a_server_in_trouble_in_the_middle(self):
        for status in (500, 502, 504):
            for rule in ({"fault": "status", "status": status, "count": 1, **WRITES},
                         {"fault": "reshape", "status": status, "count": 1, **WRITES},
                         {"fault": "status", "status": status, "count": 1, "method": "POST", "path": "upload-pack"}):
                with self.subTest(**rule):
                    self.live_with(rule)
                    self.setUp()

    def test_connections_that_do_not_last(self):
        for rule in ({"fault": "reshape", "unsaid": True}, {"fault": "reshape", "form": "1.0"},
                     {"fault": "reshape", "form": "chunked"}, {"fault": "reshape", "interim": [100, 103]},
                     {"fault": "cut-after", "count": 1}, {"fault": "cut-after", "count": 1, **WRITES},
                     {"fault": "cut-before", "count": 1}, {"fault": "no-length"}):
            with self.subTest(**rule):
                self.live_with(rule)
                self.setUp()

    def test_a_bound_on_the_size_of_a_push(self):
        self.live_with({"fault": "too-large", "most": 2600})

    def test_a_redirect_is_not_followed_and_nothing_is_begun(self):
        first = self.begin("first")
        self.plan({"fault": "status", "status": 301, "headers": {"Location": f"{self.direct.url}/"}})
        for job, words in ((self.job(), ("gate",)), (first, ("heartbeat",)), (first, ("finish",)),
                           (self.person(), ("gc",)), (self.person(), ("log",)), (self.person(), ("status",))):
            with self.subTest(command=words):
                answer = job.call(*words)
                self.assertEqual(answer.status, 3, answer)
                self.assertIn("redirect", answer.err)
        self.plan()
        self.end(first, "success")


if __name__ == "__main__":
    unittest.main()
