"""Budgets of money and tokens: what sessions reserve, what they cost, and what is left of it."""

import json
import unittest

import payloads
from cost_test import CLAUDE, said
from gate_case import GateCase, await_that, in_parallel, launch
from heartbeat_end_test import BEATS

TWO = ("--budget", "repo:2usd/1h")
HALF = ("--reserve", "0.5usd")


class MoneyCase(GateCase):
    def push(self, name, **options):
        return self.job(payload=payloads.push(payloads.commit(f"money {name}")), **options)

    def ask(self, name, *words, **options):
        job = self.push(name, **options)
        answer = job.call("gate", *words)
        self.assertEqual(answer.status, 0, answer)
        return job, answer

    def launched(self, name, *words, **options):
        job, answer = self.ask(name, *words, **options)
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        return job

    def ledgers(self):
        return {ref: json.loads(self.remote.git("show", f"{ref}:budget.json"))
                for ref in self.remote.refs("refs/refgate/budgets")}

    def entry(self, job, ref=None):
        ledgers = self.ledgers()
        ledger = ledgers[ref] if ref else next(iter(ledgers.values()))
        (entry,) = [entry for entry in ledger["launches"] if entry["claim_id"] == job.claim_id]
        return entry


class Reserving(MoneyCase):
    def test_of_eight_at_once_as_many_run_as_the_budget_holds(self):
        jobs = [self.push(number) for number in range(8)]
        told = in_parallel([lambda job=job: job.call("gate", *TWO, *HALF, "--deadline", "90s")
                            for job in jobs])
        self.assertEqual(sorted(answer.code for answer in told), ["budget"] * 4 + ["first"] * 4)
        for answer in told:
            if not answer.runs:
                self.assertRegex(answer.lines["UNTIL"], r"^20\d\d-\d\d-\d\dT")
                self.assertIn("2.00 usd per repo", answer.lines["REASON"])
                self.assertIn("::warning", answer.out)
        (ledger,) = self.ledgers().values()
        self.assertEqual([entry["reserve_usd"] for entry in ledger["launches"]], [0.5] * 4)

    def test_what_it_cost_takes_the_place_of_its_reserve(self):
        jobs = [self.launched(number, *TWO, *HALF) for number in range(4)]
        self.done(jobs[0].call("finish", "--cost", "0.10"))
        self.assertEqual(said(self.entry(jobs[0])), {"cost_usd": 0.1})
        _, answer = self.ask("five", *TWO, *HALF)
        self.assert_skips(answer, "budget")
        self.assertIn("0.40 usd left", answer.lines["REASON"])
        self.launched("six", *TWO, "--reserve", "0.4usd")
        self.assert_skips(self.ask("seven", *TWO, "--reserve", "0.000001usd")[1], "budget")

    def test_a_cost_above_the_reserve_counts_as_it_is(self):
        job = self.launched("dear", *TWO, *HALF)
        self.done(job.call("finish", "--cost", "1.75"))
        self.assert_skips(self.ask("next", *TWO, *HALF)[1], "budget")

    def test_tokens_by_the_agents_own_result(self):
        words = ("--budget", "workflow:3000tokens/1h", "--reserve", "1000tokens")
        usage = self.folder / "usage.json"
        usage.write_text(json.dumps(CLAUDE))
        job = self.launched("a", *words)
        self.done(job.call("finish", "--usage", usage))
        self.assertEqual(self.entry(job)["tokens"], 2143)
        _, answer = self.ask("b", *words)
        self.assert_skips(answer, "budget")
        self.assertIn("857 tokens left", answer.lines["REASON"])

    def test_who_says_no_cost_and_who_was_killed_go_on_counting(self):
        words = (*TWO, "--reserve", "0.7usd")
        said_nothing = self.launched("silent", *words)
        self.done(said_nothing.call("finish"))
        killed = self.push("killed").start("run", *words, "--lease", "3s", "--skew", "1s", "--", "sleep", "60")
        await_that(lambda: len(next(iter(self.ledgers().values()), {"launches": []})["launches"]) == 2)
        killed.kill()
        _, answer = self.ask("third", *words)
        self.assert_skips(answer, "budget")
        self.assertIn("0.60 usd left", answer.lines["REASON"])

    def test_what_was_not_executed_counts_nothing(self):
        job = self.launched("left out", *TWO, "--reserve", "2usd")
        self.done(job.call("finish", "--status", "skipped", "--cost", "2"))
        self.launched("next", *TWO, "--reserve", "2usd")

    def test_a_reserve_above_the_amount_never_fits_and_says_so(self):
        _, answer = self.ask("dear", *TWO, "--reserve", "2.01usd")
        self.assert_skips(answer, "budget")
        self.assertIn("never has enough for a session that reserves 2.01 usd", answer.lines["REASON"])
        self.assertTrue(answer.lines["UNTIL"].startswith("9999"), answer)

    def test_the_window_frees_it_again(self):
        words = ("--budget", "repo:1usd/2s", "--reserve", "1usd")
        self.launched("a", *words)
        await_that(lambda: self.ask("b", *words)[1].runs)

    def test_force_passes_and_is_entered(self):
        self.launched("a", *TWO, "--reserve", "2usd")
        _, answer = self.ask("b", *TWO, "--reserve", "2usd", "--force")
        self.assert_runs(answer, "forced")
        (ledger,) = self.ledgers().values()
        self.assertEqual(len(ledger["launches"]), 2)

    def test_explain_says_the_same(self):
        self.launched("a", *TWO, "--reserve", "2usd")
        job = self.push("b")
        told = self.done(job.call("explain", "--json", *TWO, *HALF, "--remote", self.remote.url)).json()
        self.assertEqual(told["decision"]["reason_code"], "budget")
        self.assertIsNotNone(told["decision"]["until"])


class Kinds(MoneyCase):
    def test_the_repository_and_the_store_are_counted_across_workflows_and_actors(self):
        for kind in ("repo", "store"):
            with self.subTest(kind):
                words = ("--budget", f"{kind}:1usd/1h", "--reserve", "1usd")
                self.launched(f"{kind} a", *words, workflow="One", file="one.yml", actor="ann")
                self.assert_skips(self.ask(f"{kind} b", *words, workflow="Two", file="two.yml",
                                           actor="bob")[1], "budget")
        self.assertEqual(sorted(self.ledgers()), ["refs/refgate/budgets/repo/octo%2Fapp",
                                                  "refs/refgate/budgets/store/all"])

    def test_another_repository_of_the_store_has_a_ledger_of_its_own_and_the_store_is_one(self):
        other = {"environment": {"GITHUB_REPOSITORY": "octo/other",
                                 "GITHUB_WORKFLOW_REF": "octo/other/.github/workflows/agent.yml@refs/heads/topic"}}
        self.launched("a", "--budget", "repo:1usd/1h", "--reserve", "1usd")
        self.launched("b", "--budget", "repo:1usd/1h", "--reserve", "1usd", **other)
        self.launched("c", "--budget", "store:1usd/1h", "--reserve", "1usd")
        self.assert_skips(self.ask("d", "--budget", "store:1usd/1h", "--reserve", "1usd", **other)[1],
                          "budget")

    def test_strangers_are_counted_apart(self):
        words = ("--budget", "repo:1usd/1h", "--reserve", "1usd")
        job = self.job("pull_request_target", payloads.pull_request(payloads.commit("fork"), source=payloads.FORK))
        self.assert_runs(job.call("gate", *words), "first")
        self.launched("own", *words)
        self.assertEqual(sorted(self.ledgers()), ["refs/refgate/budgets/repo/octo%2Fapp",
                                                  "refs/refgate/budgets/repo/octo%2Fapp,@outside"])

    def test_several_ledgers_are_all_or_none(self):
        self.launched("a", "--budget", "store:1usd/1h", "--reserve", "1usd")
        before = self.ledgers()
        _, answer = self.ask("b", "--budget", "actor:9usd/1h", "--budget", "store:1usd/1h",
                             "--reserve", "1usd")
        self.assert_skips(answer, "budget")
        self.assertEqual(self.ledgers(), before)
        jobs = [self.push(f"many {number}") for number in range(6)]
        words = ("--budget", "repo:3usd/1h", "--budget", "actor:3usd/1h", "--budget", "repo:9/1h",
                 "--budget", "workflow:3usd/1h", "--reserve", "1usd", "--deadline", "90s")
        told = in_parallel([lambda job=job: job.call("gate", *words) for job in jobs])
        self.assertEqual(sorted(answer.code for answer in told), ["budget"] * 3 + ["first"] * 3)
        for ref, ledger in self.ledgers().items():
            if "store" not in ref:
                self.assertEqual(len(ledger["launches"]), 3, ref)

    def test_launches_and_money_of_one_ledger(self):
        words = ("--budget", "repo:2/1h", "--budget", "repo:100usd/1h", "--reserve", "1usd")
        self.launched("a", *words)
        self.launched("b", *words)
        _, answer = self.ask("c", *words)
        self.assert_skips(answer, "budget")
        self.assertIn("2 launches per repo", answer.lines["REASON"])


class Settling(MoneyCase):
    def test_an_end_is_one_reading_and_one_push(self):
        server = self.server(self.remote_kind)
        job = self.launched("a", *TWO, "--budget", "actor:9usd/1h", *HALF)
        launch.reset(server)
        self.done(job.call("finish", "--cost", "0.2"))
        requests = launch.requests(server)
        pushes = [request for request in requests if "receive-pack" in json.dumps(request)]
        self.assertEqual(len(pushes), 1, requests)
        for ref in self.ledgers():
            self.assertEqual(said(self.entry(job, ref)), {"cost_usd": 0.2})

    def test_launches_alone_cost_no_more_than_before(self):
        server = self.server(self.remote_kind)
        job = self.launched("a", "--budget", "repo:5/1h")
        launch.reset(server)
        self.done(job.call("finish", "--cost", "0.2"))
        self.assertEqual(len(launch.requests(server)), 1, launch.requests(server))

    def test_by_the_heartbeat_process(self):
        job = self.launched("a", *TWO, *HALF, *BEATS)
        self.done(job.call("finish", "--cost", "0.3", REFGATE_TOKEN=""))
        self.assertEqual(said(self.entry(job)), {"cost_usd": 0.3})

    def test_in_another_job_by_the_claim_id(self):
        job = self.launched("a", *TWO, *HALF)
        other = self.job(run=job.run, job="finish")
        self.done(other.call("finish", "--claim-id", job.claim_id, "--cost", "0.3"))
        self.assertEqual(said(self.entry(job)), {"cost_usd": 0.3})

    def test_run_settles_it(self):
        usage = self.folder / "usage.json"
        job = self.push("run")
        self.done(job.call("run", *TWO, *HALF, "--usage", usage, "--", "sh", "-c",
                           f"echo '{json.dumps(CLAUDE)}' > {usage}"))
        (ledger,) = self.ledgers().values()
        self.assertEqual([said(entry) for entry in ledger["launches"]],
                         [{"cost_usd": 0.081318, "tokens": 2143}])

    def test_a_finish_without_the_budgets_words_settles_by_what_the_claim_names(self):
        job = self.launched("a", *TWO, *HALF)
        self.done(job.call("finish", "--cost", "0.1", REFGATE_BUDGET="repo:1usd/1d"))
        self.assertEqual(said(self.entry(job)), {"cost_usd": 0.1})

    def test_others_that_came_in_between_are_kept(self):
        jobs = [self.launched(number, "--budget", "repo:100usd/1h", *HALF) for number in range(6)]
        in_parallel([lambda job=job, cost=number: self.done(job.call(
            "finish", "--cost", f"0.{cost + 1}", "--deadline", "90s")) for number, job in enumerate(jobs)])
        for number, job in enumerate(jobs):
            self.assertEqual(said(self.entry(job)), {"cost_usd": (number + 1) / 10})

    def test_who_was_taken_over_still_pays(self):
        job, answer = self.gate("--lease", "1s", "--skew", "0s", "--budget", "repo:9usd/1h", *HALF)
        job.claim_id = answer.claim_id
        self.await_lost()
        next_job, answer = self.gate("--budget", "repo:9usd/1h", *HALF)
        self.assert_runs(answer, "takeover")
        standing = self.only_claim()
        self.done(job.call("finish", "--cost", "4"))
        self.assertEqual(said(self.entry(job)), {"cost_usd": 4})
        self.assertEqual(self.only_claim(), standing, "the claim that stands there is not touched")
        (end,) = [line for line in self.kinds("end") if line["run_id"] == job.run]
        self.assertEqual(said(end), {"cost_usd": 4})
        next_job.claim_id = standing["claim_id"]
        self.done(next_job.call("finish", "--cost", "1"))
        self.assertEqual(said(self.entry(next_job)), {"cost_usd": 1})

    def test_a_finish_in_a_job_of_its_own_settles_what_others_took(self):
        for how in ("takeover", "forced"):
            with self.subTest(how):
                words = ("--share", how, "--budget", "repo:9usd/1h", *HALF)
                job, answer = self.gate(*words, "--lease", "1s", "--skew", "0s")
                job.claim_id = answer.claim_id
                if how == "takeover":
                    self.await_lost()
                next_job, answer = self.gate(*words, *(("--force",) if how == "forced" else ()))
                self.assert_runs(answer, how)
                before = self.remote.claims()
                self.done(self.job(run=job.run, job="finish").call("finish", "--claim-id", job.claim_id, "--cost", "0.05"))
                self.assertEqual(said(self.entry(job)), {"cost_usd": 0.05})
                self.assertEqual(self.remote.claims(), before)
                next_job.claim_id = answer.claim_id
                self.done(next_job.call("finish", "--cost", "1"))
                self.assertEqual(said(self.entry(next_job)), {"cost_usd": 1})

    def test_who_was_released_still_pays(self):
        job = self.launched("a", *TWO, *HALF)
        self.done(self.person().call("release", job.run, "--reason", "stuck"))
        self.done(job.call("finish", "--cost", "4"))
        self.assertEqual(said(self.entry(job)), {"cost_usd": 4})

    def test_no_note_settles_another_jobs_launch(self):
        victim = self.launched("victim", *TWO, *HALF)
        thief = self.launched("thief", *TWO, *HALF)
        own = thief.claim_id
        (path,) = [path for path in (thief.folder / "temp").rglob("claim-*.json")]
        note = json.loads(path.read_text())
        note["claim"] = note["claim"].replace(own, victim.claim_id)
        path.write_text(json.dumps(note))
        thief.call("finish", "--cost", "0")
        self.assertEqual(said(self.entry(victim)), {})

    def test_a_ledger_that_cannot_be_written_is_told_and_the_session_ends(self):
        job = self.launched("a", *TWO, *HALF)
        (ref,) = self.ledgers()
        hook = self.path / "hooks" / "update"
        hook.write_text("#!/bin/sh\ncase $1 in */budgets/*) exit 1 ;; esac\n")
        hook.chmod(0o755)
        answer = self.done(job.call("finish", "--cost", "0.1"))
        self.assertIn("go on counting what this session had reserved", answer.err)
        (claim,) = self.remote.claims().values()
        self.assertEqual((claim["state"], said(claim)), ("ended", {"cost_usd": 0.1}))
        self.assertEqual(said(self.entry(job, ref)), {})


class Usage(MoneyCase):
    def test_a_budget_of_money_without_a_reserve_is_wrong_usage_and_asks_nothing(self):
        server = self.server(self.remote_kind)
        for budget, reserve in (("repo:2usd/1h", None), ("repo:9tokens/1h", "1usd"),
                                ("repo:2usd/1h", "5tokens"), ("2usd/1h", "0usd"), ("2usd/1h", "much"),
                                ("2usd/400d", "1usd"), ("team:2usd/1h", "1usd")):
            for command in ("gate", "run"):
                with self.subTest(command, budget=budget, reserve=reserve):
                    launch.reset(server)
                    job = self.job()
                    words = ["--budget", budget] + (["--reserve", reserve] if reserve else [])
                    answer = job.call(command, *words, *(["--", "true"] if command == "run" else []))
                    self.assertEqual(answer.status, 2, answer)
                    self.assertEqual(answer.outputs["skip_execution"], "true")
                    self.assertEqual(launch.requests(server), [])

    def test_the_end_of_a_session_needs_no_reserve(self):
        job = self.launched("a", *TWO, *HALF)
        self.done(job.call("finish", "--cost", "0.1", REFGATE_BUDGET="repo:2usd/1h"))

    def test_variables_and_the_configuration_say_it_too(self):
        config = self.folder / "refgate.yml"
        config.write_text("budget: repo:1usd/1h\nreserve: 1usd\n")
        self.launched("a", "--config", config)
        job = self.push("b")
        self.assert_skips(job.call("gate", REFGATE_BUDGET="repo:1usd/1h", REFGATE_RESERVE="1usd"),
                          "budget")

    def test_metrics_tell_what_is_left(self):
        self.launched("a", *TWO, "--budget", "workflow:5/1h", *HALF)
        text = self.done(self.person().call("metrics")).out
        self.assertIn('refgate_budget_left{kind="repo",unit="usd"} 1.50\n', text)
        self.assertIn('refgate_budget_left{kind="workflow",unit="launches"} 4\n', text)

    def test_gc_forgets_a_ledger_that_counts_nothing_any_more(self):
        self.launched("a", "--budget", "repo:1usd/1s", "--reserve", "1usd")
        person = self.person()
        await_that(lambda: person.call("gc").status == 0 and not self.ledgers())


if __name__ == "__main__":
    unittest.main()
