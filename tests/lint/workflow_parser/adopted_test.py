"""What init --write leaves is a workflow for GitHub's own parser, with nothing new said of it by the linter; or the file as it was, with a note.

usage: adopted_test.py REFGATE PACKAGES [--corpus FOLDER]

PACKAGES is where npm installed package.json. The workflows are put together of parts: how a checkout, a condition, permissions and a runner are written,
and what stands last. With --corpus, those of a folder of repositories, which are copied first.
"""

import argparse
import collections
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

from fixed_test import bring_parser, copy_corpus, parse

HEAD = "on:\n  pull_request:\n    types: [opened, synchronize]\nconcurrency:\n  group: agent-${{ github.event.pull_request.number }}\n"
CHECKOUTS = [
    "- uses: actions/checkout@v4  # pinned\n",
    "- uses: actions/checkout@v4\n  with:\n",
    "- uses: actions/checkout@v4\n  with: {}\n",
    "- with: {fetch-depth: 0}\n  uses: actions/checkout@v4\n",
    "- name: Code\n  uses: actions/checkout@v4\n  with:\n    fetch-depth: 0\n    # all of it\n",
    "-\n  uses: actions/checkout@v4\n",
]
AGENTS = [
    "- run: claude -p x\n",
    "- name: 'Agent: review'\n  if: \"contains(github.event.pull_request.title, 'a: b')\"\n  run: |\n    claude -p x\n\n",
    "- if: |\n    github.event.number > 1 &&\n    true\n  run: claude -p x\n",
    "- run: claude -p x\n  if: ${{ always() }}\n",
    "- uses: anthropics/claude-code-action@v1\n  with:\n    prompt: >-\n      Review\n      this\n",
    "- if: ${{ github.actor }} == 'x'\n  run: claude -p x\n",
    "- {run: claude -p x}\n",
]
PERMISSIONS = [("", ""), ("permissions: read-all\n", ""), ("permissions: {}\n", ""), ("permissions:\n  contents: read\n", ""),
               ("", "    permissions: {contents: read}\n"), ("permissions: write-all\n", "    permissions:\n      issues: write  # to comment\n")]
RUNNERS = ["    runs-on: ubuntu-latest\n", "    runs-on:\n      - self-hosted\n      - Linux\n", "    runs-on: windows-latest\n",
           "    runs-on: ubuntu-latest\n    container: {image: alpine:3}\n", "    timeout-minutes: 5\n    runs-on: [self-hosted, linux]\n"]
ENDS = ["", "  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm ci\n", "    # of the job\n\n# of the file\n", None]


def indented(text, blanks):
    return "".join(" " * blanks + line if line.strip() else line for line in text.splitlines(keepends=True))


def workflows():
    """Each part with each other one at least, not all with all."""
    parts = [CHECKOUTS, AGENTS, PERMISSIONS, RUNNERS, ENDS, (4, 6), (False, True)]
    for first, second in itertools.combinations(range(len(parts)), 2):
        for one, two in itertools.product(range(len(parts[first])), range(len(parts[second]))):
            picked = [0] * len(parts)
            picked[first], picked[second] = one, two
            checkout, agent, (top, own), runner, end, blanks, last = (part[index] for part, index in zip(parts, picked))
            steps = agent + checkout if last else checkout + agent
            text = HEAD + top + "jobs:\n  agent:\n" + runner + own + "    steps:\n" + indented(steps, blanks)
            yield text.rstrip("\n") if end is None else text + end


def said(refgate, repository):
    done = subprocess.run([refgate, "lint", "--format", "json"], cwd=repository, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        return collections.Counter()
    return collections.Counter((each["file"], each["rule"]) for each in json.loads(done.stdout)["findings"] if each["severity"] != "note")


def files_of(repository):
    return {path: path.read_bytes() for path in sorted(repository.glob(".github/workflows/*.y*ml"))}


def adopt(refgate, repository, problems):
    """The files that init changed, as they were; what is wrong goes to `problems`."""
    before, said_before = files_of(repository), said(refgate, repository)
    done = subprocess.run([refgate, "init", "--write"], cwd=repository, capture_output=True, text=True, check=False)
    after = files_of(repository)
    changed = [path for path in before if after[path] != before[path]]
    if done.returncode != 0:
        problems.append((repository, done.stderr))
    elif new := said(refgate, repository) - said_before:
        problems.append((repository, f"the linter has more to say: {new}"))
    elif not changed and "look at" not in done.stdout and len(before) == 1:
        problems.append((repository, "nothing is changed, and nothing said"))
    elif subprocess.run([refgate, "init", "--write"], cwd=repository, capture_output=True, check=False) and files_of(repository) != after:
        problems.append((repository, "a second call changes more"))
    return {path: before[path] for path in changed}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("refgate")
    parser.add_argument("packages", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path)
    arguments = parser.parse_args()
    bring_parser(arguments.packages)
    with tempfile.TemporaryDirectory() as folder:
        target, problems, old = pathlib.Path(folder), [], {}
        if arguments.corpus:
            copy_corpus(arguments.corpus, target)
        else:
            for number, text in enumerate(dict.fromkeys(workflows())):
                path = target / str(number) / ".github/workflows/agent.yml"
                path.parent.mkdir(parents=True)
                path.write_bytes(text.encode())
        repositories = sorted(target.iterdir())
        for repository in repositories:
            (repository / ".git").mkdir()
            old.update(adopt(arguments.refgate, repository, problems))
        former = target / "former"
        former.mkdir()
        for number, text in enumerate(old.values()):
            (former / f"{number}.yml").write_bytes(text)
        was = parse(arguments.packages, [former / f"{number}.yml" for number in range(len(old))])
        now = parse(arguments.packages, list(old))
        problems += [(path, sorted(set(new) - set(known))) for path, known, new in zip(old, was, now) if set(new) - set(known)]
        print(f"{len(repositories)} repositories, {len(old)} workflows changed, {len(problems)} problems")
        for path, problem in problems:
            print(f"{path}: {problem}")
            if not arguments.corpus and path.is_dir():
                print((path / ".github/workflows/agent.yml").read_text())
        if problems or not old:
            sys.exit(1)


if __name__ == "__main__":
    main()
