"""Faults of the trigger rules, planted into a workflow as it is."""

import re

from outline import Edits, Outline, Unfit, plain


def fault(rule, kind, path, clean, broken, also=()):
    return {"rule": rule, "kind": kind, "path": path, "clean": clean, "broken": broken, "also": set(also)}


def all_faults(repository, path, text):
    outline = Outline(text)
    for plant in (push_filters, both_pull_requests, doubled_values, doubled_keys, sources, listeners, types_of_listener):
        try:
            yield from plant(repository, path, outline, text)
        except Unfit:
            continue


def literals(entry):
    """The items of a list of plain names; None for every other."""
    if entry is None:
        return None
    if entry.value and entry.value.startswith("[") and entry.value.endswith("]") and entry.end == entry.begin + 1:
        items = [plain(each.strip()) for each in entry.value[1:-1].split(",")]
    elif entry.value:
        items = [plain(entry.value)]
    else:
        items = [plain(line.strip()[1:].strip()) for line in entry.lines[1:] if line.strip().startswith("- ")]
    return None if any(not item or re.search(r"[*?!+\[\]]", item) for item in items) else items


def unconditional(outline):
    return any("if" not in job.entries and "needs" not in job.entries for job in outline.jobs)


def push_filters(repository, path, outline, text):
    """A push for some branches beside a pull_request, opened to every branch."""
    events = outline.events() or {}
    if "push" not in events or "pull_request" not in events or not unconditional(outline):
        return
    push = outline.inside(events["push"])
    pull = outline.inside(events["pull_request"]) or {}
    if not push or not literals(push.get("branches")) or "types" in pull or {"tags", "tags-ignore"} & set(push):
        return
    branches = push["branches"]
    pad = " " * branches.column
    kinds = {
        "no filter": [] if len(push) > 1 else None,
        "every branch": [f"{pad}branches: ['**']"],
        "every plain branch": [f"{pad}branches:", f"{pad}  - '*'"],
        "all but one": [f"{pad}branches-ignore: [gh-pages]"],
    }
    for kind, lines in kinds.items():
        edits = Edits(outline)
        if lines is None:
            edits.replace(events["push"].begin, events["push"].end, [" " * events["push"].column + "push:"])
        else:
            edits.replace(branches.begin, branches.end, lines)
        yield fault("duplicate-trigger", kind, path, {path: text}, {path: edits.text()}, {"broad-push"})


def both_pull_requests(repository, path, outline, text):
    """A pull_request_target beside the pull_request."""
    events = outline.events() or {}
    if "pull_request" not in events or "pull_request_target" in events or not unconditional(outline):
        return
    if "types" in (outline.inside(events["pull_request"]) or {}):
        return
    edits = Edits(outline)
    edits.insert(events["pull_request"].end, [" " * events["pull_request"].column + "pull_request_target:"])
    yield fault("duplicate-trigger", "both events of a pull request", path, {path: text}, {path: edits.text()})


def doubled_values(repository, path, outline, text):
    """A value of a list that is there already: of a matrix, a filter, a need."""
    for job in outline.jobs:
        strategy = job.entries.get("strategy")
        inner = outline.inside(strategy) if strategy else None
        matrix = outline.inside(inner["matrix"]) if inner and "matrix" in inner else None
        for name, axis in (matrix or {}).items():
            if name != "exclude":
                yield from doubled(outline, path, text, axis, "a matrix row" if name == "include" else "a matrix value")
                break
        if "needs" in job.entries:
            yield from doubled(outline, path, text, job.entries["needs"], "a need")
            break
    for event in (outline.events() or {}).values():
        for name, entry in (outline.inside(event) or {}).items():
            if name in ("branches", "paths", "types", "workflows", "tags"):
                yield from doubled(outline, path, text, entry, "a filter")
                return


def doubled(outline, path, text, entry, kind):
    edits = Edits(outline)
    if entry.value:
        match = re.match(r"^\[\s*([^\[\]{},]+?)\s*(,.*)?\]$", entry.value)
        if not match or "${{" in entry.value:
            return
        line = outline.lines[entry.begin]
        edits.replace(entry.begin, entry.begin + 1, [line[: line.rindex("]")].rstrip().rstrip(",") + f", {match.group(1)}]"])
    else:
        starts = [at for at in range(entry.begin + 1, entry.end) if outline.lines[at].strip().startswith("- ")]
        if not starts:
            return
        dash = outline.lines[starts[0]].index("-")
        starts = [at for at in starts if outline.lines[at].index("-") == dash] + [entry.end]
        item = outline.lines[starts[0] : starts[1]]
        if any("${{" in line or line.strip().startswith("#") for line in item) or any(re.match(r"- ['\"]?!", line.strip()) for line in entry.lines):
            return
        edits.insert(entry.end, item)
    yield fault("duplicate-entry", kind, path, {path: text}, {path: edits.text()})


def doubled_keys(repository, path, outline, text):
    job = outline.jobs[len(path) % len(outline.jobs)]
    entry = job.entries.get("runs-on") or job.entries.get("uses")
    if entry is None:
        return
    edits = Edits(outline)
    edits.insert(entry.end, entry.lines)
    yield fault("duplicate-entry", "a key", path, {path: text}, {path: edits.text()})


def named(repository, path):
    """The workflow of another file and its name, both as they are."""
    for other, text in sorted(repository.items()):
        match = re.search(r"^name:\s*(.+?)\s*$", text, re.M)
        name = plain(match.group(1)) if match else None
        if other != path and name and re.fullmatch(r"[\w ()-]+", name) and "workflow_call" not in text:
            yield other, name


def sources(repository, path, outline, text):
    events = outline.events() or {}
    run = outline.inside(events["workflow_run"]) if "workflow_run" in events else None
    if not run or "workflows" not in run:
        return
    entry = run["workflows"]
    for other, name in named(repository, path):
        if not any(re.search(rf"(?<![\w -]){re.escape(name)}(?![\w -])", line) for line in entry.lines):
            continue
        at = next(n for n, line in enumerate(entry.lines) if re.search(rf"(?<![\w -]){re.escape(name)}(?![\w -])", line))
        for kind, new in (("a misspelt source", name[:-1] + name[-1] * 2), ("another source", "No such workflow")):
            edits = Edits(outline)
            line = entry.lines[at]
            edits.replace(entry.begin + at, entry.begin + at + 1, [line.replace(name, new, 1)])
            yield fault("workflow-run-unknown", kind, path, {path: text}, {path: edits.text()})
        renamed = re.sub(r"^name:.*$", f"name: {name} of old", repository[other], count=1, flags=re.M)
        yield fault("workflow-run-unknown", "a source with a new name", path, {path: text}, {path: text, other: renamed})
        return


LISTENER = """on:
  workflow_run:
    workflows: ['{name}']
    types: [completed]
jobs:
  tell:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
      - run: npm ci
      - run: make tell
"""


def listeners(repository, path, outline, text):
    """One more workflow that listens to this one, which has one listener."""
    match = re.search(r"^name:\s*(.+?)\s*$", text, re.M)
    name = plain(match.group(1)) if match else None
    events = outline.events() or {}
    if not name or "'" in name or not {"push", "pull_request", "schedule", "workflow_dispatch"} & set(events):
        return
    if any("workflow_run:" in other and name in other.split("jobs:")[0] for other in repository.values()):
        return
    one, two = ".github/workflows/planted-one.yml", ".github/workflows/planted-two.yml"
    text_of = LISTENER.format(name=name)
    yield fault("workflow-run-fan-out", "a second listener", one, {one: text_of}, {one: text_of, two: text_of})


def types_of_listener(repository, path, outline, text):
    events = outline.events() or {}
    run = outline.inside(events["workflow_run"]) if "workflow_run" in events else None
    if not run or "types" not in run or literals(run["types"]) != ["completed"] or not unconditional(outline):
        return
    edits = Edits(outline)
    edits.replace(run["types"].begin, run["types"].end, [])
    yield fault("workflow-run-fan-out", "no types", path, {path: text}, {path: edits.text()})
