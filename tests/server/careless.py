#!/usr/bin/env python3
"""A server that does not compare: a proxy in front of serve.py that forges the old values of pushes.

Prints one JSON line {"url","plan","requests","pid"}, as faults.py does, and lives as long. `--half`
says what it takes without comparing:

  all        whatever stands there is replaced or deleted
  creations  changes and deletions are compared; a new ref is made by "is it there?" and then, a
             moment later, "set it", so that only rivals at the same time can tell
  none       everything is compared
"""

import argparse
import contextlib
import email.utils
import pathlib
import socket
import subprocess
import threading
import time

import faults
import lifetime

ZERO = "0" * 40
MOMENT = 0.2


def packets(body):
    """The command lines of a push as [old, new, rest], and what follows them."""
    commands, at = [], 0
    while (size := int(body[at:at + 4], 16)) != 0:
        old, new, rest = body[at + 4:at + size].split(b" ", 2)
        commands.append([old.decode(), new.decode(), rest])
        at += size
    return commands, body[at:]


def joined(commands, rest):
    lines = [f"{old} {new} ".encode() + tail for old, new, tail in commands]
    return b"".join(f"{len(line) + 4:04x}".encode() + line for line in lines) + rest


class Careless(faults.Proxy):
    root = None
    half = None
    environment = None
    ahead = 0
    setting = threading.Lock()

    def ask_upstream(self, body):
        status, reason, headers, body = self.ask_carelessly(body)
        now = email.utils.formatdate(time.time() + self.ahead, usegmt=True)
        return status, reason, [(name, now if name.lower() == "date" else value)
                                for name, value in headers], body

    def ask_carelessly(self, body):
        if self.command != "POST" or not self.path.endswith("/git-receive-pack"):
            return super().ask_upstream(body)
        commands, rest = packets(body)
        forged = [command for command in commands if self.is_unchecked(command)]
        if forged and self.half == "creations":
            time.sleep(MOMENT)
        with self.setting:
            for command in forged:
                command[0] = self.value(self.ref_of(command))
            return super().ask_upstream(joined(commands, rest))

    def is_unchecked(self, command):
        if self.half == "all":
            return True
        if self.half == "none":
            return False
        return command[0] == ZERO and self.value(self.ref_of(command)) == ZERO

    @staticmethod
    def ref_of(command):
        return command[2].split(b"\0")[0].strip().decode()

    def value(self, ref):
        repository = self.root / self.path.split("/")[1]
        done = subprocess.run([lifetime.program("git"), "-C", str(repository), "rev-parse",
                               "--verify", "--quiet", ref], stdout=subprocess.PIPE, text=True,
                              env=self.environment, check=False)
        return done.stdout.strip() or ZERO


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", required=True, metavar="URL", help="the server's address")
    parser.add_argument("--root", required=True, type=pathlib.Path,
                        help="folder of its bare repositories")
    parser.add_argument("--half", choices=("all", "creations", "none"), default="all")
    parser.add_argument("--ahead", type=int, default=0, metavar="SECONDS",
                        help="so much the server's clock is ahead, by its Date")
    arguments = parser.parse_args()

    with lifetime.work_folder("refgate-careless") as folder:
        requests = folder / "requests"
        requests.touch()
        environment = {"PATH": lifetime.SYSTEM_PATH, **lifetime.git_environment(folder)}
        settings = faults.Settings(arguments.upstream, None, folder / "plan.json", requests)
        handler = type("Handler", (Careless,), {"settings": settings, "root": arguments.root,
                                                "half": arguments.half,
                                                "ahead": arguments.ahead,
                                                "environment": environment})

        def serve(client, address):
            with client, contextlib.suppress(OSError):
                handler(client, address, None)
                client.shutdown(socket.SHUT_WR)

        settings.port = faults.Port(settings.plan, serve)
        threading.Thread(target=settings.port.run, daemon=True).start()
        lifetime.ready(url=f"http://127.0.0.1:{settings.port.number}",
                       plan=str(folder / "plan.json"), requests=str(requests))
        lifetime.wait_for_end()


if __name__ == "__main__":
    main()
