"""A delivery that is told to end, one that runs out of time, and updates on the way."""

import contextlib
import fcntl
import os
import signal
import struct
import termios
import unittest

from deliver_case import CONTENT, DeliverCase
from gate_case import await_that


class DeliverTime(DeliverCase):
    # The process itself

    def started(self, *words, job=None):
        """A call whose standard input is a pipe; (call, the pipe's other end)."""
        read, write = os.pipe()
        call = (job or self.job()).start_fed(read, "deliver", *words)
        os.close(read)
        self.addCleanup(close_quietly, write)
        return call, write

    def test_a_process_that_is_told_to_end_keeps_the_result_first(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                mark = self.folder / f"mark-{number}"
                call, pipe = self.started("--to", f"two={self.to_sink()}", "--", "sh", "-c",
                                          f"echo > {mark}; sleep 1000")
                os.write(pipe, b"the review")
                os.close(pipe)
                await_that(mark.exists)
                call.process.send_signal(number)
                answer = call.wait()
                self.assert_kept(answer, "interrupted", 1, b"the review")
                self.assertFalse(self.sink().exists())

    def test_a_process_that_is_told_to_end_keeps_what_had_come(self):
        mark = self.folder / "mark"
        call, pipe = self.started("--limit", "10m", "--warn-at", "1ms", "--on-warn",
                                  f"echo > {mark}", "--", "tee", self.sink())
        os.write(pipe, b"the beginning")
        await_that(mark.exists)
        await_that(lambda: bytes_waiting(call.process.pid) == 0)
        call.process.send_signal(signal.SIGTERM)
        record = self.assert_kept(call.wait(), "interrupted", 0, b"the beginning")
        self.assertTrue(record["partial"])
        self.assertFalse(self.sink().exists())

    # Time limits

    def test_a_result_that_comes_too_late_is_kept_as_far_as_it_came(self):
        mark = self.folder / "mark"
        call, pipe = self.started("--limit", "3s", "--warn-at", "100ms", "--on-warn",
                                  f"echo $REFGATE_SECONDS_LEFT > {mark}", "--", "tee", self.sink())
        os.write(pipe, b"the beginning")
        answer = call.wait()
        self.assert_told(answer)
        self.assertTrue(self.assert_kept(answer, "time_limit", 0, b"the beginning")["partial"])
        self.assertIn(int(mark.read_text()), (1, 2, 3))
        self.assertIn("on-warn was run", answer.err)
        self.assertFalse(self.sink().exists())

    def test_a_channel_is_stopped_at_the_limit_and_no_other_begins(self):
        answer = self.job().call_fed(CONTENT, "deliver", "--limit", "2s", "--to",
                                     f"two={self.to_sink()}", "--", "sleep", "1000")
        self.assertIn("the time limit is over", self.assert_kept(answer, "time_limit", 1)["cause"])
        self.assertFalse(self.sink().exists())

    def test_the_limit_counts_from_the_claim(self):
        job, _ = self.gate()
        self.assert_delivered(
            self.deliver("--limit", "15m", "--since", "14m", "--", "tee", self.sink(), job=job),
            "command")
        self.sink().unlink()
        answer = self.deliver("--limit", "1ms", "--", "tee", self.sink(), job=job)
        self.assertFalse(
            self.assert_kept(answer, "time_limit", 0)["partial"], "what is ready is read whole")
        self.assert_kept(self.deliver("--limit", "15m", "--since", "16m", "--", "tee", self.sink()),
                         "time_limit", 0)
        self.assertFalse(self.sink().exists())

    def test_the_early_summary_runs_once_a_session(self):
        job, _ = self.gate()

        def deliver(job, mark, channel):
            answer = self.deliver("--limit", "15m", "--warn-at", "12m", "--since", "13m",
                                  "--on-warn", f"echo warned >> {mark}", "--", "sh", "-c", channel,
                                  job=job, status=0)
            return "on-warn was run" in answer.err, mark.read_text()

        mark, other = self.folder / "mark", self.folder / "other"
        until_warned = "cat > /dev/null; until test -s {}; do sleep 0.05; done"
        self.assertEqual(deliver(job, mark, until_warned.format(mark)), (True, "warned\n"))
        for _ in range(2):
            self.assertEqual(deliver(job, mark, "sleep 0.3"), (False, "warned\n"))
        self.assertEqual(deliver(self.job(), other, until_warned.format(other)), (True, "warned\n"))

    def test_an_early_summary_that_fails_changes_nothing(self):
        for command in ("exit 1", "exec sleep 1000", "kill -KILL $$"):
            with self.subTest(command=command):
                answer = self.deliver("--warn-at", "1ms", "--on-warn", command, "--", "sh", "-c",
                                      f"sleep 0.5; {self.to_sink()}")
                self.assert_delivered(answer, "command")
                self.assertIn("on-warn failed", answer.err)

    # Progress

    def test_an_update_goes_out_while_the_session_lives_and_fails_quietly(self):
        job, _ = self.gate()
        answer = job.call_fed(b"half", "deliver", "--progress", "--", "tee", self.sink())
        self.assertEqual((answer.status, answer.lines["DELIVERED"], self.sink().read_bytes()),
                         (0, "true", b"half"), answer)
        answer = job.call_fed(b"half", "deliver", "--progress", "--", "false")
        self.assertEqual((answer.status, answer.lines["DELIVERED"]), (0, "false"), answer)
        self.assertEqual(self.results(), {})

    def test_updates_after_the_session_are_passed_over_and_logged_once(self):
        job, _ = self.take_lost_claim()
        answers = [
            job.call_fed(b"half", "deliver", "--progress", "--", "tee", self.sink())
            for _ in range(3)
        ]
        self.assertEqual([answer.status for answer in answers], [0, 0, 0])
        self.assertEqual([len(answer.err.splitlines()) for answer in answers], [1, 0, 0],
                         answers[0])
        self.assertIn("passed over", answers[0].err)
        self.assertFalse(self.sink().exists())
        self.assertEqual(self.results(), {})


def bytes_waiting(pid):
    """What nobody has read yet of a process' standard input, which is a pipe."""
    file = os.open(f"/proc/{pid}/fd/0", os.O_RDONLY | os.O_NONBLOCK)
    try:
        return struct.unpack("i", fcntl.ioctl(file, termios.FIONREAD, b"\0\0\0\0"))[0]
    finally:
        os.close(file)


def close_quietly(descriptor):
    with contextlib.suppress(OSError):
        os.close(descriptor)


if __name__ == "__main__":
    unittest.main()
