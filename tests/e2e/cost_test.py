"""What a session cost: it goes into the claim, its end, the counts; and no bad word of it keeps a session alive."""

import itertools
import json
import os
import unittest

import payloads
from gate_case import TOKEN, GateCase, launch
from heartbeat_end_test import BEATS

CLAUDE = {"type": "result", "total_cost_usd": 0.08131755000000001, "result": "the secret finding",
          "usage": {"input_tokens": 3, "cache_creation_input_tokens": 100,
                    "cache_read_input_tokens": 2000, "output_tokens": 40}}
SAID = {"cost_usd": 0.081318, "tokens": 2143}


def said(record):
    return {name: record[name] for name in ("cost_usd", "tokens") if name in record}


class CostCase(GateCase):
    commits_used = itertools.count(1)

    def begin(self, *words, **options):
        head = payloads.commit(f"cost {next(self.commits_used)}")
        job, answer = self.gate(*words, payload=payloads.push(head), **options)
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        return job

    def claim_of(self, job):
        (claim,) = [claim for claim in self.remote.claims().values()
                    if claim["claim_id"] == job.claim_id]
        return claim

    def usage_file(self, *objects, name="usage.json"):
        path = self.folder / name
        path.write_text("\n".join(map(json.dumps, objects)))
        return path

    def assert_said(self, job, expected):
        """The claim has ended, and it and its line say so much."""
        claim = self.claim_of(job)
        (end,) = [line for line in self.kinds("end") if line["run_id"] == job.run]
        self.assertEqual(claim["state"], "ended")
        self.assertEqual((said(claim), said(end)), (expected, expected))
        self.assertTrue(end.get("digest_fits", True))

    def assert_left_out(self, job, answer, *words):
        self.assertEqual(answer.status, 0, answer)
        for word in words:
            self.assertIn(word, answer.err)
        self.assertEqual((answer.out + answer.err).count("::warning title=refgate%3A the cost"), 1,
                         answer)
        self.assertEqual(self.claim_of(job)["state"], "ended", answer)


class Saying(CostCase):
    def test_what_finish_is_told_goes_into_the_claim_and_its_end(self):
        job = self.begin()
        self.done(job.call("finish", "--cost", "1.23", "--tokens", "45000"))
        self.assert_said(job, {"cost_usd": 1.23, "tokens": 45000})
        self.assertIn("for $1.23, 45000 tokens", self.done(self.person().call("show", job.run)).out)

    def test_nothing_said_is_nothing_written_and_empty_is_not_said(self):
        for words in ((), ("--cost", "", "--tokens", "", "--usage", "")):
            job = self.begin()
            answer = self.done(job.call("finish", *words))
            self.assertNotIn("warning", answer.out + answer.err)
            self.assert_said(job, {})

    def test_variables_say_it_too_and_options_win(self):
        job = self.begin()
        self.done(job.call("finish", "--cost", "2", REFGATE_COST="1.5", REFGATE_TOKENS="7"))
        self.assert_said(job, {"cost_usd": 2, "tokens": 7})

    def test_amounts_are_exact(self):
        for text, amount in (("0.000001", 1e-06), ("0.1", 0.1), ("1e-05", 1e-05), (" 3 ", 3),
                             ("1000000", 1000000), ("0", 0), ("0.29", 0.29)):
            job = self.begin()
            self.done(job.call("finish", f"--cost={text}"))
            self.assert_said(job, {"cost_usd": amount})

    def test_what_is_no_amount_is_told_and_the_session_is_ended_all_the_same(self):
        for name, texts in (("cost", ("abc", "-1", "1,5", "$1", "1000000.01", "1e99", "nan")),
                            ("tokens", ("abc", "-1", "1.5", "1e3", "1000000000001"))):
            for text in texts:
                with self.subTest(name, text=text):
                    job = self.begin()
                    answer = job.call("finish", f"--{name}={text}", "--status", "failure")
                    self.assert_left_out(job, answer, f'--{name} is "{text}"')
                    self.assert_said(job, {})
                    self.assertEqual(self.claim_of(job)["outcome"], "failure")

    def test_a_text_that_is_told_is_one_line_and_short(self):
        job = self.begin()
        answer = job.call("finish", "--cost", "1\n::error::x" + "y" * 9000)
        self.assert_left_out(job, answer)
        self.assertNotIn("\n::error::x", answer.out + answer.err)
        self.assertLess(len(answer.err), 2000)

    def test_no_request_more(self):
        server = self.server(self.remote_kind)
        usage = self.usage_file(CLAUDE)
        for words in ((), ("--cost", "1", "--tokens", "2"), ("--usage", usage)):
            job = self.begin()
            launch.reset(server)
            self.done(job.call("finish", *words))
            self.assertEqual(len(launch.requests(server)), 1, words)

    def test_by_the_heartbeat_process_without_a_token(self):
        job = self.begin(*BEATS)
        usage = self.usage_file(CLAUDE)
        self.done(job.call("finish", "--usage", usage, "--tokens", "5", REFGATE_TOKEN=""))
        self.assert_said(job, {"cost_usd": SAID["cost_usd"], "tokens": 5})

    def test_in_another_job_by_the_claim_id(self):
        job = self.begin()
        other = self.job(run=job.run, job="finish")
        self.done(other.call("finish", "--claim-id", job.claim_id, "--cost", "0.5"))
        self.assertEqual(said(self.claim_of(job)), {"cost_usd": 0.5})

    def test_who_was_taken_over_says_it_in_its_own_line_alone(self):
        job, _ = self.take_lost_claim()
        self.assert_runs(self.job().call("gate"), "takeover")
        self.done(job.call("finish", "--cost", "4"))
        (end,) = [line for line in self.kinds("end") if line["run_id"] == job.run]
        self.assertEqual(said(end), {"cost_usd": 4})
        self.assertEqual((self.only_claim()["state"], said(self.only_claim())), ("active", {}))

    def test_the_next_launch_of_the_scope_says_nothing_of_the_one_before(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "failure", "--cost", "3"))
        again, _ = self.gate("--retry", "allow")
        self.assertEqual(said(self.only_claim()), {})
        self.done(again.call("finish"))
        self.assertEqual(said(self.only_claim()), {})

    def test_who_only_watches_says_it_in_the_line_of_its_end(self):
        self.gate()
        job = self.job()
        self.assertTrue(job.call("gate", "--observe").runs)
        self.done(job.call("finish", "--observe", "--cost", "0.7"))
        (end,) = self.kinds("end")
        self.assertEqual((said(end), end["observed"]), ({"cost_usd": 0.7}, True))
        self.assertEqual(said(self.only_claim()), {})


class Usage(CostCase):
    def test_the_agents_own_results(self):
        codex = [{"type": "thread.started", "thread_id": "x"},
                 {"type": "turn.completed", "usage": {"input_tokens": 24763, "output_tokens": 122,
                                                      "cached_input_tokens": 24448}}]
        gemini = {"response": "x", "stats": {"models": {"pro": {"tokens": {"total": 100}},
                                                        "flash": {"tokens": {"total": 23}}}}}
        for objects, expected in (([CLAUDE], SAID), ([[{"type": "system"}, CLAUDE]], SAID),
                                  ([{"type": "system"}, CLAUDE], SAID), (codex, {"tokens": 24885}),
                                  ([gemini], {"tokens": 123})):
            job = self.begin()
            self.done(job.call("finish", "--usage", self.usage_file(*objects)))
            self.assert_said(job, expected)

    def test_what_is_said_wins_over_the_file(self):
        job = self.begin()
        self.done(job.call("finish", "--cost", "9", "--usage", self.usage_file(CLAUDE)))
        self.assert_said(job, {"cost_usd": 9, "tokens": SAID["tokens"]})
        job = self.begin()
        answer = job.call("finish", "--cost", "abc", "--usage", self.usage_file(CLAUDE))
        self.assert_left_out(job, answer, "--cost")
        self.assert_said(job, SAID)

    def test_a_file_that_is_none_or_says_nothing_known_is_told_and_never_shown(self):
        real = self.usage_file(CLAUDE)
        link, pipe, empty = (self.folder / name for name in ("link", "pipe", "empty"))
        link.symlink_to(real)
        os.mkfifo(pipe)
        empty.touch()
        words = self.usage_file("hunter2", name="words")
        broken = self.folder / "broken"
        broken.write_text('{"total_cost_usd": 1, "hunter2')
        wrong = self.usage_file({"total_cost_usd": -5, "result": "hunter2"}, name="wrong")
        for path in (self.folder / "missing", link, pipe, self.folder, empty, words, broken, wrong):
            with self.subTest(path.name):
                job = self.begin()
                answer = job.start("finish", "--usage", path).wait(30)
                self.assert_left_out(job, answer, "usage file")
                self.assertNotIn("hunter2", answer.out + answer.err + answer.summary)
                self.assert_said(job, {})

    def test_of_a_long_file_the_end_is_read(self):
        path = self.folder / "long.jsonl"
        line = json.dumps({"type": "assistant", "text": "x" * 100_000}) + "\n"
        with path.open("w") as file:
            file.write(json.dumps({"total_cost_usd": 77}) + "\n")
            while file.tell() < 17 << 20:
                file.write(line)
            file.write(json.dumps(CLAUDE) + "\n")
        job = self.begin()
        self.done(job.call("finish", "--usage", path))
        self.assert_said(job, SAID)

    def test_a_job_that_was_told_to_skip_misses_no_file(self):
        self.gate()
        job = self.job()
        self.assertFalse(job.call("gate").runs)
        for words in ((), ("--status", "skipped")):
            answer = self.done(job.call("finish", "--usage", self.folder / "missing", *words))
            self.assertNotIn("usage file", answer.out + answer.err)

    def test_work_that_was_left_out_costs_nothing(self):
        job = self.begin()
        answer = self.done(job.call("finish", "--status", "skipped", "--usage",
                                    self.folder / "missing", "--cost", "3"))
        self.assertIn("given back", answer.out)
        self.assertNotIn("usage file", answer.out + answer.err)
        self.assertEqual([said(line) for line in self.log() if said(line)], [])


class Commands(CostCase):
    def test_run_reads_the_file_that_its_command_wrote(self):
        path = self.folder / "result.json"
        job = self.job()
        answer = job.call("run", "--usage", path, "--", "sh", "-c", f'echo \'{json.dumps(CLAUDE)}\' > {path}; exit 3')
        self.assertEqual(answer.status, 3, answer)
        self.assertEqual(said(self.only_claim()), SAID)
        (end,) = self.kinds("end")
        self.assertEqual((said(end), end["job_status"]), (SAID, "failure"))

    def test_run_that_finds_no_file_ends_as_its_command_did(self):
        job = self.job()
        answer = job.call("run", "--usage", "missing", "--cost", "x", "--", "true")
        self.assertEqual(answer.status, 0, answer)
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assertIn("usage file missing", answer.err)

    def test_the_positional_audit_says_it_and_hands_it_to_cleanup(self):
        job, sha = self.job(), payloads.commit("positional")
        key = "review-push-1"
        self.done(job.call("check", "push", "Review", sha, job.run))
        self.done(job.call("register", key, "push", "Review", job.run, sha))
        audit = self.done(job.call("audit", key, "push", "Review", job.run, sha, "true", "success",
                                   "--cost", "1.5", "--tokens", "10"))
        self.assertIn('"cost_usd": 1.5', audit.out)
        self.done(job.call("cleanup", key))
        expected = {"cost_usd": 1.5, "tokens": 10}
        self.assertEqual(said(self.only_claim()), expected)
        self.assertEqual([said(line) for kind in ("audit", "end") for line in self.kinds(kind)],
                         [expected] * 2)
        total = self.done(self.person().call("stats", "--json")).json()["total"]
        self.assertEqual((total["cost_usd"], total["tokens"]), (1.5, 10))

    def test_an_audit_with_a_bad_cost_is_written(self):
        job = self.job()
        answer = self.done(job.call("audit", "k", "push", "Review", job.run, "none", "true",
                                    "success", "--cost", "x"))
        self.assertIn('--cost is "x"', answer.err)
        self.assertEqual([said(line) for line in self.kinds("audit")], [{}])


class Counting(CostCase):
    def setUp(self):
        super().setUp()
        for workflow, actor, words in (("Review", "ann", ("--cost", "1.23", "--tokens", "45000")),
                                       ("Review", "bob", ("--cost", "0.77")),
                                       ("Docs", "ann", ("--cost", "10")), ("Docs", "ann", ())):
            job = self.begin(workflow=workflow, actor=actor, file=workflow + ".yml")
            self.done(job.call("finish", *words))
            self.last = job
        self.head = payloads.commit("asked for again")
        job, _ = self.gate(payload=payloads.push(self.head), workflow="Review")
        self.done(job.call("finish", "--cost", "1"))
        for _ in range(2):
            self.gate(payload=payloads.push(self.head), workflow="Review")

    def test_stats_sum_it_and_say_how_many_ended_without(self):
        stats = self.done(self.person().call("stats", "--json")).json()
        total = stats["total"]
        self.assertEqual((total["cost_usd"], total["tokens"], total["ended_without_cost"],
                          total["ended_without_tokens"]), (13, 45000, 1, 4))
        self.assertEqual({name: counts["cost_usd"] for name, counts in stats["by_workflow"].items()},
                         {"Review": 3, "Docs": 10})
        self.assertEqual({name: counts["cost_usd"] for name, counts in stats["by_actor"].items()},
                         {"ann": 12.23, "bob": 0.77})
        self.assertEqual([counts["cost_usd"] for counts in stats["by_event"].values()], [13])
        self.assertEqual([counts["cost_usd"] for counts in stats["by_day"].values()], [13])
        self.assertEqual(stats["saved_cost_estimate"], {"usd": 2, "sessions": 2})
        self.assertIsNone(stats["would_save_cost_estimate"])

    def test_stats_tell_it_to_people(self):
        text = self.done(self.person().call("stats", "--by", "actor")).out
        self.assertRegex(text, r"Cost +\$13\.00 of 4 sessions, 45000 tokens of 1; 1 ended without saying")
        self.assertRegex(text, r"Saved cost +about \$2\.00")
        self.assertRegex(text, r"bob .*\$0\.77")
        self.assertEqual(self.person().call("stats", "--by", "colour").status, 2)

    def test_metrics(self):
        text = self.done(self.person().call("metrics")).out
        for line in ("refgate_session_cost_usd_total 13.00", "refgate_session_tokens_total 45000",
                     "refgate_sessions_without_cost_total 1",
                     'refgate_workflow_cost_usd_total{workflow="Docs"} 10.00'):
            self.assertIn("\n" + line + "\n", text)

    def test_the_report_shows_it_and_what_skips_saved(self):
        page = self.done(self.person().call("report", "--html", "-")).out
        data = json.loads(page.split('id="data">')[1].split("</script>")[0])
        self.assertEqual((data["total"]["cost_usd"], data["saved_cost_usd"]), (13, 2))
        self.assertIn("$1.23, 45000 tokens", [line["cost"] for line in data["lines"]])
        summary = self.done(self.person().call("report", "--summary")).out
        self.assertIn("cost $13.00 (1 ended without saying)", summary)
        self.assertIn("would have cost about $2.00", summary)

    def test_who_said_nothing_sees_nothing_of_it(self):
        self.remote = self.remote_of("path")
        self.path = launch.make_repository(self.root / "other.git", 0)
        self.remote = self.remote_of("path")
        job, _ = self.gate()
        self.done(job.call("finish"))
        self.assertNotIn("$", self.done(self.person().call("stats")).out)
        self.assertNotIn("$", self.done(self.person().call("report", "--summary")).out)


if __name__ == "__main__":
    unittest.main()
