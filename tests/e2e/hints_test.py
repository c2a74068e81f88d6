"""What lies in the job's folder is a hint: a `finish` that can ask the remote is never green over a live session of its own job."""

import json
import os
import shutil
import unittest

import payloads
from gate_case import HEAD, GateCase, launch
from requests_test import kinds


def forged_skip(job, **fields):
    """As a gate that said skip would have left it."""
    folder = job.folder / "temp" / "refgate"
    folder.mkdir(exist_ok=True)
    (folder / ("skip-" + "0" * 32 + ".json")).write_text(json.dumps(
        {"version": 1, "ref": "refs/refgate/claims/a/b", "runner_job": job.environment.get("RUNNER_TRACKING_ID", ""), "run_id": job.run,
         "run_attempt": 1, "job": "agent", "reason": "x", "own_failure": False, **fields}), encoding="utf-8")


class HintsCase(GateCase):
    remote_kind = "path"
    tracked = {"RUNNER_TRACKING_ID": "github_one"}

    def begin(self, *words, **options):
        job = self.job(environment=dict(self.tracked), **options)
        answer = job.call("gate", *words)
        self.assert_runs(answer, "first")
        job.claim_id = answer.claim_id
        job.own_ref = json.loads(self.note_of(job).read_text(encoding="utf-8"))["ref"]
        return job

    @staticmethod
    def folder_of(job):
        return job.folder / "temp" / "refgate"

    def note_of(self, job):
        (path,) = self.folder_of(job).glob("claim-*.json")
        return path

    def edit(self, job, **fields):
        path = self.note_of(job)
        note = {**json.loads(path.read_text(encoding="utf-8")), **fields}
        path.write_text(json.dumps({name: value for name, value in note.items() if value is not None}), encoding="utf-8")

    def edit_claim(self, job, **fields):
        claim = json.loads(json.loads(self.note_of(job).read_text(encoding="utf-8"))["claim"])
        self.edit(job, claim=json.dumps({**claim, **fields}))

    def edit_holder(self, of_job, **fields):
        claim = json.loads(json.loads(self.note_of(of_job).read_text(encoding="utf-8"))["claim"])
        self.edit_claim(of_job, holder={**claim["holder"], **fields})

    def replace(self, job, how):
        path = self.note_of(job)
        path.unlink()
        how(path)

    def link_folder(self, job):
        folder, elsewhere = self.folder_of(job), job.folder / "elsewhere"
        folder.rename(elsewhere)
        folder.symlink_to(elsewhere)

    def link_note(self, job):
        path = self.note_of(job)
        path.rename(job.folder / "note")
        path.symlink_to(job.folder / "note")

    def state_of(self, job):
        return json.loads(self.remote.git("show", f"{job.own_ref}:claim.json"))["state"]

    def emptied(self, job):
        for path in self.folder_of(job).iterdir():
            path.unlink()

    def alone(self, job, forge):
        self.emptied(job)
        forge(job)

    def edits(self):
        return {
            "remote": lambda job: self.edit(job, remote="/nowhere"),
            "namespace": lambda job: self.edit(job, namespace="other"),
            "runner_job": lambda job: self.edit(job, runner_job="x"),
            "run": lambda job: self.edit_holder(job, run_id="1"),
            "job": lambda job: self.edit_holder(job, **{"job": "other"}),
            "attempt": lambda job: self.edit_holder(job, run_attempt=2),
            "claim_id": lambda job: self.edit_claim(job, claim_id="0" * 32),
            "claim_id, not begun": lambda job: (self.edit_claim(job, claim_id="0" * 32), self.edit(job, phase="won")),
            "claim_id, unclaimed": lambda job: (self.edit_claim(job, claim_id="0" * 32), self.edit(job, unclaimed=True)),
            "another door": lambda job: self.edit(job, ref=job.own_ref + ",@for=7-main", object=None),
            "another door, unclaimed": lambda job: self.edit(job, ref=job.own_ref + ",@for=7-main", object=None, unclaimed=True),
            "another door, asked": lambda job: self.edit(job, ref=job.own_ref + ",@for=7-main", object=None, expected=None, phase="asked"),
            "phase ended": lambda job: self.edit(job, phase="ended"),
            "phase given_back": lambda job: self.edit(job, phase="given_back"),
            "claim ended": lambda job: self.edit_claim(job, state="ended", outcome="success"),
            "garbage": lambda job: self.note_of(job).write_text("garbage"),
            "version": lambda job: self.edit(job, version=2),
            "empty": lambda job: self.note_of(job).write_text(""),
            "no note": lambda job: self.note_of(job).unlink(),
            "no folder": lambda job: shutil.rmtree(self.folder_of(job)),
            "folder is a file": lambda job: (shutil.rmtree(self.folder_of(job)), self.folder_of(job).write_text("x")),
            "folder is a link": self.link_folder,
            "note is a link": self.link_note,
            "note is a folder": lambda job: self.replace(job, os.mkdir),
            "note is a fifo": lambda job: self.replace(job, os.mkfifo),
            "note is huge": lambda job: os.truncate(self.note_of(job), 1 << 30),
            "told skip": lambda job: self.alone(job, forged_skip),
            "told skip of its own scope": lambda job: self.alone(job, lambda it: forged_skip(it, ref=it.own_ref)),
            "told skip beside the note's end": lambda job: (self.edit(job, phase="ended"), forged_skip(job)),
            "watched": lambda job: self.alone(job, self.watch),
        }

    def watch(self, job):
        """What an observing gate of the same job would leave, taken from one."""
        other = self.job(run=job.run, environment=dict(self.tracked))
        self.gate("--share", "held")
        self.assertEqual(other.call("gate", "--observe", "--share", "held").status, 0)
        for path in self.folder_of(other).iterdir():
            if not path.name.startswith("claim-"):
                shutil.copy(path, self.folder_of(job))

    def assert_not_green_over_a_live_session(self, job, name, *words, **environment):
        answer = job.call("finish", *words, **environment)
        if self.state_of(job) == "ended":
            self.assertEqual(answer.status, 0, (name, answer))
            return
        self.assertEqual(answer.status, 3, (name, answer))
        self.assertIn("::error", answer.out + answer.err, name)
        self.assertNotIn("no gate ran", answer.out + answer.err, name)


class Hints(HintsCase):
    def test_no_edit_leaves_a_live_session_behind_a_green_finish(self):
        for number, (name, edit) in enumerate(self.edits().items()):
            # A job in a container is told of no RUNNER_TRACKING_ID.
            self.tracked = {"RUNNER_TRACKING_ID": "github_one"} if number % 2 else {}
            with self.subTest(name):
                job = self.begin(payload=payloads.push(payloads.commit(f"{number}")))
                edit(job)
                if name == "told skip of its own scope" and not self.tracked:
                    # As it is for a leg that was told to skip, where no runner tells legs apart.
                    self.done(job.call("finish"))
                    continue
                self.assert_not_green_over_a_live_session(job, name)

    def test_a_session_of_another_share_than_the_steps_own_is_found(self):
        for number, (name, edit) in enumerate(self.edits().items()):
            with self.subTest(name):
                job = self.begin("--share", f"other {number}")
                edit(job)
                self.assert_not_green_over_a_live_session(job, name)

    def test_what_the_step_itself_names_is_ended_or_named(self):
        for number, (name, edit) in enumerate(self.edits().items()):
            with self.subTest(name):
                job = self.begin("--share", f"other {number}")
                edit(job)
                self.assert_not_green_over_a_live_session(job, name, "--claim-id", job.claim_id)
                if not name.startswith("another door"):
                    self.assertEqual(self.state_of(job), "ended", name)

    def test_a_finish_elsewhere_than_its_gate_sends_nothing_and_says_so(self):
        server = self.server("http")
        for words in (("--namespace", "x"), ("--remote", f"{server.url}/other.git")):
            for more in ((), ("--claim-id",)):
                with self.subTest(words=words, more=more):
                    job = self.begin("--share", f"{words[0][2:]}{len(more)}", remote=self.remote_of("http"))
                    before = self.remote.all_refs()
                    launch.reset(server)
                    answer = job.call("finish", *words, *more, *([job.claim_id] if more else []))
                    self.assertEqual(answer.status, 3, answer)
                    self.assertIn("names", answer.err)
                    if more:  # It is looked for by its id first.
                        self.assertNotIn("P", kinds(launch.requests(server)))
                    else:
                        self.assertEqual(launch.requests(server), [])
                    self.assertEqual(self.remote.all_refs(), before)

    def test_a_remote_that_is_spelled_otherwise_is_the_same(self):
        remote = self.remote_of("http")
        for ending in ("/", "//"):
            with self.subTest(ending):
                job = self.begin("--share", ending, remote=remote)
                self.assertIn("Lease renewed", self.done(job.call("heartbeat", "--remote", remote.url + ending)).out)
                self.done(job.call("finish", "--remote", remote.url + ending))
                self.assertEqual(self.state_of(job), "ended")
        job = self.begin("--share", "no .git")
        self.edit(job, remote=self.remote.url.removesuffix(".git"))
        self.done(job.call("finish"))
        self.assertEqual(self.state_of(job), "ended")

    def test_a_session_that_is_named_by_its_id_is_looked_for_where_the_step_asks(self):
        remote = self.remote_of("http")
        job = self.begin(remote=remote)
        other = remote.url.replace("127.0.0.1", "localhost")
        self.assertNotEqual(other, remote.url)
        self.assertEqual(job.call("finish", "--remote", other).status, 3)
        self.done(job.call("finish", "--remote", other, "--claim-id", job.claim_id))
        self.assertEqual(self.state_of(job), "ended")

    def test_a_gate_that_was_told_to_skip_is_here_whatever_the_job_does_elsewhere(self):
        for number, how in enumerate(("skip", "observe", "ended")):
            with self.subTest(how):
                share = ("--share", how)
                if how != "ended":
                    self.gate("--namespace", "nsa", *share)
                job = self.job(environment=dict(self.tracked))
                if how == "observe":
                    self.assertEqual(job.call("gate", "--namespace", "nsa", "--observe", *share).status, 0)
                elif how == "skip":
                    self.assert_skips(job.call("gate", "--namespace", "nsa", *share), "active_session")
                else:
                    self.assert_runs(job.call("gate", "--namespace", "nsa", *share), "first")
                    self.done(job.call("finish", "--namespace", "nsa", *share))
                self.assert_runs(job.call("gate", "--namespace", "nsb", *share), "first")
                answer = self.done(job.call("finish", "--namespace", "nsa", *share))
                self.assertIn("left alone", answer.err)
                self.assertEqual(self.live("nsb"), 1)
                self.done(job.call("finish", "--namespace", "nsb", *share))
                self.assertEqual(self.live("nsb"), 0)

    def live(self, name_space="refgate"):
        return sum(claim["state"] != "ended" for claim in self.remote.claims(name_space).values())

    def test_a_finish_beside_the_heartbeats_of_another_namespace_asks_them_nothing(self):
        self.gate("--namespace", "nsa")
        job = self.job(environment=dict(self.tracked))
        self.assert_skips(job.call("gate", "--namespace", "nsa"), "active_session")
        self.assert_runs(job.call("gate", "--namespace", "nsb", "--heartbeat"), "first")
        self.done(job.call("finish", "--namespace", "nsa", "--status", "skipped"))
        self.assertEqual(self.live("nsb"), 1)
        self.done(job.call("finish", "--namespace", "nsb"))
        self.assertEqual(self.live("nsb"), 0)

    def test_the_end_of_skipped_work_leaves_what_the_job_does_besides(self):
        for how in ("", "--heartbeat", "no token"):
            for name, value in (("--share", "b"), ("--identity", "b")):
                with self.subTest(how=how, name=name):
                    remote = self.remote_of("http")
                    b, c = (name, f"b{how}"), (name, f"c{how}")
                    self.gate(*b, remote=remote)
                    job = self.job(environment=dict(self.tracked), remote=remote)
                    self.assert_skips(job.call("gate", *b), "active_session")
                    self.assert_runs(job.call("gate", *c, *(["--heartbeat"] if how else [])), "first")
                    before = self.live()
                    without = {"REFGATE_TOKEN": ""} if how == "no token" else {}
                    self.assertNotIn("::warning", self.done(job.call("finish", *b, "--status", "skipped", **without)).out)
                    self.assertEqual(self.live(), before)
                    self.assert_skips(self.job(remote=remote).call("gate", *c), "active_session")
                    self.done(job.call("finish", *c))
                    self.assertEqual(self.live(), before - 1)

    def test_a_gate_with_a_folder_of_its_own_is_left_to_its_own_finish(self):
        for named in (True, False):
            with self.subTest(named=named):
                head = payloads.push(payloads.commit(f"head {named}"))
                words = ("--share", "b") if named else ()
                self.gate(*words, payload=head)
                job = self.job(environment=dict(self.tracked), payload=head)
                self.assert_skips(job.call("gate", *words), "active_session")
                own = ("--share", "c", "--state-dir", str(job.folder / "own"))
                self.assert_runs(job.call("gate", *own), "first")
                before = self.live()
                self.assertIn("::warning", self.done(job.call("finish", *words)).out)
                self.assertEqual(self.live(), before)
                self.done(job.call("finish", *own))
                self.assertEqual(self.live(), before - 1)

    def test_a_leg_that_was_told_to_skip_where_no_runner_tells_legs_apart_is_green(self):
        holder = self.job()
        self.assert_runs(holder.call("gate", "--share", "legs"), "first")
        for observe in ((), ("--observe",)):
            for words in ((), ("--share", "legs")):
                leg = self.job(run=holder.run)
                self.assertEqual(leg.call("gate", "--share", "legs", *observe).status, 0)
                self.assertNotIn("::warning", self.done(leg.call("finish", *words)).out, (observe, words))
        self.assertEqual(self.live(), 1)

    def test_a_job_of_two_namespaces_ends_each_where_it_asked(self):
        job = self.begin()
        self.assert_runs(job.call("gate", "--namespace", "other"), "first")
        answer = self.done(job.call("finish"))
        self.assertIn("other", answer.err)
        self.assertEqual(self.only_claim()["state"], "ended")
        self.done(job.call("finish", "--namespace", "other"))
        (claim,) = self.remote.claims("other").values()
        self.assertEqual(claim["state"], "ended")

    def test_another_leg_or_job_of_the_run_is_none_of_its_own(self):
        holder = self.begin("--share", "legs", "--job-index", "0")
        for environment, job in (({"RUNNER_TRACKING_ID": "github_two"}, "agent"), ({}, "another")):
            with self.subTest(job=job):
                leg = self.job(run=holder.run, environment=environment, job=job)
                self.assert_skips(leg.call("gate", "--share", "legs", "--job-index", "1"), "active_session")
                answer = self.done(leg.call("finish", "--job-index", "1"))
                self.assertIn("Nothing was changed", answer.out)
                self.assertNotIn("::warning", answer.out + answer.err)
        self.assertEqual(self.only_claim()["state"], "active")

    def test_a_namesake_is_green_and_told_of_what_no_gate_told_it(self):
        holder = self.job(environment={"RUNNER_TRACKING_ID": "github_one"})
        self.assert_runs(holder.call("gate", "--share", "same"), "first")
        twin = self.job(run=holder.run, environment={"RUNNER_TRACKING_ID": "github_two"})
        self.assert_skips(twin.call("gate", "--share", "same"), "active_session")
        for _ in range(2):
            self.assertNotIn("::warning", self.done(twin.call("finish", "--share", "same")).out)
        # Its gate was left out, or never came to be asked.
        for words in (("--share", "same"), ("--share", "same", "--job-index", "3"), ()):
            with self.subTest(words):
                third = self.job(run=holder.run, environment={"RUNNER_TRACKING_ID": "github_three"})
                self.assertIn("::warning", self.done(third.call("finish", *words)).out)
        self.assertEqual(self.only_claim()["state"], "active")
        # No runner tells this one from the holder.
        self.assertEqual(self.job(run=holder.run).call("finish", "--share", "same").status, 3)

    def test_a_job_that_was_told_to_skip_is_green_without_a_remote_and_says_so(self):
        self.begin()
        told = self.job()
        self.assert_skips(told.call("gate"), "active_session")
        answer = self.done(told.call("finish", "--remote", "http://127.0.0.1:1/x.git", "--deadline", "2s", REFGATE_TOKEN="t"))
        self.assertIn("::warning", answer.out)
        lost = self.job()
        self.assertEqual(lost.call("finish", "--remote", "http://127.0.0.1:1/x.git", "--deadline", "2s", REFGATE_TOKEN="t").status, 3)

    def test_a_forged_watching_waives_no_misfit(self):
        job = self.begin()
        self.watch(job)
        self.edit(job, ref="refs/heads/main")
        self.assert_not_green_over_a_live_session(job, "watched")


class WithoutToken(HintsCase):
    """A `finish` that was given none asks what a public repository shows to everybody, where its heartbeats are gone."""

    commits = 1

    @classmethod
    def server(cls, kind):
        if kind == "public" and kind not in cls.servers:
            cls.servers[kind] = cls.contexts.enter_context(launch.serve(cls.root))
        return super().server(kind)

    def setUp(self):
        super().setUp()
        self.public = self.remote.by(f"{self.server('public').url}/{self.path.name}", REFGATE_TOKEN="t")

    def finish(self, job, *words):
        """(kinds of requests, answer); the process of the job's heartbeats has never been there, or was killed."""
        for kind in ("public", "http"):
            launch.reset(self.server(kind))
        answer = job.call("finish", *words, REFGATE_TOKEN="")
        return kinds(launch.requests(self.server("public")) + launch.requests(self.server("http"))), answer

    def test_no_edit_hides_a_live_session_that_everybody_can_see(self):
        for number, (name, edit) in enumerate(self.edits().items()):
            with self.subTest(name):
                job = self.begin(payload=payloads.push(payloads.commit(f"{number}")), remote=self.public)
                edit(job)
                self.assertEqual(self.finish(job)[1].status, 3, name)
                self.assertEqual(self.state_of(job), "active")

    def test_nor_one_of_another_share_than_the_steps_own(self):
        for number, (name, edit) in enumerate(self.edits().items()):
            with self.subTest(name):
                job = self.begin("--share", f"other {number}", remote=self.public)
                edit(job)
                self.assertEqual(self.finish(job)[1].status, 3, name)

    def test_of_skipped_work_that_the_step_names_what_the_job_does_besides_is_told_and_left(self):
        self.gate("--share", "b", remote=self.public)
        job = self.begin("--share", "c", remote=self.public)
        self.emptied(job)
        self.assert_skips(job.call("gate", "--share", "b"), "active_session")
        answer = self.done(self.finish(job, "--share", "b")[1])
        self.assertIn("::warning", answer.out)
        self.assertEqual(self.finish(job, "--share", "c")[1].status, 3)

    def test_a_job_that_was_told_to_skip_or_has_ended_is_green(self):
        holder, _ = self.gate(remote=self.public)
        told = self.job(remote=self.public)
        self.assert_skips(told.call("gate"), "active_session")
        self.done(holder.call("finish"))
        for job in (told, holder):
            asked, answer = self.finish(job)
            self.assertEqual(asked, "RR")
            self.assertNotIn("::", self.done(answer).out)
            self.assertNotIn("own", answer.out)

    def test_where_nothing_is_shown_it_is_the_word_of_the_jobs_own_files(self):
        self.gate(remote=self.public)
        private = self.remote_of("http")
        for remote, asks in ((private, "R"), (private.by("http://127.0.0.1:1/x.git"), "")):
            with self.subTest(asks):
                job = self.job(remote=private)
                self.assert_skips(job.call("gate"), "active_session")
                asked, answer = self.finish(job, "--remote", remote.url, "--deadline", "2s")
                self.assertEqual(asked, asks)
                self.assertIn("the word of the job's own files", self.done(answer).out)
                # Who keeps it from being asked may be the agent's code; that a repository is private is nothing to be told of.
                self.assertEqual("::warning" in answer.out, not asks, answer)


class Requests(GateCase):
    commits = 1

    def asked(self, call):
        server = self.server(self.remote_kind)
        launch.reset(server)
        answer = self.done(call())
        return kinds(launch.requests(server)), answer

    def test_a_skip_that_the_scope_bears_out_costs_two(self):
        self.gate("--share", "another")
        self.gate()
        told = self.job()
        self.assert_skips(told.call("gate"), "active_session")
        self.assertEqual(self.asked(lambda: told.call("finish"))[0], "RR")

    def test_the_end_of_skipped_work_that_the_step_names_looks_at_that_alone(self):
        holder, _ = self.gate("--share", "b")
        self.gate("--share", "another", payload=payloads.push(payloads.commit("another")))
        told = self.job()
        self.assert_skips(told.call("gate", "--share", "b"), "active_session")
        self.done(holder.call("finish", "--share", "b", "--status", "skipped"))
        for ref in [ref for ref in self.remote.claims() if "/share=b," in ref]:
            self.remote.git("update-ref", "-d", ref)
        self.assertEqual(self.asked(lambda: told.call("finish", "--share", "b"))[0], "R")

    def test_a_skip_that_no_claim_was_the_reason_of_reads_no_other_scope(self):
        self.gate(payload=payloads.push(payloads.commit("another")))
        self.done(self.person().call("pause", "--reason", "x"))
        told = self.job()
        self.assert_skips(told.call("gate", "--pause", "ask"), "paused")
        self.assertEqual(self.asked(lambda: told.call("finish"))[0], "R")
        self.done(self.person().call("resume", "all"))
        limited = self.job(payload=payloads.push(payloads.commit("limited")))
        self.assert_runs(limited.call("gate", "--slots", "model:1"), "first")
        self.done(limited.call("finish", "--status", "limited", "--after", "1h"))
        told = self.job(payload=payloads.push(payloads.commit("after it")))
        self.assert_skips(told.call("gate", "--slots", "model:1"), "limited")
        self.assertEqual(self.asked(lambda: told.call("finish"))[0], "R")

    def test_a_second_finish_costs_two(self):
        job, _ = self.gate()
        self.assertEqual(self.asked(lambda: job.call("finish"))[0], "P")
        asked, answer = self.asked(lambda: job.call("finish"))
        self.assertEqual(asked, "RR")
        self.assertIn("had ended before", answer.out)


class Empty(GateCase):
    """What is named by an expression that found nothing holds no end back."""

    remote_kind = "path"

    def test_what_ends_or_brings_out_a_session_takes_an_empty_share(self):
        job, gate = self.gate()
        for words in (("heartbeat",), ("result", "list"), ("audit", "key", "push", "w", job.run, HEAD, "true", "success"),
                      ("cleanup", "none"), ("deliver", "--", "true"), ("finish",)):
            with self.subTest(words):
                at = words.index("--") if "--" in words else len(words)
                answer = job.call(*words[:at], "--share", "", "--identity", "", *words[at:])
                self.assertNotIn("give it a value", answer.err)
                self.assertEqual(answer.status, job.call(*words).status, answer)
        for words in (("gate",), ("check", "push", "w", HEAD, "1")):
            self.assertEqual(self.job().call(*words, "--share", "").status, 2)


class Variables(GateCase):
    """What an earlier step can set steers no step behind the work."""

    remote_kind = "path"

    def settings_file(self, text):
        path = self.folder / "c.yml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_a_file_of_settings_that_a_variable_names_is_not_read(self):
        path = self.settings_file("namespace: evil\n")
        job, _ = self.gate()
        for words in (("finish",), ("heartbeat",), ("result", "save", "--title", "x"), ("cleanup", "any"), ("deliver", "--", "true"),
                      ("audit", "key", "push", "w", job.run, HEAD, "true", "success"),
                      ("register", "key", "push", "w", job.run, HEAD), ("gc",), ("pause", "workflow:w", "--reason", "x"),
                      ("resume", "workflow:w"), ("release", "none", "--reason", "x")):
            with self.subTest(words=words):
                answer = job.call_fed(b"x", *words, REFGATE_CONFIG=path)
                self.assertIn("REFGATE_CONFIG is ignored", answer.err, answer)
                self.assertEqual([ref for ref in self.remote.all_refs() if "evil" in ref], [], answer)

    def test_what_becomes_of_an_error_is_the_steps_own_word(self):
        for variables in ({"REFGATE_ON_ERROR": "skip"}, {"REFGATE_ON_ERROR": "run"}, {"REFGATE_OBSERVE": "true"},
                          {"REFGATE_CONFIG": self.settings_file("on-error: skip\nobserve: true\n")}):
            with self.subTest(variables):
                job, _ = self.gate("--share", str(variables))
                (path,) = (job.folder / "temp" / "refgate").glob("claim-*.json")
                path.write_text(json.dumps({**json.loads(path.read_text()), "ref": "refs/heads/main"}))
                answer = job.call("finish", **variables)
                self.assertEqual(answer.status, 3, answer)
                self.assertIn(f"{next(iter(variables))} is ignored", answer.err)

    def test_how_long_and_of_what_is_the_steps_own_word(self):
        for name, value in (("DEADLINE", "100ms"), ("LEASE", "30d"), ("SKEW", "1d"), ("MEMORY", "1s"), ("INTERVAL", "7d"), ("ON_LOST", "cancel"),
                            ("MATRIX", '{"a":1}'), ("JOB_INDEX", "7"), ("IDENTITY_BY", "commit")):
            with self.subTest(name):
                job, _ = self.gate("--share", name)
                for command in ("heartbeat", "finish"):
                    answer = self.done(job.call(command, **{f"REFGATE_{name}": value}))
                    self.assertIn(f"REFGATE_{name} is ignored", answer.err)
                    given = self.job().call(command, "--deadline", "9s", f"--{name.lower().replace('_', '-')}", value, **{f"REFGATE_{name}": value})
                    self.assertNotIn("is ignored", given.err)

    def test_who_says_it_as_an_option_is_obeyed(self):
        job, _ = self.gate("--namespace", "mine")
        self.done(job.call("finish", "--config", self.settings_file("namespace: mine\n")))
        (claim,) = self.remote.claims("mine").values()
        self.assertEqual(claim["state"], "ended")


if __name__ == "__main__":
    unittest.main()
