"""What a server says of itself (that it is busy, why it will not, what time it is), and what is
made of it."""

import time
import unittest

from gate_case import GateCase, launch
from network_test import WRITES, FaultCase

BUSY = "You have exceeded a secondary rate limit. Please wait a few minutes."
THROTTLES = ({"status": 403, "headers": {"Retry-After": "60"}, "body": BUSY},
             {"status": 403, "headers": {"X-RateLimit-Remaining": "0"}},
             {"status": 403, "body": BUSY},
             {"status": 403, "body": '{"message": "You have triggered an abuse detection mechanism."}'},
             {"status": 429, "headers": {"Retry-After": "60"}}, {"status": 429})


class Throttled(FaultCase):
    def test_a_server_that_throttles_is_no_token_that_may_only_read(self):
        for throttle in THROTTLES:
            for where in ({}, WRITES):
                self.plan({"fault": "status", **where, **throttle})
                with self.subTest(**throttle, **where):
                    answer = self.job().call("gate", "--deadline", "2s")
                    self.assertEqual((answer.status, answer.code), (3, "unreachable"), answer)
                    self.assertNotIn("may not write", answer.err)
                    self.assertNotIn("permissions", answer.err)
                    answer = self.job().call("gate", "--deadline", "2s", "--on-error", "run")
                    self.assertEqual((answer.status, answer.runs), (0, True), answer)
                    answer = self.job().call("gate", "--deadline", "2s", "--on-error", "skip")
                    self.assertEqual((answer.status, answer.runs), (0, False), answer)

    def test_every_command_that_writes_says_busy(self):
        job, _ = self.gate()
        (self.folder / "r").write_text("x", encoding="utf-8")
        for throttle in THROTTLES:
            self.plan({"fault": "status", **throttle})
            for actor, words in ((job, ("heartbeat",)), (job, ("finish",)),
                                 (job, ("result", "save", self.folder / "r")),
                                 (self.person(), ("release", "x" * 32, "--reason", "stuck")),
                                 (self.person(), ("gc",))):
                with self.subTest(command=words[0], **throttle):
                    answer = actor.call(*words, "--deadline", "1s")
                    self.assertEqual(answer.status, 3, answer)
                    self.assertIn("too many requests", answer.err)
                    self.assertNotIn("may not write", answer.err)
                    if words == ("finish",):
                        self.assertIn(f"the claim stands until {self.only_claim()['lease_until']}", answer.err)
        self.plan()
        self.done(job.call("finish"))

    def test_no_request_comes_before_the_time_that_the_server_names(self):
        for status in (403, 429, 503):
            for words in (("gate",), ("finish",), ("heartbeat",), ("gc",)):
                with self.subTest(status=status, command=words[0]):
                    self.plan()
                    actor = self.job()
                    if words[0] != "gate":
                        self.done(actor.call("gate", "--share", f"{status}-{words[0]}"))
                    self.plan({"fault": "status", "status": status, "count": 1, "headers": {"Retry-After": "2"}})
                    start = time.monotonic()
                    self.done(actor.call(*words, "--deadline", "60s"))
                    # Nothing else was asked meanwhile: the second request of all went well.
                    self.assertGreaterEqual(time.monotonic() - start, 2)

    def test_a_time_beyond_the_deadline_is_told_at_once(self):
        for status in (403, 408, 429, 500, 502, 503, 504):
            self.plan({"fault": "status", "status": status, "headers": {"Retry-After": "90"}})
            launch.reset(self.proxy)
            answer = self.job().call("gate", "--deadline", "30s")
            self.assertEqual((answer.status, answer.code), (3, "unreachable"), answer)
            self.assertIn("asks to wait 1m 30s", answer.err)
            self.assertEqual(len(self.asked()), 1, self.asked())


class Words(FaultCase):
    ROWS = ((403, "IP allow list enabled, and your IP address is not permitted", "IP allow list", False),
            (403, '{"message": "Resource protected by organization SAML enforcement."}', "SAML enforcement", False),
            (403, "This repository was archived so it is read-only.", "archived", False),
            (403, "Permission to octo/app.git denied to github-actions[bot].", "denied to github-actions", True),
            (401, "Bad credentials", "Bad credentials", False),
            (404, "Repository is being migrated", "being migrated", False),
            (413, "request entity too large", "request entity too large", False),
            (500, "pack exceeds maximum allowed size", "maximum allowed size", False),
            (503, "down for maintenance", "down for maintenance", False),
            (402, "Billing: spending limit reached", "spending limit reached", False),
            (410, "this repository was removed", "was removed", False),
            (423, "locked for migration", "locked for migration", False),
            (451, "blocked for legal reasons", "legal reasons", False),
            (418, "no tea here", "no tea here", False))

    def test_what_the_server_says_is_told_before_our_own_advice(self):
        for status, body, words, advised in self.ROWS:
            self.plan({"fault": "status", "status": status, "body": body})
            with self.subTest(status=status, body=body):
                answer = self.job().call("gate", "--deadline", "1s")
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
                self.assertIn(words, answer.err)
                self.assertEqual("contents: write" in answer.err, advised, answer.err)
                self.assertNotIn("which git does not answer", answer.err)
                self.assertNotIn("check the repository's address", answer.err)

    def test_what_the_server_says_in_gits_own_words_is_told_alike(self):
        line = "ERR repository is over its storage quota"
        for where, kind in ((WRITES, "receive-pack-result"), ({"path": "upload-pack"}, None)):
            first, _ = self.gate("--share", str(kind))
            self.plan({"fault": "garbage", **where, "body": f"{len(line) + 4:04x}{line}",
                       "headers": {"Content-Type": f"application/x-git-{kind}"} if kind else {"Content-Type": ""}})
            with self.subTest(where):
                for answer in (self.job().call("gate", "--share", f"{kind}2", "--deadline", "3s") if kind else
                               self.person().call("log", "--deadline", "3s"),):
                    self.assertEqual(answer.status, 3, answer)
                    self.assertIn("over its storage quota", answer.err)
                    self.assertNotIn("did not answer as git would", answer.err)
                    self.assertNotIn("check the repository's address", answer.err)
            self.plan()
            self.done(first.call("finish"))

    def test_a_redirect_names_where_it_leads_without_what_is_secret(self):
        origin = self.remote.url.removesuffix("/" + self.path.name)
        for target, told in (("https://user:hunter2@elsewhere.test/octo/app.git/info/refs?service=x&key=hunter2#z",
                              "https://elsewhere.test/octo/app.git\n"),
                             ("//ann@elsewhere.test/app/git-receive-pack", "//elsewhere.test/app\n"),
                             ("/moved/app.git", "/moved/app.git\n"), ("", "the server points to\n"),
                             ("https://elsewhere.test/a::b\x1b[31m", "https://elsewhere.test/a::b"),
                             ("/x/../moved.git/git-receive-pack", f": {origin}/moved.git\n"),
                             ("//elsewhere.test/app.git/git-receive-pack", ": http://elsewhere.test/app.git\n"),
                             ("../renamed.git/git-receive-pack?a=b", f": {origin}/renamed.git\n"),
                             ("", "the server points to\n")):
            self.plan({"fault": "status", "status": 301, "headers": {"Location": target}})
            with self.subTest(target):
                answer = self.job().call("gate", "--deadline", "3s")
                self.assertEqual((answer.status, answer.code), (3, "unreadable"), answer)
                self.assertIn(told, answer.err)
                self.assertNotIn("hunter2", answer.err)
                self.assertNotIn("\x1b", answer.err)

    def test_a_redirect_to_the_very_same_address_is_not_advised(self):
        for target in ("git-receive-pack", self.remote.url, self.remote.url + "/", self.remote.url + "/git-receive-pack",
                       "?again=1", f"/{self.path.name}/git-receive-pack"):
            self.plan({"fault": "status", "status": 302, "headers": {"Location": target}})
            with self.subTest(target):
                answer = self.job().call("gate", "--deadline", "3s")
                self.assertEqual((answer.status, answer.code), (3, "unreadable"), answer)
                self.assertIn("it leads back to the same address", answer.err)
                self.assertNotIn("points to", answer.err)

    def test_an_answer_that_is_compressed_is_named(self):
        for coding in ("gzip", "BR", "deflate, gzip"):
            self.plan({"fault": "reshape", "headers": {"Content-Encoding": coding}})
            for job, words in ((self.job(), ("gate", "--share", "packed")), (self.person(), ("log",))):
                with self.subTest(coding, command=words):
                    answer = job.call(*words, "--deadline", "3s")
                    self.assertEqual(answer.status, 3, answer)
                    self.assertIn(f"Content-Encoding: {coding.lower()}", answer.err)
                    self.assertIn("Accept-Encoding: identity", answer.err)
        self.plan({"fault": "reshape", "headers": {"Content-Encoding": "identity"}})
        self.assert_runs(self.job().call("gate", "--share", "plain"), "first")

    def test_a_pause_of_years_is_told_as_long_as_it_is(self):
        for after, told in (("Sun, 22 Nov 2099 12:00:00 GMT", "busy until 2099-11-22"), ("864000", "asks to wait 10d")):
            self.plan({"fault": "status", "status": 503, "headers": {"Retry-After": after}})
            with self.subTest(after):
                answer = self.job().call("gate", "--deadline", "3s")
                self.assertEqual(answer.status, 3, answer)
                self.assertIn(told, answer.err)
                self.assertNotIn("asks to wait 1d", answer.err)

    def test_words_that_are_no_text_are_not_repeated(self):
        for body, kind in (("<html><body>Forbidden</body></html>", "text/html"), ("\x1b[31mred\x07", "text/plain"),
                           ("x" * 5000, "text/plain"), ("::error::injected\nsecond", "text/plain")):
            self.plan({"fault": "status", "status": 403, "body": body, "headers": {"Content-Type": kind}})
            answer = self.job().call("gate", "--deadline", "1s")
            for unwanted in ("<html", "\x1b", "\x07", "x" * 500, "\nsecond", "\n::error::injected"):
                self.assertNotIn(unwanted, answer.err + answer.out)


class Clocks(GateCase):
    def test_a_gate_and_a_heartbeat_name_a_clock_that_is_wrong_once(self):
        for ahead, word in ((7200, "behind"), (-7200, "ahead of")):
            with self.subTest(ahead=ahead):
                server = self.contexts.enter_context(
                    launch.careless(self.server("http"), self.root, half="none", ahead=ahead))
                remote = self.remote.by(f"{server.url}/{self.path.name}")
                job, answer = self.gate("--share", word, remote=remote)
                for call in (answer, self.done(job.call("heartbeat"))):
                    self.assertEqual(call.err.count("refgate: this machine's clock"), 1, call.err)
                    self.assertRegex(call.err, rf"is (2h|1h 59m|2h \S+) {word}")
                self.assertEqual(answer.err.count("::warning title=refgate%3A a clock is wrong"), 1, answer)
                self.done(job.call("finish"))

    def test_a_clock_that_agrees_is_not_spoken_of(self):
        job, answer = self.gate("--skew", "5m")
        self.assertNotIn("clock", answer.err + self.done(job.call("heartbeat")).err)


if __name__ == "__main__":
    unittest.main()
