"""The token is nowhere but in the environment and on the wire."""

import base64
import os
import pathlib
import unittest

import payloads
from gate_case import HEAD, TOKEN, GateCase, await_that, launch

PLAIN = TOKEN.encode()
BASIC = base64.b64encode(f"x-access-token:{TOKEN}".encode())


class Secrets(GateCase):
    def assert_absent(self, content, where):
        for secret in (PLAIN, BASIC, BASIC.rstrip(b"="), PLAIN[8:], PLAIN[:-8]):
            self.assertNotIn(secret, content, where)

    def assert_quiet(self, answer):
        self.assert_absent("\n".join((answer.out, answer.err, answer.output_text,
                                      answer.summary)).encode(), answer.words)

    def everything_stored(self):
        """All objects of the remote, unpacked, and all names."""
        names = self.remote.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        for name in names.split():
            kind = self.remote.git("cat-file", "-t", name).strip()
            yield name, self.remote.git("cat-file", "tree" if kind == "tree" else kind, name,
                                        errors="replace").encode()
        yield "refs", "\n".join(self.remote.all_refs()).encode()

    def test_no_output_ref_note_or_state_file_holds_the_token(self):
        for name in ("REFGATE_TOKEN", "GITHUB_TOKEN"):
            with self.subTest(variable=name):
                self.setUp()
                remote = self.remote.by(self.remote.url)
                del remote.environment["REFGATE_TOKEN"]
                remote.environment[name] = TOKEN
                job, other = self.job(remote=remote), self.job(remote=remote)
                calls = [job.call("gate"), other.call("gate"),
                         job.call("check", "push", "w", "c", "1"),
                         job.call("register", "k", "push", "w", "1", "c"),
                         job.call("audit", "k", "push", "w", "1", "c", "true", "success"),
                         job.call("cleanup", "k"), job.call("finish", "--status", "failure"),
                         job.call("status", "--all"), job.call("log", "--json"),
                         job.call("show", "k"), job.call("gc"), job.call("doctor"),
                         job.call("doctor", "--json"),
                         job.call("release", "k", "--reason", "stuck")]
                for answer in calls:
                    self.assertIn(answer.status, (0, 1, 2), answer)
                    self.assert_quiet(answer)
                for place in (job.folder, other.folder):
                    for path in place.rglob("*"):
                        if path.is_file():
                            self.assert_absent(path.read_bytes(), path)
                stored = list(self.everything_stored())
                self.assertGreater(len(stored), 5)
                for where, content in stored:
                    self.assert_absent(content, where)

    def test_a_word_that_holds_a_token_is_refused_and_not_repeated(self):
        forms = {"as it is": TOKEN, "in a text": f"because {TOKEN} was set", "base64": base64.b64encode(f"x:{TOKEN}".encode()).decode(),
                 "hexadecimal": PLAIN.hex(), "url": "".join(f"%{byte:02X}" for byte in PLAIN), "GitHub's": "ghp_" + "a1B2" * 9,
                 "GitHub's fine one": "github_pat_11ABCDEFG0" + "a1B2" * 10, "Anthropic's": "sk-ant-api03-" + "a1B2" * 9, "Amazon's": "AKIA" + "A1B2" * 4}
        for name, text in forms.items():
            with self.subTest(form=name):
                job = self.job()
                calls = [job.call("gate", option, value) for option, value in (
                    ("--identity", text), ("--share", text), ("--dimension", f"k={text}"), ("--slots", f"{text}:1"), ("--workflow", text),
                    ("--job", text), ("--run-id", text), ("--group-by", f"team-{text}"), ("--matrix", f'{{"os": "{text}"}}'), ("--bot", text),
                    ("--budget", text), ("--memory", text), ("--event", text), ("--namespace", text), ("--sha", text))]
                calls += [job.call("gate", REFGATE_IDENTITY=text, REFGATE_DIMENSION=f"k={text}"),
                          job.call("check", "push", text, HEAD, "1"), job.call("check", "push", "w", text, ""),
                          job.call("run", "--share", text, "--", "true")]
                for answer in calls:
                    self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"), answer)
                config = self.folder / "settings.yml"
                config.write_text(f"# {text}\nshare: {text}\nbots: {{'{text}': {{group-by: none}}}}\n", encoding="utf-8")
                calls += [job.call("gate", "--config", config), job.call("register", text, "push", "w", "1", HEAD),
                          job.call("audit", "k", "push", "w", "1", HEAD, "true", text), job.call("cleanup", text),
                          job.call("release", "1", "--reason", text), job.call("pause", "--reason", text), job.call("pause", f"workflow:{text}"),
                          job.call("resume", f"workflow:{text}"),
                          job.call_fed(b"x", "result", "save", "--title", text), job.call_fed(b"x", "result", "save", "--meta", f"k={text}"),
                          job.call_fed(f"before {text} after".encode(), "result", "save")]
                for answer in calls:
                    self.assertEqual(answer.status, 2, answer)
                    self.assert_quiet(answer)
                    for stream in (answer.out, answer.err, answer.output_text, answer.summary):
                        self.assertNotIn(text, stream)
        self.assertEqual(self.remote.all_refs(), {})

    def test_a_secret_of_the_environment_is_no_reason(self):
        for name in ("GH_PAT", "MY_TOKEN_2", "NPM_AUTH", "DB_PASSPHRASE", "PASSWORD_PROD", "GITLAB_CREDENTIALS", "SLACK_WEBHOOK"):
            for words in (("pause", "--reason", "so hunter22hunter said"), ("release", "1", "--reason", "hunter22hunter"),
                          ("result", "save", "--title", "hunter22hunter")):
                answer = self.person().call_fed(b"x", *words, **{name: "hunter22hunter"})
                self.assertEqual(answer.status, 2, answer)
                self.assertIn(name, answer.err)
                self.assertNotIn("hunter22", answer.out + answer.err)
        self.assertEqual(self.remote.all_refs(), {})

    def test_names_and_commits_are_no_tokens(self):
        for number, text in enumerate(("9fceb02d0ae598e95dc970b74767f19372d61af8", "a" * 40, "f" * 64, "task-ant-colony-of-everything-and-more", "sk-learn",
                                       "feature/ghp_tokens", "AKIAPOLIS")):
            answer = self.job(payload=payloads.push(payloads.commit(f"plain {number}"), ref=f"refs/heads/{text}")).call(
                "gate", "--share", text, "--identity", text, "--dimension", f"k={text}")
            self.assert_runs(answer, "first")
        self.done(self.person().call("pause", "--reason", "since 9fceb02d0ae598e95dc970b74767f19372d61af8"))

    def test_a_name_that_holds_the_token_is_stored_without_it(self):
        """What others name cannot be refused: a branch, a workflow, whoever pushed."""
        for number, text in enumerate((TOKEN, f"a-{TOKEN}-b", base64.b64encode(PLAIN).decode().rstrip("="), PLAIN.hex())):
            with self.subTest(text=text):
                self.setUp()
                payload = payloads.push(payloads.commit(f"named {number}"), ref=f"refs/heads/topic/{text}")
                payload["sender"] = {"login": text, "id": 1, "type": "User"}
                job = self.job(payload=payload, workflow=text, actor=text, job=text,
                               environment={"GITHUB_REF": f"refs/heads/topic/{text}", "USER": text})
                calls = [job.call("gate", "--supersede", "--group-by", "user"), job.call("finish"),
                         job.call("register", "k", "push", "w", "1", HEAD), job.call("audit", "k", "push", "w", "1", HEAD, "true", "success"),
                         job.call("pause", "--reason", "x"), job.call_fed(b"x", "result", "save", "--title", "t"),
                         job.call("status", "--all"), job.call("log", "--json")]
                person = self.person(USER=text, LOGNAME=text)
                calls += [person.call("pause"), person.call("status")]
                for answer in calls:
                    self.assertEqual(answer.status, 0, answer)
                for where, content in self.everything_stored():
                    for secret in (PLAIN, BASIC, text.encode()):
                        self.assertNotIn(secret, content, where)

    def test_no_message_about_a_failure_holds_the_token(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            for rule in ({"fault": "status", "status": 401}, {"fault": "status", "status": 403},
                         {"fault": "status", "status": 404}, {"fault": "status", "status": 500},
                         {"fault": "silent"}, {"fault": "garbage"}, {"fault": "cut-before"},
                         {"fault": "status", "status": 403, "body": f"bad token {TOKEN} {BASIC}"}):
                launch.set_plan(proxy, rule)
                for words in (("gate",), ("status",), ("doctor",)):
                    self.assert_quiet(self.job(remote=remote).call(*words, "--deadline", "1s"))
            launch.set_plan(proxy)

    def test_no_message_about_what_a_servers_hook_says_holds_the_token(self):
        hook = self.path / "hooks" / "pre-receive"
        # Whole, as it stands in the header, at the place where a long message is cut, and in two pieces.
        for words in (f"echo bad token {TOKEN}, {BASIC.decode()}",
                      f"printf '%380s %s' x {TOKEN}",
                      f"printf %s {TOKEN[:20]}; sleep 0.1; echo {TOKEN[20:]}"):
            with self.subTest(words=words):
                hook.write_text(f"#!/bin/sh\n{{ {words}; }} >&2\nexit 1\n", encoding="utf-8")
                hook.chmod(0o755)
                for command in ("gate", "doctor"):
                    answer = self.job().call(command)
                    self.assertNotEqual(answer.status, 0, answer)
                    self.assert_quiet(answer)
                    self.assertIn("hook", answer.err + answer.out)
        hook.unlink()

    def processes_of(self, call):
        """The call's process and all below it."""
        found, all_parents = {call.process.pid}, {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    stat = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
                except OSError:
                    continue
                all_parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
        grown = True
        while grown:
            below = {pid for pid, parent in all_parents.items() if parent in found} - found
            grown = bool(below)
            found |= below
        return found

    def test_the_token_is_in_no_argument_vector(self):
        with launch.faults(self.server("http")) as proxy:
            remote = self.remote.by(f"{proxy.url}/{self.path.name}")
            launch.set_plan(proxy, {"fault": "silent"})
            call = self.job(remote=remote).start("gate")
            await_that(lambda: launch.requests(proxy))
            for pid in self.processes_of(call):
                self.assert_absent(pathlib.Path("/proc", str(pid), "cmdline").read_bytes(), pid)
            call.kill()

    def test_a_state_file_is_for_its_owner_alone(self):
        job, _ = self.gate()
        paths = [path for path in (job.folder / "temp").rglob("*") if path.is_file()]
        self.assertTrue(paths)
        for path in paths:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_a_url_with_a_password_is_refused_and_not_repeated(self):
        place = self.remote.url.partition("://")[2]
        for url in (f"http://x-access-token:{TOKEN}@{place}", f"https://u:{TOKEN}@localhost/x.git",
                    f"http://:{TOKEN}@{place}", f"https:///u:{TOKEN}@localhost/x", f"http://///u:{TOKEN}@localhost/x",
                    f"https://u:{TOKEN}/x@localhost/x", f"https://u:{TOKEN}?@localhost/x"):
            with self.subTest(url=url):
                for words in (("gate",), ("status",), ("doctor",)):
                    answer = self.job().call(*words, "--remote", url)
                    self.assertEqual(answer.status, 2, answer)
                    self.assertIn("REFGATE_TOKEN", answer.err)
                    self.assert_quiet(answer)
                answer = self.job().call("gate", REFGATE_REMOTE=url)
                self.assertEqual((answer.status, answer.outputs["skip_execution"]), (2, "true"))
                self.assert_quiet(answer)
        self.assertEqual(self.remote.all_refs(), {})

    def test_no_debug_line_repeats_a_password(self):
        for url in ("https://u:hunter22@localhost/x", "https:///u:hunter22@h/x", "http:///u:hunter22@h/x", "https://///u:hunter22@h/x", "u:hunter22@localhost:x.git",
                    "me:hunter22@host:x.git", "http:/u:hunter22@h/x", "https:/hunter22@h/x", "u:hunter22@h://x", "https://u:hun/ter22@h/x?hunter22"):
            for words in (("status", "-v", "--remote", url), ("status", "-v"), ("gate", "-v", "--remote", url)):
                with self.subTest(words=words, url=url):
                    more = {} if len(words) > 2 else {"REFGATE_REMOTE": url}
                    answer = self.job().call(*words, RUNNER_DEBUG="1", **more)
                    self.assertIn(answer.status, (2, 3), answer)
                    for stream in (answer.out, answer.err, answer.output_text, answer.summary):
                        self.assertNotIn("hunter22", stream)
                        self.assertNotIn("ter22", stream)

    def test_a_path_of_a_host_may_hold_an_at_sign(self):
        answer = self.person().call("status", "--remote", "localhost.invalid:team@x.git", "--deadline", "2s", GIT_SSH_COMMAND="false")
        self.assertEqual(answer.status, 3, answer)
        self.assertNotIn("password", answer.err)

    def test_an_address_for_git_with_a_password_is_refused_and_not_repeated(self):
        for url in (f"git://u:{TOKEN}@localhost/x.git", f"ssh://git:{TOKEN}@localhost/x.git", f"u:{TOKEN}@localhost:x.git",
                    f"http:/u:{TOKEN}@localhost/x.git", f"https:/{TOKEN}@localhost/x.git", f"https:u:{TOKEN}@localhost/x.git",
                    f"HTTPS:{TOKEN}@localhost/x.git", f"ssh:u:{TOKEN}@localhost/x.git", f"file://u:{TOKEN}@localhost/x.git?y={TOKEN}",
                    f"http://localhost/x.git;token={TOKEN}"):
            with self.subTest(url=url):
                for words in (("gate",), ("status",)):
                    answer = self.job().call(*words, "--remote", url)
                    self.assertEqual(answer.status, 2, answer)
                    self.assert_quiet(answer)

    def test_the_words_of_a_program_of_gits_are_not_repeated(self):
        for words in (("gate",), ("status",), ("doctor",)):
            answer = self.job().call(*words, "--remote", f"ext::sh -c {TOKEN}")
            self.assertIn(answer.status, (2, 3), answer)
            self.assert_quiet(answer)

    def test_a_password_in_the_url_of_a_named_remote_is_not_repeated(self):
        place = self.remote.url.partition("://")[2]
        person = self.person()
        launch.git("init", "-q", person.folder, check=True)
        launch.git("-C", person.folder, "remote", "add", "origin", f"http://u:{TOKEN}@{place}",
                   check=True)
        del person.environment["REFGATE_TOKEN"]
        answer = person.call("status", REFGATE_REMOTE="origin")
        self.assert_quiet(answer)
        for url in (f"https:/u:{TOKEN}@localhost/x", f"https:///u:{TOKEN}@localhost/x", f"u:{TOKEN}@localhost:x.git"):
            launch.git("-C", person.folder, "remote", "set-url", "origin", url, check=True)
            for words in (("status",), ("status", "-v"), ("doctor",)):
                self.assert_quiet(person.call(*words, REFGATE_REMOTE="origin", GIT_SSH_COMMAND="false"))

    def test_no_child_inherits_the_token_under_any_name(self):
        seen = self.folder / "seen"
        shims = self.folder / "bin"
        shims.mkdir()
        trap = f"#!/bin/sh\n{{ echo \"called $0\"; env; }} >> {seen}\nexit 1\n"
        for name in ("ssh", "git", "curl"):
            (shims / name).write_text(trap, encoding="utf-8")
            (shims / name).chmod(0o755)
        for variable in ("REFGATE_TOKEN", "GITHUB_TOKEN"):
            for url in ("ssh://git@127.0.0.1/x.git", "git@127.0.0.1:x.git"):
                for path in (str(shims), f"{self.folder}/ssh-only"):
                    with self.subTest(variable=variable, url=url, path=path):
                        seen.unlink(missing_ok=True)
                        person = self.person()
                        del person.environment["REFGATE_TOKEN"]
                        (person.folder / ".gitconfig").write_text(
                            f"[core]\n\tsshCommand = {shims}/ssh\n", encoding="utf-8")
                        basic = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
                        more = {variable: TOKEN, "GH_TOKEN": TOKEN, "INPUT_TOKEN": TOKEN,
                                "ANOTHER": TOKEN, "HARMLESS": "kept", "HEADER": f"AUTHORIZATION: bearer {TOKEN}",
                                "ADDRESS": f"https://x-access-token:{TOKEN}@example.org/x.git",
                                "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraheader",
                                "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}"}
                        if path == str(shims):
                            more["PATH"] = f"{shims}:{os.environ['PATH']}"
                        person.call("status", "--remote", url, "--deadline", "3s", **more)
                        self.assertIn("HARMLESS=kept", seen.read_text(encoding="utf-8"))
                        self.assert_absent(seen.read_bytes(), seen)

    def test_a_line_break_in_the_token_smuggles_no_header(self):
        for token in (f"{TOKEN}\r\nX-Evil: 1", f"{TOKEN}\n", "\n", "\0x"[1:] + "\r"):
            remote = self.remote.by(self.remote.url, REFGATE_TOKEN=token)
            answer = self.job(remote=remote).call("gate")
            self.assertNotEqual(answer.status, 4, answer)
            self.assert_quiet(answer)


if __name__ == "__main__":
    unittest.main()
