"""Promises that broke: status --lost names them, and --take has each made good once."""

import json
import os
import pathlib
import re
import subprocess
import unittest

import payloads
from gate_case import HEAD, GateCase, await_that, in_parallel
from heartbeat_end_test import BEATS
from queue_test import QueueCase

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "made-good.yml"


def pull(number=7, head=HEAD, base="main"):
    payload = payloads.pull_request(head, number=number)
    payload["number"] = number
    payload["pull_request"]["base"]["ref"] = base
    return {"event": "pull_request", "payload": payload}


class PromiseCase(GateCase):
    def lost(self, status=1):
        answer = self.person().call("status", "--lost", "--json")
        self.assertEqual(answer.status, status, answer)
        return answer.json()["lost"]

    def broken(self):
        """The runs that were skipped for nothing."""
        return sorted(skip["run_id"] for row in self.lost() for skip in row["skipped"])

    def skipped(self, *words, **options):
        job, answer = self.gate(*words, **options)
        self.assertFalse(answer.runs, answer)
        return job

    def take(self, most=9, **environment):
        answer = self.done(self.job().call("status", "--lost", "--take", most, **environment))
        self.assertEqual(answer.outputs["runs"].split(), answer.out.split())
        return answer.out.split()

    def rerun(self, job, **options):
        """The next attempt of that run."""
        attempt = int(job.environment["GITHUB_RUN_ATTEMPT"]) + 1
        event = job.environment["GITHUB_EVENT_NAME"]
        payload = json.loads(pathlib.Path(job.environment["GITHUB_EVENT_PATH"]).read_text())
        return self.job(event, payload, run=job.run, attempt=attempt, **options)


class Seen(PromiseCase):
    def test_a_cancelled_holder_until_another_takes_over(self):
        holder, won = self.gate()
        twin = self.skipped(**pull())
        self.lost(status=0)
        self.done(holder.call("finish", "--status", "cancelled"))
        (row,) = self.lost()
        self.assertEqual((row["why"], row["claim_id"]), ("cancelled", won.claim_id))
        (skip,) = row["skipped"]
        self.assertEqual((skip["run_id"], skip["claim_id"], skip["generation"], skip["why"]),
                         (twin.run, won.claim_id, 1, "cancelled"))
        self.assertIsNone(skip["remade_at"])
        self.assertIn(f"1: run {twin.run}", self.person().call("status", "--lost").out)
        self.assertIn("refgate_promises_broken 1", self.person().call("metrics").out)
        page = self.done(self.person().call("report", "--html", "-")).out
        self.assertIn('"promises_broken":1', page)
        taker, answer = self.gate()
        self.assert_runs(answer, "takeover")
        self.lost(status=0)
        self.done(taker.call("finish"))
        self.lost(status=0)
        self.assertIn("refgate_promises_broken 0", self.person().call("metrics").out)

    def test_whose_takeover_is_cancelled_too_is_still_owed_the_work(self):
        holder, _ = self.gate()
        twin = self.skipped(**pull())
        self.done(holder.call("finish", "--status", "cancelled"))
        taker, _ = self.gate()
        second = self.skipped(**pull())
        self.done(taker.call("finish", "--status", "cancelled"))
        self.assertEqual(self.broken(), [twin.run, second.run])

    def test_what_nobody_was_skipped_for_stands_behind(self):
        quiet, _ = self.gate(payload=payloads.push(payloads.commit("quiet")))
        holder, _ = self.gate()
        self.skipped()
        self.done(holder.call("finish", "--status", "cancelled"))
        self.done(quiet.call("finish", "--status", "cancelled"))
        self.assertEqual([row["holder"]["run_id"] for row in self.lost()], [holder.run, quiet.run])

    def test_every_end_without_work(self):
        for end, why in ((("finish", "--status", "skipped"), "never_started"),
                         (("finish", "--status", "cancelled"), "cancelled"),
                         (("release",), "released"), ((), "lease_passed")):
            with self.subTest(why=why):
                self.setUp()
                words = () if end else ("--lease", "2s", "--skew", "0s")
                holder, won = self.gate(*words)
                twin = self.skipped()
                if end[:1] == ("release",):
                    self.done(self.person().call("release", won.claim_id, "--reason", "x"))
                elif end:
                    self.done(holder.call(*end))
                else:
                    self.await_lost()
                (row,) = self.lost()
                self.assertEqual((row["why"], [skip["run_id"] for skip in row["skipped"]]),
                                 (why, [twin.run]))

    def test_work_that_failed_was_told(self):
        holder, _ = self.gate()
        self.skipped()
        self.done(holder.call("finish", "--status", "failure"))
        self.lost(status=0)

    def test_what_is_done_for_one_pull_request_keeps_no_promise_about_another(self):
        holder, _ = self.gate()
        seven = self.skipped(**pull(7))
        eight = self.skipped(**pull(8, base="next"))
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assertEqual(self.broken(), [seven.run, eight.run])
        taker, answer = self.gate(**pull(8, base="next"))
        self.assert_runs(answer, "takeover")
        self.done(taker.call("finish"))
        self.assertEqual(self.broken(), [seven.run])
        taker, answer = self.gate(**pull(7))
        self.assertTrue(answer.runs, answer)
        self.done(taker.call("finish"))
        self.lost(status=0)

    def test_a_run_that_does_the_work_by_itself_answers_for_it_whatever_comes_of_it(self):
        holder, _ = self.gate()
        twin = self.skipped()
        other = self.skipped()
        self.done(holder.call("finish", "--status", "cancelled"))
        again = self.rerun(twin)
        self.assert_runs(again.call("gate"), "takeover")
        self.done(again.call("finish", "--status", "failure"))
        self.assertEqual(self.broken(), [other.run])

    def test_take_goes_with_lost(self):
        answer = self.person().call("status", "--take", "1")
        self.assertEqual(answer.status, 2, answer)
        for wrong in ("0", "x", ""):
            self.assertEqual(self.person().call("status", "--lost", "--take", wrong).status, 2)


class Waiter(QueueCase):
    def test_one_that_gave_up_after_its_twin_was_skipped_for_its_sake(self):
        head = self.push_job(0)
        self.assert_runs(head.call("gate", "--group-by", "repository"), "first")
        waiter, call = self.arrive(1)
        twin = self.push_job(1)
        self.assert_skips(twin.call("gate"), "queued")
        self.done(self.person().call("status", "--lost"))
        call.process.terminate()
        call.wait()
        answer = self.person().call("status", "--lost", "--json")
        self.assertEqual(answer.status, 1, answer)
        (row,) = answer.json()["lost"]
        self.assertEqual((row["why"], [skip["run_id"] for skip in row["skipped"]]),
                         ("never_started", [twin.run]))


class Told(PromiseCase):
    """The end of a holder for whose sake others were skipped."""

    def test_a_cancelled_finish_names_them(self):
        holder, _ = self.gate()
        twin, other = self.skipped(**pull()), self.skipped()
        answer = self.done(holder.call("finish", "--status", "cancelled"))
        (line,) = [line for line in answer.out.splitlines() if line.startswith("::warning ")]
        self.assertIn("others were skipped", line)
        self.assertIn(f"Runs {twin.run}, {other.run} were told to skip", line)
        self.assertIn(twin.run, answer.summary)

    def test_one_that_nobody_was_skipped_for_and_one_that_worked_say_nothing(self):
        holder, _ = self.gate()
        self.assertNotIn("skip", self.done(holder.call("finish", "--status", "cancelled")).out)
        self.assert_runs(self.gate()[1], "takeover")
        holder, _ = self.gate(payload=payloads.push(payloads.commit("other")))
        self.skipped(payload=payloads.push(payloads.commit("other")))
        for status in ("failure", "success"):
            self.assertNotIn("skip", self.done(holder.call("finish", "--status", status)).out)

    def test_what_was_given_back_names_them(self):
        holder, _ = self.gate()
        twin = self.skipped()
        answer = self.done(holder.call("finish", "--status", "skipped"))
        self.assertIn(f"Run {twin.run} was told to skip", answer.out)

    def test_by_the_word_of_the_heartbeat_process(self):
        holder, _ = self.gate(*BEATS)
        twin = self.skipped()
        answer = self.done(holder.call("finish", "--status", "cancelled", REFGATE_TOKEN=""))
        self.assertIn("heartbeat process", answer.out)
        self.assertIn(f"Run {twin.run} was told to skip", answer.out)
        self.assertIn("::warning ", answer.out)

    def test_a_cancelled_run_names_them(self):
        holder = self.job()
        started = holder.folder / "started"
        call = holder.start("run", "--", "sh", "-c", f"touch {started}; exec sleep 60")
        await_that(started.exists, what="the work")
        twin = self.skipped()
        call.process.terminate()
        self.assertIn(f"Run {twin.run} was told to skip", call.wait().err)


class MadeGood(PromiseCase):
    def three_skipped(self):
        holder, _ = self.gate()
        skipped = [self.skipped() for _ in range(3)]
        self.done(holder.call("finish", "--status", "cancelled"))
        return skipped

    def gh(self, runs):
        """The example's script, with a stand-in that notes what it is asked for."""
        script = re.search(r"\n        run: \|\n((?:          .*\n)+)",
                           EXAMPLE.read_text(encoding="utf-8"))[1]
        stand_in = self.folder / "bin" / "gh"
        asked = self.folder / "asked"
        stand_in.parent.mkdir(exist_ok=True)
        stand_in.write_text(f'#!/bin/sh\necho "$*" >> "{asked}"\n', encoding="utf-8")
        stand_in.chmod(0o755)
        subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c",
                        re.sub(r"^ {10}", "", script, flags=re.M)], check=True,
                       env={"PATH": f"{stand_in.parent}:{os.environ['PATH']}", "RUNS": runs})
        return [line.split()[2] for line in asked.read_text(encoding="utf-8").splitlines()
                if line.startswith("run rerun ")]

    def schedule(self):
        text = EXAMPLE.read_text(encoding="utf-8")
        flags = re.search(r"flags: \|\n((?:            --.*\n)+)", text)[1].split()
        return self.done(self.job("schedule", {}).call("status", *flags)).outputs["runs"]

    def test_the_example_launches_one_of_three_once(self):
        skipped = self.three_skipped()
        self.assertEqual(self.gh(self.schedule()), [skipped[0].run])
        self.assertEqual(self.schedule(), "")
        # It does the work.
        again = self.rerun(skipped[0])
        self.assert_runs(again.call("gate"), "takeover")
        self.lost(status=0)
        self.done(again.call("finish"))
        self.assertEqual(self.schedule(), "")

    def test_of_many_schedules_at_once_one_launches_it(self):
        skipped = self.three_skipped()
        jobs = [self.job("schedule", {}) for _ in range(6)]
        answers = in_parallel([lambda job=job: job.call("status", "--lost", "--take", 3)
                               for job in jobs])
        self.assertEqual([run for answer in answers for run in self.done(answer).out.split()],
                         [skipped[0].run])
        self.assertEqual(len(self.kinds("remade")), 1)

    def test_what_gc_has_folded_is_taken_all_the_same(self):
        self.three_skipped()
        self.assertEqual(len(self.take()), 1)
        self.done(self.person().call("gc"))
        self.assertEqual(self.take(), [])

    def test_each_piece_of_work_once_and_at_most_so_many(self):
        heads = [payloads.commit(f"head {number}") for number in range(3)]
        skipped = []
        for head in heads:
            holder, _ = self.gate(payload=payloads.push(head))
            skipped.append(self.skipped(payload=payloads.push(head)).run)
            self.done(holder.call("finish", "--status", "cancelled"))
        first = self.take(2)
        self.assertEqual(len(first), 2)
        self.assertEqual(sorted(first + self.take(2)), sorted(skipped))
        self.assertEqual(self.take(2), [])

    def test_each_pull_request_is_owed_a_review_of_its_own(self):
        holder, _ = self.gate()
        seven, eight = self.skipped(**pull(7)), self.skipped(**pull(8, base="next"))
        push = self.skipped()
        self.done(holder.call("finish", "--status", "cancelled"))
        self.assertEqual(sorted(self.take()), [seven.run, eight.run])
        self.assertEqual(self.broken(), [seven.run, eight.run, push.run])

    def test_a_cancelled_one_is_not_launched_for_ever(self):
        skipped = self.three_skipped()
        self.assertEqual(self.take(), [skipped[0].run])
        again = self.rerun(skipped[0])
        self.assert_runs(again.call("gate"), "takeover")
        self.done(again.call("finish", "--status", "cancelled"))
        self.assertEqual(self.take(), [])
        # Only what somebody was skipped for anew.
        third = self.job(run=again.run, attempt=3)
        self.assert_runs(third.call("gate", "--retry", "allow"), "retry_allowed")
        late = self.skipped()
        self.done(third.call("finish", "--status", "cancelled"))
        self.assertEqual(self.take(), [late.run])

    def test_the_record_says_who_took_it_up(self):
        skipped = self.three_skipped()
        self.take(GITHUB_ACTOR="octocat")
        (line,) = self.kinds("remade")
        self.assertEqual((line["run_id"], line["actor"], line["job_status"]),
                         (skipped[0].run, "octocat", "remade"))
        self.assertIn("octocat took run", self.done(self.person().call("show", skipped[0].run)).out)
        self.assertIn("launched again", self.person().call("status", "--lost").out)
        (row,) = self.lost()
        self.assertEqual({skip["remade_at"] for skip in row["skipped"]}, {line["timestamp"]})
        counts = self.person().call("stats", "--json").json()["total"]
        self.assertEqual((counts["sessions"], counts["prevented"]), (1, 3))
        answer = self.done(self.person().call("log", "--kind", "remade", "--json"))
        self.assertEqual(len(answer.json_lines()), 1)

    def test_a_token_that_only_reads_launches_nothing(self):
        self.three_skipped()
        reader = self.remote.by(f"{self.server('read-only').url}/{self.path.name}")
        answer = self.job(remote=reader).call("status", "--lost", "--take", 1)
        self.assertEqual((answer.status, answer.out), (3, ""), answer)
        self.assertEqual(len(self.take()), 1)


if __name__ == "__main__":
    unittest.main()
