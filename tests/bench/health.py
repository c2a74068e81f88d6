#!/usr/bin/env python3
"""What `health` costs, next to a process that does nothing and to the file that it reads, in one run.

usage: health.py [--refgate PATH] [--probe PATH] [--rounds N]

Prints the answer inside of a process (the file read, decoded and judged), the command, and `true` as the cost of any process here.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def median_ms(command, environment, rounds):
    took = []
    for _ in range(rounds):
        start = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True)
        took.append((time.perf_counter() - start) * 1000)
        if done.returncode != 0:
            sys.exit(f"{command}: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return statistics.median(took)


def main():
    built = os.environ.get("REFGATE_BIN", "build/release/src/refgate")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refgate", default=built)
    parser.add_argument("--probe", default=pathlib.Path(built).resolve().parents[1] / "tests/bench/health_probe")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "-q", "--bare", f"{folder}/r.git"], check=True)
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "RUNNER_TEMP": folder, "REFGATE_REMOTE": f"{folder}/r.git"}
        gate = [options.refgate, "gate", "--event", "push", "--workflow", "bench", "--sha", "a" * 40, "--run-id", "1"]
        subprocess.run(gate, env=environment, check=True, stdout=subprocess.DEVNULL)
        inside = float(subprocess.run([options.probe, f"{folder}/refgate", "20000"], check=True, capture_output=True, text=True).stdout) / 1000
        command = median_ms([options.refgate, "health", "--quiet"], environment, options.rounds)
        nothing = median_ms(["true"], environment, options.rounds)
    print(f"  health, inside a process  {inside:8.4f} ms\n  health, as a command      {command:8.2f} ms   {command / nothing:5.2f} times `true`\n"
          f"  true                      {nothing:8.2f} ms")


if __name__ == "__main__":
    main()
