"""A result is delivered or can be retrieved, whatever fails on the way."""

import base64
import contextlib
import itertools
import json
import os
import pathlib
import shlex
import unittest

from deliver_case import CONTENT, DeliverCase
from gate_case import HEAD, TOKEN, Remote, await_that, launch

FAILURES = {
    "refused":
        "echo no thanks >&2; exit 1",
    "refused after reading":
        "cat > /dev/null; exit 75",
    "hanging":
        "exec sleep 1000",
    "hanging while it reads":
        "dd bs=1000 count=1 of=/dev/null 2> /dev/null; sleep 1000; :",
    "hanging deaf to requests":
        "trap '' TERM INT HUP; while :; do sleep 1; done",
    "killed":
        "kill -KILL $$",
    "terminated after reading":
        "cat > /dev/null; kill -TERM $$",
    "closing half-way":
        "dd bs=1000 count=1 of=/dev/null 2> /dev/null; exec 0<&-; exit 0",
    "closing half-way and failing":
        "dd bs=1000 count=1 of=/dev/null 2> /dev/null; exec 0<&-; exit 1",
    "printing without end":
        "yes",
    "no such program":
        f"exec {__file__}/program",
}


class Deliver(DeliverCase):
    # What a channel gets

    def test_the_first_channel_that_takes_it_ends_it(self):
        self.assert_delivered(
            self.deliver("--to", f"second={self.to_sink('two')}", "--", "sh", "-c", self.to_sink()),
            "command")
        self.assertFalse(self.sink("two").exists())

    def test_the_content_comes_from_a_file_or_standard_input_and_goes_to_both(self):
        (self.folder / "review.md").write_bytes(CONTENT)
        by_file = f'cp "$REFGATE_RESULT_FILE" {self.sink()}'
        self.assert_delivered(
            self.deliver("--file", self.folder / "review.md", "--", "sh", "-c", by_file,
                         content=b""), "command")
        self.assert_delivered(self.deliver("--to", f"file={by_file}"), "file")
        self.assert_delivered(self.deliver("--", "tee", self.sink()), "command")

    def test_an_empty_result_is_one_too(self):
        answer = self.deliver("--", "true", content=b"", status=0)
        self.assertEqual(answer.lines["DELIVERED_BY"], "command")
        self.assertIn("the result is empty", answer.err)
        self.assert_kept(self.deliver("--", "false", content=b""), "channels_failed", 1, b"")

    def test_a_channel_that_spoils_the_file_spoils_it_for_itself(self):
        spoil = 'echo spoilt > "$REFGATE_RESULT_FILE"; exit 1'
        self.assert_delivered(
            self.deliver("--to", f"two={self.to_sink()}", "--", "sh", "-c", spoil), "two")

    def test_the_token_is_not_in_a_channels_environment(self):
        answer = self.deliver("--to", f"two=env > {self.sink('env')}; echo {TOKEN[:8]}", "--",
                              "false", status=0, INPUT_TOKEN=TOKEN)
        names = dict(line.split("=", 1) for line in self.sink("env").read_text().splitlines())
        self.assertNotIn(TOKEN, self.sink("env").read_text())
        self.assertEqual({"REFGATE_TOKEN", "INPUT_TOKEN"} & names.keys(), set())
        self.assertEqual(names["REFGATE_CHANNEL"], "two")
        self.assertFalse(
            pathlib.Path(names["REFGATE_RESULT_FILE"]).exists(), "it is gone with its channel")
        self.assertNotIn(TOKEN, answer.out + answer.err)

    def test_what_a_channel_prints_is_no_command_to_the_runner_and_bounded(self):
        answer = self.deliver(
            "--", "sh", "-c",
            "cat >/dev/null; printf '::error::x\\n::stop-commands::y\\n'; seq 1000 >&2", status=0)
        self.assertNotRegex(answer.out + answer.err, r"(?m)^\s*::")
        self.assertLess(len(answer.err.splitlines()), 20)

    # Each way to fail

    def test_whatever_a_channel_does_the_next_one_delivers(self):
        for name, script in FAILURES.items():
            with self.subTest(failure=name):
                self.assert_delivered(
                    self.deliver("--to", f"two={self.to_sink()}", "--", "sh", "-c", script), "two")
                self.sink().unlink()

    def test_when_every_channel_fails_the_result_is_kept(self):
        for name, script in FAILURES.items():
            with self.subTest(failure=name):
                answer = self.deliver("--to", f"a={script}", "--title", "T", "--url",
                                      "https://example.test/7", "--meta", "k=v", "--", "sh", "-c",
                                      script)
                record = self.assert_kept(answer, "channels_failed", 2)
                self.assertEqual((record["title"], record["url"], record["meta"]),
                                 ("T", "https://example.test/7", {
                                     "k": "v"
                                 }))
                self.assertIn("command: ", record["cause"])
                self.assertIn("; a: ", record["cause"])
                self.assertIn(answer.lines["RETRIEVE"], answer.err)
                self.assertIn("::warning title=", answer.out)
                self.assertIn(answer.lines["RESULT_ID"], answer.summary)

    def test_a_program_that_is_not_there_is_a_channel_that_failed(self):
        answer = self.deliver("--", __file__ + "/program", "x")
        self.assertIn("could not be started",
                      self.assert_kept(answer, "channels_failed", 1)["cause"])

    def test_what_a_channel_printed_is_not_in_the_record(self):
        answer = self.deliver("--", "sh", "-c",
                              "echo private-output; echo private-error >&2; exit 1", status=1)
        self.assertNotIn("private", json.dumps(self.record(answer)))
        self.assertIn("private-error", answer.err)

    def test_what_a_hanging_channel_started_dies_with_it(self):
        pids = self.folder / "pids"
        script = f"sleep 1000 & echo $! >> {pids}; echo $$ >> {pids}; wait"
        self.deliver("--", "sh", "-c", script, status=1)
        for pid in map(int, pids.read_text().split()):
            await_that(lambda: not alive(pid), what=f"the end of {pid}")

    def test_it_ends_within_its_bounds(self):
        answer = self.deliver(
            *itertools.chain(*(("--to", f"c{n}=exec sleep 1000") for n in range(3))), status=1)
        self.assertLess(answer.seconds, 3 * 2 + 60)

    # The session

    def test_a_job_without_a_claim_needs_no_session(self):
        self.assert_delivered(self.deliver("--", "tee", self.sink()), "command")

    def test_a_live_session_delivers(self):
        job, _ = self.gate()
        self.assert_delivered(self.deliver("--", "tee", self.sink(), job=job), "command")

    def test_a_session_that_is_lost_before_costs_no_attempt(self):
        job, _ = self.take_lost_claim()
        record = self.assert_kept(
            self.deliver("--to", f"two={self.to_sink()}", "--", "tee", self.sink(), job=job),
            "session_lost", 0)
        self.assertFalse(self.sink().exists())
        self.assertEqual(record["origin"]["run_id"], job.run)

    def test_a_session_that_has_ended_is_gone(self):
        job, _ = self.gate()
        self.done(job.call("finish"))
        self.assert_kept(self.deliver("--", "tee", self.sink(), job=job), "session_lost", 0)
        self.assertFalse(self.sink().exists())

    def losing(self):
        """(job, shell command that ends its session)."""
        remote = self.remote_of("path")
        job, _ = self.gate(remote=remote)
        binary = shlex.quote(os.environ["REFGATE_BIN"])
        return job, f"{binary} finish --remote {remote.url} --status cancelled > /dev/null"

    def test_a_session_that_is_lost_while_a_channel_fails_stops_the_others(self):
        job, end = self.losing()
        answer = self.deliver("--to", f"two={self.to_sink()}", "--", "sh", "-c",
                              f"cat > /dev/null; {end}; exit 1", job=job)
        record = self.assert_kept(answer, "session_lost", 1)
        self.assertIn("exit status 1; the session has ended", record["cause"])
        self.assertFalse(self.sink().exists())

    def test_a_session_that_is_lost_with_the_last_channel_is_the_reason(self):
        job, end = self.losing()
        self.assert_kept(self.deliver("--", "sh", "-c", f"{end}; exit 1", job=job), "session_lost",
                         1)

    def test_a_session_that_is_lost_while_a_channel_delivers_has_delivered(self):
        job, end = self.losing()
        self.assert_delivered(self.deliver("--", "sh", "-c", f"{end}; {self.to_sink()}", job=job),
                              "command")
        self.assert_kept(self.deliver("--", "tee", self.sink("late"), job=job), "session_lost", 0)

    def test_a_window_that_has_passed_is_no_lost_session(self):
        job = self.job(run=77)
        key = "agent-review-push-" + HEAD[:8]
        self.done(
            job.call("register", key, "push", "Agent Review", "77", HEAD, "--session-window", "1s",
                     "--skew", "0s"))
        self.await_lost()
        self.assert_delivered(self.deliver("--", "tee", self.sink(), job=job), "command")

    def test_a_duplicate_is_told_where_the_undelivered_result_is(self):
        job, _ = self.gate()
        answer = self.deliver("--", "false", job=job, status=1)
        self.done(job.call("finish"))
        skipped = self.done(self.job().call("gate"))
        self.assert_skips(skipped, "already_done")
        self.assertEqual(skipped.lines["RESULT_ID"], answer.lines["RESULT_ID"])

    def test_another_job_lets_the_claim_name_its_undelivered_result(self):
        _, won = self.gate()
        answer = self.deliver("--claim-id", won.claim_id, "--", "false", job=self.job(job="report"))
        self.assert_kept(answer, "channels_failed", 1)
        self.assertEqual(self.only_claim()["result"], answer.lines["RESULT_ID"])

    # The store

    def assert_in_file(self, answer, content=CONTENT):
        self.assertEqual(answer.status, 3, answer)
        path = pathlib.Path(answer.lines["RESULT_FILE"])
        self.assertEqual(path.read_bytes(), content)
        self.assertEqual(path.stat().st_mode & 0o077, 0)
        self.assertIn(str(path), answer.err)
        self.assertIn("::error title=", answer.out)
        path.unlink()

    def test_a_store_that_is_down_leaves_a_file(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            for rule in ({
                    "fault": "refuse-connect"
            }, {
                    "fault": "silent"
            }, {
                    "fault": "status",
                    "status": 503
            }, {
                    "fault": "garbage"
            }):
                with self.subTest(rule=rule):
                    job, _ = self.gate("--identity", str(rule), remote=remote)
                    launch.set_plan(proxy, rule)
                    self.assert_in_file(self.deliver("--deadline", "2s", "--", "false", job=job))
                    self.assert_delivered(
                        self.deliver("--deadline", "2s", "--", "tee", self.sink(), job=job),
                        "command")
                    launch.set_plan(proxy)
            job, _ = self.gate("--identity", "lost", "--lease", "1s", "--skew", "0s", remote=remote)
            self.await_lost()
            launch.set_plan(proxy, {"fault": "refuse-connect"})
            self.assert_in_file(
                self.deliver("--deadline", "2s", "--", "tee", self.sink("lost"), job=job))
            self.assertFalse(self.sink("lost").exists())
            launch.set_plan(proxy)
        self.assertEqual(self.results(), {})

    def test_a_lost_reply_is_no_lost_result(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            launch.set_plan(proxy, {
                "fault": "cut-after",
                "method": "POST",
                "path": "receive-pack",
                "count": 1
            })
            answer = self.deliver("--", "false", job=self.job(remote=remote))
            self.assertEqual([line for line in launch.requests(proxy) if "cut-after" in line][1:],
                             [])
            launch.set_plan(proxy)
            self.assert_kept(answer, "channels_failed", 1)

    def test_a_token_that_may_only_read_and_a_remote_that_is_none_leave_a_file(self):
        self.assert_in_file(
            self.deliver("--", "false", job=self.job(remote=self.remote_of("read-only"))))
        nowhere = Remote(self.folder / "none.git", self.path)
        self.assert_in_file(self.deliver("--", "false", job=self.job(remote=nowhere)))

    def test_a_secret_is_kept_out_of_the_store(self):
        for content in (b"x " + TOKEN.encode(),
                        base64.b64encode(b"x-access-token:" + TOKEN.encode())):
            answer = self.deliver("--", "false", content=content)
            self.assertNotIn(TOKEN, answer.err + answer.out)
            self.assertIn("REFGATE_TOKEN", answer.err)
            self.assert_in_file(answer, content)
        self.assertEqual(self.results(), {})

    def test_a_folder_that_takes_no_file_is_no_reason_to_give_up(self):
        job = self.job()
        answer = self.deliver("--state-dir", "/proc/none", "--", "false", job=job)
        self.assert_kept(answer, "channels_failed", 1)
        answer = self.deliver("--state-dir", "/proc/none", "--", "false",
                              job=self.job(remote=self.remote_of("read-only")))
        self.assert_in_file(answer)

    def test_a_large_result_is_kept_all_the_same(self):
        content = os.urandom(3 << 20)
        self.assert_kept(self.deliver("--", "false", content=content), "channels_failed", 1,
                         content)

    # All of it

    def test_never_lost_and_never_said_to_be_delivered_when_it_was_not(self):
        """Every pair of a first channel and a state of things; what is told is what is true."""
        channels = {
            "takes": self.to_sink(),
            "refuses": "exit 1",
            "dies": "kill -9 $$",
            "half": "dd bs=9 count=1 of=/dev/null 2>/dev/null; exit 0",
            "hangs": "exec sleep 1000"
        }
        for (kind, script), session, store in itertools.product(channels.items(),
                                                                ("none", "live", "ended"),
                                                                ("up", "down")):
            with self.subTest(channel=kind, session=session, store=store):
                remote = self.remote if store == "up" else self.remote_of("read-only")
                job = self.job(remote=self.remote)
                if session != "none":
                    self.assert_runs(job.call("gate", "--identity", f"{kind}{store}{session}"),
                                     "first")
                if session == "ended":
                    self.done(job.call("finish"))
                self.sink().unlink(missing_ok=True)
                answer = self.deliver("--remote", remote.url, "--channel-timeout", "1s", "--", "sh",
                                      "-c", script, job=job)
                delivered = self.sink().exists() and self.sink().read_bytes() == CONTENT
                self.assertEqual(answer.status == 0, delivered, answer)
                self.assertEqual(delivered, kind == "takes" and session != "ended")
                if not delivered and store == "up":
                    self.assertEqual(self.kept(answer), CONTENT)
                elif not delivered:
                    self.assert_in_file(answer)

    def test_wrong_usage_is_named_before_anything_is_read(self):
        rows = [((), "no channel"), (("--to", "x"), "NAME=command"),
                (("--to", "a b=x"), "NAME=command"), (("--to", "a="), "no command"),
                (("--to", "a=x", "--to", "a=y"), "two channels"),
                (("--to", "command=x", "--", "true"), "two channels"), (("--", ""), "empty"),
                (("--channel-timeout", "0", "--", "true"), "--channel-timeout"),
                (("--limit", "x", "--", "true"), "--limit"),
                (("--warn-at", "1m", "--", "true"), "--on-warn"),
                (("--on-warn", "true", "--", "true"), "--limit"),
                (("--limit", "1m", "--warn-at", "1m", "--on-warn", "x", "--", "true"), "less than"),
                (("--since", "1m", "--", "true"), "--since"),
                (("--meta", "x", "--", "true"), "key=value"),
                (("--file", "none.md", "--", "true"), "none.md")]
        for words, says in rows:
            with self.subTest(words=words):
                answer = self.job().call("deliver", *words)
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(says, answer.err)


def alive(pid):
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(
            ")")[2].split()[0] not in "ZX"
    return False


if __name__ == "__main__":
    unittest.main()
