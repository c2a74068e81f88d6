"""A gate put into a workflow that has none, by program and in the ways that the pages of the gate rules call good; and the same with one thing wrong."""

from outline import Edits, Unfit, condition, is_content

ACTION = "refgate/refgate@v1"
ID = "session_gate"
VERDICT = f"steps.{ID}.outputs.skip_execution"
NEEDED = f"needs.{ID}.outputs.skip_execution"
SCRIPT = "python .github/scripts/session_deduplicator.py"


def write_condition(pad, text):
    """`if` in a style that takes every character."""
    return [f"{pad}if: >-", f"{' ' * len(pad)}  ${{{{ {text} }}}}"]


def joined(entry, guard):
    if entry is None:
        return guard
    inner = entry.text()
    inner = condition(inner) if inner else None
    if not inner:
        raise Unfit("a condition that is not one expression")
    return f"{guard} && ({inner})"


def guard_step(edits, step, guard):
    """Writes a step's condition; `raw` guards stand as they are."""
    if guard is None:
        return
    entry = step.entries.get("if")
    pad = " " * step.column
    if guard.startswith("raw:"):
        if entry is not None:
            raise Unfit("has a condition")
        lines = lambda start: [f"{start}if: {guard[4:]}"]
    else:
        lines = lambda start: write_condition(start, joined(entry, guard))
    line = edits.lines[step.begin]
    first = line[: step.column]
    if entry is None:
        edits.replace(step.begin, step.begin + 1, lines(first) + [pad + line[step.column :]])
    elif entry.begin == step.begin:
        edits.replace(entry.begin, entry.end, lines(first))
    else:
        edits.replace(entry.begin, entry.end, lines(pad))


def guard_job(edits, job, guard):
    entry = job.entries.get("if")
    pad = " " * job.column
    if entry is None:
        edits.insert(job.begin + 1, write_condition(pad, guard))
    else:
        edits.replace(entry.begin, entry.end, write_condition(pad, joined(entry, guard)))


def allow(edits, outline, job, lines):
    """Sets the permissions of a job: `lines` below `permissions:`."""
    pad = " " * job.column
    entry = job.entries.get("permissions")
    text = [f"{pad}permissions:{lines[0]}"] + [pad + "  " + line for line in lines[1:]]
    if entry is None:
        edits.insert(job.begin + 1, text)
    else:
        edits.replace(entry.begin, entry.end, text)


WRITE = ["", "contents: write"]


def can_hold_gate(job):
    if not job.steps or "services" in job.entries or "uses" in job.entries:
        raise Unfit("no job for a gate of its own")


def inside(outline, job, guard=lambda step: f"{VERDICT} == 'false'", gate_at=0, finish="always()", permissions=WRITE, gate_id=ID):
    """A gate as the first step of a job (or before step `gate_at`), a guard at every other one, `finish` at the end (None: no `finish`)."""
    can_hold_gate(job)
    edits = Edits(outline)
    allow(edits, outline, job, permissions)
    steps = job.steps
    dash = " " * steps[0].dash + "- "
    pad = " " * len(dash)
    edits.insert(steps[gate_at].begin, [f"{dash}id: {gate_id}", f"{pad}uses: {ACTION}"])
    for at, step in enumerate(steps):
        if at >= gate_at:
            guard_step(edits, step, guard(at))
    if finish is not None:
        lines = [f"{dash}if: {finish}"] if finish else []
        lines.append(f"{pad if finish else dash}uses: {ACTION}")
        edits.insert(steps[-1].end, lines + [f"{pad}with:", f"{pad}  command: finish"])
    return edits.text()


def before(outline, guard=None, attempt=True, finish="always()", claim=True, only=None, last=True):
    """A gate in a job of its own that all others need, and a last job that ends the session. `guard` gets a job's name."""
    edits = Edits(outline)
    pad = " " * outline.column
    names = [job.name for job in outline.jobs]
    if ID in names or any("matrix" == name for name in names):
        raise Unfit("a name that is in use")
    jobs = outline.top["jobs"]
    gate = [
        f"{pad}{ID}:",
        f"{pad}  runs-on: ubuntu-latest",
        f"{pad}  permissions:",
        f"{pad}    contents: write",
        f"{pad}  outputs:",
        f"{pad}    skip_execution: ${{{{ {VERDICT} }}}}",
        f"{pad}    claim_id: ${{{{ steps.{ID}.outputs.claim_id }}}}",
        f"{pad}    run_attempt: ${{{{ steps.{ID}.outputs.run_attempt }}}}",
        f"{pad}  steps:",
        f"{pad}    - id: {ID}",
        f"{pad}      uses: {ACTION}",
    ]
    edits.insert(jobs.begin + 1, gate)
    for job in outline.jobs:
        text = (guard or (lambda name: f"{NEEDED} == 'false'"))(job.name)
        if text is not None:
            if attempt:
                text += f" && needs.{ID}.outputs.run_attempt == github.run_attempt"
            guard_job(edits, job, text)
        need(edits, job)
    if last:
        lines = [f"{pad}end_session:", f"{pad}  needs: [{', '.join([ID] + names)}]"]
        if finish:
            lines.append(f"{pad}  if: {finish}")
        lines += [f"{pad}  runs-on: ubuntu-latest", f"{pad}  permissions:", f"{pad}    contents: write", f"{pad}  steps:"]
        lines += [f"{pad}    - uses: {ACTION}", f"{pad}      with:", f"{pad}        command: finish"]
        if claim:
            lines.append(f"{pad}        claim-id: ${{{{ needs.{ID}.outputs.claim_id }}}}")
        edits.insert(jobs.end, lines)
    return edits.text()


def need(edits, job):
    entry = job.entries.get("needs")
    pad = " " * job.column
    if entry is None:
        edits.insert(job.begin + 1, [f"{pad}needs: {ID}"])
        return
    if entry.value and entry.value.startswith("["):
        if "]" not in entry.value:
            raise Unfit("needs over several lines")
        edits.replace(entry.begin, entry.end, [f"{pad}needs: [{ID}, {entry.value[1:]}"])
    elif entry.value:
        edits.replace(entry.begin, entry.end, [f"{pad}needs: [{ID}, {entry.text()}]"])
    else:
        first = next(line for line in entry.lines[1:] if is_content(line))
        if not first.lstrip().startswith("- "):
            raise Unfit("needs in another style")
        edits.insert(entry.begin + 1, [first[: first.index("-")] + f"- {ID}"])


def positional(outline, job, register=True, cleanup="always()", audit=True, guard=f"{VERDICT} != 'true'"):
    """The positional commands: check, register, and audit and cleanup at the end."""
    can_hold_gate(job)
    edits = Edits(outline)
    steps = job.steps
    dash = " " * steps[0].dash + "- "
    pad = " " * len(dash)
    gate = [
        f"{dash}uses: actions/checkout@v4",
        f"{dash}id: {ID}",
        f"{pad}run: {SCRIPT} check push review \"$GITHUB_SHA\" \"$GITHUB_RUN_ID\"",
    ]
    key = f"\"${{{{ steps.{ID}.outputs.session_key }}}}\""
    if register:
        gate += [f"{dash}if: {guard}", f"{pad}run: {SCRIPT} register {key} push review \"$GITHUB_RUN_ID\" \"$GITHUB_SHA\""]
    edits.insert(steps[0].begin, gate)
    for step in steps:
        guard_step(edits, step, guard)
    last = []
    for command, wanted in (("audit", audit), ("cleanup", cleanup is not None)):
        if wanted:
            last += [f"{dash}if: {cleanup}"] if cleanup else []
            last += [f"{pad if cleanup else dash}run: {SCRIPT} {command} {key}"]
    edits.insert(steps[-1].end, last)
    return edits.text()
