"""Reading the record: log, show, stats and verify, on a remote and offline."""

import unittest

import payloads
from gate_case import Remote
from record_test import FETCH, RecordCase


class Log(RecordCase):
    def test_each_filter_takes_what_it_says(self):
        self.worked(2)
        job, _ = self.gate(payload=payloads.push(self.heads[2]), workflow="Docs")
        self.done(job.call("finish", "--status", "failure"))
        self.assert_skips(self.job("push", payloads.push(self.heads[2]), workflow="Docs")
                          .call("gate"), "retry_suppressed")
        everything = self.log()
        self.assertEqual(len(everything), 9)
        rows = [(("--commit", self.heads[0]), 3), (("--commit", self.heads[0][:7]), 3),
                (("--sha", self.heads[0]), 3), (("--commit", self.heads[0].upper()), 3), (("--commit", "ab" * 20), 0),
                (("--workflow", "Docs"), 3), (("--workflow", "docs"), 0),
                (("--reason", "active_session"), 2), (("--reason", "retry_suppressed"), 1),
                (("--kind", "launch"), 3), (("--kind", "end"), 3), (("--kind", "lost"), 0),
                (("--executed",), 6), (("--prevented",), 3), (("--since", "1h"), 9),
                (("--until", "1h"), 0), (("--workflow", "Docs", "--prevented"), 1),
                (("--key", job.run), 2)]
        for words, count in rows:
            with self.subTest(words=words):
                self.assertEqual(len(self.log(*words)), count)
        for words in (("--kind", "skipped"), ("--executed", "--prevented"), ("--commit", self.heads[0][:6]), ("--commit", "HEAD")):
            self.assertEqual(self.person().call("log", *words).status, 2)
        self.assertIn(f"no line of this period is of a commit {'ab' * 20}", self.person().call("log", "--commit", "ab" * 20).err)

    def test_until_a_day_takes_the_whole_day(self):
        self.worked(1)
        day = self.log()[0]["timestamp"][:10]
        self.assertEqual(len(self.log("--since", day, "--until", day)), 3)

    def test_the_table_has_a_row_a_line_and_the_lines_are_json(self):
        self.worked(1)
        table = self.done(self.person().call("log")).out.splitlines()
        self.assertEqual(len(table), 4)
        self.assertEqual([line["kind"] for line in self.log()], ["launch", "skip", "end"])


class Show(RecordCase):
    def test_the_story_says_who_asked_who_won_who_was_skipped_and_what_came_of_it(self):
        job, _ = self.gate(payload=payloads.push(self.heads[0]), actor="ann")
        skipped = self.job("push", payloads.push(self.heads[0]), actor="bob")
        self.assert_skips(skipped.call("gate"), "active_session")
        self.done(job.call("finish"))
        told = self.done(self.person().call("show", self.heads[0])).out
        for part in (f"run {job.run} (push by ann", "was told to run", "generation 1",
                     f"run {skipped.run} (push by bob", "was told to skip [active_session]",
                     "ended its session: success",
                     "1 session ran (1 success), 1 was saved."):
            self.assertIn(part, told)

    def test_a_takeover_is_told_with_the_loss_and_the_story_does_not_need_the_claim(self):
        _, gate = self.take_lost_claim()
        taker = self.job()
        self.assert_runs(taker.call("gate"), "takeover")
        self.done(taker.call("finish"))
        (ref,) = self.remote.claims()
        self.done(self.person().call("gc"))
        self.remote.git("update-ref", "-d", ref)
        told = self.done(self.person().call("show", ref)).out
        for part in ("was found gone", "[takeover]", "2 sessions ran (1 lost, 1 success)"):
            self.assertIn(part, told)
        self.assertEqual(self.person().call("show", gate.claim_id).status, 0)
        self.assertEqual(self.person().call("show", "nothing-of-that-name").status, 1)


class Stats(RecordCase):
    def stats(self, *words):
        return self.done(self.person().call("stats", "--json", *words)).json()

    def test_counts_are_those_of_what_was_done(self):
        self.worked(3)
        job, _ = self.gate(payload=payloads.push(self.heads[3]))
        self.done(job.call("finish", "--status", "failure"))
        again = self.job("push", payloads.push(self.heads[3]), run=job.run, attempt=2)
        self.assert_skips(again.call("gate"), "retry_suppressed")
        self.gate("--force", payload=payloads.push(self.heads[0]), event="push")
        self.gate(payload=payloads.pull_request(payloads.commit("pr")), event="pull_request")
        stats = self.stats("--hot", "2")
        total = stats["total"]
        self.assertEqual((total["sessions"], total["prevented"], total["saved"],
                          total["held_back"]), (6, 3, 3, 1))
        self.assertEqual((total["retries_suppressed"], total["early_exits"], total["forced"]),
                         (1, 4, 1))
        self.assertEqual(total["closed"], {"failure": 1, "success": 3})
        self.assertEqual(total["by_reason"], {"active_session": 3})
        self.assertEqual(total["held_back_by_reason"], {"retry_suppressed": 1})
        self.assertEqual(total["durations"]["count"], 4)
        self.assertEqual(stats["by_event"]["pull_request"]["sessions"], 1)
        self.assertEqual(list(stats["by_workflow"]), ["Agent Review"])
        self.assertEqual(stats["live"]["active"], 2)
        self.assertEqual(stats["duplicates_allowed"], 0)
        self.assertEqual(stats["hot"]["threshold"], 2)
        self.assertEqual(stats["hot"]["sessions"][0]["asked"], 3)
        self.assertEqual(self.stats("--until", "2020-01-01")["total"]["sessions"], 0)
        before = self.done(self.person().call("stats", "--by", "workflow")).out
        self.assertIn("Agent Review", before)
        self.done(self.person().call("gc"))
        self.assertEqual({**self.stats("--hot", "2"), "lines": 0}, {**stats, "lines": 0})

    def test_wrong_words_are_named(self):
        for words in (("--by", "month"), ("--hot", "0"), ("--hot", "many"), ("--since", "soon")):
            self.assertEqual(self.person().call("stats", *words).status, 2, words)

    def test_groups_are_counted(self):
        for head in self.heads[:2]:
            job, _ = self.gate("--group-by", "repository", payload=payloads.push(head))
            self.done(job.call("finish"))
        (group,) = self.stats()["groups"]
        self.assertEqual((group["name"], group["asked"]), ("repo-octo/app", 2))


class Summary(RecordCase):
    def test_the_job_summary_has_the_counts_and_escapes_names(self):
        self.worked(2)
        self.gate(payload=payloads.push(self.heads[2]), workflow="a|b <img> [x](y)")
        job = self.job()
        summary = self.done(job.call("report", "--summary", "--since", "7d")).summary
        self.assertIn("2 of 5 sessions saved in the last 7d", summary)
        self.assertIn("No duplicate ran", summary)
        self.assertIn("| Agent Review | 2 | 2 | 0 | 0 |", summary)
        row = next(line for line in summary.splitlines() if "img" in line)
        self.assertEqual(row.count("|"), 7)
        self.assertNotIn("<img", row)
        self.assertNotIn("](y)", row)
        shown = self.done(self.person().call("report", "--summary")).out
        self.assertIn("saved in all of the record", shown)
        self.assertEqual(self.person().call("report").status, 2)


class Verify(RecordCase):
    def verify(self, *words):
        answer = self.person().call("verify", "--json", *words)
        return answer.status, answer.json()

    def planted(self):
        """Two launches of one piece of work; somebody deleted the claim in between."""
        payload = payloads.push(self.heads[0])
        self.gate(payload=payload)
        self.done(self.person().call("gc"))
        (ref,) = self.remote.claims()
        self.remote.git("update-ref", "-d", ref)
        _, again = self.gate(payload=payload)
        self.assert_runs(again, "first")
        return ref

    def test_an_honest_record_passes(self):
        self.assertEqual(self.verify()[0], 0)
        self.worked()
        self.gate("--force", payload=payloads.push(self.heads[0]))
        status, told = self.verify()
        self.assertEqual((status, told["launches"], told["forced"]), (0, 4, 1))
        self.assertEqual((told["duplicates"], told["altered"], told["unreadable"]), ([], [], []))
        self.assertIn("No duplicate ran", self.done(self.person().call("verify")).out)

    def test_takeovers_and_allowed_retries_pass(self):
        self.take_lost_claim()
        taker = self.job()
        self.assert_runs(taker.call("gate"), "takeover")
        self.done(taker.call("finish", "--status", "failure"))
        self.assert_runs(self.job().call("gate", "--retry", "allow"), "retry_allowed")
        status, told = self.verify()
        self.assertEqual((status, told["launches"]), (0, 3))

    def test_a_duplicate_that_ran_is_found(self):
        ref = self.planted()
        for _ in range(2):
            status, told = self.verify()
            self.assertEqual(status, 1)
            (duplicate,) = told["duplicates"]
            self.assertEqual((duplicate["kind"], duplicate["scope"]), ("unseparated", ref))
            shown = self.person().call("verify")
            self.assertEqual(shown.status, 1)
            for side in ("first", "second"):
                self.assertIn(duplicate[side]["claim_id"], shown.out)
            self.done(self.person().call("gc"))
        self.assertEqual(self.verify("--until", "1h")[0], 0)

    def test_an_altered_line_is_named_and_a_foreign_one_changes_nothing(self):
        self.worked(1)
        self.done(self.person().call("gc"))
        (ref,) = self.remote.refs("refs/notes")
        self.in_clone("fetch", "-q", "origin", f"+{FETCH}")
        self.in_clone("notes", f"--ref={ref}", "append", "-m", "somebody's remark", self.heads[0])
        self.in_clone("push", "-q", "origin", FETCH)
        status, told = self.verify()
        self.assertEqual((status, len(told["unreadable"]), told["altered"]), (0, 1, []))
        text = self.in_clone("notes", f"--ref={ref}", "show", self.heads[0])
        self.in_clone("notes", f"--ref={ref}", "add", "-f", "-m",
                      text.replace('"job_status":"success"', '"job_status":"failure"'),
                      self.heads[0])
        self.in_clone("push", "-q", "origin", FETCH)
        # The claim's outbox has been emptied by gc, so that no intact copy is left.
        status, told = self.verify()
        self.assertEqual(status, 1)
        (altered,) = told["altered"]
        self.assertEqual(altered["ref"], ref)
        (end,) = self.kinds("end")
        self.assertIn(end["id"], altered["why"])
        self.assertFalse(end["digest_fits"])
        self.assertIn(end["id"], self.person().call("verify").out)


class Offline(RecordCase):
    def test_every_reading_command_works_on_a_repository_that_has_fetched(self):
        self.worked()
        self.gate(payload=payloads.push(self.heads[3]))
        words = [("log", "--json"), ("log", "--json", "--since", "1d"), ("stats", "--by", "day"),
                 ("verify", "--json"), ("status", "--json"), ("show", self.heads[0]), ("metrics",)]
        self.in_clone("fetch", "-q", "origin", f"+{FETCH}", "+refs/refgate/*:refs/refgate/*")
        local = Remote(self.clone, self.clone)
        answers = {where: [self.done(self.person(remote=remote).call(*word)).out for word in words]
                   for where, remote in (("remote", self.remote), ("clone", local))}
        for word, there, here in zip(words, answers["remote"], answers["clone"]):
            with self.subTest(words=word):
                self.assertEqual(*("\n".join(line for line in text.splitlines()
                                             if "ago" not in line and "just now" not in line)
                                   for text in (there, here)))
        page = self.folder / "page.html"
        self.done(self.person(remote=local).call("report", "--html", str(page)))
        self.assertIn(self.heads[0], page.read_text(encoding="utf-8"))

    def test_over_ssh(self):
        self.worked(1)
        remote = self.remote_of("ssh")
        self.done(self.person(remote=remote).call("gc", "--deadline", "120s"))
        lines = self.done(self.person(remote=remote).call("log", "--json", "--since", "1d")).json_lines()
        self.assertEqual([line["kind"] for line in lines], ["launch", "skip", "end"])
        self.assertEqual(self.person(remote=remote).call("verify").status, 0)


if __name__ == "__main__":
    unittest.main()
