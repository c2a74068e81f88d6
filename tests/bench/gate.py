#!/usr/bin/env python3
"""What the commands of a session cost, as the action runs them: a payload, outputs, a summary, a folder of the job's own.

usage: gate.py [--refgate PATH] [--rounds N] [--refs N,N,…] [--at-once N]

Prints wall time, the client's CPU and page faults, and requests, over plain HTTP and HTTPS, with few and with many refs on the server, of a won gate
beside the very same POST made by curl and beside `git push --force-with-lease` of a claim whose objects are made beforehand; of every other command of a
session; and of 64 gates at once. Ratios are what to compare: absolute times belong to the machine.
"""
import argparse
import base64
import json
import os
import resource
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "server"))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import launch  # noqa: E402
import payloads  # noqa: E402

TOKEN = "bench-token"
AUTHORIZATION = "Authorization: Basic " + base64.b64encode(b"x-access-token:" + TOKEN.encode()).decode()


class Samples:
    def __init__(self, name):
        self.name, self.wall, self.cpu, self.faults, self.requests = name, [], [], [], []

    def take(self, server, command, environment, expect=""):
        launch.reset(server)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.wall.append((time.perf_counter() - start) * 1000)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
        self.faults.append(after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt)
        self.requests.append(len(launch.requests(server)))
        if done.returncode != 0 or expect not in done.stdout:
            sys.exit(f"{' '.join(command)}\nexited {done.returncode} without {expect!r}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def row(self, post=None, git=None):
        wall = statistics.median(self.wall)
        ratios = "".join(f"{wall / statistics.median(other.wall):10.2f}" for other in (post, git) if other)
        return (f"  {self.name:<28}{wall:9.1f} ms {statistics.median(self.cpu):8.1f} ms {statistics.median(self.faults):8.0f} "
                f"{max(self.requests):9d} {ratios}")


class Job:
    """A job's variables and files, as the runner and action.yml set them."""

    def __init__(self, root, server, run, head):
        self.folder = tempfile.mkdtemp(dir=root, prefix=f"job-{run}-")
        event = os.path.join(self.folder, "event.json")
        with open(event, "w", encoding="utf-8") as file:
            json.dump(payloads.push(head), file)
        temp = os.path.join(self.folder, "temp")
        os.mkdir(temp)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": event, "GITHUB_REPOSITORY": payloads.HOME, "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_RUN_ID": run, "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "agent", "GITHUB_WORKFLOW": "Agent",
            "GITHUB_WORKFLOW_REF": f"{payloads.HOME}/.github/workflows/agent.yml@refs/heads/topic", "GITHUB_REF": "refs/heads/topic", "GITHUB_ACTOR": "ann",
            "GITHUB_TRIGGERING_ACTOR": "ann", "GITHUB_SHA": head, "RUNNER_TEMP": temp, "RUNNER_TRACKING_ID": f"github_{run}",
            "GITHUB_OUTPUT": os.path.join(self.folder, "output"), "GITHUB_STEP_SUMMARY": os.path.join(self.folder, "summary"), "REFGATE_TOKEN": TOKEN,
            "REFGATE_HEARTBEAT": "false"}
        if getattr(server, "ca", None):
            self.environment["SSL_CERT_FILE"] = server.ca


def git_environment(server, folder):
    settings = [("http.extraHeader", AUTHORIZATION), ("gc.auto", "0")]
    if getattr(server, "ca", None):
        settings.append(("http.sslCAInfo", server.ca))
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(settings)), "GIT_CONFIG_NOSYSTEM": "1"}
    for index, (key, value) in enumerate(settings):
        environment[f"GIT_CONFIG_KEY_{index}"], environment[f"GIT_CONFIG_VALUE_{index}"] = key, value
    return environment


def identity():
    return {**os.environ, "GIT_AUTHOR_NAME": "b", "GIT_AUTHOR_EMAIL": "b@localhost", "GIT_COMMITTER_NAME": "b", "GIT_COMMITTER_EMAIL": "b@localhost"}


def fill(repository, count):
    """So many branches, all on one commit."""
    git = lambda *words, **more: subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True, text=True, **more).stdout.strip()
    commit = git("commit-tree", "-m", "x", git("hash-object", "-t", "tree", "-w", "--stdin", input=""), env=identity())
    with open(os.path.join(repository, "packed-refs"), "w", encoding="utf-8") as packed:
        packed.write("# pack-refs with: peeled fully-peeled sorted \n")
        for number in range(count):
            packed.write(f"{commit} refs/heads/branch-{number:07d}\n")


def prepare_claims(scratch, count):
    """Objects for git's claims: a commit with one small file each, as different as nonces."""
    subprocess.run(["git", "init", "-q", "--bare", scratch], check=True)
    run = lambda words, text="": subprocess.run(["git", "-C", scratch, *words], check=True, capture_output=True, text=True, input=text,
                                                env=identity()).stdout.strip()
    commits = []
    for number in range(count):
        blob = run(["hash-object", "-w", "--stdin"], f"claim {number} {os.urandom(16).hex()}\n" + "x" * 1500)
        tree = run(["mktree"], f"100644 blob {blob}\tclaim.json\n")
        commits.append(run(["commit-tree", "-m", "claim", tree]))
    return commits


class Recorder(socketserver.StreamRequestHandler):
    """Takes one POST, keeps its body, and answers that the token is none: nothing is asked again."""

    def handle(self):
        length = 0
        while (line := self.rfile.readline().strip()):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.server.bodies.append(self.rfile.read(length))
        self.wfile.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def recorded_bodies(refgate, root, server, serial, count):
    """Files with the bodies of as many won gates."""
    files = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Recorder) as recorder:
        recorder.bodies = []
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{recorder.server_address[1]}/bench.git"
        for number in range(count):
            job = Job(root, server, f"9{serial}{number}", payloads.commit(f"post {serial} {number}"))
            subprocess.run([refgate, "gate"], env={**job.environment, "REFGATE_REMOTE": url}, capture_output=True, check=False)
            files.append(os.path.join(job.folder, "body"))
            with open(files[-1], "wb") as file:
                file.write(recorder.bodies[number])
        recorder.shutdown()
    return files


def measure(refgate, server, root, rounds, serial):
    url = server.url + "/bench.git"
    scratch = tempfile.mkdtemp(dir=root, prefix="scratch-")
    commits = prepare_claims(scratch + "/s.git", rounds)
    bodies = recorded_bodies(refgate, root, server, serial, rounds)
    with open(scratch + "/header", "w", encoding="utf-8") as header:
        header.write(f"{AUTHORIZATION}\nContent-Type: application/x-git-receive-pack-request\nExpect:\n")
    curl = ["curl", "-sS", "--fail", "-o", "/dev/null", "-H", f"@{scratch}/header"] + (["--cacert", server.ca] if getattr(server, "ca", None) else [])
    post, git, won = Samples("curl, the same POST"), Samples("git command line, one claim"), Samples("gate, won")
    others = {}

    def other(name, command, job, expect=""):
        words = [refgate, *command.split(), *(() if command in ("gate", "health") else ("--remote", url))]
        return others.setdefault(name, Samples(name)).take(server, words, {**job.environment, "REFGATE_REMOTE": url}, expect)

    for number in range(rounds):
        post.take(server, [*curl, "--data-binary", f"@{bodies[number]}", url + "/git-receive-pack"], {"PATH": os.environ["PATH"]})
        git.take(server, ["git", "-C", scratch + "/s.git", "push", "--porcelain", f"--force-with-lease=refs/bench/git-{serial}-{number}/x:", url,
                          f"{commits[number]}:refs/bench/git-{serial}-{number}/x"], git_environment(server, root), "Done")
        head = payloads.commit(f"{serial} {number}")
        first, second, third = (Job(root, server, f"{serial}{number}{digit}", head) for digit in "123")
        won.take(server, [refgate, "gate"], {**first.environment, "REFGATE_REMOTE": url}, "SKIP_EXECUTION=false")
        other("gate, duplicate and its line", "gate", second, "SKIP_EXECUTION=true")
        other("heartbeat", "heartbeat", first, "Lease renewed")
        other("health", "health", first)
        with open(first.folder + "/result.txt", "w", encoding="utf-8") as file:
            file.write("done\n")
        other("result save", f"result save {first.folder}/result.txt", first, "RESULT_ID")
        other("finish", "finish --status cancelled", first, "Session ended")
        other("gate, takeover", "gate", third, "SKIP_EXECUTION=false")
        other("finish after a takeover", "finish", third, "Session ended")
        for reader in ("status", "log", "stats", "verify", "metrics", "doctor --rounds 0", "gc"):
            other(reader, reader, third)
    print(f"  {'':<28}{'wall':>12} {'CPU':>11} {'faults':>8} {'requests':>9}    / POST     / git")
    for samples in (post, git, won, *others.values()):
        print(samples.row(post, git))


def at_once(refgate, server, root, count):
    url = server.url + "/bench.git"
    launch.reset(server)
    head = payloads.commit("at once")
    jobs = [Job(root, server, f"7{number}", head) for number in range(count)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    callers = [subprocess.Popen([refgate, "gate"], env={**job.environment, "REFGATE_REMOTE": url}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for job in jobs]
    outputs = [caller.communicate() for caller in callers]
    wall = (time.perf_counter() - start) * 1000
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
    runs = sum("SKIP_EXECUTION=false" in out for out, _ in outputs)
    failed = sum(caller.returncode != 0 for caller in callers)
    print(f"  {count} gates at once: {wall:.0f} ms for all, {cpu:.0f} ms client CPU, {len(launch.requests(server))} requests, {runs} ran, {failed} failed")
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
        for index, count in enumerate(int(text) for text in arguments.refs.split(",")):
            for tls in (False, True):
                shutil.rmtree(os.path.join(root, "bench.git"), ignore_errors=True)
                launch.make_repository(os.path.join(root, "bench.git"))
                if count:
                    fill(os.path.join(root, "bench.git"), count)
                with launch.serve(root, tls=tls, auth=TOKEN) as server:
                    print(f"{'HTTPS' if tls else 'HTTP'}, {count or 'few'} other refs on the server, median of {arguments.rounds}")
                    measure(refgate, server, root, arguments.rounds, f"{index}{int(tls)}")
        for tls in (False, True):
            shutil.rmtree(os.path.join(root, "bench.git"), ignore_errors=True)
            launch.make_repository(os.path.join(root, "bench.git"))
            with launch.serve(root, tls=tls, auth=TOKEN) as server:
                print("HTTPS" if tls else "HTTP")
                at_once(refgate, server, root, arguments.at_once)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
