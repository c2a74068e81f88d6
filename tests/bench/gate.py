#!/usr/bin/env python3
"""What a gate costs, next to the same claim made with the git command line, in one run against one real server.

usage: gate.py [--refgate PATH] [--rounds N] [--refs N,N,…] [--at-once N]

Prints wall time, client CPU and requests of a won gate, a duplicate and a finish, over plain HTTP and HTTPS, with few and with many refs on the
server, and of 64 gates at once. The baseline is `git push --force-with-lease` from a scratch repository whose objects are made beforehand.
Ratios are what to compare: absolute times belong to the machine.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))
import launch  # noqa: E402

TOKEN = "bench-token"


def child_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Samples:
    def __init__(self, name):
        self.name, self.wall, self.cpu, self.requests = name, [], [], []

    def take(self, server, command, environment, expect):
        launch.reset(server)
        cpu, start = child_cpu(), time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.wall.append((time.perf_counter() - start) * 1000)
        self.cpu.append((child_cpu() - cpu) * 1000)
        self.requests.append(len(launch.requests(server)))
        if done.returncode != 0 or expect not in done.stdout:
            sys.exit(f"{' '.join(command)}\nexited {done.returncode} without {expect!r}:\n{done.stdout}{done.stderr}")

    def row(self, baseline=None):
        wall = statistics.median(self.wall)
        ratio = f"{wall / statistics.median(baseline.wall):6.2f}" if baseline else "      "
        return f"  {self.name:<28}{wall:9.1f} ms {statistics.median(self.cpu):9.1f} ms {max(self.requests):9d}   {ratio}"


def environment_for(server, folder, run):
    environment = {
        "PATH": os.environ["PATH"], "HOME": folder, "RUNNER_TEMP": os.path.join(folder, "run" + run), "REFGATE_TOKEN": TOKEN, "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push", "GITHUB_WORKFLOW": "bench", "GITHUB_RUN_ID": run, "GITHUB_JOB": "bench",
    }
    if getattr(server, "ca", None):
        environment["SSL_CERT_FILE"] = server.ca
    return environment


def git_environment(server, folder):
    import base64
    header = base64.b64encode(b"x-access-token:" + TOKEN.encode()).decode()
    settings = [("http.extraHeader", "Authorization: Basic " + header), ("gc.auto", "0")]
    if getattr(server, "ca", None):
        settings.append(("http.sslCAInfo", server.ca))
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_NOSYSTEM": "1"}
    for index, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{index}"], environment[f"GIT_CONFIG_VALUE_{index}"] = key, value
    return environment


def fill(repository, count):
    """So many branches, all on one commit."""
    git = lambda *words, **more: subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True, text=True, **more).stdout.strip()
    tree = git("hash-object", "-t", "tree", "-w", "--stdin", input="")
    identity = {**os.environ, "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@localhost", "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@localhost"}
    commit = git("commit-tree", "-m", "x", tree, env=identity)
    with open(os.path.join(repository, "packed-refs"), "w") as packed:
        packed.write("# pack-refs with: peeled fully-peeled sorted \n")
        for number in range(count):
            packed.write(f"{commit} refs/heads/branch-{number:07d}\n")


def prepare_claims(scratch, count):
    """Objects for git's claims: a commit with one small file each, as different as nonces."""
    subprocess.run(["git", "init", "-q", "--bare", scratch], check=True)
    identity = {**os.environ, "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@localhost", "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@localhost"}
    run = lambda words, text="": subprocess.run(["git", "-C", scratch, *words], check=True, capture_output=True, text=True, input=text, env=identity).stdout.strip()
    commits = []
    for number in range(count):
        blob = run(["hash-object", "-w", "--stdin"], f"claim {number} {os.urandom(16).hex()}\n" + "x" * 1500)
        tree = run(["mktree"], f"100644 blob {blob}\tclaim.json\n")
        commits.append(run(["commit-tree", "-m", "claim", tree]))
    return commits


def measure(refgate, server, root, rounds, serial):
    url = server.url + "/bench.git"
    scratch = tempfile.mkdtemp(dir=root, prefix="scratch-")
    commits = prepare_claims(scratch + "/s.git", rounds)
    git, won, duplicate, finish = Samples("git command line, one claim"), Samples("gate, won"), Samples("gate, duplicate"), Samples("finish")
    for number in range(rounds):
        sha = f"{serial}{number:04d}".rjust(40, "a")
        git.take(server, ["git", "-C", scratch + "/s.git", "push", "--porcelain", f"--force-with-lease=refs/refgate/claims/git-{serial}-{number}/x:", url,
                          f"{commits[number]}:refs/refgate/claims/git-{serial}-{number}/x"], git_environment(server, root), "Done")
        runs = [f"{serial}{number}1", f"{serial}{number}2"]
        won.take(server, [refgate, "gate", "--remote", url, "--sha", sha], environment_for(server, root, runs[0]), "SKIP_EXECUTION=false")
        duplicate.take(server, [refgate, "gate", "--remote", url, "--sha", sha], environment_for(server, root, runs[1]), "SKIP_EXECUTION=true")
        # Only the end itself: what else finish does, when there are old claims to look at, is a courtesy with a bound of its own.
        finish.take(server, [refgate, "finish", "--remote", url, "--status", "cancelled"], environment_for(server, root, runs[0]), "Session ended")
    print(f"  {'':<28}{'wall':>12} {'client CPU':>12} {'requests':>9}   wall / git")
    for samples in (git, won, duplicate, finish):
        print(samples.row(git))


def at_once(refgate, server, root, count):
    url = server.url + "/bench.git"
    launch.reset(server)
    cpu, start = child_cpu(), time.perf_counter()
    callers = [subprocess.Popen([refgate, "gate", "--remote", url, "--sha", "b" * 40], env=environment_for(server, root, f"once{number}"), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for number in range(count)]
    outputs = [caller.communicate() for caller in callers]
    wall = (time.perf_counter() - start) * 1000
    runs = sum("SKIP_EXECUTION=false" in out for out, _ in outputs)
    failed = sum(caller.returncode != 0 for caller in callers)
    print(f"  {count} gates at once: {wall:.0f} ms for all, {(child_cpu() - cpu) * 1000:.0f} ms client CPU, {len(launch.requests(server))} requests, {runs} ran, {failed} failed")
    if runs != 1 or failed:
        sys.exit("\n".join(error for _, error in outputs if error) or "not exactly one ran")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refgate", default=os.environ.get("REFGATE_BIN", os.path.join(HERE, "..", "..", "build", "release", "src", "refgate")))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--refs", default="0,10000,100000")
    parser.add_argument("--at-once", type=int, default=64)
    arguments = parser.parse_args()
    refgate = os.path.abspath(arguments.refgate)
    root = tempfile.mkdtemp(prefix="refgate-bench-")
    try:
        launch.make_repository(os.path.join(root, "bench.git"))
        for index, count in enumerate(int(text) for text in arguments.refs.split(",")):
            shutil.rmtree(os.path.join(root, "bench.git"))
            launch.make_repository(os.path.join(root, "bench.git"))
            if count:
                fill(os.path.join(root, "bench.git"), count)
            for tls in (False, True):
                with launch.serve(root, tls=tls, auth=TOKEN) as server:
                    print(f"{'HTTPS' if tls else 'HTTP'}, {count or 'few'} other refs on the server, median of {arguments.rounds}")
                    measure(refgate, server, root, arguments.rounds, f"{index}{int(tls)}")
        for tls in (False, True):
            shutil.rmtree(os.path.join(root, "bench.git"))
            launch.make_repository(os.path.join(root, "bench.git"))
            with launch.serve(root, tls=tls, auth=TOKEN) as server:
                print("HTTPS" if tls else "HTTP")
                at_once(refgate, server, root, arguments.at_once)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
