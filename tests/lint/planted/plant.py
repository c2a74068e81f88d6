#!/usr/bin/env python3
"""Plants one fault at a time into clean workflows and asks the linter: the rule of that fault has to report it, and no other one.

  plant.py --refgate PROGRAM                       the workflows beside this file; every fault found, nothing else, or it fails
  plant.py --refgate PROGRAM --corpus FOLDER       a folder of repositories, for numbers; --least 0.95 makes it fail below that share

A repository is a folder with .github/workflows. `--rule ID` limits it, `--missed N` prints the first N that were not found.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import faults_agent  # noqa: E402
import faults_gate  # noqa: E402
import faults_trigger  # noqa: E402
import templates  # noqa: E402
from outline import Unfit  # noqa: E402

HERE = pathlib.Path(__file__).parent
GATE_RULES = {
    "missing-guard", "broken-guard", "late-gate", "ungated-rerun", "unregistered-session", "unfinished-session", "unknown-output", "gate-permissions",
}
BATCH = 100
CALL = re.compile(r"uses:\s*['\"]?\./(\.github/workflows/[\w.-]+)")
ACROSS_FILES = {"workflow-run-unknown", "workflow-run-fan-out", "agents-share-event"}


def repositories(folder):
    """Name and workflows of each repository: {path: text}."""
    for root in sorted(pathlib.Path(folder).iterdir()):
        files = sorted((root / ".github/workflows").glob("*.y*ml"))
        texts = {}
        for file in files:
            try:
                texts[str(file.relative_to(root))] = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
        if texts:
            yield root.name, texts


def is_generated(path, text):
    return path.endswith(".lock.yml") or "gh-aw" in text[:2000]


def faults_of(repository):
    for path, text in repository.items():
        if is_generated(path, text):
            continue
        for module in (faults_trigger, faults_gate, faults_agent):
            try:
                yield from module.all_faults(repository, path, text)
            except Unfit:
                continue


def limited(faults, arguments):
    """Of each kind at most some of one repository, so that the largest ones do not decide the numbers."""
    counts = collections.Counter()
    for each in faults:
        if arguments.rule and each["rule"] not in arguments.rule:
            continue
        counts[each["rule"], each["kind"]] += 1
        if not arguments.corpus or counts[each["rule"], each["kind"]] <= arguments.each:
            yield each


class Linter:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.count = 0

    def findings(self, projects):
        """For each of the projects ({path: text}) the findings as (rule, path), linted in batches."""
        results = []
        for start in range(0, len(projects), BATCH):
            names = []
            for project in projects[start : start + BATCH]:
                name = f"p{self.count}"
                self.count += 1
                names.append(name)
                for path, text in project.items():
                    target = self.folder / name / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(text, encoding="utf-8")
            done = subprocess.run([self.program, "lint", "--format", "json", *names], cwd=self.folder, capture_output=True, text=True)
            if done.returncode not in (0, 1):
                raise SystemExit(f"the linter ended with {done.returncode}: {done.stderr}")
            found = collections.defaultdict(list)
            for finding in json.loads(done.stdout)["findings"]:
                name, _, path = finding["file"].partition("/")
                found[name].append((finding["rule"], path))
            results += [found[name] for name in names]
            for name in names:
                shutil.rmtree(self.folder / name)
        return results

    def cached(self, projects):
        """The same, each project linted once."""
        keys = [json.dumps(project, sort_keys=True) for project in projects]
        distinct = dict(zip(keys, projects))
        found = dict(zip(distinct, self.findings(list(distinct.values()))))
        return [found[key] for key in keys]


class Tally:
    def __init__(self):
        self.planted = self.found = self.alone = self.unclean = 0
        self.missed, self.others = [], []


def needed(repository, fault):
    """The files that the fault's rule may look at: all, or the workflow and those that it calls."""
    if fault["rule"] in ACROSS_FILES or "workflow_run" in fault["broken"].get(fault["path"], ""):
        return repository
    files, open_paths = {}, [fault["path"]]
    while open_paths:
        path = open_paths.pop()
        if path in repository and path not in files:
            files[path] = repository[path]
            open_paths += CALL.findall(repository[path])
    return files


def run(linter, where, repository, faults, tallies, wraps):
    clean = linter.cached([{**needed(repository, each), **each["clean"]} for each in faults])
    broken = linter.cached([{**needed(repository, each), **each["broken"]} for each in faults])
    for each, before, after in zip(faults, clean, broken):
        tally = tallies[each["rule"]]
        place = f"{where} {each['path']}: {each['kind']}"
        if "syntax" in {rule for rule, _ in before + after}:
            tally.unclean += 1
            continue
        wrong = [rule for rule, path in before if rule in GATE_RULES and path == each["path"]]
        if each["rule"] in GATE_RULES:
            key = (where, each["path"], json.dumps(each["clean"], sort_keys=True))
            wraps[key] = (place, wrong)
        anywhere = each["rule"] in ACROSS_FILES  # of several files that take part, the first one bears the finding
        own = lambda findings: sum(1 for rule, path in findings if rule == each["rule"] and (anywhere or path == each["path"]))
        if own(before) and not anywhere:
            tally.unclean += 1
            continue
        tally.planted += 1
        if own(after) > own(before):
            tally.found += 1
        else:
            tally.missed.append(place)
        counted = collections.Counter(rule for rule, _ in after)
        counted.subtract(collections.Counter(rule for rule, _ in before))
        more = {rule for rule, count in counted.items() if count > 0} - {each["rule"]} - each["also"]
        if more:
            tally.others.append(f"{place}: also {', '.join(sorted(more))}")
        elif own(after) > own(before):
            tally.alone += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refgate", required=True)
    parser.add_argument("--corpus")
    parser.add_argument("--rule", action="append", default=[])
    parser.add_argument("--missed", type=int, default=5)
    parser.add_argument("--each", type=int, default=3, help="faults of one kind in one repository of the corpus")
    parser.add_argument("--least", type=float)
    arguments = parser.parse_args()
    tallies, wraps = collections.defaultdict(Tally), {}
    with tempfile.TemporaryDirectory() as folder:
        linter = Linter(os.path.abspath(arguments.refgate), folder)
        everything = repositories(arguments.corpus) if arguments.corpus else [("clean", dict(next(repositories(HERE))[1]))]
        for where, repository in everything:
            faults = list(limited(faults_of(repository), arguments))
            run(linter, where, repository, faults, tallies, wraps)
        own = [each for each in templates.all_faults() if not arguments.rule or each["rule"] in arguments.rule]
        run(linter, "templates", {}, own, tallies, wraps)
    return report(arguments, tallies, wraps)


def report(arguments, tallies, wraps):
    failed = False
    print(f"{'rule':28}{'planted':>9}{'found':>7}{'alone':>7}{'unclean':>9}")
    for rule, tally in sorted(tallies.items()):
        print(f"{rule:28}{tally.planted:9}{tally.found:7}{tally.alone:7}{tally.unclean:9}")
        least = arguments.least if arguments.corpus else 1.0
        failed |= least is not None and tally.found < least * tally.planted
        failed |= not arguments.corpus and (tally.alone < tally.planted or tally.planted == 0 or tally.unclean > 0)
    noisy = {key: value for key, value in wraps.items() if value[1]}
    print(f"gates put in correctly: {len(wraps)}, with a finding of a gate rule: {len(noisy)}")
    failed |= bool(noisy) and not arguments.corpus
    for title, lists in (("missed", "missed"), ("others", "others")):
        for rule, tally in sorted(tallies.items()):
            for line in getattr(tally, lists)[: arguments.missed]:
                print(f"{title} {rule}: {line}")
    for place, wrong in list(noisy.values())[: 4 * arguments.missed]:
        print(f"noise {', '.join(sorted(set(wrong)))}: {place}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
