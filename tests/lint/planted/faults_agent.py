"""Faults of the rules on retries and on what agents cost. Workflows get a job with an agent that has all that it needs, and then something less."""

import re

from faults_trigger import fault, literals, named, unconditional
from outline import Edits, Outline, Unfit

TIMEOUT = "    timeout-minutes: 30"
GROUP = ["    concurrency:", "      group: planted-${{ github.event.pull_request.number || github.ref }}", "      cancel-in-progress: false"]
AGENT = ["      - id: agent", "        run: claude -p \"Review this change for correctness and style, and say what is wrong.\""]
RETRIES = {
    "a retry action": ["      - uses: nick-fields/retry@v3", "        with:", "          timeout_minutes: 20", "          max_attempts: 3",
                       "          command: claude -p \"Review this change for correctness.\""],
    "a retry action around an action": ["      - uses: Wandalen/wretry.action@v3", "        with:", "          action: anthropics/claude-code-action@v1",
                                        "          attempt_limit: 3", "          with: |", "            prompt: Review this change."],
    "a counted loop": ["      - run: |", "          for attempt in 1 2 3; do", "            claude -p \"Review this change.\" && break", "            sleep 30",
                       "          done"],
    "until it succeeds": ["      - run: |", "          until codex exec \"Review this change.\"; do", "            sleep 30", "          done"],
    "once more after ||": ["      - run: gemini -p \"Review this change.\" || gemini -p \"Review this change.\""],
    "a second step": ["      - id: first", "        continue-on-error: true", "        uses: anthropics/claude-code-action@v1", "        with:",
                      "          prompt: Review this change.", "      - if: steps.first.outcome == 'failure'", "        uses: anthropics/claude-code-action@v1",
                      "        with:", "          prompt: Review this change."],
}


def job(steps=AGENT, timeout=True, group=GROUP, more=()):
    lines = ["  planted_agent:", "    runs-on: ubuntu-latest"]
    return lines + [TIMEOUT] * timeout + list(group) + list(more) + ["    steps:"] + list(steps)


def with_job(outline, lines):
    if outline.column < 1:
        raise Unfit("jobs at the margin")
    edits = Edits(outline)
    edits.insert(outline.top["jobs"].end, [" " * (outline.column - 2) + line if outline.column >= 2 else line[1:] for line in lines])
    return edits.text()


def all_faults(repository, path, text):
    outline = Outline(text)
    for plant in (agent_job, broad_push, run_id_in_group, reruns, deadlock, comments, actions):
        try:
            yield from plant(repository, path, outline, text)
        except Unfit:
            continue


def agent_job(repository, path, outline, text):
    events = outline.events() or {}
    if not {"pull_request", "push"} & set(events) or {"issue_comment", "workflow_call"} & set(events) or outline.column != 2:
        return
    if re.search(r"claude|codex|gemini|copilot", text, re.I):
        return
    clean = with_job(outline, job())
    one = lambda rule, kind, lines, also=(): fault(rule, kind, path, {path: clean}, {path: with_job(outline, lines)}, also)
    yield one("agent-without-timeout", "no timeout", job(timeout=False))
    pull = outline.inside(events["pull_request"]) if "pull_request" in events else {"types": None}
    if "types" not in (pull or {}) and "concurrency" not in outline.top:
        yield one("agent-without-concurrency", "no group", job(group=()))
    kind = sorted(RETRIES)[len(path) % len(RETRIES)]
    yield one("retry-not-suppressed", kind, job(RETRIES[kind]))
    matrix = ["    strategy:", "      matrix:", "        part: [core, tools]"]
    if len(path) % 3 == 0:
        yield one("retry-not-suppressed", "a matrix that fails fast", job(more=matrix))
    defeated = [GROUP[0], GROUP[1] + "-${{ github.run_id }}", GROUP[2]]
    yield one("concurrency-defeated", "run_id in the agent's group", job(group=defeated))
    copy = path.rsplit(".", 1)[0] + "_planted.yml"  # after the first one in the order of names, which is where the second is reported
    renamed = re.sub(r"^name:.*$", "name: Planted copy", clean, count=1, flags=re.M)
    yield fault("agents-share-event", "a copy of the workflow", copy, {path: clean}, {path: clean, copy: renamed})


def broad_push(repository, path, outline, text):
    """An agent at a push of some branches, which is opened to all."""
    events = outline.events() or {}
    push = outline.inside(events["push"]) if "push" in events else None
    if not push or {"tags", "tags-ignore"} & set(push) or not literals(push.get("branches")) or outline.column != 2:
        return
    clean = with_job(outline, job())
    edits = Edits(Outline(clean))
    for name in ("branches", "paths", "paths-ignore"):
        if name in push:
            edits.replace(push[name].begin, push[name].end, ["    branches: ['**']".replace("    ", " " * push[name].column)] if name == "branches" else [])
    yield fault("broad-push", "every branch and path", path, {path: clean}, {path: edits.text()}, {"duplicate-trigger", "agent-without-concurrency"})


def run_id_in_group(repository, path, outline, text):
    entry = outline.top.get("concurrency")
    group = (outline.inside(entry) or {}).get("group") if entry else None
    name = group.text() if group and group.end == group.begin + 1 else None
    if not name or "'" in name or "workflow_call" in (outline.events() or {"workflow_call": None}):
        return
    edits = Edits(outline)
    edits.replace(group.begin, group.end, [" " * group.column + f"group: {name}-${{{{ github.run_id }}}}"])
    yield fault("concurrency-defeated", "run_id in the workflow's group", path, {path: text}, {path: edits.text()})


AGAIN = """on:
  workflow_run:
    workflows: ['{name}']
    types: [completed]
jobs:
  again:
    if: github.event.workflow_run.conclusion == 'failure'{bound}
    runs-on: ubuntu-latest
    steps:
{step}
"""
STEPS = {
    "by command": "      - run: gh run rerun ${{ github.event.workflow_run.id }} --failed",
    "by REST": "      - run: gh api -X POST \"repos/$GITHUB_REPOSITORY/actions/runs/${{ github.event.workflow_run.id }}/rerun-failed-jobs\"",
    "by script": "      - uses: actions/github-script@v7\n        with:\n          script: |\n            await github.rest.actions.reRunWorkflowFailedJobs("
    "{owner: context.repo.owner, repo: context.repo.repo, run_id: context.payload.workflow_run.id})",
}


def reruns(repository, path, outline, text):
    match = re.search(r"^name:\s*(.+?)\s*$", text, re.M)
    if not match or not re.fullmatch(r"[\w ()-]+", match.group(1)) or "workflow_call" in (outline.events() or {}):
        return
    kind = sorted(STEPS)[len(path) % len(STEPS)]
    again = ".github/workflows/planted-again.yml"
    texts = [AGAIN.format(name=match.group(1), bound=bound, step=STEPS[kind]) for bound in (" && github.event.workflow_run.run_attempt < 3", "")]
    yield fault("rerun-loop", kind, again, {again: texts[0]}, {again: texts[1]})


def deadlock(repository, path, outline, text):
    """A caller and the workflow that it calls, in one group."""
    if "concurrency" in outline.top:
        return
    for each in outline.jobs:
        uses = (each.entries["uses"].text() if "uses" in each.entries else None) or ""
        called = uses[2:] if uses.startswith("./") else None
        condition = each.entries["if"].text() if "if" in each.entries else ""
        if called not in repository or re.search(r"^concurrency:", repository[called], re.M) or (condition or "").startswith("false"):
            continue
        group = "concurrency: planted-${{ github.ref }}\n"
        clean = {path: group + text, called: repository[called]}
        if re.search(r"^---", text, re.M):
            return
        yield fault("concurrency-deadlock", "one group", path, clean, {path: group + text, called: group + repository[called]})
        return


COMMENT_GROUP = "concurrency:\n  group: planted-${{{{ github.event.issue.number || github.event.pull_request.number }}}}\n  cancel-in-progress: {cancel}\n"


def comments(repository, path, outline, text):
    """A workflow that comments start, and that ignores most of them."""
    events = outline.events() or {}
    if "issue_comment" not in events or "concurrency" in outline.top or "workflow_call" in events:
        return
    conditions = [each.entries["if"].text() or "" if "if" in each.entries else "" for each in outline.jobs if "needs" not in each.entries]
    if not all(re.search(r"(contains|startsWith)\(\s*github\.event\.comment\.body", each) for each in conditions):
        return
    texts = [COMMENT_GROUP.format(cancel=cancel) + text for cancel in ("false", "true")]
    yield fault("concurrency-self-cancel", "cancel-in-progress at the top", path, {path: texts[0]}, {path: texts[1]})


def actions(repository, path, outline, text):
    """The agent's action, told to let in whom it keeps out by itself."""
    events = outline.events() or {}
    if "issue_comment" not in events or re.search(r"author_association|github\.actor|\.login|sender", text):
        return
    for each in outline.jobs:
        for step in each.steps:
            uses = step.text("uses") or ""
            given = outline.inside(step.entries["with"]) if "with" in step.entries else None
            if not uses.startswith("anthropics/claude-code-action@") or not given:
                continue
            first = min(given.values(), key=lambda entry: entry.begin)
            token = "github_token: ${{ github.token }}"
            table = [("self-trigger", ["allowed_bots: '*'"]), ("agent-without-actor-check", ["allowed_non_write_users: '*'", token])]
            for rule, lines in table:
                if any(line.split(":")[0] in given for line in lines + [token]):
                    continue
                edits = Edits(outline)
                edits.insert(first.begin, [" " * first.column + line for line in lines])
                yield fault(rule, lines[0], path, {path: text}, {path: edits.text()})
            return
