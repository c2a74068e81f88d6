"""Which remote is meant, and with whose credentials."""

import unittest

from gate_case import TOKEN, GateCase, launch


class Remotes(GateCase):
    def undecided(self, actor, **environment):
        """The actor without a remote of its own choice."""
        return lambda *words: actor.call(*words, REFGATE_REMOTE="", **environment)

    def clone(self, person, url):
        launch.git("init", "-q", person.folder, check=True)
        launch.git("-C", person.folder, "remote", "add", "origin", url, check=True)
        launch.git("-C", person.folder, "remote", "add", "state", url, check=True)

    def test_in_a_run_it_is_the_runs_repository(self):
        self.path = launch.make_repository(self.root / "octo" / "app.git")
        link = self.root / "octo" / "app"
        if not link.exists():
            link.symlink_to("app.git")
        self.remote = self.remote_of("http")
        server = self.server("http").url
        for name in ("REFGATE_TOKEN", "GITHUB_TOKEN"):
            job = self.job()
            del job.environment["REFGATE_TOKEN"]
            call = self.undecided(job, GITHUB_SERVER_URL=server, **{name: TOKEN})
            self.done(call("gate", "--share", name))
            self.done(call("finish"))
        self.assertEqual([claim["state"] for claim in self.remote.claims().values()],
                         ["ended", "ended"])

    def test_outside_it_is_origin_or_the_remote_of_that_name(self):
        _, gate = self.gate()
        person = self.person(GITHUB_SERVER_URL=self.server("http").url)
        self.clone(person, self.remote.url)
        for words in (("status", "--json"), ("status", "--json", "--remote", "state"),
                      ("status", "--json", "--remote", "origin")):
            rows = self.done(self.undecided(person)(*words)).rows()
            self.assertEqual([row["claim_id"] for row in rows], [gate.claim_id])

    def test_else_it_is_the_repository_one_stands_in(self):
        person = self.person()
        launch.git("init", "-q", person.folder, check=True)
        call = self.undecided(person)
        self.done(call("check", "push", "w", "c", "1"))
        self.assertEqual(len(self.done(call("status", "--json")).rows()), 1)

    def test_nowhere_it_says_what_is_missing(self):
        answer = self.undecided(self.person(), GIT_CEILING_DIRECTORIES="/")("status")
        self.assertIn(answer.status, (2, 3), answer)
        self.assertIn("--remote", answer.err)
        answer = self.person().call("status", "--remote", "no-such-remote")
        self.assertIn(answer.status, (2, 3), answer)

    def test_without_a_token_gits_own_helpers_are_asked(self):
        _, gate = self.gate()
        person = self.person()
        del person.environment["REFGATE_TOKEN"]
        (person.folder / ".gitconfig").write_text(
            "[credential]\n\thelper = \"!f() { echo username=ann; echo password="
            + TOKEN + "; }; f\"\n", encoding="utf-8")
        rows = self.done(person.call("status", "--json")).rows()
        self.assertEqual([row["claim_id"] for row in rows], [gate.claim_id])
        self.done(person.call("release", gate.claim_id, "--reason", "stuck"))
        self.assert_runs(self.job().call("gate"), "takeover")
        self.assertEqual(len(self.done(person.call("log", "--json")).json_lines()), 3)
        self.done(person.call("gc"))

    def test_all_kinds_of_remote_see_one_state(self):
        http, https, ssh, path = (self.remote_of(kind) for kind in ("http", "https", "ssh", "path"))
        jobs = {}
        for number, remote in enumerate((http, https, ssh, path)):
            jobs[number] = self.job(remote=remote)
            self.assert_runs(jobs[number].call("gate", "--share", f"s{number}"), "first")
        for remote in (path, ssh, https, http):
            for number in jobs:
                answer = self.job(remote=remote).call("gate", "--share", f"s{number}",
                                                      "--audit-skips", "summary")
                self.assert_skips(answer, "active_session")
        for job in jobs.values():
            self.done(job.call("finish"))
        for remote in (path, ssh, https, http):
            person = self.person(remote=remote)
            kinds = [line["kind"] for line in self.done(person.call("log", "--json")).json_lines()]
            self.assertEqual((kinds.count("launch"), kinds.count("end")), (4, 4))
            self.done(person.call("gc"))

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        remote = self.remote_of("https")
        del remote.environment["SSL_CERT_FILE"]
        answer = self.job(remote=remote).call("gate", "--deadline", "5s")
        self.assertEqual((answer.status, answer.outputs["skip_execution"]), (3, "true"), answer)
        self.assertRegex(answer.err, "(?i)certificate")
        self.assertIn("SSL_CERT_FILE", answer.err)
        self.assertEqual(self.remote.all_refs(), {})

    def test_the_users_checkout_is_not_touched(self):
        person = self.job()
        self.clone(person, self.remote.url)
        before = sorted(str(path) for path in (person.folder / ".git").rglob("*"))
        for words in (("gate",), ("finish",), ("gc",), ("log",)):
            self.done(person.call(*words))
        self.assertEqual(sorted(str(path) for path in (person.folder / ".git").rglob("*")), before)
        self.assertTrue(self.remote.claims())


if __name__ == "__main__":
    unittest.main()
