"""What the work's own code can reach below RUNNER_TEMP and in the environment of later steps steers nothing.

Between gate and the steps behind the work the job's files are rewritten: each field dropped, swapped, taken from another
claim or a branch. No ref moves but the job's own claim, the lines of the record, and results.
"""

import json
import os
import random
import shutil
import unittest

import payloads
import runner
from gate_case import HEAD, GateCase, await_that

VARIANTS = 2000 if runner.FULL else 200
COMMANDS = [("finish",), ("finish", "--status", "failure"), ("heartbeat",), ("result", "save", "--title", "x"),
            ("cleanup", "any-key"), ("finish", "--share", "other")]


class Attack(GateCase):
    remote_kind = "path"
    commits = 2

    def setUp(self):
        super().setUp()
        self.other_job, self.other = self.gate("--share", "other")
        done, _ = self.gate("--share", "done")
        self.done(done.call("finish"))
        self.mine = self.job()
        self.assert_runs(self.mine.call("gate"), "first")
        self.temp = self.mine.folder / "temp"
        self.saved = self.folder / "saved"
        shutil.copytree(self.temp, self.saved)
        self.own = next(ref for ref, claim in self.remote.claims().items() if claim["holder"]["run_id"] == self.mine.run)
        self.before = self.remote.all_refs()
        self.claims = {ref: self.remote.git("show", f"{ref}:claim.json") for ref in self.remote.claims()}

    def restore(self):
        shutil.rmtree(self.temp)
        shutil.copytree(self.saved, self.temp)
        now = self.remote.all_refs()
        commands = [f"delete {ref}" for ref in now.keys() - self.before.keys()]
        commands += [f"update {ref} {value}" for ref, value in self.before.items() if now.get(ref) != value]
        if commands:
            self.remote.git("update-ref", "--stdin", input="\n".join(commands) + "\n")

    def notes(self):
        return sorted((self.temp / "refgate").glob("claim-*.json"))

    def moved(self):
        now = self.remote.all_refs()
        return {ref for ref in now.keys() | self.before.keys() if now.get(ref) != self.before.get(ref)}

    def assert_only_own_moves(self, answer, note):
        for ref in self.moved():
            fits = ref == self.own or ref.startswith(("refs/notes/refgate/", "refs/refgate/results/"))
            self.assertTrue(fits, f"{ref} moved by {answer}\nwith {note}")
        for line in self.remote.notes():
            if line["kind"] in ("launch", "end", "given_back"):
                self.assertIn(line["run_id"], {self.mine.run, *self.runs}, f"{line}\n{answer}")
        self.assertNotEqual(answer.status, 4, answer)

    @property
    def runs(self):
        return {json.loads(text)["holder"]["run_id"] for text in self.claims.values()}

    def values(self, rng):
        head = self.before["refs/heads/main"]
        other = next(ref for ref, text in self.claims.items() if json.loads(text)["claim_id"] == self.other.claim_id)
        return [None, "", True, False, 7, "refs/heads/main", "refs/tags/v9", head, "0" * 40, other,
                self.before[other], self.claims[other], self.other.claim_id, "refs/refgate/claims/never/ran",
                "refs/refgate/claims/../../heads/main", "refs/refgate/claims/a/b.lock", "refs/other/claims/a/b", "other", "..",
                rng.choice(list(self.before.values())), rng.choice(list(self.claims))]

    def edit(self, note, rng):
        """One to four edits: of the note's own fields, or of the claim that it holds as text."""
        fields = ["ref", "namespace", "object", "expected", "phase", "unanswered", "untold", "claim", "runner_job", "job_status", "remote"]
        for _ in range(rng.randint(1, 4)):
            if rng.random() < 0.6:
                field = rng.choice(fields)
                value = rng.choice(self.values(rng))
                note[field] = value
                if value is None:
                    del note[field]
                continue
            claim = json.loads(note.get("claim") or "{}") if isinstance(note.get("claim"), str) and note["claim"].startswith("{") else {}
            field = rng.choice(["claim_id", "generation", "state", "group", "result", "outbox", "former", "holder", "outcome", "session_key"])
            claim[field] = rng.choice([rng.choice(self.values(rng)), claim.get(field), 99, "ended", "waiting", "repository",
                                       {"run_id": self.other_job.run, "run_attempt": 1, "job": "agent", "job_index": "", "run_url": "", "actor": "x"},
                                       [self.forged_line()]])
            note["claim"] = json.dumps(claim)
        return note

    def forged_line(self):
        return json.dumps({"version": 1, "id": "f" * 32, "kind": "launch", "timestamp": "2026-11-22T02:20:40.123Z",
                           "run_id": "666", "commit_sha": HEAD, "executed": True, "digest": "0"})

    def test_no_edit_moves_anything_but_the_jobs_own(self):
        rng = random.Random(7)
        for number in range(VARIANTS):
            (path,) = self.notes()
            note = self.edit(json.loads(path.read_text()), rng)
            path.write_text(json.dumps(note))
            words = rng.choice(COMMANDS)
            answer = self.mine.call_fed(b"x", *words)
            self.assert_only_own_moves(answer, (number, note))
            self.restore()

    def only_note(self, **edits):
        (path,) = self.notes()
        note = {**json.loads(path.read_text()), **edits}
        path.write_text(json.dumps({name: value for name, value in note.items() if value is not None}))

    def assert_left_alone(self, answer, status=3):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.moved(), set(), answer)
        self.assertTrue(answer.err, answer)

    def test_a_branch_is_named_and_left_alone(self):
        self.only_note(ref="refs/heads/main", object=self.before["refs/heads/main"])
        for command in ("finish", "heartbeat"):
            self.assert_left_alone(self.mine.call(command))

    def test_a_tag_that_is_not_there_is_not_made(self):
        self.only_note(ref="refs/tags/v9", object=None, phase="asked")
        self.assert_left_alone(self.mine.call("finish"))

    def test_the_claim_of_another_run_is_left_alone(self):
        ref = next(ref for ref, text in self.claims.items() if json.loads(text)["claim_id"] == self.other.claim_id)
        self.only_note(ref=ref, object=self.before[ref], claim=self.claims[ref])
        self.mine.call("finish")
        self.assertEqual(self.moved(), set())
        claim = json.loads(self.claims[ref])
        claim["holder"]["run_id"] = self.mine.run
        self.only_note(ref=ref, object=self.before[ref], claim=json.dumps(claim))
        for command in ("finish", "heartbeat"):
            self.assert_left_alone(self.mine.call(command), 3 if command == "finish" else 1)

    def test_a_scope_that_never_ran_is_not_ended(self):
        self.only_note(ref="refs/refgate/claims/never/ran", object=None, expected=None, phase="asked")
        self.assert_left_alone(self.mine.call("finish"))

    def test_a_line_in_the_notes_outbox_is_not_published(self):
        (path,) = self.notes()
        claim = json.loads(json.loads(path.read_text())["claim"])
        claim["outbox"].append(self.forged_line())
        self.only_note(claim=json.dumps(claim))
        self.done(self.mine.call("finish"))
        self.assertEqual([line for line in self.remote.notes() if line["run_id"] == "666"], [])
        self.assertEqual(self.remote.claims()[self.own]["state"], "ended")

    def test_variables_of_earlier_steps_steer_nothing_and_are_named(self):
        for name, value in (("REFGATE_NAMESPACE", "other"), ("REFGATE_CLAIM_ID", self.other.claim_id), ("REFGATE_RUN_ID", "666"),
                            ("REFGATE_STATE_DIR", str(self.folder)), ("REFGATE_SHARE", "other"), ("REFGATE_IDENTITY", "x")):
            answer = self.done(self.mine.call("finish", **{name: value}))
            self.assertIn(name, answer.err)
            self.assertEqual(self.remote.claims()[self.own]["state"], "ended", answer)
            self.assert_only_own_moves(answer, name)
            self.restore()

    def forge_into(self, job, source):
        """The note of another's claim, with that one's run replaced by the job's own, as all of it can be made of public refs."""
        folder = job.folder / "temp" / "refgate"
        folder.mkdir(exist_ok=True)
        for path in (source.folder / "temp" / "refgate").glob("claim-*.json"):
            (folder / path.name).write_text(path.read_text().replace(source.run, job.run))

    def test_a_second_gate_takes_no_session_by_a_note_that_was_forged(self):
        for words in (("gate", "--share", "other"), ("run", "--share", "other", "--", "true"), ("gate", "--share", "other", "--no-wait", "--slots", "p:1"),
                      ("gate", "--share", "other", "--group-by", "repository", "--no-wait"), ("gate", "--share", "other", "--wait", "1s")):
            with self.subTest(words):
                self.forge_into(self.mine, self.other_job)
                answer = self.mine.call(*words)
                self.assertIn("active_session", str(answer))
                self.assertIn("is not this job's", answer.err)
                self.assert_others_stand(answer)
                self.mine.call("finish", "--share", "other")
                self.assert_others_stand(answer)
                self.restore()

    def assert_others_stand(self, answer):
        for ref, text in self.claims.items():
            if ref != self.own:
                self.assertEqual(self.remote.git("show", f"{ref}:claim.json"), text, answer)
        self.done(self.other_job.call("heartbeat"))
        self.claims = {ref: self.remote.git("show", f"{ref}:claim.json") for ref in self.remote.claims()}
        self.before = self.remote.all_refs()

    def test_a_second_gate_takes_no_session_by_variables_of_earlier_steps(self):
        variables = {"REFGATE_CLAIM_ID": self.other.claim_id, "REFGATE_RUN_ID": self.other_job.run, "REFGATE_JOB": "agent",
                     "REFGATE_RUN_ATTEMPT": "2"}
        for names in (("REFGATE_CLAIM_ID",), ("REFGATE_RUN_ID",), ("REFGATE_RUN_ID", "REFGATE_RUN_ATTEMPT", "REFGATE_JOB"), tuple(variables)):
            for words in (("gate", "--share", "other"), ("run", "--share", "other", "--", "true")):
                with self.subTest((names, words)):
                    for path in (self.other_job.folder / "temp" / "refgate").glob("claim-*.json"):
                        shutil.copy(path, self.temp / "refgate")
                    answer = self.mine.call(*words, **{name: variables[name] for name in names})
                    for name in names:
                        self.assertIn(f"{name} is ignored", answer.err)
                    self.assert_others_stand(answer)
                    self.restore()

    def test_a_step_that_names_the_claim_goes_on_with_it(self):
        self.assert_runs(self.job(job="work").call("gate", "--share", "other", "--claim-id", self.other.claim_id), "own")
        self.assertEqual(len(self.remote.claims()), len(self.claims))

    def test_lines_of_the_record_are_not_those_of_the_notes_copy(self):
        (path,) = self.notes()
        claim = json.loads(json.loads(path.read_text())["claim"])
        claim["outbox"].append(self.forged_line())
        self.only_note(claim=json.dumps(claim))
        self.assert_runs(self.mine.call("gate"), "own")
        self.assertNotIn("666", self.remote.git("show", f"{self.own}:claim.json"))
        self.assertEqual([line for line in self.remote.notes() if line["run_id"] == "666"], [])

    def test_a_folder_that_is_a_link_is_refused_before_anything_is_claimed(self):
        job = self.job(payload=payloads.push(payloads.commit("linked")))
        os.symlink(self.folder, job.folder / "temp" / "refgate")
        answer = job.call("gate")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
        self.assertEqual(self.moved(), set())
        for words in (("finish",), ("heartbeat",), ("health",), ("cleanup", "k")):
            answer = job.call(*words)
            self.assertEqual(answer.status, 2, answer)
            self.assertIn("refgate is a link, or another user's", answer.err)
        self.assertEqual(self.moved(), set())

    def test_the_heartbeat_process_believes_what_it_read_first(self):
        job = self.job(payload=payloads.push(payloads.commit("beating")))
        self.assert_runs(job.call("gate", "--heartbeat", "--interval", "200ms", "--lease", "30s", "--skew", "1s"), "first")
        (path,) = (job.folder / "temp" / "refgate").glob("claim-*.json")
        note = json.loads(path.read_text())
        path.write_text(json.dumps({**note, "ref": "refs/heads/main", "object": self.before["refs/heads/main"]}))
        own = next(ref for ref, claim in self.remote.claims().items() if claim["holder"]["run_id"] == job.run)
        beats = self.remote.refs()[own]
        await_that(lambda: self.remote.refs()[own] != beats, what="a renewal")
        self.assertEqual(self.remote.all_refs()["refs/heads/main"], self.before["refs/heads/main"])
        path.write_text(json.dumps(note))
        job.call("finish")


if __name__ == "__main__":
    unittest.main()
