#!/usr/bin/env python3
"""What the record costs as it grows, by requests and bytes on the wire against one real server.

usage: record.py [--refgate PATH] [--days N,N,…] [--folds N,N,…] [--year LINES_A_DAY]

Prints the cost of one more line on days that hold more and more lines, folded and as single notes; of folding more and more new lines; and of
`log --since 1d` over a year. Bytes and requests are what to compare; times belong to the machine.
"""
import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))
import launch  # noqa: E402

TOKEN = "bench-token"


class Meter:
    """A relay on loopback that counts what goes through it."""

    def __init__(self, upstream):
        place = urllib.parse.urlsplit(upstream)
        self.upstream = (place.hostname, place.port)
        self.sent = self.received = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.upstream)
                for source, target, name in ((client, server, "sent"), (server, client, "received")):
                    threading.Thread(target=self.relay, args=(source, target, name), daemon=True).start()

    def relay(self, source, target, name):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                with self.lock:
                    setattr(self, name, getattr(self, name) + len(data))
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sent = self.received = 0


class Place:
    def __init__(self, refgate, root):
        self.refgate, self.root = refgate, root
        self.contexts = contextlib.ExitStack()
        self.server = self.contexts.enter_context(launch.serve(root, auth=TOKEN))
        self.meter = Meter(self.server.url)
        self.number = 0

    def fresh(self):
        self.number += 1
        self.repository = os.path.join(self.root, f"r{self.number}.git")
        launch.make_repository(self.repository)

    def call(self, *words):
        """(seconds, requests, bytes up, bytes down, what was said) of one call."""
        launch.reset(self.server)
        self.meter.reset()
        environment = {"PATH": os.environ["PATH"], "HOME": self.root, "REFGATE_TOKEN": TOKEN,
                       "REFGATE_REMOTE": f"{self.meter.url}/r{self.number}.git"}
        start = time.perf_counter()
        done = subprocess.run([self.refgate, *words, "--deadline", "30m"], env=environment, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return seconds, len(launch.requests(self.server)), self.meter.sent, self.meter.received, done.stdout

    def plant(self, day, count, folded):
        """So many lines of a day, as single notes or in one folded ref."""
        stamp = f"refgate <refgate@localhost> {int(time.time())} +0000"
        head = f"commit refs/notes/refgate/{day}/{{}}\ncommitter {stamp}\ndata 0\n"
        iso = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        with subprocess.Popen(["git", "-C", self.repository, "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE, text=True) as git:
            if folded:
                git.stdin.write(head.format("all-3" if count > 4000 else "all"))
            for number in range(count):
                text = json.dumps({
                    "version": 1, "id": f"{day}{number:024d}", "kind": "skip", "timestamp": f"{iso}T{number % 24:02d}:00:00.000Z",
                    "session_key": f"agent-review-push-{number:08x}", "event_type": "push", "workflow": "Agent Review", "run_id": str(number),
                    "commit_sha": f"{number:040x}", "executed": False, "job_status": "skipped", "reason_code": "active_session", "digest": "none",
                    "reason": "Active session found: run 42 (push by ann), since 2026-11-22T02:20:40.123Z"}) + "\n"
                path = f"{number * 2654435761 % 2**32:08x}{number:032x}"
                if not folded:
                    git.stdin.write(head.format(f"{day}{number:024d}"))
                git.stdin.write(f"M 100644 inline {path[:2]}/{path[2:]}\ndata {len(text)}\n{text}\n")

    def pack(self):
        """As a host does now and then. Deleting a packed ref rewrites the whole list on the server, which is not what is measured in folding."""
        subprocess.run(["git", "-C", self.repository, "pack-refs", "--all"], check=True)


def row(what, measured):
    seconds, requests, sent, received, _ = measured
    print(f"  {what:<44}{requests:5d} requests {sent:12,d} B up {received:12,d} B down {seconds:9.2f} s", flush=True)


def more_lines(place, days, today):
    print("One more line, on a day that holds")
    for folded in (True, False):
        for count in days:
            place.fresh()
            place.plant(today, count, folded)
            place.pack()
            row(f"{count:,} lines, {'folded' if folded else 'one note each'}",
                place.call("audit", "k", "push", "w", "1", "c" * 40, "true", "success"))


def folding(place, counts, day):
    print("Folding so many new lines of a day that is over (gc)")
    for count in counts:
        place.fresh()
        place.plant(day, count, False)
        measured = place.call("gc")
        row(f"{count:,}", measured)
        print(f"    {measured[4].strip()}\n    a line: {(measured[2] + measured[3]) / count:,.0f} B, {1000 * measured[0] / count:.2f} ms")
        row("  gc again", place.call("gc"))


def year(place, lines):
    place.fresh()
    now = time.time()
    for number in range(365):
        place.plant(time.strftime("%Y%m%d", time.gmtime(now - number * 86400)), lines, True)
    print(f"A year of {lines:,} lines a day")
    for words in (("log", "--json", "--since", "1d"), ("stats", "--since", "7d"), ("stats",)):
        row(" ".join(words), place.call(*words))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refgate", default=os.environ.get("REFGATE_BIN", os.path.join(HERE, "..", "..", "build", "release", "src", "refgate")))
    parser.add_argument("--days", default="10,1000,100000")
    parser.add_argument("--folds", default="1000,4000,16000")
    parser.add_argument("--year", type=int, default=1000)
    arguments = parser.parse_args()
    numbers = lambda text: [int(part) for part in text.split(",") if part]
    root = tempfile.mkdtemp(prefix="refgate-bench-")
    place = Place(os.path.abspath(arguments.refgate), root)
    try:
        more_lines(place, numbers(arguments.days), time.strftime("%Y%m%d", time.gmtime()))
        folding(place, numbers(arguments.folds), "20260103")
        if arguments.year:
            year(place, arguments.year)
    finally:
        place.contexts.close()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
