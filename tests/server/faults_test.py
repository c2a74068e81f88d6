#!/usr/bin/env python3
"""The fault proxy does what its plan says, seen by plain git and http.client."""

import contextlib
import http.client
import pathlib
import socket
import time
import unittest
import urllib.parse

import launch
from server_case import (ADVERTISEMENT, PUSH_ADVERTISEMENT, TOKEN, WithRoot, ask, await_that, basic,
                         by_closing_input, by_signal, connect, in_parallel)


class Faults(WithRoot):
    def setUp(self):
        super().setUp()
        self.repository = launch.make_repository(self.root / "x.git", 3)
        self.server = self.enter(launch.serve(self.root))
        self.proxy = self.enter(launch.faults(self.server))

    def plan(self, *rules):
        launch.set_plan(self.proxy, *rules)
        launch.reset(self.proxy)
        launch.reset(self.server)

    def ask(self, *arguments, **options):
        return ask(self.proxy.url, *arguments, **options)

    def refs(self):
        return self.git("-C", self.repository, "for-each-ref", "--format=%(refname)").split()

    def push(self, name):
        return launch.git("-C", self.repository, "push", f"{self.proxy.url}/x.git",
                          f"main:refs/heads/{name}")

    def test_without_a_plan_everything_passes(self):
        self.assertEqual(self.push("new").returncode, 0)
        self.assertEqual(launch.requests(self.proxy),
                         [f"{line} pass" for line in launch.requests(self.server)])
        self.assertEqual(self.ask()[2], ask(self.server.url)[2])
        self.assertEqual(self.ask("/none.git/HEAD")[0], 404)

    def test_tls_and_a_token_lie_behind_it(self):
        with launch.serve(self.root, tls=True, auth=TOKEN) as server, \
                launch.faults(server) as proxy:
            self.assertEqual(ask(proxy.url)[0], 401)
            self.assertEqual(ask(proxy.url, headers=basic("me", TOKEN))[0], 200)
            url = proxy.url.replace("://", f"://me:{urllib.parse.quote(TOKEN, safe='')}@")
            self.git("ls-remote", f"{url}/x.git")

    def test_a_connection_is_kept_and_chunked_bodies_and_expect_pass(self):
        flush = b"0014command=ls-refs\n00010009peel\n000csymrefs\n0000"
        headers = {"Content-Type": "application/x-git-upload-pack-request",
                   "Git-Protocol": "version=2"}
        for url in (self.server.url, self.proxy.url):
            link = connect(url)
            self.addCleanup(link.close)
            link.connect()
            kept = link.sock
            bodies = []
            for chunked in (False, True, False, True):
                body = iter([flush[:5], flush[5:]]) if chunked else flush
                link.request("POST", "/x.git/git-upload-pack", body=body, headers=headers,
                             encode_chunked=chunked)
                reply = link.getresponse()
                self.assertEqual(reply.status, 200)
                bodies.append(reply.read())
                self.assertIs(link.sock, kept)
            self.assertIn(b"refs/heads/main", bodies[0])
            self.assertEqual(len(set(bodies)), 1)
        with socket.create_connection(("127.0.0.1", link.port), timeout=60) as raw:
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            raw.sendall(f"POST /x.git/git-upload-pack HTTP/1.1\r\nHost: localhost\r\n{head}"
                        f"Connection: close\r\nExpect: 100-continue\r\n"
                        f"Content-Length: {len(flush)}\r\n\r\n".encode())
            received = raw.recv(4096)
            self.assertEqual(received, b"HTTP/1.1 100 Continue\r\n\r\n")
            raw.sendall(flush)
            while more := raw.recv(4096):
                received += more
            self.assertTrue(received.endswith(bodies[0]))

    def test_rules_choose_by_method_path_nth_and_count(self):
        self.plan({"path": "receive-pack", "fault": "status", "status": 418},
                  {"method": "GET", "path": "upload-pack", "nth": 2, "count": 2, "fault": "status",
                   "status": 429, "headers": {"Retry-After": "7"}, "body": "slow down"})
        statuses = [self.ask()[0] for _ in range(5)]
        self.assertEqual(statuses, [200, 429, 429, 200, 200])
        self.assertEqual(self.ask(PUSH_ADVERTISEMENT)[0], 418)
        self.assertEqual(self.ask(method="HEAD")[0], ask(self.server.url, method="HEAD")[0])
        self.plan({"fault": "status", "headers": {"Retry-After": "7"}, "body": "slow down"})
        status, headers, body = self.ask()
        self.assertEqual((status, headers["Retry-After"], body), (503, "7", b"slow down"))
        self.plan({"fault": "status", "status": 418, "count": 1}, {"fault": "status"})
        self.assertEqual([self.ask()[0] for _ in range(2)], [418, 503], "the first rule wins")
        self.plan({"fault": "status", "count": 1})
        self.assertEqual([self.ask()[0] for _ in range(2)], [503, 200])
        self.plan({"fault": "status", "count": 1})
        self.assertEqual(self.ask()[0], 503, "the same plan written again counts anew")
        self.assertEqual(launch.requests(self.server), [])

    def test_a_wrong_plan_is_said(self):
        for text in ('[{"fault":"nonsense"}]', '[{"fault":"status","status":"503"}]',
                     '[{"fault":"silent","methods":"GET"}]', "{}", '[{"fault":'):
            with self.subTest(text=text):
                pathlib.Path(self.proxy.plan).write_text(text)
                launch.reset(self.server)
                status, _, body = self.ask()
                self.assertEqual(status, 500)
                self.assertTrue(body)
                self.assertEqual(launch.requests(self.server), [])

    def test_delay_answers_later(self):
        self.plan({"fault": "delay", "seconds": 0.3})
        start = time.monotonic()
        self.assertEqual(self.ask()[0], 200)
        self.assertGreaterEqual(time.monotonic() - start, 0.3)

    def test_cut_before_keeps_the_work_undone(self):
        self.plan({"method": "POST", "path": "receive-pack", "fault": "cut-before"})
        self.assertNotEqual(self.push("new").returncode, 0)
        self.assertNotIn("refs/heads/new", self.refs())
        self.assertIn("POST /x.git/git-receive-pack 0 cut-before", launch.requests(self.proxy))
        self.assertEqual(launch.requests(self.server), [f"GET {PUSH_ADVERTISEMENT} 200"])
        self.plan({"fault": "cut-before"})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask()

    def test_cut_after_leaves_the_work_done(self):
        self.plan({"method": "POST", "path": "receive-pack", "fault": "cut-after"})
        self.assertNotEqual(self.push("new").returncode, 0)
        self.assertIn("refs/heads/new", self.refs())
        self.assertIn("POST /x.git/git-receive-pack 200 cut-after", launch.requests(self.proxy))
        self.plan({"fault": "cut-after"})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask()
        self.assertEqual(launch.requests(self.server), [f"GET {ADVERTISEMENT} 200"])

    def test_trickle_sends_single_bytes(self):
        whole = self.ask()[2]
        self.plan({"fault": "trickle", "seconds": 0.001})
        self.assertEqual(self.ask()[2], whole)
        self.plan({"fault": "trickle"})
        with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(self.proxy.url).port),
                                      timeout=60) as raw:
            start = time.monotonic()
            raw.sendall(f"GET {ADVERTISEMENT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            self.assertEqual([raw.recv(100) for _ in range(3)], [b"H", b"T", b"T"])
            self.assertGreaterEqual(time.monotonic() - start, 2)

    def test_silent_never_answers(self):
        self.plan({"fault": "silent"})
        link = connect(self.proxy.url)
        link.timeout = 0.5
        link.request("POST", "/x.git/git-upload-pack", body=b"0000")
        with self.assertRaises(TimeoutError):
            link.getresponse()
        link.close()
        self.assertEqual(launch.requests(self.proxy), ["POST /x.git/git-upload-pack 0 silent"])
        self.assertEqual(launch.requests(self.server), [])

    def test_garbage_is_not_git(self):
        self.plan({"fault": "garbage"})
        done = launch.git("ls-remote", f"{self.proxy.url}/x.git")
        self.assertEqual(done.returncode, 128)
        self.assertIn("not valid", done.stderr)
        status, headers, body = self.ask()
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html"))
        self.assertTrue(body.startswith(b"<!DOCTYPE"))
        self.plan({"fault": "garbage", "body": "zzzz",
                   "headers": {"Content-Type": "application/x-git-upload-pack-advertisement"}})
        self.assertEqual(launch.git("ls-remote", f"{self.proxy.url}/x.git").returncode, 128)
        self.assertEqual(launch.requests(self.server), [])

    def test_refuse_connect_closes_the_port_while_it_is_planned(self):
        self.plan({"fault": "refuse-connect"})
        with self.assertRaises(ConnectionRefusedError):
            self.ask()
        self.plan()
        self.assertEqual(self.ask()[0], 200)

    def test_refuse_connect_closes_the_port_at_a_request(self):
        self.plan({"path": "receive-pack", "count": 1, "fault": "refuse-connect", "seconds": 2})
        self.assertEqual(self.ask()[0], 200)
        with self.assertRaises(http.client.RemoteDisconnected):
            self.ask(PUSH_ADVERTISEMENT)
        with self.assertRaises(ConnectionRefusedError):
            self.ask()

        def open_again():
            with contextlib.suppress(ConnectionRefusedError):
                return self.ask()[0] == 200

        await_that(open_again)

    def test_a_server_that_is_gone_is_a_bad_gateway(self):
        with launch.serve(self.root) as gone:
            url = gone.url
        with launch.faults(url) as proxy:
            self.assertEqual(ask(proxy.url)[0], 502)
            self.assertEqual(launch.requests(proxy), [f"GET {ADVERTISEMENT} 502 pass"])

    def test_64_clients_at_once_are_served(self):
        done = in_parallel(64, lambda _: launch.git("ls-remote", f"{self.proxy.url}/x.git"))
        self.assertEqual([d.stderr for d in done if d.returncode], [])
        self.assertEqual(len({d.stdout for d in done}), 1)
        self.assertEqual(len(launch.requests(self.proxy)), 128)

    def test_it_ends_while_clients_wait(self):
        for stop in (by_signal, by_closing_input):
            with self.subTest(stop=stop.__name__), launch.faults(self.server) as proxy:
                launch.set_plan(proxy, {"fault": "silent"})
                link = connect(proxy.url)
                self.addCleanup(link.close)
                link.request("GET", ADVERTISEMENT)
                await_that(lambda: launch.requests(proxy))
                stop(proxy)
                self.assertEqual(proxy.process.wait(timeout=30), 0)
                self.assertFalse(pathlib.Path(proxy.plan).parent.exists())
                with self.assertRaises((ConnectionError, http.client.HTTPException)):
                    link.getresponse()


if __name__ == "__main__":
    unittest.main()
