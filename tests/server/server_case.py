"""What the tests of the test servers share: requests, conditions to await, a root folder."""

import base64
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import signal
import ssl
import tempfile
import threading
import time
import unittest
import urllib.parse

import launch

ADVERTISEMENT = "/x.git/info/refs?service=git-upload-pack"
PUSH_ADVERTISEMENT = "/x.git/info/refs?service=git-receive-pack"
TOKEN = "ghs_$a'b\"c:d e"  # everything that quoting could spoil


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def connect(url, ca=None):
    place = urllib.parse.urlsplit(url)
    if place.scheme == "http":
        return http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    return http.client.HTTPSConnection(place.hostname, place.port, timeout=60,
                                       context=ssl.create_default_context(cafile=ca))


def ask(url, path=ADVERTISEMENT, method="GET", headers=None, body=None, ca=None):
    """(status, headers, body) over a connection of its own."""
    link = connect(url, ca)
    try:
        link.request(method, path, body=body, headers=headers or {})
        reply = link.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        link.close()


def await_that(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("the awaited condition did not come")
        time.sleep(0.005)


def mentions(text):
    """Processes whose command line mentions the text."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                if text in pathlib.Path("/proc", entry, "cmdline").read_text(errors="replace"):
                    found.append(int(entry))
    return found


def is_alive(pid):
    try:
        state = pathlib.Path("/proc", str(pid), "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def in_parallel(count, action):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(action, range(count)))


class WithRoot(unittest.TestCase):
    def setUp(self):
        self.root = self.new_root()

    def new_root(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name).resolve()

    def enter(self, context):
        """enterContext came with Python 3.11."""
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def git(self, *arguments, **options):
        done = launch.git(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def repository_with_slow_hook(self):
        """A push to it blocks in a hook, which writes to the second path its process id and that
        of an orphan in a session of its own."""
        path, mark = launch.make_repository(self.root / "slow.git", 0), self.root / "hook"
        hook = path / "hooks" / "pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\n"
                        "exec </dev/null >/dev/null 2>&1\n"
                        f"setsid sh -c 'sleep 600 & echo $! >{mark}.new'\n"
                        f"echo $$ >>{mark}.new && mv {mark}.new {mark}\n"
                        "exec sleep 600\n")
        hook.chmod(0o755)
        return path, mark

    def end_while_a_push_hangs(self, server, url, mark, stop, environment=None):
        source = launch.make_repository(self.root / "source.git", 1)
        folder = str(pathlib.Path(server.log).parent)
        pusher = threading.Thread(target=launch.git, args=("-C", source, "push", url, "main"),
                                  kwargs={"environment": environment or {}})
        pusher.start()
        await_that(mark.exists)
        started = [int(pid) for pid in mark.read_text().split()]
        self.assertEqual([is_alive(pid) for pid in started], [True, True])
        stop(server)
        self.assertEqual(server.process.wait(timeout=30), 0)
        pusher.join(timeout=30)
        self.assertFalse(pusher.is_alive())
        self.assertEqual([is_alive(pid) for pid in started], [False, False])
        self.assertFalse(os.path.exists(folder))
        self.assertEqual(mentions(folder), [])


def by_signal(server):
    os.kill(server.pid, signal.SIGTERM)


def by_closing_input(server):
    server.process.stdin.close()
