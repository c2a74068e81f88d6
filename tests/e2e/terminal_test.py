"""At a terminal and away from one: what fits, colours and links, the line that says that something goes on, and last words."""

import os
import pty
import re
import signal
import subprocess
import unicodedata
import unittest

from gate_case import GateCase, await_that, launch
from network_test import FaultCase
from runner import BINARY

ESCAPES = re.compile(r"\x1b\[[0-9;]*[mK]|\x1b\]8;;[^\x1b]*\x1b\\")
LINK = re.compile(r"\x1b\]8;;(https?://[^\x1b]+)\x1b\\")


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


class AtATerminal(GateCase):
    def start(self, words, streams, environment, wide=80):
        master, slave = pty.openpty()
        given = {name: slave if name in streams else subprocess.PIPE for name in ("stdout", "stderr")}
        process = subprocess.Popen([BINARY, *words], stdin=subprocess.DEVNULL, cwd=self.folder,
                                   env={"TERM": "xterm", "COLUMNS": str(wide), **environment}, **given)
        os.close(slave)
        self.addCleanup(os.close, master)
        return process, master

    @staticmethod
    def read(master):
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:  # the end of a terminal
            pass
        return shown.decode().replace("\r\n", "\n")

    def at(self, *words, wide=80, streams="stdout", person=None, **environment):
        person = person or self.person()
        process, master = self.start(words, streams, {**person.environment, "REFGATE_REMOTE": person.remote.url, **environment}, wide)
        shown = self.read(master)
        out, err = process.communicate(timeout=60)
        self.piped = ((out or b"") + (err or b"")).decode()
        return shown

    def assert_fits(self, text, wide=80):
        for line in ESCAPES.sub("", text).splitlines():
            if " " in line.strip():  # an URL and a ref stay whole
                self.assertLessEqual(columns(line), wide, text)


class Tables(AtATerminal):
    def setUp(self):
        super().setUp()
        self.won, _ = self.gate()
        self.skipped = self.job()
        self.skipped.call("gate")
        self.other = self.job(sha="f" * 40, workflow="審査 of everything that comes in", file="other.yml")
        self.other.call("gate", "--share", "another share with a long name")
        self.other.call("finish", "--status", "failure")
        self.url = f"https://github.com/octo/app/actions/runs/{self.won.run}"

    def test_everything_for_people_fits(self):
        person = self.person()
        person.call("pause", "workflow:x", "--reason", "since " + "somebody has to look at this first " * 6)
        self.job(sha="f" * 40, workflow="Another", file="other.yml").call("gate", "--group-by", "entity", "--slots", "a-pool:1", "--supersede")
        lost = self.job(sha="e" * 40, workflow="Another", file="other.yml")
        lost.call("gate")
        self.job(sha="e" * 40, workflow="Another", file="other.yml").call("gate")
        lost.call("finish", "--status", "cancelled")
        for words in (["status"], ["status", "--all"], ["status", "--queues"], ["status", "--lost"], ["log"], ["show", self.won.run], ["stats"], ["verify"],
                      ["gc", "--dry-run"], ["explain", self.won.run], ["explain", "--event", "push", "--sha", "e" * 40, "--workflow", "Another"],
                      ["doctor"], ["leave"],
                      ["--help"], ["gate", "--help"], ["finish", "--help=all"], ["result", "--help"]):
            for wide in (60, 80, 132):
                with self.subTest(words=words, wide=wide):
                    shown = self.at(*words, wide=wide)
                    self.assertTrue(shown, self.piped)
                    self.assert_fits(shown, wide)

    def test_what_is_lost_is_told_with_ids_that_can_be_used(self):
        lost, gated = self.gate(sha="e" * 40, workflow="Another", file="other.yml")
        self.job(sha="e" * 40, workflow="Another", file="other.yml").call("gate")
        lost.call("finish", "--status", "cancelled")
        shown = self.at("status", "--lost")
        lines = ESCAPES.sub("", shown).splitlines()
        self.assertEqual(re.split(r" {2,}", lines[0]), ["SESSION", "WHY", "SKIPPED FOR IT", "SINCE", "CLAIM", "RUN"])
        self.assertRegex(lines[1], rf" {gated.claim_id[:8]}  +{lost.run}$")
        self.assertIn(f"https://github.com/octo/app/actions/runs/{lost.run}", LINK.findall(shown))
        self.assertNotIn("…", "".join(lines))
        without = self.at("status", "--lost", NO_COLOR="1")
        self.assertIn(f"\n  https://github.com/octo/app/actions/runs/{lost.run}\n", without)
        self.assertIn(f"run {lost.run} (", self.done(self.person().call("show", gated.claim_id[:8])).out)
        piped = self.person().call("status", "--lost").out
        self.assertIn(gated.claim_id, piped)

    def test_lines_and_slots_are_told_with_ids_that_can_be_used(self):
        job, gated = self.gate("--group-by", "entity", "--slots", "a-pool:1", "--supersede", sha="d" * 40, file="other.yml")
        shown = ESCAPES.sub("", self.at("status", "--queues"))
        self.assertEqual(shown.count(gated.claim_id[:8] + "\n"), 2, shown)
        self.assertNotRegex(shown, r"refs/|\d\.\d+Z")
        piped = self.done(self.person().call("status", "--queues")).out
        self.assertEqual(piped.count(gated.claim_id), 2)
        self.assertIn("refs/refgate/newest/", piped)

    def test_what_goes_on_stands_below_its_beginning(self):
        shown = ESCAPES.sub("", self.at("explain", self.won.run))
        lines = [line for line in shown.splitlines() if line.strip()]
        self.assertGreater(len([line for line in lines if line.startswith(" ")]), 3, shown)
        for line in lines:
            self.assertRegex(line, r"\A(\S.{8}.\S| {10}\S)", shown)

    def test_status_tells_who_and_which_workflow_by_time_with_a_link(self):
        shown = self.at("status", "--all")
        lines = ESCAPES.sub("", shown).splitlines()
        self.assertEqual(lines[0].split(), ["SESSION", "STATE", "WHO", "WORKFLOW", "SINCE", "RUN"])
        self.assertIn(self.url, LINK.findall(shown))
        self.assertIn("ann", lines[1])
        self.assertIn("active", lines[1])
        self.assertIn("refgate show", lines[-1])
        self.assertIn("refgate release", lines[-1])
        piped = self.done(self.person().call("status", "--all")).out
        self.assertIn(self.url, piped)
        self.assertEqual(piped.splitlines()[0].split(), lines[0].split())
        self.assertLess(piped.index(self.won.run), piped.index(self.other.run))
        self.assertNotIn("\x1b", piped)

    def test_without_links_an_url_is_whole(self):
        for wide in (60, 80, 200):
            shown = self.at("status", wide=wide, NO_COLOR="1")
            self.assertIn(self.url, shown)
            self.assertNotIn("\x1b", shown)
            self.assert_fits(shown, wide)

    def test_colours_as_they_are_asked_for(self):
        painted = "\x1b[36mactive\x1b[0m"
        for words, environment, streams, expected in (
                ((), {}, "stdout", True), ((), {"TERM": "dumb"}, "stdout", False), ((), {"NO_COLOR": "1"}, "stdout", False),
                (("--color=always",), {"NO_COLOR": "1"}, "stdout", True), (("--color", "never"), {}, "stdout", False),
                (("--color=never",), {"FORCE_COLOR": "1"}, "stderr", False), ((), {"FORCE_COLOR": "1"}, "stderr", True),
                ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, "stderr", False), (("--color=auto",), {}, "stderr", False),
                (("--color=always",), {}, "stderr", True), ((), {"FORCE_COLOR": "0"}, "stderr", False)):
            with self.subTest(words=words, environment=environment, streams=streams):
                shown = self.at("status", *words, streams=streams, **environment)
                text = self.piped if streams == "stderr" else shown
                self.assertIn("active", text)
                self.assertEqual(painted in text, expected, text)
                if streams == "stderr":
                    self.assertNotIn("\x1b]8", text)  # a pipe has no links
                if not expected:
                    self.assertNotIn("\x1b", text)

    def test_colour_wherever_a_state_is_told(self):
        for words, expected in ((["show", self.won.run], "active"), (["doctor"], "ok"), (["explain", self.won.run], "active"),
                                (["verify"], "No duplicate"), (["log"], "launch")):
            with self.subTest(words=words):
                self.assertRegex(self.at(*words), "\x1b\\[3[0-9]m" + expected)
                self.assertNotIn("\x1b", self.at(*words, "--color=never"))

    def test_lint_takes_the_same_word(self):
        folder = self.folder / ".github" / "workflows"
        folder.mkdir(parents=True)
        (folder / "a.yml").write_text("on: [push, push]\njobs: {}\n", encoding="utf-8")
        self.assertIn("\x1b[", subprocess.run([BINARY, "lint", "--color=always"], cwd=self.folder, env={}, text=True, capture_output=True,
                                              check=False).stdout)
        self.assertIn("\x1b[", subprocess.run([BINARY, "lint"], cwd=self.folder, env={"FORCE_COLOR": "1"}, text=True, capture_output=True,
                                              check=False).stdout)
        self.assertNotIn("\x1b", self.at("lint", "--color=never"))

    def test_what_another_program_reads_is_not_folded(self):
        for words in (["status", "--json"], ["log", "--json"], ["show", self.won.run, "--json"], ["completion", "bash"], ["metrics"]):
            with self.subTest(words=words):
                self.assertGreater(max(map(len, self.at(*words, wide=60).splitlines())), 60)


class Patience(AtATerminal, FaultCase):
    """A server that takes its time: who sits before it sees that something goes on."""

    def setUp(self):
        super().setUp()
        self.slow, self.remote = self.remote, self.direct
        self.won, _ = self.gate()

    def test_a_line_is_shown_and_taken_away(self):
        self.plan({"fault": "delay", "seconds": 1.3})
        for words in (("log",), ("explain", self.won.run)):
            with self.subTest(words=words):
                shown = self.at(*words, streams="stderr", person=self.person(self.slow))
                self.assertRegex(shown, "\r\x1b\\[Kreading [a-z ]+… \\(1s\\)")
                self.assertTrue(shown.endswith("\r\x1b[K"), shown)
                self.assertIn(self.won.run, self.piped)
        self.at("log", person=self.person(self.slow))
        self.assertEqual(self.piped, "")  # standard error is no terminal

    def test_no_line_where_nothing_is_waited_for(self):
        self.assertEqual(self.at("log", streams="stderr"), "")
        self.assertEqual(self.at("log", streams="stderr", person=self.person(self.slow)), "")

    def interrupt(self, number, part, *words):
        """What it said on standard error, and how it ended."""
        self.plan({"path": part, "fault": "delay", "seconds": 20, "announce": True})
        launch.reset(self.proxy)
        started = self.person(self.slow).start(*words)
        await_that(lambda: any("delay-begins" in line for line in self.asked()))
        started.process.send_signal(number)
        answer = started.wait()
        self.assertEqual(answer.status, -number)
        return answer.err

    def test_who_is_ended_says_what_may_have_happened(self):
        read = self.interrupt(signal.SIGTERM, "upload-pack", "log")
        self.assertEqual(read, "refgate: log was interrupted before it was done; it has changed nothing\n")
        for words in (["release", self.won.run, "--reason", "x"], ["pause", "--reason", "x"]):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(words=words, number=number):
                    written = self.interrupt(number, "receive-pack", *words)
                    self.assertTrue(written.startswith(f"refgate: {words[0]} was interrupted while it wrote"), written)
                    self.assertEqual(written.count("\n"), 1)

    def test_a_gate_keeps_its_own_last_words(self):
        self.plan({"path": "receive-pack", "fault": "delay", "seconds": 20, "announce": True})
        started = self.job(sha="f" * 40, remote=self.slow).start("gate", "--share", "other")
        await_that(lambda: any("delay-begins" in line for line in self.asked()))
        started.process.terminate()
        self.assertIn("it was ended before it had an answer", started.wait().err)


if __name__ == "__main__":
    unittest.main()
