"""Servers of which each has one habit that git allows and few have: a proxy in this process, before
the class's server, that has it."""

import contextlib
import pathlib
import socket
import tempfile
import threading
import time
import types

from gate_case import GateCase, launch

import faults


class Lagging(faults.Proxy):
    """Reading goes to a mirror that is behind what was written by `lag` seconds."""

    lag = 1.0
    root = None
    following = None

    def ask_upstream(self, body):
        name = self.path.split("/")[1]
        mirror = name.replace(".git", ".mirror")
        if "upload-pack" in self.path:
            self.path = self.path.replace(name, mirror, 1)
            return super().ask_upstream(body)
        reply = super().ask_upstream(body)
        if self.command == "POST":
            follow = threading.Timer(self.lag, launch.git, (
                "-C", self.root / mirror, "fetch", "-q", "--prune", self.root / name, "+refs/*:refs/*"))
            self.following.append(follow)
            follow.start()
        return reply


class AskFirst(faults.Proxy):
    """A POST is refused before its service was asked for by a GET."""

    asked = None

    def ask_upstream(self, body):
        service = "receive" if "receive-pack" in self.path else "upload"
        if self.command == "GET":
            self.asked.add(service)
        elif service not in self.asked:
            return 400, "Bad Request", [], b"ask first"
        return super().ask_upstream(body)


class Typed(faults.Proxy):
    """Types of content as `spelled`."""

    @staticmethod
    def spelled(value):
        return value

    def ask_upstream(self, body):
        status, reason, headers, body = super().ask_upstream(body)
        return status, reason, [(name, self.spelled(value) if name.lower() == "content-type" else value)
                                for name, value in headers], body


class Clocked(faults.Proxy):
    """A clock that is `ahead`, told in `form`; without one, no time is told."""

    form = None
    ahead = 0

    def ask_upstream(self, body):
        status, reason, headers, body = super().ask_upstream(body)
        headers = [(name, value) for name, value in headers if name.lower() != "date"]
        if self.form:
            headers.append(("Date", time.strftime(self.form, time.gmtime(time.time() + self.ahead))))
        return status, reason, headers, body


class HalfWhole(faults.Proxy):
    """Says that it takes a push whole or not at all, and takes a part."""

    def ask_upstream(self, body):
        if self.path.endswith("/git-receive-pack"):
            body = body.replace(b" atomic ", b" atomik ", 1)
        return super().ask_upstream(body)


class OddCase(GateCase):
    def use(self, habit, **settings):
        """From now on the remote is asked through a proxy of that habit."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.class_folder()))
        requests = folder / "requests"
        requests.touch()
        about = faults.Settings(self.server("http").url, None, folder / "plan.json", requests)
        handler = type("Handler", (habit,), {"settings": about, **settings})

        def serve(client, address):
            with client, contextlib.suppress(OSError):
                handler(client, address, None)
                client.shutdown(socket.SHUT_WR)

        about.port = faults.Port(about.plan, serve)
        threading.Thread(target=about.port.run, daemon=True).start()
        self.proxy = types.SimpleNamespace(requests=str(requests))
        self.direct = self.remote
        self.remote = self.direct.by(f"http://127.0.0.1:{about.port.number}/{self.path.name}")

    def asked(self):
        return launch.requests(self.proxy)

    def live(self):
        return [claim for claim in self.remote.claims().values() if claim["state"] != "ended"]
