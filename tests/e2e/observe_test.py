"""--observe: everything is decided and recorded, and nobody is held back."""

import unittest

import payloads
from gate_case import HEAD, GateCase, await_that, in_parallel, launch

DEAD = "http://127.0.0.1:9/nobody.git"


class Observe(GateCase):
    def observe(self, *words, status=0, **options):
        job = self.job(**options)
        answer = job.call("gate", "--observe", *words)
        self.assertEqual(answer.status, status, answer)
        return job, answer

    def assert_would_skip(self, answer, code):
        self.assertEqual((answer.runs, answer.code, answer.outputs["would_skip"]),
                         (True, code, "true"), answer)
        self.assertEqual(answer.claim_id, "", "what ran beside a claim has no key to it")

    def test_all_of_eight_run_and_all_but_one_would_be_skipped(self):
        told = in_parallel([self.observe] * 8)
        self.assertEqual([answer.runs for _, answer in told], [True] * 8)
        would = [answer.outputs["would_skip"] for _, answer in told]
        self.assertEqual(sorted(would), ["false"] + ["true"] * 7)
        lines = self.kinds("skip")
        self.assertEqual([(line["observed"], line["executed"], line["reason_code"])
                          for line in lines], [(True, True, "active_session")] * 7)
        self.assertEqual((len(self.kinds("launch")), len(self.remote.claims())), (1, 1))

    def test_who_enforces_says_nothing_of_it(self):
        _, answer = self.gate()
        self.assertEqual(answer.outputs["would_skip"], "")

    def test_the_end_of_what_ran_beside_the_holder_touches_no_claim(self):
        holder, _ = self.gate()
        job, answer = self.observe()
        self.assert_would_skip(answer, "active_session")
        self.assertEqual(answer.lines["HOLDER_RUN_ID"], holder.run)
        before = self.remote.claims()
        self.done(job.call("finish", "--status", "failure"))
        self.assertEqual(self.remote.claims(), before)
        (end,) = self.kinds("end")
        self.assertEqual((end["run_id"], end["job_status"], end["observed"], end["executed"]),
                         (job.run, "failure", True, True))
        self.assertGreaterEqual(end["duration_ms"], 0)
        self.assert_skips(self.job().call("gate"), "active_session")
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(len(self.kinds("end")), 1, "an end is told once")

    def test_what_runs_holds_and_its_success_is_done(self):
        job, answer = self.observe()
        self.assertEqual((answer.code, answer.outputs["would_skip"]), ("first", "false"))
        self.assert_skips(self.job().call("gate"), "active_session")
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(self.only_claim()["outcome"], "success")
        self.assert_would_skip(self.observe()[1], "already_done")

    def test_no_answer_runs_within_five_seconds_and_its_finish_is_green(self):
        remote = self.remote_of("http")
        for name, url, words in (("nobody", DEAD, ()),
                                 ("nobody, and errors fail", DEAD, ("--on-error", "fail"))):
            with self.subTest(name):
                remote.url = url
                job, answer = self.observe(*words, remote=remote)
                self.assertEqual((answer.runs, answer.code, answer.outputs["would_skip"]),
                                 (True, "unreachable", "false"), answer)
                self.assertEqual((answer.out + answer.err).count("::warning "), 1, answer)
                self.assertNotIn("::error", answer.out + answer.err)
                self.done(job.call("finish", "--status", "success", "--deadline", "2s"))

    def test_a_token_that_may_only_read_runs(self):
        remote = self.remote_of("read-only")
        _, answer = self.observe(remote=remote)
        self.assertEqual((answer.runs, answer.code), (True, "read_only"), answer)
        self.gate()
        self.assert_would_skip(self.observe(remote=remote)[1], "active_session")

    def test_wrong_usage_is_wrong_usage(self):
        job = self.job()
        answer = job.call("gate", "--observe", "--retry", "never")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"))

    def test_it_never_waits_and_takes_nothing_by_force(self):
        self.gate("--group-by", "entity")
        holder = self.only_claim()
        for words, payload in ((("--wait", "1h"), HEAD), (("--force",), HEAD),
                               (("--group-by", "entity", "--wait", "1h"),
                                payloads.commit("second"))):
            with self.subTest(words):
                job = self.job(payload=payloads.push(payload))
                answer = job.start("gate", "--observe", *words).wait(30)
                self.assertEqual((answer.status, answer.runs, answer.outputs["would_skip"]),
                                 (0, True, "true"), answer)
        self.assertEqual(self.only_claim()["claim_id"], holder["claim_id"])
        self.assertEqual(self.only_claim()["state"], "active")

    def test_a_failure_of_its_own_run_does_not_paint_it_red(self):
        job, _ = self.gate()
        self.done(job.call("finish", "--status", "failure"))
        again = self.job(run=job.run, attempt=2)
        answer = again.call("gate", "--observe")
        self.assert_would_skip(answer, "retry_suppressed")
        self.assertEqual(answer.outputs["own_failure"], "false")
        self.done(again.call("finish", "--status", "success"))

    def test_nothing_halts_it(self):
        job, answer = self.observe("--lease", "1s", "--skew", "0s")
        self.assert_runs(answer, "first")
        self.await_lost()
        self.assert_runs(self.job().call("gate"), "takeover")
        health = job.call("health", "--json")
        self.assertEqual(health.status, 0, health)
        (record,) = health.json()["sessions"]
        self.assertEqual((record["halt"], record["would_halt"], record["alive"]),
                         (False, True, True))
        duplicate, answer = self.observe()
        self.assert_would_skip(answer, "active_session")
        self.done(duplicate.call("health"))

    def test_run_runs_beside_the_holder_and_tells_how_it_ended(self):
        self.gate()
        before = self.remote.claims()
        job = self.job()
        answer = job.call("run", "--observe", "--", "sh", "-c", "exit 7")
        self.assertEqual(answer.status, 7, answer)
        self.assertEqual(self.remote.claims(), before)
        (end,) = self.kinds("end")
        self.assertEqual((end["job_status"], end["observed"]), ("failure", True))

    def test_run_is_not_stopped_when_its_claim_is_taken(self):
        flag = self.folder / "go-on"
        job = self.job()
        call = job.start("run", "--observe", "--lease", "3s", "--skew", "0s", "--interval", "200ms",
                         "--", "sh", "-c", f"while [ ! -e {flag} ]; do sleep 0.05; done")
        await_that(lambda: self.remote.claims() and self.only_claim()["state"] == "active")
        self.gate("--force")
        await_that(lambda: any('"death"' in text for text in job.state_files()))
        flag.touch()
        answer = call.wait(30)
        self.assertEqual(answer.status, 0, answer)

    def test_the_record_says_what_enforcing_would_have_saved(self):
        holder, _ = self.gate()
        for _ in range(3):
            job, _ = self.observe()
            self.done(job.call("finish", "--status", "success"))
        self.done(holder.call("finish", "--status", "failure"))
        self.observe()
        person = self.person()
        self.done(person.call("verify"))
        verified = self.done(person.call("verify", "--json")).json()
        self.assertEqual((len(verified["observed"]), verified["duplicates"]), (4, []))
        stats = self.done(person.call("stats", "--json", "--usd-per-hour", "10")).json()
        self.assertEqual(
            (stats["total"]["sessions"], stats["total"]["observed"],
             stats["total"]["observed_duplicates"], stats["total"]["prevented"]), (1, 4, 3, 0))
        self.assertEqual(stats["total"]["observed_by_reason"],
                         {"active_session": 3, "retry_suppressed": 1})
        self.assertEqual(stats["would_save_estimate"]["sessions"], 3)
        self.assertIn("usd", stats["would_save_estimate"])
        self.assertEqual(stats["total"]["closed"], {"failure": 1})
        text = self.done(person.call("stats")).out
        self.assertIn("Would save", text)
        metrics = self.done(person.call("metrics")).out
        self.assertIn('refgate_observed_total{reason="active_session"} 3', metrics)
        page = self.done(person.call("report", "--html", "-")).out
        self.assertIn('"observed_duplicates":3', page)
        self.assertIn("Enforcing would have saved", page)
        self.assertIn("only observed", self.done(person.call("report", "--summary")).out)
        self.assertIn("only observed", self.done(person.call("show", HEAD)).out)
        self.done(person.call("status", "--lost"))

    def test_explain_says_the_same(self):
        self.gate()
        job = self.job()
        told = self.done(job.call("explain", "--observe", "--json")).json()["decision"]
        self.assertEqual((told["verdict"], told["observed"], told["would_skip"],
                          told["reason_code"]), ("run", True, True, "active_session"))
        self.assertIn("enforcing would skip", self.done(job.call("explain", "--observe")).out)

    def test_a_step_without_a_token_says_that_the_end_is_not_recorded(self):
        self.gate()
        job, _ = self.observe()
        answer = job.call("finish", "--status", "success", REFGATE_TOKEN="")
        self.assertEqual(answer.status, 0, answer)
        self.assertIn("not in the record", answer.out)
        self.assertEqual(self.kinds("end"), [])

    def test_who_only_watches_asks_no_more_than_who_enforces_and_looks_for_a_pause(self):
        server = self.server(self.remote_kind)
        launch.reset(server)
        self.observe("--share", "other", "--pause", "ignore")
        self.assertEqual(len(launch.requests(server)), 1, launch.requests(server))
        launch.reset(server)
        job, _ = self.observe()
        self.assertEqual(len(launch.requests(server)), 2, launch.requests(server))
        launch.reset(server)
        self.done(job.call("finish", "--status", "success"))
        self.assertEqual(len(launch.requests(server)), 1, launch.requests(server))


if __name__ == "__main__":
    unittest.main()
