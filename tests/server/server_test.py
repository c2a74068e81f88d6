#!/usr/bin/env python3
"""The git servers do what their descriptions say, seen by plain git and http.client."""

import base64
import os
import pathlib
import shlex
import signal
import socket
import ssl
import subprocess
import sys
import unittest
import urllib.parse

import launch
from server_case import (ADVERTISEMENT, PUSH_ADVERTISEMENT, TOKEN, WithRoot, ask, basic,
                         by_closing_input, by_signal, connect, in_parallel, mentions)


class Serve(WithRoot):
    def test_git_reads_and_writes(self):
        launch.make_repository(self.root / "x.git", 3)
        with launch.serve(self.root, create=["empty.git", "deep/er.git"]) as server:
            work = self.root / "work"
            self.git("clone", "-q", f"{server.url}/x.git", work)
            for name in ("empty.git", "deep/er.git"):
                self.assertEqual(self.git("ls-remote", f"{server.url}/{name}"), "")
                self.git("-C", work, "push", f"{server.url}/{name}", "HEAD:refs/heads/new")
                listed = self.git("ls-remote", f"{server.url}/{name}").split()
                self.assertIn("refs/heads/new", listed)
                self.assertEqual(self.git("-C", work, "rev-parse", "HEAD").strip(), listed[0])
            self.assertEqual(launch.git("ls-remote", f"{server.url}/none.git").returncode, 128)
            self.assertIsNone(server.ca)

    def test_what_github_lets_a_client_ask_for_works(self):
        path = launch.make_repository(self.root / "x.git", 3)
        old = self.git("-C", path, "rev-parse", "main~1").strip()
        with launch.serve(self.root) as server:
            into = self.root / "into"
            self.git("init", "-q", into)
            self.git("-C", into, "fetch", "-q", "--depth=1", f"{server.url}/x.git", old)
            fetched = self.git("-C", into, "log", "--format=%H", "FETCH_HEAD").split()
            self.assertEqual(fetched, [old])
            self.git("clone", "-q", "--bare", "--filter=blob:none", f"{server.url}/x.git",
                     self.root / "partial")
            kinds = self.git("-C", self.root / "partial", "cat-file", "--batch-all-objects",
                             "--batch-check=%(objecttype)").split()
            self.assertNotIn("blob", kinds)
            trace = launch.git("ls-remote", f"{server.url}/x.git",
                               environment={"GIT_TRACE_PACKET": "1"}).stderr
            self.assertIn("< version 2", trace)

    def test_the_line_of_a_request_is_there_when_its_reply_is(self):
        launch.make_repository(self.root / "x.git")
        log = self.root / "lines"
        with launch.serve(self.root, requests=log) as server:
            self.assertEqual(server.requests, str(log))
            self.assertEqual(launch.requests(server), [])
            link = connect(server.url)
            self.addCleanup(link.close)
            expected = []
            for number in range(40):
                path, status = [(ADVERTISEMENT, 200), ("/none.git/HEAD?x=%20y", 404)][number % 2]
                link.request("GET", path)
                reply = link.getresponse()
                expected.append(f"GET {path} {status}")
                self.assertEqual(launch.requests(server), expected)
                self.assertEqual(reply.status, status)
                reply.read()
            launch.reset(server)
            self.assertEqual(launch.requests(server), [])
            self.git("ls-remote", f"{server.url}/x.git")
            self.assertEqual(launch.requests(server),
                             [f"GET {ADVERTISEMENT} 200", "POST /x.git/git-upload-pack 200"])

    def test_tls_is_trusted_by_its_own_authority_only(self):
        launch.make_repository(self.root / "x.git")
        with launch.serve(self.root, tls=True) as server:
            self.assertTrue(server.url.startswith("https://localhost:"), server.url)
            for url in (server.url, server.url.replace("localhost", "127.0.0.1")):
                self.assertEqual(ask(url, ca=server.ca)[0], 200)
                with self.assertRaises(ssl.SSLCertVerificationError):
                    ask(url)
                self.git("ls-remote", f"{url}/x.git", environment={"GIT_SSL_CAINFO": server.ca})
            self.assertEqual(launch.git("ls-remote", f"{server.url}/x.git").returncode, 128)

    def test_a_token_is_needed_and_the_user_is_not_looked_at(self):
        launch.make_repository(self.root / "x.git")
        with launch.serve(self.root, auth=TOKEN) as server:
            cases = [
                (basic("x-access-token", TOKEN), 200), (basic("someone", TOKEN), 200),
                (basic("", TOKEN), 200),
                ({}, 401), (basic("x-access-token", "wrong"), 401), (basic(TOKEN, ""), 401),
                (basic("x-access-token", TOKEN + "x"), 401),
                ({"Authorization": "Basic !!!"}, 401), ({"Authorization": f"Bearer {TOKEN}"}, 401),
                ({"Authorization": "Basic " + base64.b64encode(b"no colon").decode()}, 401),
            ]
            for headers, expected in cases:
                with self.subTest(headers=headers):
                    status, answer, _ = ask(server.url, headers=headers)
                    self.assertEqual(status, expected)
                    self.assertEqual("Basic" in answer.get("WWW-Authenticate", ""), status == 401)
            self.assertEqual(len(launch.requests(server)), len(cases))
            url = server.url.replace("://", f"://me:{urllib.parse.quote(TOKEN, safe='')}@")
            self.git("-C", self.root / "x.git", "push", f"{url}/x.git", "main:refs/heads/other")

    def test_a_read_only_server_refuses_pushes_as_github_does(self):
        path = launch.make_repository(self.root / "x.git")
        with launch.serve(self.root, read_only=True, tls=True, auth=TOKEN) as server:
            url = server.url.replace("://", f"://me:{urllib.parse.quote(TOKEN, safe='')}@")
            trust = {"GIT_SSL_CAINFO": server.ca}
            listed = self.git("ls-remote", f"{url}/x.git", environment=trust)
            self.assertIn("refs/heads/main", listed)
            push = launch.git("-C", path, "push", f"{url}/x.git", "main:other", environment=trust)
            self.assertNotEqual(push.returncode, 0)
            self.assertIn("Write access to repository not granted.", push.stderr)
            self.assertIn("403", push.stderr)
            allowed = basic("me", TOKEN)
            for method, path, headers, expected in (
                    ("GET", PUSH_ADVERTISEMENT, allowed, 403),
                    ("POST", "/x.git/git-receive-pack", allowed, 403),
                    ("GET", PUSH_ADVERTISEMENT, {}, 401)):
                body = b"0000" if method == "POST" else None
                self.assertEqual(ask(server.url, path, method, headers, body, server.ca)[0],
                                 expected)

    def test_64_clients_at_once_are_served(self):
        path = launch.make_repository(self.root / "x.git", 3)
        for tls in (False, True):
            with self.subTest(tls=tls), launch.serve(self.root, tls=tls) as server:
                trust = {"GIT_SSL_CAINFO": server.ca} if tls else {}
                url = f"{server.url}/x.git"
                done = in_parallel(64, lambda _: launch.git("ls-remote", url, environment=trust))
                self.assertEqual([d.stderr for d in done if d.returncode], [])
                self.assertEqual(len({d.stdout for d in done}), 1)
                self.assertEqual(len(launch.requests(server)), 128)
                done = in_parallel(64, lambda number: launch.git(
                    "-C", path, "push", url, f"main:refs/heads/{tls}/{number}", environment=trust))
                self.assertEqual([d.stderr for d in done if d.returncode], [])
                refs = self.git("-C", path, "for-each-ref", f"refs/heads/{tls}")
                self.assertEqual(refs.count("\n"), 64)

    @unittest.skipUnless(os.getuid() == 0, "only root can give files away")
    def test_a_repository_of_another_user_is_served(self):
        path = launch.make_repository(self.root / "x.git")
        for found in [path, *path.rglob("*")]:
            os.chown(found, 65534, 65534)
        with launch.serve(self.root) as server, launch.sshd(self.root) as shell:
            self.git("ls-remote", f"{server.url}/x.git")
            self.git("ls-remote", f"{shell.root_url}/x.git",
                     environment={"GIT_SSH_COMMAND": shell.ssh_command})

    def test_nothing_but_the_loopback_address_is_bound(self):
        with launch.serve(self.root) as server, launch.faults(server) as proxy, \
                launch.sshd(self.root) as shell:
            for url in (server.url, proxy.url, shell.url):
                port = urllib.parse.urlsplit(url).port
                socket.create_connection(("127.0.0.1", port)).close()
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.2", port))

    def test_at_the_end_everything_is_gone_even_a_push_that_hangs(self):
        for stop in (by_signal, by_closing_input):
            with self.subTest(stop=stop.__name__):
                self.root = self.new_root()
                _, mark = self.repository_with_slow_hook()
                with launch.serve(self.root) as server:
                    self.end_while_a_push_hangs(server, f"{server.url}/slow.git", mark, stop)
                    with self.assertRaises(ConnectionRefusedError):
                        ask(server.url)


class Sshd(WithRoot):
    def test_git_reads_and_writes(self):
        path = launch.make_repository(self.root / "x.git", 3)
        with launch.sshd(self.root) as server:
            shell = {"GIT_SSH_COMMAND": server.ssh_command}
            url = f"{server.url}{path}"
            self.assertEqual(url, f"{server.root_url}/x.git")
            work = self.root / "work"
            self.git("clone", "-q", url, work, environment=shell)
            self.git("-C", work, "push", url, "HEAD:refs/heads/new", environment=shell)
            self.assertIn("refs/heads/new", self.git("ls-remote", url, environment=shell))
            trace = launch.git("ls-remote", url, environment={**shell, "GIT_TRACE_PACKET": "1"})
            self.assertIn("< version 2", trace.stderr)

    def test_only_its_own_key_and_host_are_accepted(self):
        path = launch.make_repository(self.root / "x.git")
        with launch.sshd(self.root) as server, launch.sshd(self.root) as other:
            own, others = shlex.split(server.ssh_command), shlex.split(other.ssh_command)
            key = own.index("-i") + 1
            wrong_key = [*own[:key], others[key], *own[key + 1:]]
            for command, message in ((wrong_key, "Permission denied"),
                                     (others, "Host key verification failed")):
                with self.subTest(message=message):
                    done = launch.git("ls-remote", f"{server.url}{path}",
                                      environment={"GIT_SSH_COMMAND": shlex.join(command)})
                    self.assertEqual(done.returncode, 128)
                    self.assertIn(message, done.stderr)

    def test_64_clients_at_once_are_served(self):
        launch.make_repository(self.root / "x.git", 3)
        with launch.sshd(self.root) as server:
            shell = {"GIT_SSH_COMMAND": server.ssh_command}
            done = in_parallel(64, lambda _: launch.git("ls-remote", f"{server.root_url}/x.git",
                                                        environment=shell))
            self.assertEqual([d.stderr for d in done if d.returncode], [])
            self.assertEqual(len({d.stdout for d in done}), 1)

    def test_at_the_end_everything_is_gone_even_a_push_that_hangs(self):
        for stop in (by_signal, by_closing_input):
            with self.subTest(stop=stop.__name__):
                self.root = self.new_root()
                path, mark = self.repository_with_slow_hook()
                with launch.sshd(self.root) as server:
                    self.end_while_a_push_hangs(server, f"{server.url}{path}", mark, stop,
                                                {"GIT_SSH_COMMAND": server.ssh_command})


class Start(WithRoot):
    def test_a_start_that_fails_says_so_and_leaves_nothing(self):
        away = self.root / "tmp"
        away.mkdir()
        for program, arguments in (("serve.py", ["--root", self.root, "--create", "../x.git"]),
                                   ("faults.py", ["--upstream", "http://192.0.2.1:80"])):
            with self.subTest(program=program):
                done = subprocess.run([sys.executable, launch.HERE / program, *arguments],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      stderr=subprocess.PIPE,
                                      env={**os.environ, "TMPDIR": str(away)})
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertTrue(done.stderr)
                self.assertEqual(list(away.iterdir()), [])

    def test_a_web_server_that_dies_ends_the_program_with_an_error(self):
        with self.assertRaisesRegex(RuntimeError, "status 1"), launch.serve(self.root) as server:
            children = mentions(str(pathlib.Path(server.log).parent))
            self.assertEqual(len(children), 1)
            os.kill(children[0], signal.SIGKILL)
            self.assertEqual(server.process.wait(timeout=30), 1)
            self.assertFalse(pathlib.Path(server.log).parent.exists())


if __name__ == "__main__":
    unittest.main()
