"""What is told of a call that has no answer, of output that nobody could read, and at one glance."""

import os
import subprocess
import unittest

import payloads
import runner
from gate_case import HEAD, GateCase

YAML = "permissions:\n  contents: write"


def errors(answer):
    return [line for line in (answer.out + answer.err).splitlines() if line.startswith("::error")]


class NoAnswer(GateCase):
    """Exactly one error in Actions, which says what did not happen; nothing of the kind elsewhere."""

    def assert_told(self, answer, status, *words):
        self.assertEqual(answer.status, status, answer)
        (error,) = errors(answer)
        for word in words:
            self.assertIn(word, error)
        self.assertNotIn("::notice", answer.out + answer.err)
        self.assertIn("✖", answer.summary)

    def test_a_verdict_that_there_is_none_of(self):
        wrong = self.remote.by(self.remote.url, REFGATE_TOKEN="ghs_wrong000000000000000000000000")
        gone = self.remote.by("http://127.0.0.1:1/octo/app.git")
        rows = ((self.remote, ("gate", "--memory", "xx"), 2), (self.remote, ("gate", "--memry", "2d"), 2),
                (self.remote, ("check", "push"), 2), (self.remote, ("run",), 2), (wrong, ("gate",), 3),
                (gone, ("gate", "--deadline", "2s"), 3), (wrong, ("run", "--", "true"), 3))
        for remote, words, status in rows:
            with self.subTest(words=words):
                answer = self.job(remote=remote).call(*words)
                self.assert_told(answer, status, "nothing was launched, nothing was claimed")
                self.assertIn("No verdict: nothing was launched, nothing was claimed",
                              answer.summary)

    def test_no_command_at_all(self):
        self.assert_told(self.job().call(), 2, "No command was given")

    def test_any_other_command(self):
        wrong = self.remote.by(self.remote.url, REFGATE_TOKEN="ghs_wrong000000000000000000000000")
        job, _ = self.gate()
        job.remote = wrong
        job.environment.update(wrong.environment)
        self.assert_told(job.call("finish"), 3)
        self.assert_told(self.job().call("finish", "--status", "dnoe"), 2, "steps.<id>.outcome")
        self.assert_told(self.job().call("verify", "--since", "soon"), 2)
        self.assert_told(self.job(remote=wrong).call("gc"), 3)

    def test_the_reason_is_told_once_and_by_itself(self):
        gone = self.remote.by("http://127.0.0.1:1/octo/app.git")
        reads = self.remote_of("read-only")
        short = ("--deadline", "2s")
        payload = ("--file", "event.json", "--", "false")
        rows = ((gone, ("deliver", *short, *payload), "It lies in"),
                (reads, ("deliver", *payload), "It lies in"),
                (gone, ("doctor", *short), "Connection refused"),
                (gone, ("status", *short), "Connection refused"),
                (self.remote, ("lint",), "could not do its work. No workflow was found"),
                (self.remote, ("lint", "/nonexistent/w.yml"), "/nonexistent/w.yml"),
                (self.remote, ("lint", "--explain", "nonsense"), "nonsense"))
        for remote, words, said in rows:
            with self.subTest(words=words, remote=remote.url):
                answer = self.job(remote=remote).call(*words)
                (error,) = errors(answer)
                self.assertIn(said, error)
                self.assertNotIn("The log of this step", error + answer.summary)
                self.assertIn(answer.status, (2, 3), answer)

    def test_a_run_without_a_verdict_is_not_called_skipped(self):
        for remote in (self.remote_of("read-only"), self.remote.by("http://127.0.0.1:1/o/a.git")):
            answer = self.job(remote=remote).call("run", "--deadline", "2s", "--", "true")
            self.assertEqual(answer.status, 3, answer)
            self.assertNotIn("skipped", answer.err)
            self.assertIn("refgate: no verdict (", answer.err)

    def test_a_person_is_told_without_commands_of_the_runner(self):
        answer = self.person().call("gate", "--memory", "xx")
        self.assertEqual((answer.status, errors(answer)), (2, []), answer)


class ReadOnly(GateCase):
    """A token that may not write is expected of some runs, and a mistake of the set-up in all others."""

    def told(self, event, payload, *words, **options):
        job = self.job(event, payload, remote=self.remote_of("read-only"), **options)
        return job.call("gate", *words)

    def test_where_it_is_a_mistake(self):
        for event, payload in (("push", payloads.push(HEAD)),
                               ("pull_request", payloads.pull_request(HEAD)),
                               ("issues", payloads.issue(3))):
            with self.subTest(event):
                answer = self.told(event, payload)
                self.assertEqual((answer.status, answer.code, answer.runs), (3, "read_only", False))
                (error,) = errors(answer)
                self.assertIn(YAML.replace("\n", "%0A"), error)
                self.assertIn(YAML, answer.summary)
                self.assertIn("nothing of this workflow will ever run", error)

    def test_where_it_is_to_be_expected(self):
        dependabot = {"actor": "dependabot[bot]"}
        rows = (("pull_request", payloads.pull_request(HEAD, source=payloads.FORK), {}),
                ("pull_request_review", payloads.review(HEAD, 5, source=payloads.FORK), {}),
                ("push", payloads.push(HEAD), dependabot),
                ("pull_request", payloads.pull_request(HEAD), dependabot))
        for event, payload, options in rows:
            with self.subTest(event, **options):
                answer = self.told(event, payload, **options)
                self.assert_skips(answer, "read_only")
                self.assertEqual(errors(answer), [])
                self.assertIn("::warning", answer.out)

    def test_who_says_it_gets_it(self):
        self.assert_skips(self.told("push", payloads.push(HEAD), "--on-read-only", "skip"),
                          "read_only")
        fork = payloads.pull_request(HEAD, source=payloads.FORK)
        answer = self.told("pull_request", fork, "--on-read-only", "fail")
        self.assertEqual(answer.status, 3, answer)
        self.assertNotIn(YAML, answer.summary)

    def test_a_claim_that_is_handed_on_may_be_looked_at(self):
        _, gate = self.gate("--share", "s")
        job = self.job(remote=self.remote_of("read-only"), job="work")
        again = job.call("gate", "--share", "s", "--claim-id", gate.claim_id)
        self.assert_runs(again, "own")
        self.assertEqual(again.claim_id, gate.claim_id)


class Output(GateCase):
    """What could not be written is no success."""

    remote_kind = "path"

    def to(self, job, file, *words, **environment):
        environment = {**job.environment, "REFGATE_REMOTE": self.remote.url, **environment}
        return subprocess.run([runner.BINARY, *map(str, words)], env=environment, cwd=job.folder,
                              stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE,
                              text=True, check=False)

    def test_a_full_disk(self):
        job, _ = self.gate()
        job.call("finish")
        with open("/dev/full", "w", encoding="utf-8") as full:
            for words in (("status", "--all"), ("log",), ("stats", "--json"), ("verify",),
                          ("show", HEAD), ("metrics",), ("report", "--html", "-"), ("--help",),
                          ("--version",), ("gc",), ("matrix", '["a"]')):
                with self.subTest(words=words):
                    done = self.to(self.person(), full, *words)
                    self.assertEqual(done.returncode, 3, done)
                    self.assertIn("standard output could not be written: No space left on device",
                                  done.stderr)

    def nos(self):
        """Calls whose answer is no, with output."""
        workflow = self.folder / "w.yml"
        workflow.write_text("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
                            "      - uses: anthropics/claude-code-action@v1\n")
        holder, _ = self.gate("--lease", "1s", "--skew", "0s")
        self.await_lost()
        lint = [("lint", "--format", each, workflow) for each in ("text", "json", "github")]
        return [*((self.person(), words) for words in lint), (self.person(), ("status", "--lost")),
                (holder, ("deliver", "--file", str(workflow), "--", "false"))]

    def test_a_no_that_nobody_could_read_is_none(self):
        for job, words in self.nos():
            with self.subTest(words):
                self.assertEqual(self.to(job, subprocess.DEVNULL, *words).returncode, 1)
                with open("/dev/full", "w", encoding="utf-8") as full:
                    done = self.to(job, full, *words)
                self.assertEqual(done.returncode, 3, done)
                self.assertIn("standard output could not be written: No space left on device",
                              done.stderr)
                reading, writing = os.pipe()
                os.close(reading)
                done = self.to(job, writing, *words)
                os.close(writing)
                self.assertNotIn(done.returncode, (0, 1), done)

    def test_what_became_of_a_result_and_could_not_be_handed_on(self):
        job = self.job()
        for words in (("--", "cat"), ("--", "false"), ("--progress", "--", "cat")):
            with self.subTest(words):
                done = self.to(job, subprocess.PIPE, "deliver", "--file", job.folder / "event.json",
                               *words, GITHUB_OUTPUT="/dev/full")
                self.assertEqual(done.returncode, 3, done)
                (error,) = [line for line in done.stderr.splitlines() if line.startswith("::error")]
                self.assertIn("GITHUB_OUTPUT could not be written", error)
        self.assertEqual(self.to(job, subprocess.PIPE, "deliver", "--file",
                                 job.folder / "event.json", "--", "true").returncode, 0)

    def test_a_closed_one(self):
        for words in (("status",), ("log",), ("--version",)):
            done = subprocess.run(["bash", "-c", 'exec "$0" "$@" >&-', runner.BINARY, *words],
                                  env={**self.person().environment,
                                       "REFGATE_REMOTE": self.remote.url},
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 3, done)
            self.assertIn("standard output could not be written", done.stderr)

    def test_a_reader_that_has_gone(self):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = self.to(self.person(), writing, "--help")
        finally:
            os.close(writing)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "")

    def test_a_verdict_that_nobody_was_told_is_given_back(self):
        words = ("gate", "--event", "push", "--workflow", "w", "--sha", HEAD, "--run-id")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.to(self.person(), full, *words, "1")
        self.assertEqual(done.returncode, 3, done)
        self.assert_runs(self.person().call(*words, "2"), "first")

    def given_back(self, done, output, claims=1):
        """Nobody was told, nothing is live, and the guards are closed."""
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("nothing was claimed", done.stderr)
        self.assertEqual(len(self.remote.claims()), claims)
        self.assertEqual({claim["state"] for claim in self.remote.claims().values()}, {"ended"})
        if output is not None:
            self.assertEqual(runner.read_outputs(output.read_text())["skip_execution"], "true")
            self.assertIn("claim_id=", output.read_text())

    def test_a_verdict_that_was_told_by_one_way_only_is_given_back(self):
        output = self.folder / "output"
        for number, words in enumerate((("gate",), ("gate", "--heartbeat"), ("gate", "--observe"),
                                        ("check", "push", "A", payloads.commit("c"), "44"))):
            with self.subTest(words), open("/dev/full", "w", encoding="utf-8") as full:
                output.write_text("")
                job = self.job(payload=payloads.push(payloads.commit(f"told {number}")))
                done = self.to(job, full, *words, GITHUB_OUTPUT=str(output))
                self.given_back(done, None if words[0] == "check" else output, number + 1)
                self.assertEqual(runner.read_outputs(output.read_text())["skip_execution"], "true")

    def test_likewise_of_a_run_that_is_named_by_position(self):
        for run in ("own", "44"):
            with self.subTest(run):
                job = self.job()
                run = job.run if run == "own" else run
                done = self.to(job, subprocess.PIPE, "check", "push", f"A{run}", HEAD, run,
                               GITHUB_OUTPUT="/dev/full")
                self.assertNotIn("could not be given back", done.stderr)
                self.assertEqual(done.returncode, 3, done)
                self.assertEqual({c["state"] for c in self.remote.claims().values()}, {"ended"})

    def test_without_an_answer_and_without_an_output_nothing_runs(self):
        output = self.folder / "output"
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = self.to(self.job(), full, "gate", "--on-error", "run", "--deadline", "1s",
                           GITHUB_OUTPUT=str(output), REFGATE_REMOTE="http://127.0.0.1:1/o/a.git")
        self.assertEqual(done.returncode, 3, done)
        self.assertEqual(runner.read_outputs(output.read_text())["skip_execution"], "true")

    def test_outputs_that_cannot_be_written(self):
        job = self.job()
        done = self.to(job, subprocess.PIPE, "gate", GITHUB_OUTPUT="/dev/full")
        self.assertEqual(done.returncode, 3, done)
        self.assertIn("GITHUB_OUTPUT could not be written: No space left on device", done.stderr)
        self.assertNotIn("SKIP_EXECUTION=false", done.stdout)
        self.assertNotIn("internal error", done.stderr)
        self.assert_runs(self.job().call("gate"), "first")

    def test_files_that_people_name(self):
        self.gate()
        for words in (("report", "--html", "/dev/full"), ("lint", "--sarif", "/dev/full", "w.yml")):
            job = self.person()
            (job.folder / "w.yml").write_text("on: push\njobs: {}\n")
            answer = job.call(*words)
            self.assertEqual(answer.status, 3, answer)
            self.assertIn("No space left on device", answer.err)

    def test_a_state_folder_that_cannot_be_made_is_no_mistake_of_ours(self):
        answer = self.job(environment={"RUNNER_TEMP": "/dev/null/temp"}).call("gate")
        self.assertEqual(answer.status, 3, answer)
        self.assertNotIn("internal", answer.err)
        self.assertIn("nothing was claimed", answer.err)


class Glance(GateCase):
    """One sentence first; the rest is folded."""

    remote_kind = "path"

    def first_line(self, answer):
        return next(line for line in answer.summary.splitlines() if line.strip())

    def test_what_the_skipped_see(self):
        holder, _ = self.gate()
        link = f"[run {holder.run}](https://github.com/octo/app/actions/runs/{holder.run})"
        live = self.job().call("gate")
        self.assertIn(f"{link} ", self.first_line(live))
        self.assertIn(" this work", self.first_line(live))
        self.assertIn("::notice", live.out)
        holder.call("finish", "--status", "success")
        done = self.job().call("gate")
        self.assertIn(f"{link} did this work", self.first_line(done))
        self.assertIn("ended with success", self.first_line(done))
        self.assertIn("re-run this run", self.first_line(done))
        for answer in (live, done):
            self.assertNotRegex(answer.summary + answer.out, r"\d+ms ago|\.\d{3}Z")
            self.assertIn("<details>", answer.summary)
            self.assertIn("[a button](https://github.com/refgate/refgate/blob/main/docs/stuck.md",
                          self.first_line(answer))
            (notice,) = [line for line in answer.out.splitlines() if line.startswith("::")]
            self.assertLessEqual(len(notice.split("::", 2)[2]), 200)

    def test_a_skip_that_rests_on_an_option_names_it(self):
        rows = ((("--share", "review"), "--share", "--share review"),
                (("--identity", "topic"), "--identity", "--identity topic"),
                (("--identity-by", "commit"), "--identity-by", "--identity-by commit"),
                (("--share", "a", "--identity-by", "commit"), "--share and --identity-by",
                 "--share a and --identity-by commit"))
        for number, (words, shown, said) in enumerate(rows):
            payload = payloads.push(payloads.commit(f"option {number}"))
            job, _ = self.gate(*words, payload=payload)
            for status, code in ((None, "active_session"), ("failure", "retry_suppressed")):
                with self.subTest(words, code=code):
                    if status:
                        self.done(job.call("finish", "--status", status))
                    answer = self.job(payload=payload).call("gate", *words)
                    self.assert_skips(answer, code)
                    self.assertIn(f"One piece of work by {said}", answer.lines["REASON"])
                    (told,) = [line for line in answer.out.splitlines() if line.startswith("::")]
                    self.assertIn(f"one by {shown})", told)
        job, _ = self.gate()
        self.assertNotIn("One piece of work", self.job().call("gate").lines["REASON"])

    def test_a_run_beside_a_job_that_cannot_be_told_from_it_is_a_warning(self):
        one = self.job(environment={"RUNNER_TRACKING_ID": "a"})
        self.assert_runs(one.call("gate"), "first")
        answer = self.job(run=one.run, environment={"RUNNER_TRACKING_ID": "b"}).call("gate")
        self.assert_runs(answer, "same_run")
        (warning,) = [line for line in answer.out.splitlines() if line.startswith("::")]
        self.assertTrue(warning.startswith("::warning title=refgate%3A runs (same_run)::"), warning)
        for text in (warning, answer.summary, answer.lines["REASON"]):
            self.assertIn("dimensions", text)
        self.assertIn("another job name", warning)

    def test_skips_that_promise_nothing_are_warnings(self):
        job, _ = self.gate()
        job.call("finish", "--status", "failure")
        rows = (((), "retry_suppressed"),
                (("--retry", "allow", "--max-attempts", "1"), "max_attempts"),
                (("--retry", "allow", "--cooldown", "1h"), "cooldown"),
                (("--retry", "allow", "--budget", "scope:0/1h"), "budget"))
        for words, code in rows:
            with self.subTest(code):
                answer = self.job().call("gate", *words)
                self.assert_skips(answer, code)
                (warning,) = [line for line in answer.out.splitlines() if line.startswith("::")]
                self.assertTrue(warning.startswith("::warning"), warning)
                self.assertIn("nobody has done this work", warning)
                self.assertIn("nobody has done this work", answer.summary)

    def test_the_holders_own_summary_gets_its_end(self):
        job, _ = self.gate()
        ended = job.call("finish", "--status", "failure")
        self.assertIn("ended with failure", ended.summary)
        ran = self.job("push", payloads.push(payloads.commit("run"))).call("run", "--", "true")
        self.assertIn("ended with success", ran.summary)

    def lose(self, how, gate, payload):
        if how == "released":
            self.done(self.person().call("release", gate.claim_id, "--reason", "stuck"))
        elif how == "halted":
            self.done(self.person().call("pause", "--halt", "--reason", "wild"))
            self.done(self.person().call("resume"))
        elif how == "forced":
            self.gate("--force", payload=payload)
        elif how == "superseded":
            newer = payloads.push(payloads.commit(f"newer than {how}"), before=payload["after"])
            self.assert_runs(self.gate("--supersede", payload=newer)[1], "first")
        elif how == "taken over":
            self.await_lost()
            self.assert_runs(self.gate(payload=payload)[1], "takeover")
        else:
            for ref in self.remote.claims():
                self.remote.git("update-ref", "-d", ref)

    LOSSES = {"released": "was released at", "halted": "wild", "forced": "does this work now",
              "superseded": "a newer head of its branch came, by run",
              "taken over": "does this work now", "vanished": "is gone from the store"}

    def begun(self, how):
        payload = payloads.push(payloads.commit(how))
        lease = ("--lease", "1s", "--skew", "0s") if how == "taken over" else ()
        job, gate = self.gate("--supersede", *lease, payload=payload)
        self.assert_runs(gate, "first")
        self.lose(how, gate, payload)
        return job, gate

    def assert_lost(self, ended, said, out=None):
        (warning,) = [line for line in (ended.out if out is None else out).splitlines()
                      if line.startswith("::warning")]
        self.assertIn("refgate%3A session lost", warning)
        for text in (warning, ended.summary):
            self.assertIn("this job's result does not count", text)
            self.assertIn(said, text)

    def test_a_holder_that_lost_its_session_is_warned(self):
        for how, said in self.LOSSES.items():
            with self.subTest(how):
                job, _ = self.begun(how)
                self.assert_lost(self.done(job.call("finish", "--status", "success")), said)
                self.only_afresh()

    def test_likewise_by_its_id_in_another_job(self):
        for how in ("released", "halted", "superseded"):
            with self.subTest(how):
                job, gate = self.begun(how)
                ended = self.job(run=job.run, job="end").call("finish", "--claim-id", gate.claim_id)
                self.assert_lost(self.done(ended), self.LOSSES[how])
                self.only_afresh()

    def test_what_an_end_was_by_its_own_job_is_no_loss(self):
        job, gate = self.gate()
        self.done(job.call("finish"))
        again = self.done(self.job(run=job.run, job="end").call("finish", "--claim-id", gate.claim_id))
        self.assertIn("had ended before", again.out)
        self.assertNotIn("::warning", again.out)

    def only_afresh(self):
        """The next loss finds nothing of this one."""
        for ref in self.remote.refs():
            self.remote.git("update-ref", "-d", ref)


if __name__ == "__main__":
    unittest.main()
