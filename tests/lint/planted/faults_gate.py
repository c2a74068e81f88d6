"""Faults of the gate rules: each workflow gets a correct gate first, which is the clean text, and then the same gate with one thing wrong."""

import re

import gates
from outline import Outline, Unfit

FOLDER = ".github/workflows/"
VERDICT = gates.VERDICT
DEAR = re.compile(r"actions/(checkout|setup-|cache)|setup|install|build|test|make|npm|cargo|pip|docker|go |gradle", re.I)

# What a guard is turned into, and what becomes of it on a skip.
BROKEN = {
    "inverted": f"{VERDICT} == 'true'",
    "negated text": f"!{VERDICT}",
    "boolean": f"{VERDICT} == false",
    "not a boolean": f"{VERDICT} != true",
    "bypassed": f"({VERDICT} == 'false' || success())",
    "another word": f"{VERDICT} == 'no'",
    "text": f"raw:${{{{ {VERDICT} == 'false' }}}} == true",
}
# Guards that hold, in the ways they are written.
RIGHT = [
    "{0} == 'false'", "{0} != 'true'", "!contains({0}, 'true')", "'false' == {0}", "!({0} == 'true')", "contains(fromJSON('[\"false\"]'), {0})",
]
MISSPELT = {"skip_executon": "== 'false'", "should_skip": "!= 'true'", "skipped": "!= 'true'", "skip-execution": "== 'false'"}


def is_dear(step):
    """A step that nobody would call free."""
    if "if" in step.entries and step.text("if") is None:
        return False
    words = " ".join(line for name in ("uses", "run") if name in step.entries for line in step.entries[name].lines)
    return bool(DEAR.search(words))


def is_always(step):
    text = step.text("if") or ""
    return bool(re.search(r"\b(always|failure|cancelled)\(", text))


def jobs_for_gate(outline):
    """Jobs with work that no other job waits for: what follows a skipped one would need a guard of its own."""
    waited_for = " ".join(line for job in outline.jobs if "needs" in job.entries for line in job.entries["needs"].lines)
    for job in outline.jobs:
        if re.search(rf"(?<![\w-]){re.escape(job.name)}(?![\w-])", waited_for):
            continue
        dear = [at for at, step in enumerate(job.steps) if is_dear(step) and not is_always(step)]
        if dear and "services" not in job.entries and "uses" not in job.entries and not is_off(job) and not is_always_job(job):
            yield job, dear


def is_off(job):
    entry = job.entries.get("if")
    return entry is not None and (entry.text() or "").strip(" ${}") in ("false", "false &&")


def all_faults(repository, path, text):
    outline = Outline(text)
    jobs = list(jobs_for_gate(outline))
    for position, (job, dear) in enumerate(jobs[:2]):
        try:
            yield from in_one_job(outline, job, dear, repository, path, position)
        except Unfit:
            continue
    try:
        yield from before_all(outline, repository, path)
    except Unfit:
        return


def fault(rule, kind, path, clean, broken, also=()):
    return {"rule": rule, "kind": kind, "path": path, "clean": {path: clean}, "broken": {path: broken}, "also": set(also)}


def in_one_job(outline, job, dear, repository, path, position):
    right = RIGHT[(len(path) + position) % len(RIGHT)].format(VERDICT)

    def only(at, guard):
        return lambda step: guard if step == at else right

    clean = gates.inside(outline, job, only(None, None))

    victim = dear[(len(path) + position) % len(dear)]
    yield fault("missing-guard", "no guard at a step", path, clean, gates.inside(outline, job, only(victim, None)))
    for kind, guard in BROKEN.items():
        if guard.startswith("raw:") and "if" in job.steps[victim].entries:
            continue
        yield fault("broken-guard", kind, path, clean, gates.inside(outline, job, only(victim, guard)))
    names = list(MISSPELT)
    name = names[(len(path) + position) % len(names)]
    guard = f"steps.{gates.ID}.outputs.{name} {MISSPELT[name]}"
    yield fault("unknown-output", "a misspelt output", path, clean, gates.inside(outline, job, only(victim, guard)))
    if dear[0] + 1 < len(job.steps):
        yield fault("late-gate", "below a step that costs", path, clean, gates.inside(outline, job, only(None, None), gate_at=dear[0] + 1))
    yield fault("unfinished-session", "no finish", path, clean, gates.inside(outline, job, only(None, None), finish=None))
    yield fault("unfinished-session", "finish without always()", path, clean, gates.inside(outline, job, only(None, None), finish=""))
    yield fault("unfinished-session", "finish on success only", path, clean, gates.inside(outline, job, only(None, None), finish="success()"))
    yield fault("gate-permissions", "contents: read", path, clean, gates.inside(outline, job, permissions=["", "contents: read"]))
    yield fault("gate-permissions", "other permissions only", path, clean, gates.inside(outline, job, permissions=["", "issues: write"]))
    yield fault("gate-permissions", "read-all", path, clean, gates.inside(outline, job, permissions=[" read-all"]))
    script = gates.positional(outline, job)
    yield fault("unregistered-session", "no register", path, script, gates.positional(outline, job, register=False))
    yield fault("unfinished-session", "no cleanup", path, script, gates.positional(outline, job, cleanup=None, audit=False))


def before_all(outline, repository, path):
    works = [job for job in outline.jobs if not is_off(job) and ("uses" in job.entries or any(is_dear(step) for step in job.steps))]
    roots = [job for job in works if "needs" not in job.entries and not is_always_job(job)]
    if not roots:
        return
    right = RIGHT[len(path) % len(RIGHT)].format(gates.NEEDED)
    name = roots[0].name

    def only(guard):
        return lambda job: guard if job == name else right

    clean = gates.before(outline, only(right))

    yield fault("missing-guard", "no guard at a job", path, clean, gates.before(outline, only(None)))
    for kind, guard in BROKEN.items():
        if not guard.startswith("raw:"):
            text = guard.replace(VERDICT, gates.NEEDED)
            yield fault("broken-guard", kind + " at a job", path, clean, gates.before(outline, only(text)), {"ungated-rerun"})
    yield fault("unknown-output", "a misspelt output of a job", path, clean, gates.before(outline, only(right.replace("skip_exe", "skipexe"))))
    yield fault("ungated-rerun", "run_attempt not compared", path, clean, gates.before(outline, only(right), attempt=False))
    if "workflow_call" not in " ".join(outline.top["on"].lines):  # else a caller may end the session
        yield fault("unfinished-session", "no last job", path, clean, gates.before(outline, only(right), last=False))
    yield fault("unfinished-session", "last job without always()", path, clean, gates.before(outline, only(right), finish=""))
    yield fault("unfinished-session", "finish without claim-id", path, clean, gates.before(outline, only(right), claim=False))


def is_always_job(job):
    entry = job.entries.get("if")
    return entry is not None and bool(re.search(r"\b(always|failure|cancelled)\(", entry.text() or ""))
