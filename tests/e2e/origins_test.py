"""A token goes to the origin that was named beside it, and to none that something else names."""

import json
import os
import unittest

from catcher import catcher
from gate_case import TOKEN, GateCase, await_that, launch

# Every command that asks a remote, as a step behind the work calls it.
BEHIND_THE_WORK = (
    ("finish",), ("finish", "--claim-id", "x"), ("heartbeat",), ("heartbeat", "--background"),
    ("register", "k", "push", "w", "1", "c0ffee1"), ("cleanup", "k"),
    ("audit", "k", "push", "w", "1", "c0ffee1", "true", "success"),
    ("result", "list"), ("deliver", "--channel", "exit 1"), ("status",), ("log",), ("show", "k"),
    ("stats",), ("verify",), ("metrics",), ("gc",), ("doctor",),
    ("release", "k", "--reason", "stuck"))


class Origins(GateCase):
    def setUp(self):
        super().setUp()
        self.evil = self.contexts_of_test(catcher())
        self.server_url = self.server("http").url

    def contexts_of_test(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def clone(self, job, origin, **config):
        launch.git("init", "-q", job.folder, check=True)
        launch.git("-C", job.folder, "remote", "add", "origin", origin, check=True)
        for name, value in config.items():
            launch.git("-C", job.folder, "config", name.replace("__", "."), value, check=True)

    def global_config(self, job, text):
        (job.folder / ".gitconfig").write_text(text, encoding="utf-8")

    def assert_caught_nothing(self, answer=None):
        self.assertEqual(self.evil.holds(TOKEN), [], answer)

    def assert_withheld(self, answer):
        self.assert_caught_nothing(answer)
        self.assertNotIn(answer.status, (0, 4), answer)
        self.assertIn("token does not go to", answer.err + answer.out)

    # ---- what does get it, so that the tests below can fail

    def test_what_the_step_itself_names_gets_it(self):
        url = f"{self.evil.url}/x.git"
        for words in (("finish", "--claim-id", "x", "--remote", url), ("gate", "--remote", url)):
            self.evil.seen.clear()
            self.job().call(*words)
            self.assertTrue(self.evil.holds(TOKEN), words)
        for words in (("gate",), ("check", "push", "w", "c0ffee1", "1")):
            self.evil.seen.clear()
            self.job().call(*words, REFGATE_REMOTE=url)
            self.assertTrue(self.evil.holds(TOKEN), words)
        self.evil.seen.clear()
        self.person().call("status", REFGATE_REMOTE=url)
        self.assertTrue(self.evil.holds(TOKEN))

    def test_the_runs_own_server_gets_it_however_it_is_named(self):
        _, gate = self.gate()
        person = self.person(GITHUB_SERVER_URL=self.server_url)
        self.clone(person, self.remote.url)
        for words in (("--remote", "origin"), ()):
            answer = self.done(person.call("status", "--json", *words, REFGATE_REMOTE=""))
            self.assertEqual([row["claim_id"] for row in answer.rows()], [gate.claim_id])
            self.assertEqual(answer.err, "")
        job = self.job(environment={"GITHUB_SERVER_URL": self.server_url})
        self.assertEqual(len(self.done(job.call("status", "--json",
                                                REFGATE_REMOTE=self.remote.url)).rows()), 1)

    # ---- git's configuration

    def test_an_origin_elsewhere_gets_nothing(self):
        for name in ("REFGATE_TOKEN", "GITHUB_TOKEN"):
            for words in (("status",), ("log", "--remote", "origin"), ("gc",), ("doctor",),
                          ("check", "push", "w", "c0ffee1", "1"),
                          ("gate", "--event", "push", "--workflow", "w", "--sha", "c0ffee" * 6 + "c0ff")):
                with self.subTest(variable=name, words=words):
                    person = self.person()
                    del person.environment["REFGATE_TOKEN"]
                    self.clone(person, f"{self.evil.url}/x.git")
                    self.evil.seen.clear()
                    answer = person.call(*words, REFGATE_REMOTE="", **{name: TOKEN})
                    self.assert_withheld(answer)
                    # The git command did ask, by what the user has.
                    self.assertTrue(self.evil.seen, answer)
                    self.assertIn("git asks with its own credentials", answer.err + answer.out)

    def test_without_a_git_command_nobody_asks(self):
        person = self.person()
        self.clone(person, f"{self.evil.url}/x.git")
        answer = person.call("status", REFGATE_REMOTE="", PATH=str(person.folder))
        self.assert_withheld(answer)
        self.assertEqual((answer.status, self.evil.seen), (3, []), answer)
        self.assertIn("--remote", answer.err)

    def test_the_users_credentials_go_where_git_takes_them(self):
        person = self.person()
        _, gate = self.gate()
        self.clone(person, self.remote.url)
        self.global_config(person, "[credential]\n\thelper = \"!f() { echo username=ann; echo "
                                   f"password={TOKEN}; }}; f\"\n")
        answer = self.done(person.call("status", "--json", REFGATE_REMOTE="",
                                       REFGATE_TOKEN="another-token-of-another-server"))
        self.assertEqual([row["claim_id"] for row in answer.rows()], [gate.claim_id])
        self.assertIn("token does not go to", answer.err)

    def test_rules_of_substitution_take_it_nowhere(self):
        evil = f"{self.evil.url}/"
        for rule in ("insteadOf", "pushInsteadOf"):
            for place in ("clone", "home", "included"):
                for actions in (False, True):
                    for words in (("status", "--remote", "origin"), ("gate", "--remote", "origin"),
                                  ("finish", "--remote", "origin", "--claim-id", "x")):
                        with self.subTest(rule=rule, place=place, actions=actions, words=words):
                            job = (self.job if actions else self.person)()
                            job.environment["GITHUB_SERVER_URL"] = self.server_url
                            self.clone(job, self.remote.url)
                            text = f'[url "{evil}"]\n\t{rule} = {self.server_url}/\n'
                            if place == "home":
                                self.global_config(job, text)
                            elif place == "included":
                                (job.folder / "more").write_text(text, encoding="utf-8")
                                launch.git("-C", job.folder, "config", "include.path",
                                           str(job.folder / "more"), check=True)
                            else:
                                with (job.folder / ".git" / "config").open("a") as file:
                                    file.write(text)
                            job.call(*words, "--deadline", "5s", REFGATE_REMOTE="")
                            self.assert_caught_nothing()

    def test_a_pushurl_takes_it_nowhere(self):
        person = self.person(GITHUB_SERVER_URL=self.server_url)
        self.clone(person, self.remote.url, remote__origin__pushurl=f"{self.evil.url}/x.git")
        self.done(person.call("check", "push", "w", "c0ffee1", "1", REFGATE_REMOTE=""))
        self.done(person.call("gc", "--remote", "origin"))
        self.assertEqual(self.evil.seen, [])

    def test_a_workspace_that_was_changed_takes_it_nowhere(self):
        job, _ = self.gate()
        self.clone(job, self.remote.url)
        launch.git("-C", job.folder, "remote", "set-url", "origin", f"{self.evil.url}/x.git",
                   check=True)
        for words in (("finish", "--remote", "origin"), ("gate", "--remote", "origin"),
                      ("heartbeat", "--remote", "origin")):
            answer = job.call(*words)
            self.assert_withheld(answer)
            self.assertEqual((answer.status, self.evil.seen), (3, []), answer)

    def test_gits_own_http_settings_take_it_nowhere(self):
        text = (f"[http]\n\tproxy = {self.evil.url}\n\tsslVerify = false\n"
                f"\textraHeader = X-Seen: 1\n[core]\n\tgitProxy = {self.evil.url}\n")
        for kind in ("http", "https"):
            job = self.job(remote=self.remote_of(kind))
            self.clone(job, self.remote.url)
            self.global_config(job, text)
            with (job.folder / ".git" / "config").open("a") as file:
                file.write(text)
            self.done(job.call("gate", "--share", kind))
            self.done(job.call("finish"))
            self.assertEqual(self.evil.seen, [])

    # ---- what an earlier step can set

    def test_a_variable_behind_the_work_names_no_origin(self):
        job, _ = self.gate()
        before = self.remote.all_refs()
        for words in BEHIND_THE_WORK:
            for more in ({}, {"REFGATE_CLAIM_ID": "x"}):
                with self.subTest(words=words, more=more):
                    answer = job.call(*words, REFGATE_REMOTE=f"{self.evil.url}/x.git", **more)
                    self.assertEqual(self.evil.seen, [], answer)
                    self.assertNotEqual(answer.status, 4, answer)
                    if words[0] not in ("deliver",):
                        self.assertEqual(answer.status, 3, answer)
                        self.assertIn("token does not go to", answer.err)
                        self.assertIn("REFGATE_REMOTE", answer.err)
        self.assertEqual(self.remote.all_refs(), before)

    def test_a_state_file_names_no_origin(self):
        job, _ = self.gate()
        for path in (job.folder / "temp").rglob("*.json"):
            note = json.loads(path.read_text(encoding="utf-8"))
            for key in ("remote", "url", "address"):
                note[key] = f"{self.evil.url}/x.git"
            path.write_text(json.dumps(note), encoding="utf-8")
        job.call("finish")
        self.assertEqual(self.evil.seen, [])

    def test_a_file_of_settings_names_no_origin(self):
        for actions in (False, True):
            job = (self.job if actions else self.person)()
            (job.folder / "c.yml").write_text(f"remote: {self.evil.url}/x.git\n", encoding="utf-8")
            for words, more in ((("gate", "--config", "c.yml", "--event", "push", "--workflow", "w",
                                  "--sha", "c0ffee" * 6 + "c0ff"), {}),
                                (("status", "--config", "c.yml"), {}),
                                (("finish", "--config", "c.yml", "--claim-id", "x"), {}),
                                (("status",), {"REFGATE_CONFIG": "c.yml"})):
                with self.subTest(actions=actions, words=words):
                    answer = job.call(*words, REFGATE_REMOTE="", **more)
                    self.assert_withheld(answer)

    def test_an_odd_address_is_no_address(self):
        place = self.server_url.partition("://")[2]
        for url in (f"http://{place}\\@127.0.0.1:{self.evil.port}/x.git",
                    f"http://127.0.0.1:{self.evil.port}\\@{place}/x.git",
                    f"http://127.0.0.1:{self.evil.port}?{place}",
                    f"http://{place}#@127.0.0.1:{self.evil.port}/x.git",
                    f"http://127.0.0.1%3a{self.evil.port}/x.git"):
            with self.subTest(url=url):
                answer = self.job().call("gate", "--remote", url)
                self.assertIn(answer.status, (2, 3), answer)
                self.assertEqual(self.evil.seen, [])

    # ---- on the way

    def test_a_proxy_reads_nothing(self):
        proxies = {name: self.evil.url for name in (
            "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
        job = self.job()
        job.environment.update(proxies)
        self.done(job.call("gate"))
        self.done(job.call("finish"))
        self.assertEqual(self.evil.seen, [])
        job = self.job(remote=self.remote_of("https"))
        self.assertEqual(job.call("gate", "--deadline", "3s", **proxies).status, 3)
        self.assertTrue(self.evil.seen)
        self.assertTrue(all(seen.startswith(b"CONNECT ") for seen in self.evil.seen))
        self.assert_caught_nothing()

    def test_a_redirect_is_not_followed(self):
        for status in (301, 302, 303, 307, 308):
            for target in ("/x.git/info/refs?service=git-receive-pack", "/"):
                place = self.evil.url + target
                with self.subTest(status=status, target=target), \
                        catcher((status, {"Location": place})) as moved:
                    job = self.job(environment={"GITHUB_API_URL": f"{moved.url}/api"})
                    answer = job.call("gate", "--remote", f"{moved.url}/x.git", "--deadline", "3s")
                    self.assertEqual(answer.status, 3, answer)
                    self.assertTrue(moved.holds(TOKEN))
                    self.assertEqual(self.evil.seen, [])

    def test_the_question_about_a_run_goes_to_the_api_alone(self):
        self.gate()
        home = self.folder / "home"
        home.mkdir()
        for name in (".curlrc", "curlrc", ".config"):
            (home / name).write_text(
                f'proxy = "{self.evil.url}"\nnoproxy = ""\nurl = "{self.evil.url}/also"\n'
                "location-trusted\n", encoding="utf-8")
        (home / ".netrc").write_text(f"default login x password {TOKEN}\n", encoding="utf-8")
        shims = self.folder / "bin"
        shims.mkdir()
        shim = shims / "curl"
        shim.write_text(f"#!/bin/sh\ncat > {self.folder}/stolen\n", encoding="utf-8")
        shim.chmod(0o755)
        with catcher((302, {"Location": f"{self.evil.url}/moved"})) as api:
            job = self.job(environment={
                "GITHUB_API_URL": api.url, "HOME": str(home), "CURL_HOME": str(home),
                "XDG_CONFIG_HOME": str(home), "http_proxy": self.evil.url,
                "ALL_PROXY": self.evil.url, "PATH": f"{shims}:{os.environ['PATH']}"})
            self.assert_skips(job.call("gate"), "active_session")
            self.assertTrue(api.holds(TOKEN))
        self.assertEqual(self.evil.seen, [])
        self.assertFalse((self.folder / "stolen").exists())

    def test_heartbeats_go_where_the_gate_went(self):
        job = self.job()
        self.clone(job, self.remote.url)
        job.environment["GITHUB_SERVER_URL"] = self.server_url
        self.assert_runs(job.call("gate", "--remote", "origin", "--heartbeat", "--interval", "1s",
                                  "--skew", "0s"), "first")
        launch.git("-C", job.folder, "remote", "set-url", "origin", f"{self.evil.url}/x.git",
                   check=True)
        self.global_config(job, f'[url "{self.evil.url}/"]\n\tinsteadOf = {self.server_url}/\n')
        first = self.only_claim()["renewed_at"]
        await_that(lambda: self.only_claim()["renewed_at"] > first, what="a renewal")
        self.assertEqual(self.evil.seen, [])
        self.done(job.call("finish", "--remote", self.remote.url))

    # ---- what is told

    def test_no_message_repeats_what_follows_the_path(self):
        for secret in ("?access_token=hunter2", "?hunter2", "#hunter2", "/y?a=b&private=hunter2"):
            for words in (("gate",), ("status",), ("doctor",), ("finish", "--claim-id", "x")):
                for actor in (self.job(), self.person()):
                    answer = actor.call(*words, "--remote", f"{self.evil.url}/x.git{secret}",
                                        "--deadline", "2s")
                    self.assertNotIn("hunter2", answer.out + answer.err + answer.summary)
                    self.assertNotIn("hunter2", answer.output_text)


if __name__ == "__main__":
    unittest.main()
