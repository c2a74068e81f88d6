"""Shapes of scripts and prompts: what is asked before an agent, a push or a dispatch, and what an agent is told."""
from shapes import BEHIND, CI, HEAD, TOKEN, filled, one_file

OFTEN = "on: {schedule: [{cron: '*/5 * * * *'}]}\njobs:\n  a:\n    runs-on: u\n    steps:\n"
BY_HAND = "on: workflow_dispatch\njobs:\n  a:\n    runs-on: u\n    steps:\n"
TOLD = "on: pull_request\njobs:\n  a:\n    runs-on: u\n    steps:\n      - uses: actions/checkout@v4\n        with: {token: '${{ secrets.BOT }}'}\n"


def often(part, tail="          claude -p x\n"):
    return one_file(OFTEN + "      - run: |\n", lambda number: f"          {part(number)}\n", tail)


def long_prompt_and_pushes(size):
    """One agent whose prompt forbids many pushes, and many pushes behind it in its own script."""
    text = filled(size // 2, HEAD + "  a:\n    runs-on: u\n    steps:\n" + TOKEN + "      - run: |\n          claude -p '", lambda number: f"never git push {number}. ")
    return {CI: filled(size, text + "'\n", lambda number: f"          [ -s f{number} ] || git push origin b{number}\n")}


SCRIPT_SHAPES = {
    "questions before an agent": often(lambda number: f"if [ -s f{number} ]; then echo {number}; fi"),
    "questions in questions": often(lambda number: f"if [ -s f{number} ]; then"),
    "loops in loops": often(lambda number: f"for f{number} in a b; do"),
    "functions before an agent": often(lambda number: f"f{number}() {{ [ -s x ] || exit 1; }}; f{number}"),
    "variables before an agent": often(lambda number: f"v{number}=${{v{number - 1}}}; [ \"$v{number}\" = '' ] && echo {number}"),
    "open brackets before an agent": often(lambda number: "( { $("),
    "a long list before an agent": one_file(OFTEN + "      - run: true", lambda number: f" && [ -n \"$v{number}\" ] || true", "; claude -p x\n"),
    "steps that ask before agents": one_file(OFTEN, lambda number: f"      - run: '[ -n \"$V{number}\" ] && echo {number}'\n      - run: claude -p {number}\n"),
    "dispatches that are asked for": one_file(BY_HAND, lambda number: f"      - run: '[ -s f{number} ] && gh workflow run ci.yml'\n      - run: claude -p {number}\n"),
    "an agent that is forbidden to push": long_prompt_and_pushes,
    "agents that are told to push": one_file(TOLD, lambda number: f"      - run: claude -p 'Fix {number}, do not git push'\n"),
    "agents that push themselves": one_file(BEHIND + TOKEN, lambda number: f"      - run: claude -p {number} && git push origin other-{number}\n"),
}
