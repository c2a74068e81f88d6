"""Faults that need a workflow of a certain kind: a clean text of ours each, and a part of it that is replaced."""

PATH = ".github/workflows/planted.yml"

ANSWER = """on:
  issue_comment:
    types: [created]
jobs:
  answer:
    if: contains(github.event.comment.body, '/answer') && contains(fromJSON('["OWNER", "MEMBER"]'), github.event.comment.author_association)
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency:
      group: answer-${{ github.event.issue.number }}
      cancel-in-progress: false
    permissions:
      issues: write
    steps:
      - id: token
        uses: actions/create-github-app-token@v2
        with:
          app-id: ${{ vars.APP_ID }}
          private-key: ${{ secrets.APP_KEY }}
      - run: codex exec "Answer what the comment asks for, in answer.md."
      - run: gh issue comment "$NUMBER" --body-file answer.md
        env:
          NUMBER: ${{ github.event.issue.number }}
          GH_TOKEN: ${{ github.token }}
"""
ROLE = """ && contains(fromJSON('["OWNER", "MEMBER"]'), github.event.comment.author_association)"""

FIX = """on:
  pull_request:
    types: [opened, synchronize]
jobs:
  fix:
    if: github.actor != 'project-bot' && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency:
      group: fix-${{ github.event.pull_request.number }}
      cancel-in-progress: true
    steps:
      - uses: actions/checkout@v5
        with:
          ref: ${{ github.head_ref }}
          token: ${{ secrets.BOT_TOKEN }}
      - run: claude -p "Fix what the linter says."
      - run: |
          git commit -am "Fix"
          git push
"""

MENTION = """on:
  issue_comment:
    types: [created]
  pull_request_review_comment:
    types: [created]
jobs:
  claude:
    if: contains(github.event.comment.body, '@claude')
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency:
      group: claude-${{ github.event.issue.number || github.event.pull_request.number }}
      cancel-in-progress: false
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          anthropic_api_key: ${{ secrets.ANTHROPIC_API_KEY }}
"""

DEPLOY = """on: issue_comment
concurrency:
  group: deploy-${{ github.event.issue.number }}
  cancel-in-progress: false
jobs:
  deploy:
    if: startsWith(github.event.comment.body, '/deploy') && github.event.comment.author_association == 'OWNER'
    runs-on: ubuntu-latest
    steps:
      - run: make deploy
"""

AGAIN = """on:
  workflow_run:
    workflows: [CI]
    types: [completed]
jobs:
  again:
    if: github.event.workflow_run.conclusion == 'failure' && github.event.workflow_run.run_attempt == 1
    runs-on: ubuntu-latest
    permissions:
      actions: write
    steps:
      - run: gh run rerun "$RUN" --failed
        env:
          GH_TOKEN: ${{ github.token }}
          RUN: ${{ github.event.workflow_run.id }}
"""

NESTED = """on: workflow_dispatch
concurrency: release
jobs:
  build:
    runs-on: ubuntu-latest
    concurrency:
      group: release-build
    steps:
      - run: make release
"""

CI = """name: CI
on:
  push:
    branches: [main]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""

REVIEW = """on:
  pull_request:
    types: [opened, synchronize, ready_for_review]
jobs:
  review:
    if: github.event.pull_request.draft == false
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency:
      group: review-${{ github.event.pull_request.number }}
      cancel-in-progress: true
    steps:
      - uses: anthropics/claude-code-action@v1
        with:
          prompt: Review this pull request.
"""

QUEUE = """on:
  push:
    branches: [main]
  merge_group:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: make test
"""

EXPLAIN = """on:
  workflow_run:
    workflows: [CI]
    types: [completed]
jobs:
  explain:
    if: github.event.workflow_run.conclusion == 'failure'
    runs-on: ubuntu-latest
    timeout-minutes: 20
    concurrency:
      group: explain-${{ github.event.workflow_run.head_branch }}
      cancel-in-progress: true
    steps:
      - uses: openai/codex-action@v1
        with:
          prompt: Explain the failure.
"""

LINT = CI.replace("CI", "Lint")

# rule, kind, text, what is replaced, by what
TABLE = [
    ("agent-without-actor-check", "no role asked for", ANSWER, ROLE, ""),
    ("agent-without-actor-check", "only bots kept out", ANSWER, ROLE, " && github.event.sender.type != 'Bot'"),
    ("agent-without-actor-check", "a bypass", ANSWER, ROLE, " || github.event.comment.author_association == 'OWNER'"),
    ("agent-without-actor-check", "an action that lets all in", MENTION, "        with:\n", "        with:\n          allowed_non_write_users: '*'\n          github_token: ${{ github.token }}\n"),
    ("agent-without-timeout", "no timeout", ANSWER, "    timeout-minutes: 20\n", ""),
    ("agent-without-timeout", "no timeout", MENTION, "    timeout-minutes: 20\n", ""),
    ("agent-without-concurrency", "no group", MENTION,
     MENTION[MENTION.index("    concurrency:"):MENTION.index("    steps:")], ""),
    ("self-trigger", "bots let in", MENTION, "        with:\n", "        with:\n          allowed_bots: '*'\n"),
    ("self-trigger", "a person's token and no test of the actor", FIX, "github.actor != 'project-bot' && ", ""),
    ("concurrency-self-cancel", "cancels for every comment", DEPLOY, "cancel-in-progress: false", "cancel-in-progress: true"),
    ("concurrency-defeated", "the run's number in the group", DEPLOY, "${{ github.event.issue.number }}", "${{ github.run_number }}"),
    ("concurrency-deadlock", "a job in the group of its workflow", NESTED, "group: release-build", "group: release"),
    ("duplicate-trigger", "drafts not left out", REVIEW, "    if: github.event.pull_request.draft == false\n", ""),
    ("duplicate-trigger", "a push of the merge queue's branches", QUEUE, "    branches: [main]\n", "    branches-ignore: [wip]\n"),
    ("workflow-run-fan-out", "two sources of one commit", EXPLAIN, "workflows: [CI]", "workflows: [CI, Lint]"),
    ("workflow-run-fan-out", "every type", EXPLAIN.replace(" == 'failure'", " != 'success'"), "    types: [completed]\n", ""),
    ("workflow-run-unknown", "a file instead of a name", EXPLAIN, "workflows: [CI]", "workflows: [ci.yml]"),
    ("rerun-loop", "no bound", AGAIN, " && github.event.workflow_run.run_attempt == 1", ""),
    ("rerun-loop", "a bound that is none", AGAIN, " && github.event.workflow_run.run_attempt == 1", " && github.event.workflow_run.run_attempt > 0"),
]


def all_faults():
    for rule, kind, text, old, new in TABLE:
        if old not in text:
            raise ValueError(f"{kind}: the text to replace is not there")
        others = {".github/workflows/ci.yml": CI, ".github/workflows/lint.yml": LINT}
        yield {
            "rule": rule, "kind": kind, "path": PATH, "also": set(),
            "clean": {**others, PATH: text}, "broken": {**others, PATH: text.replace(old, new)},
        }
