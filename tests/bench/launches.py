#!/usr/bin/env python3
"""What is left of thousands of launches of one scope, and what the next one costs then, over HTTP against a real server.

usage: launches.py [--refgate PATH] [--launches N] [--series NAME,NAME,…]

A series launches one scope again and again: `allow` (each ends with failure, `--retry allow`), `force` (none ends), `cancelled` (each is taken over), and the
first two on a server that takes no notes (`allow-no-notes`, `force-no-notes`). At 100, 1,000, 5,000, … launches it prints the size of the claim's record, its
outbox lines, those that found no room, the refs of notes, and the median times of the last 100 gates and ends, by the clock and of the client's CPU. It exits 1
when a launch is not decided, the record outgrows 64 KiB or 64 lines, or a line is there twice. Sizes are what to compare: times belong to the machine.
"""
import argparse
import glob
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "server"))
import launch  # noqa: E402
from gate import TOKEN, Job  # noqa: E402

LARGEST_CLAIM, MOST_LINES = 64 << 10, 64
UPKEEP = 100  # launches after which the server packs what it has, as servers do
SERIES = {"allow": (("--retry", "allow"), "failure", True), "force": (("--force",), None, True), "cancelled": ((), "cancelled", True),
          "allow-no-notes": (("--retry", "allow"), "failure", False), "force-no-notes": (("--force",), None, False)}
NO_NOTES = "#!/bin/sh\ncase $1 in refs/notes/*) echo 'no notes' >&2; exit 1;; esac\n"


def asked_at(launches):
    """100, 1,000, 5,000, 10,000, … and the last."""
    marks = {count for power in range(2, 9) for count in (10 ** power, 5 * 10 ** power) if count != 500}
    return sorted({mark for mark in marks if mark < launches} | {launches})


class Scope:
    """One piece of work in a repository of its own."""

    def __init__(self, refgate, root, server, name):
        self.refgate, self.server = refgate, server
        self.words, self.status, takes_notes = SERIES[name]
        self.path = os.path.join(root, f"{name}.git")
        launch.make_repository(self.path)
        if not takes_notes:
            hook = os.path.join(self.path, "hooks", "update")
            os.makedirs(os.path.dirname(hook), exist_ok=True)
            with open(hook, "w", encoding="utf-8") as file:
                file.write(NO_NOTES)
            os.chmod(hook, 0o755)
        self.job = Job(root, server, "1", "5" * 40)
        self.environment = self.job.environment
        self.remote = ("--remote", f"{server.url}/{name}.git")

    def call(self, *words, expect=0):
        """((milliseconds, those of CPU), what was said)."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([self.refgate, *words, *self.remote], env=self.environment, capture_output=True, text=True, check=False)
        took, after = (time.perf_counter() - start) * 1000, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != expect:
            sys.exit(f"{' '.join(words)} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return (took, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000), done.stdout

    def launch(self, number):
        """What `call` says of the gate's times, and of the end's, or None."""
        self.environment.update(GITHUB_RUN_ID=str(number), RUNNER_TRACKING_ID=f"github_{number}")
        gate, said = self.call("gate", *self.words)
        if "SKIP_EXECUTION=false" not in said or f"GENERATION={number}\n" not in said:
            sys.exit(f"launch {number} was not told to run as generation {number}:\n{said}")
        end = self.call("finish", "--status", self.status)[0] if self.status else None
        for path in glob.glob(os.path.join(self.job.folder, "temp", "refgate", "*")):
            os.unlink(path)
        for name in ("output", "summary"):
            open(os.path.join(self.job.folder, name), "w", encoding="utf-8").close()
        return gate, end

    def git(self, *words):
        return launch.git("-C", self.path, *words).stdout

    def measured(self):
        """The record's bytes, its claim, and the refs of notes."""
        (ref,) = self.git("for-each-ref", "--format=%(refname)", "refs/refgate/claims").split()
        text = self.git("cat-file", "blob", f"{ref}:claim.json")
        return len(text.encode()), json.loads(text), len(self.git("for-each-ref", "--format=x", "refs/notes").split())

    def lines(self):
        """Of the record, as a reader tells them; exits when one is there twice."""
        said = self.call("log", "--json", "--deadline", "5m")[1]
        ids = [json.loads(line)["id"] for line in said.splitlines() if line.strip()]
        if len(ids) != len(set(ids)):
            sys.exit(f"{len(ids) - len(set(ids))} lines are in the record twice")
        return len(ids)


def medians(times):
    """Of the last 100: by the clock, and of CPU."""
    if not times:
        return f"{'–':>17}"
    return "".join(f"{statistics.median(each):{width}.1f}" for each, width in zip(zip(*times[-100:]), (10, 7)))


def run(refgate, root, server, name, launches):
    scope = Scope(refgate, root, server, name)
    gates, ends = [], []
    print(f"{name}\n  launches   claim, bytes   outbox lines   left out   notes refs   gate, ms    CPU   end, ms    CPU", flush=True)
    for number in range(1, launches + 1):
        gate, end = scope.launch(number)
        gates.append(gate)
        ends += [end] if end is not None else []
        if number % UPKEEP == 0:
            scope.git("gc", "--quiet")
        if number % 50 and number not in asked_at(launches):
            continue
        size, claim, refs = scope.measured()
        if size >= LARGEST_CLAIM or len(claim["outbox"]) > MOST_LINES:
            sys.exit(f"after {number} launches the record has {size} bytes and {len(claim['outbox'])} outbox lines")
        if number in asked_at(launches):
            print(f"  {number:8d} {size:14d} {len(claim['outbox']):14d} {claim.get('left_out', 0):10d} {refs:12d} "
                  f"{medians(gates)}{medians(ends)}", flush=True)
    lines = scope.lines()
    takes_notes = SERIES[name][2]
    (took, _), _ = scope.call("gc", "--deadline", "10m", expect=0 if takes_notes else 3)
    after = scope.lines()
    size, claim, refs = scope.measured()
    print(f"  {lines} lines in the record; after gc ({took / 1000:.1f} s) {after} lines, {size} bytes, {len(claim['outbox'])} outbox lines, {refs} notes refs",
          flush=True)
    if after < lines:
        sys.exit(f"gc has lost {lines - after} lines")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refgate", default=os.environ.get("REFGATE_BIN", os.path.join(HERE, "..", "..", "build", "dev", "src", "refgate")))
    parser.add_argument("--launches", type=int, default=5000)
    parser.add_argument("--series", default=",".join(SERIES))
    options = parser.parse_args()
    if unknown := [name for name in options.series.split(",") if name not in SERIES]:
        parser.error(f"no series is called {unknown[0]}; they are {', '.join(SERIES)}")
    root = os.path.realpath(tempfile.mkdtemp())
    try:
        with launch.serve(root, auth=TOKEN) as server:
            for name in options.series.split(","):
                run(os.path.abspath(options.refgate), root, server, name, options.launches)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
