"""What doctor finds on a remote: whatever a session relies on is tried there, and named when it fails."""

import json
import shutil
import unittest

from gate_case import GateCase, launch

CLAIM_SCRATCH = "refs/refgate/doctor/scratch"
NOTE_SCRATCH = "refs/notes/refgate/doctor/scratch"


class DoctorCase(GateCase):
    def doctor(self, *words, remote=None, status=1):
        """Check → its row, of one call with that exit status."""
        answer = self.person(remote=remote).call("doctor", "--json", *words)
        self.assertEqual(answer.status, status, answer)
        rows = answer.rows()
        return {row["check"]: row for row in rows}

    def assert_failed(self, rows, check, *words):
        self.assertEqual(rows[check]["state"], "failed", rows)
        for word in words:
            self.assertIn(word, rows[check]["text"] + " / " + rows[check]["hint"], rows)

    def hook(self, name, text):
        path = self.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def config(self, name, value):
        self.remote.git("config", name, value)

    def plant(self, ref, name="claim.json", text="{"):
        """A commit at `ref` whose tree holds one file."""
        blob = self.remote.git("hash-object", "-w", "--stdin", input=text).strip()
        tree = self.remote.git("mktree", input=f"100644 blob {blob}\t{name}\n").strip()
        commit = self.remote.git("commit-tree", "-m", "x", tree).strip()
        self.remote.git("update-ref", ref, commit)
        return commit


class Life(DoctorCase):
    def test_a_hook_that_refuses_one_step_is_told_with_what_will_not_work(self):
        zero = "0" * 40
        for step, test, words in (
                ("made", f'[ "$2" = {zero} ]', ("no session can be claimed",)),
                ("changed", f'[ "$2" != {zero} ] && [ "$3" != {zero} ]',
                 ("renewed or ended", "lease")),
                ("deleted", f'[ "$3" = {zero} ]', ("gc",))):
            for prefix, check in (("refs/refgate/", "namespace"), ("refs/notes/", "notes")):
                with self.subTest(step=step, prefix=prefix):
                    self.setUp()
                    self.hook("update", f'case $1 in {prefix}*) if {test}; then\n'
                                        'echo "not here" >&2; exit 1; fi ;; esac\n')
                    rows = self.doctor("--deadline", "60s")
                    self.assert_failed(rows, check, f"not be {step}" if step != "made"
                                       else "could not be made")
                    if check == "namespace":
                        self.assert_failed(rows, check, *words)
                    other = "notes" if check == "namespace" else "namespace"
                    self.assertEqual(rows[other]["state"], "ok", rows)
                    self.assertEqual(rows["compare and swap"]["state"], "not made", rows)

    def test_a_rule_for_one_place_is_found_there(self):
        places = ("claims", "queues", "slots", "budgets", "newest", "results")
        for place in places:
            for step, test in (("made", '[ "$2" = ' + "0" * 40 + " ]"), ("deleted", '[ "$3" = ' + "0" * 40 + " ]")):
                with self.subTest(place=place, step=step):
                    self.setUp()
                    self.hook("update", f'case $1 in */{place}/*) if {test}; then\n'
                                        'echo "not here" >&2; exit 1; fi ;; esac\n')
                    rows = self.doctor("--deadline", "60s", "--rounds", "0")
                    self.assert_failed(rows, "places", f"refs/refgate/{place}/@doctor could not be {step}")
                    self.assertEqual([each for each in places if f"{each}/@doctor" in rows["places"]["text"]], [place])
                    for each in places:
                        self.assertIn(f"{each}/", rows["places"]["hint"])
                    self.assertIn("none can be claimed, renewed or ended", rows["places"]["hint"])
                    self.assertEqual(rows["namespace"]["state"], "ok", rows)
                    left = {ref for ref in self.remote.all_refs() if ref.startswith(f"refs/refgate/{place}/@doctor")}
                    self.assertEqual(bool(left), step == "deleted")
                    self.assertEqual(set(self.remote.all_refs()), left)
                    if left:
                        # Nobody takes it for a record.
                        for words in (("status",), ("status", "--queues"), ("gc",), ("result", "list"), ("report", "--html", "-")):
                            self.assertEqual(self.done(self.person().call(*words)).err, "")
                        self.assertEqual(self.doctor("--deadline", "60s")["records"]["state"], "ok")

    def test_a_scratch_ref_that_was_left_is_found_and_taken(self):
        for ref in (CLAIM_SCRATCH, NOTE_SCRATCH, NOTE_SCRATCH + "-3",
                    "refs/refgate/doctor/" + "0a" * 16):
            with self.subTest(ref=ref):
                self.plant(ref, "doctor", "left\n")
                rows = self.doctor(status=0)
                if ref.endswith("scratch"):
                    check = "namespace" if ref == CLAIM_SCRATCH else "notes"
                    self.assertIn("left", rows[check]["text"])
                self.assertEqual(self.remote.all_refs(), {})

    def test_what_lies_beside_the_scratch_refs_is_left_alone(self):
        refs = {ref: self.plant(ref) for ref in
                ("refs/refgate/doctor/claims/a", "refs/refgate/doctor/other",
                 "refs/notes/refgate/doctor/scratches")}
        self.person().call("doctor")
        self.assertEqual(self.remote.all_refs(), refs)

    def test_where_deletions_are_refused_each_doctor_uses_the_same_refs(self):
        self.hook("update", f'[ "$3" != {"0" * 40} ]\n')
        for _ in range(2):
            rows = self.doctor("--deadline", "60s")
            self.assert_failed(rows, "namespace", "could not be deleted")
            self.assertEqual(set(self.remote.all_refs()), {CLAIM_SCRATCH, NOTE_SCRATCH})

    def test_nobody_takes_a_scratch_ref_for_a_record(self):
        self.plant(NOTE_SCRATCH, "doctor", "left\n")
        for words in (("verify",), ("log",), ("gc",)):
            answer = self.done(self.person().call(*words))
            self.assertEqual(answer.err, "", answer)

    def test_refs_that_readers_are_not_shown(self):
        for prefix, check in (("refs/refgate", "namespace"), ("refs/notes", "notes")):
            with self.subTest(prefix=prefix):
                self.setUp()
                self.config("uploadpack.hideRefs", prefix)
                self.assert_failed(self.doctor(), check, "seen by readers", "--namespace")
                self.assertNotIn("deleted", self.doctor()[check]["text"])
                self.assert_failed(self.doctor(), check, "choose another --namespace" if check == "namespace" else
                                   "no other --namespace helps")
                self.assertLessEqual(set(self.remote.all_refs()), {CLAIM_SCRATCH, NOTE_SCRATCH})

    def test_a_bound_on_the_refs_of_a_push_is_found(self):
        for bound in (1, 2, 5):
            with self.subTest(bound=bound):
                self.setUp()
                self.hook("pre-receive", f'[ $(wc -l) -le {bound} ] || exit 1\n')
                rows = self.doctor("--deadline", "120s")
                self.assert_failed(rows, "refs per push", f"more than {bound} ref")
                self.assertEqual(self.remote.all_refs(), {})


class Comparing(DoctorCase):
    """The server's part of compare-and-swap."""

    def careless(self, half):
        server = self.contexts.enter_context(
            launch.careless(self.server("http"), self.root, half=half))
        return self.remote.by(f"{server.url}/{self.path.name}")

    def test_a_server_that_replaces_whatever_stands_there(self):
        rows = self.doctor("--deadline", "90s", "--rounds", "1", remote=self.careless("all"))
        self.assert_failed(rows, "compare and swap", "creations", "changes", "deletions",
                           "one after the other", "no session is safe")
        self.assertEqual(self.remote.all_refs(), {})

    def test_a_server_that_compares_changes_but_not_creations(self):
        rows = self.doctor("--deadline", "120s", remote=self.careless("creations"))
        self.assert_failed(rows, "compare and swap", "creations at the same time")
        self.assertNotIn("changes", rows["compare and swap"]["text"])
        self.assertNotIn("one after the other", rows["compare and swap"]["text"])

    def test_every_kind_of_store_is_tried(self):
        for kind in ("https", "path"):
            with self.subTest(kind=kind):
                rows = self.doctor("--deadline", "60s", remote=self.remote_of(kind), status=0)
                self.assertIn("rounds)", rows["compare and swap"]["text"])
                self.assertEqual({row["state"] for row in rows.values()}, {"ok"}, rows)

    def test_what_was_not_tried_is_not_ok(self):
        rows = self.doctor("--rounds", "0", "--deadline", "60s", remote=self.careless("creations"), status=0)
        self.assertEqual(rows["compare and swap"]["state"], "warning", rows)
        self.assertIn("not tried", rows["compare and swap"]["text"])

    def test_a_remote_that_answers_is_not_said_to_be_silent(self):
        other = self.root / f"{self.path.name}.sha256"
        launch.git("init", "--quiet", "--bare", "--object-format=sha256", other)
        remote = self.remote.by(f"{self.server('http').url}/{other.name}")
        answer = self.person(remote=remote).call("doctor")
        self.assertEqual(answer.status, 3, answer)
        self.assertIn("not made", answer.out)
        self.assertNotIn("did not answer", answer.out)

    def test_credentials_that_a_checkout_keeps_are_named_and_not_shown(self):
        person = self.person()
        checkout = person.folder
        credentials = person.folder / "git-credentials-1.config"
        rows = [("http.https://github.com/.extraheader", "AUTHORIZATION: basic hunter22"), ("credential.helper", "store --file=/x/hunter22"),
                (f"includeIf.gitdir:{checkout}/.git.path", str(credentials)), ("includeIf.gitdir:/github/workspace/.git.path", "/x/git-credentials-2.config"),
                ("core.sshCommand", "ssh -i /x/hunter22"), ("remote.origin.url", "https://u:hunter22@h/x")]
        launch.git("config", "--file", credentials, "http.https://ghe.example/.extraheader", "AUTHORIZATION: basic hunter22", check=True)
        for name, value in [(None, None), *rows]:
            with self.subTest(name=name):
                launch.git("init", "-q", checkout, check=True)
                if name:
                    launch.git("-C", checkout, "config", name, value, check=True)
                answer = person.call("doctor", "--json", "--rounds", "0")
                self.assertEqual(answer.status, 0, answer)
                row, = (row for row in answer.rows() if row["check"] == "kept credentials")
                self.assertEqual(row["state"], "warning" if name else "ok", row)
                if name:
                    self.assertIn(name.lower().split("/")[0], row["text"].lower())
                    self.assertIn("persist-credentials: false", row["hint"])
                self.assertNotIn("hunter22", answer.out + answer.err)
                shutil.rmtree(checkout / ".git")

    def test_two_doctors_at_once_accuse_nobody(self):
        calls = [self.person().start("doctor", "--json", "--deadline", "60s") for _ in range(2)]
        for call in calls:
            rows = call.wait().rows()
            self.assertNotIn("does not compare", json.dumps(rows))


class Clocks(DoctorCase):
    def test_a_clock_that_differs_from_the_servers_by_more_than_the_skew(self):
        for ahead, word in ((7200, "2h behind"), (-1200, "20m ahead of")):
            with self.subTest(ahead=ahead):
                server = self.contexts.enter_context(
                    launch.careless(self.server("http"), self.root, half="none", ahead=ahead))
                remote = self.remote.by(f"{server.url}/{self.path.name}")
                self.assert_failed(self.doctor("--rounds", "0", remote=remote), "clock", "skew")
                self.assertRegex(self.doctor("--rounds", "0", remote=remote)["clock"]["text"],
                                 word.split()[1])
                rows = self.doctor("--rounds", "0", "--skew", "3h", remote=remote, status=0)
                self.assertEqual(rows["clock"]["state"], "ok")

    def test_a_clock_that_agrees(self):
        self.assertIn("agrees", self.doctor("--rounds", "0", status=0)["clock"]["text"])


class Records(DoctorCase):
    def test_an_unreadable_record_of_every_kind_is_named(self):
        newer = '{"version":99}'
        for ref, name in (("refs/refgate/claims/commit-1/x", "claim.json"),
                          ("refs/refgate/queues/x", "queue.json"),
                          ("refs/refgate/budgets/scope/x", "budget.json"),
                          ("refs/refgate/slots/x", "queue.json"),
                          ("refs/refgate/pause", "pause.json"),
                          ("refs/refgate/newest/branch-topic/agent.yml+agent,@in=octo%2Fapp", "newest.json"),
                          ("refs/refgate/results/20261122-060708-123-0b9c2e1d4f5a6b7c",
                           "result.json"),
                          ("refs/notes/refgate/20261122/all", "1" * 40)):
            for text in (newer, "{"):
                with self.subTest(ref=ref, text=text):
                    self.setUp()
                    value = self.plant(ref, name, text)
                    rows = self.doctor()
                    self.assert_failed(rows, "records", ref)
                    if "/results/" not in ref and "/notes/" not in ref:
                        status = self.person().call("status")
                        self.assertEqual(status.status, 3, status)
                        self.assertIn(ref, status.err)
                    self.assertEqual(self.remote.all_refs(), {ref: value})


if __name__ == "__main__":
    unittest.main()
