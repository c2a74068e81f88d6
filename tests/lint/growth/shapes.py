"""Shapes of workflow files that a linter can take too long over: each is made for a number of bytes, and its cost must grow as its size does.

A shape is a function from bytes to the files of a repository, {path: text}. A rule that looks at each pair of anything shows here; whoever adds such a
thing adds its shape.
"""
from itertools import count

CI = ".github/workflows/ci.yml"
HEAD = "on: [push, pull_request]\njobs:\n"
GATE = "      - {id: gate, uses: refgate/refgate@v1}\n"
CLOSED = "steps.gate.outputs.skip_execution == 'false'"


def filled(size, head, part, tail=""):
    """`head`, then part(0), part(1), … until the text has that size."""
    parts, length = [head], len(head) + len(tail)
    for number in count():
        if length >= size:
            break
        parts.append(part(number))
        length += len(parts[-1])
    return "".join(parts) + tail


def one_file(head, part, tail=""):
    return lambda size: {CI: filled(size, head, part, tail)}


def job(name, *lines):
    return f"  {name}:\n    runs-on: ubuntu-latest\n" + "".join(f"    {line}\n" for line in lines)


def agent(number, words="look at this"):
    return job(f"j{number}", "steps:", f"  - run: claude -p '{words}'")


def chain(number):
    return job(f"j{number}", *([f"needs: j{number - 1}"] if number else []), "steps: [{run: make}]")


def many_needs(number):
    return job(f"j{number}", f"needs: [{', '.join(f'j{before}' for before in range(max(0, number - 20), number))}]", "steps: [{run: make}]")


def needs_all(size):
    jobs = filled(size * 3 // 4, HEAD, lambda number: job(f"j{number}", "steps: [{run: make}]"))
    number = jobs.count("runs-on")
    return {CI: jobs + job("last", f"needs: [{', '.join(f'j{each}' for each in range(number))}]", "steps: [{run: make}]")}


def long_prompt(number):
    sentence = "Read the change, find what is wrong with it, and write down what should be done about it in a few words. "
    lines = "".join(f"            {sentence}\n" for _ in range(20))
    return job(f"j{number}", "steps:", "  - uses: anthropics/claude-code-action@v1", "    with:", "      prompt: |") + lines + f"            Part {number}.\n"


def gates_in_one_job(number):
    return f"      - {{id: gate{number}, uses: refgate/refgate@v1}}\n      - {{if: \"steps.gate{number}.outputs.skip_execution == 'false'\", run: ./work}}\n"


def guarded_step(number):
    return f"      - if: {CLOSED}\n        run: ./work {number}\n"


def guarded_otherwise(number):
    return f"      - if: {CLOSED} && github.event.number != {number}\n        run: ./work {number}\n"


def skipped_before(number):
    """An agent behind a guarded job that a skip leaves out, and behind the one before it."""
    return job(f"j{number}", f"needs: [w, j{number - 1}]" if number else "needs: w", "if: always()", "steps:", "  - run: claude -p x")


def second_agent(number):
    return job(f"j{number}", *([f"needs: j{number - 1}", "if: failure()"] if number else []), "steps:", "  - run: claude -p x")


def handed_on(number):
    names = "".join(f"${{{{ needs.j{number - 1}.outputs.o{each} }}}}" for each in range(8)) if number else "${{ github.event.issue.number }}"
    outputs = "".join(f"\n      o{each}: {names}" for each in range(8))
    return job(f"j{number}", *([f"needs: j{number - 1}"] if number else []), f"outputs:{outputs}", "steps:", f"  - run: claude -p \"{names}\"")


def unguarded_step(number):
    return f"      - run: ./work {number}\n"


def guarded_job(number):
    return job(f"j{number}", "needs: gate", "if: needs.gate.outputs.skip == 'false'", f"steps: [{{run: './work {number}'}}]")


def gate_job(number):
    return job(f"g{number}", "steps:", "  - {id: gate, uses: refgate/refgate@v1}", f"  - {{if: \"{CLOSED}\", run: claude -p x}}")


GATED = job("gate", "outputs: {skip: '${{ steps.gate.outputs.skip_execution }}'}", "steps:", "  - {id: gate, uses: refgate/refgate@v1}")


def outputs_of_a_gate(size):
    """A gate's job with an output for each of the jobs that need it."""
    each = "      o{0}: ${{{{ steps.gate.outputs.skip_execution }}}}\n"
    number = max(1, size // 200)
    gate = "  gate:\n    runs-on: ubuntu-latest\n    outputs:\n" + "".join(each.format(at) for at in range(number)) + "    steps:\n" + GATE
    jobs = "".join(job(f"j{at}", "needs: gate", f"if: needs.gate.outputs.o{at} == 'false'", "steps: [{run: make}]") for at in range(number))
    return {CI: HEAD + gate + jobs}


def names(size):
    text = filled(size, "on:\n  workflow_run:\n    types: [completed]\n    workflows:\n", lambda number: f"      - Build number {number}\n")
    return {CI: text + "jobs:\n" + agent(0)}


def called_by_many(size):
    """A workflow of many agents, called by many jobs: their product."""
    called = filled(size // 2, "on: workflow_call\njobs:\n", agent)
    return {CI: filled(size // 2, HEAD, lambda number: f"  c{number}:\n    uses: ./.github/workflows/called.yml\n"), ".github/workflows/called.yml": called}


def groups_called_by_many(size):
    called = filled(size // 2, "on: workflow_call\njobs:\n", lambda number: job(f"j{number}", f"concurrency: group-{number}", "steps: [{run: make}]"))
    calls = filled(size // 2, HEAD, lambda number: f"  c{number}:\n    uses: ./.github/workflows/called.yml\n    concurrency: group-{number}\n")
    return {CI: calls, ".github/workflows/called.yml": called}


def called_in_a_chain(size):
    """Four workflows, each of which calls the next one with all of its jobs."""
    def file(number):
        head = HEAD if number == 0 else "on: workflow_call\njobs:\n"
        if number == 3:
            return filled(size // 4, head, lambda each: job(f"j{each}", "steps: [{run: make}]"))
        return filled(size // 4, head, lambda each: f"  c{each}:\n    uses: ./.github/workflows/w{number + 1}.yml\n")
    return {f".github/workflows/w{number}.yml": file(number) for number in range(4)}


def interface_used_by_many(size):
    action = filled(size // 4, "name: a\ninputs:\n", lambda number: f"  i{number}: {{default: x}}\n")
    action = filled(size // 2, action + "outputs:\n", lambda number: f"  o{number}: {{value: x}}\n", "runs:\n  using: composite\n  steps: [{run: make, shell: bash}]\n")
    return {CI: filled(size // 2, HEAD + "  a:\n    runs-on: u\n    steps:\n", lambda _: "      - uses: ./act\n"), "act/action.yml": action}


def action_used_by_many(size):
    action = filled(size // 2, "name: a\nruns:\n  using: composite\n  steps:\n", lambda number: f"    - {{run: 'make {number}', shell: bash}}\n")
    return {CI: filled(size // 2, HEAD + "  a:\n    runs-on: u\n    steps:\n", lambda _: "      - uses: ./act\n"), "act/action.yml": action}


def actions_in_a_chain(size):
    files = {CI: HEAD + "  a:\n    runs-on: u\n    steps: [{uses: ./a0}]\n"}
    for number in range(size // 90):
        files[f"a{number}/action.yml"] = f"name: a\nruns:\n  using: composite\n  steps: [{{uses: ./a{number + 1}}}, {{uses: ./a{number + 1}}}]\n"
    return files


def many_files(text, each=300):
    return lambda size: {f".github/workflows/w{number}.yml": text(number) for number in range(max(1, size // each))}


def listener(number):
    return f"name: W{number}\non:\n  workflow_run:\n    workflows: [W{number - 1}]\n    types: [completed]\njobs:\n" + agent(number)


def answering(number):
    steps = f"    steps:\n      - run: claude -p 'part {number}'\n      - run: gh issue comment 1 --body done\n        env: {{GH_TOKEN: '${{{{ secrets.T }}}}'}}\n"
    return f"name: W{number}\non: issue_comment\njobs:\n  a:\n    runs-on: u\n{steps}"


def choosy_listener(number):
    return listener(number).replace("    types", f"    branches: [main, 'release/{number}/**']\n    types")


def many_sources(size):
    def file(name):
        return filled(size // 2, f"name: {name}\non:\n  workflow_run:\n    types: [completed]\n    workflows:\n", lambda number: f"      - Build {number}\n",
                      "jobs:\n" + agent(0))
    return {CI: file("A"), ".github/workflows/b.yml": file("B")}


def same_source(number):
    return f"name: W{number}\non:\n  workflow_run:\n    workflows: [W0]\n    types: [completed]\njobs:\n" + agent(number)


def commented(number):
    return f"name: W{number}\non: issue_comment\njobs:\n" + job("a", "if: contains(github.event.comment.body, '@claude')", "steps: [{run: claude -p 'look'}]")


def nested(size):
    depth = 90
    block = "".join("  " * level + f"k{level}:\n" for level in range(2, depth))
    return {CI: filled(size, HEAD + job("a", "steps: [{run: make}]") + "env:\n", lambda number: f"  e{number}:\n{block}")}


def brackets(size):
    return {CI: filled(size, HEAD + job("a", "steps: [{run: make}]") + "env:\n", lambda number: f"  e{number}: {'[' * 90}{']' * 90}\n")}


def aliased_jobs(number):
    return f"  j{number}: *job\n"


def expression(operator, part):
    def text(size):
        return {CI: HEAD + "  a:\n    runs-on: u\n    if: " + filled(size, "true", lambda number: f" {operator} " + part(number)) + "\n    steps: [{run: claude -p x}]\n"}
    return text


def nested_expression(size):
    depth = 40
    return expression("||", lambda number: "(" * depth + f"github.event.number == {number}" + ")" * depth)(size)


def calls(size):
    return expression("&&", lambda number: f"contains(fromJSON('[\"a\", \"b{number}\"]'), format('{{0}}{number}', github.ref))")(size)


def gate_expression(size):
    return {CI: HEAD + "  a:\n    runs-on: u\n    steps:\n" + GATE + "      - if: " + filled(size, CLOSED, lambda number: f" || github.actor == 'a{number}'")
            + "\n        run: ./work\n"}


def script(part):
    return one_file(HEAD + "  a:\n    runs-on: u\n    steps:\n      - run: |\n", lambda number: "          " + part(number) + "\n")


def long_line(size):
    return {CI: HEAD + "  a:\n    runs-on: u\n    steps:\n      - run: " + "x" * size + "\n"}


def wide_line(size):
    """Findings all along one line of letters that take several bytes."""
    return {CI: "on: {push: {branches: [" + filled(size, "m\u00e4in", lambda number: ", m\u00e4in") + "]}}\njobs:\n" + agent(0)}


def duplicate_keys(number):
    return f"      K{number % 7}: v\n"


def ignored(number):
    return agent(number).replace("\n", " # refgate: ignore[agent-without-timeout, agent-without-concurrency] known\n", 1)


def matrix_rows(number):
    return f"          - {{os: linux, version: {number}, tool: gcc, flags: '-O2'}}\n"


MATRIX = HEAD + "  a:\n    runs-on: ${{ matrix.os }}\n    steps: [{run: make}]\n    strategy:\n      matrix:\n        include:\n"
HEARS = """on: issue_comment
jobs:
  a:
    if: contains(github.event.comment.body, '@agent')
    runs-on: u
    env: {GH_TOKEN: '${{ secrets.BOT }}'}
    steps:
      - {id: agent, run: claude -p x}
"""
BEHIND = HEAD + "  a:\n    runs-on: u\n    steps:\n"
TOKEN = "      - uses: actions/checkout@v4\n        with: {token: '${{ secrets.BOT }}'}\n      - run: claude -p x\n"
SENT = "on: repository_dispatch\njobs:\n  a:\n    runs-on: u\n    steps:\n      - run: claude -p x\n"

FORKS = "on: pull_request_target\nenv: {K: '${{ secrets.K }}'}\njobs:\n"


def fork_job(number, *lines):
    ref = f"'${{{{ needs.j{max(0, number - 1)}.outputs.sha || github.event.pull_request.head.sha }}}}'"
    steps = ["steps:", f"  - {{uses: actions/checkout@v4.2.2, with: {{ref: {ref}}}}}", f"  - run: claude -p {number}"]
    return job(f"j{number}", *lines, *steps)


def verdict_job(number):
    lines = ["outputs: {duplicate: '${{ steps.s.outputs.duplicate }}'}"]
    lines += ["needs: j0", "if: needs.j0.outputs.duplicate != 'true'"] if number else []
    return job(f"j{number}", *lines, "steps:", "  - {id: s, run: ./look}", f"  - run: claude -p {number}")


def fork_handed_on_by_one(size):
    """Half of the file is one job, whose condition names repositories, and the other half asks for its output."""
    first = "  first:\n    runs-on: u\n    if: " + " || ".join(f"github.repository == 'o/r{each}'" for each in range(9)) + "\n    outputs: {sha: '${{ github.sha }}'}\n    steps:\n"
    text = filled(size // 2, FORKS + first, lambda number: f"      - {{uses: actions/checkout@v4.2.2, with: {{ref: '${{{{ github.sha }}}}', path: p{number}}}}}\n")
    steps = ["steps:", "  - {uses: actions/checkout@v4.2.2, with: {ref: '${{ needs.first.outputs.sha }}'}}", "  - run: claude -p x"]
    return {CI: filled(size, text, lambda number: job(f"j{number}", "needs: first", *steps))}


def verdicts_of_long_scripts(size):
    """Half of the file is what one step says, and the other half asks for its outputs, of which the last one is a verdict."""
    names = [f"skip{each}" for each in range(20)] + ["duplicate"]
    outputs = "".join(f"      {name}: ${{{{ steps.s.outputs.{name} }}}}\n" for name in names)
    script = f"on: pull_request\njobs:\n  look:\n    runs-on: u\n    outputs:\n{outputs}    steps:\n      - id: s\n        run: |\n"
    asked = " && ".join(f"needs.look.outputs.{name} != 'true'" for name in names)
    text = filled(size // 2, script, lambda number: f"          [ \"$ACTOR\" = user-{number} ] || echo \"number {number}\"\n")
    return {CI: filled(size, text, lambda number: job(f"j{number}", "needs: look", f"if: {asked}", f"steps: [{{run: claude -p {number}}}]"))}


def fork_by_an_action(size):
    action = filled(size // 2, "name: a\nruns:\n  using: composite\n  steps:\n", lambda number: f"    - {{uses: actions/checkout@v4.2.2, with: {{ref: '${{{{ inputs.ref }}}}', path: p{number}}}}}\n")
    steps = filled(size // 2, FORKS + "  a:\n    runs-on: u\n    steps:\n", lambda number: f"      - {{uses: ./act, with: {{ref: '${{{{ github.event.pull_request.head.sha }}}}'}}}}\n      - run: claude -p {number}\n")
    return {CI: steps, "act/action.yml": action}


def fork_by_a_call(size):
    called = filled(size // 2, "on: workflow_call\njobs:\n", lambda number: job(f"j{number}", "steps:", "  - {uses: actions/checkout@v4.2.2, with: {ref: '${{ inputs.ref }}'}}", f"  - run: claude -p {number}"))
    return {CI: filled(size // 2, FORKS, lambda number: f"  c{number}:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n    with: {{ref: '${{{{ github.sha }}}}'}}\n"),
            ".github/workflows/called.yml": called}


def gates_by_a_call(size):
    called = filled(size // 2, "on: workflow_call\njobs:\n", lambda number: job(f"j{number}", "steps:", "  - {uses: refgate/refgate@v1, with: {run: ./work}}"))
    return {CI: filled(size // 2, "on: push\npermissions: {contents: write}\njobs:\n", lambda number: f"  c{number}:\n    uses: ./.github/workflows/called.yml\n    concurrency: c{number}\n"),
            ".github/workflows/called.yml": called}


def labels_of_a_template(size):
    template = filled(size // 2, "name: a\nlabels:\n", lambda number: f"  - label-{number}\n")
    jobs = filled(size // 2, "on: {issues: {types: [opened]}}\npermissions: write-all\njobs:\n",
                  lambda number: job(f"j{number}", f"if: contains(github.event.issue.labels.*.name, 'l{number}')", "steps: [{run: gemini -y -p x}]"))
    return {CI: jobs, ".github/ISSUE_TEMPLATE/a.yml": template}


SHAPES = {
    "fork's code by an action": fork_by_an_action,
    "fork's code by a call": fork_by_a_call,
    "gates by a call": gates_by_a_call,
    "labels of a template": labels_of_a_template,
    "agents that variables are told": lambda size: {CI: filled(size, BEHIND + "      - run: |\n", lambda number: f"          claude -p x $A{number} \"$B{number}\"\n"),
                                                    ".github/refgate.yml": "rules: {agent-without-turns: note}\n"},
    "fork's code that one hands on": fork_handed_on_by_one,
    "verdicts of long scripts": verdicts_of_long_scripts,
    "a chain of needs": one_file(HEAD, chain),
    "twenty needs each": one_file(HEAD, many_needs),
    "one job that needs all": needs_all,
    "plain jobs": one_file(HEAD, lambda number: job(f"j{number}", "steps: [{run: make}]")),
    "jobs that launch agents": one_file(HEAD, agent),
    "agents with long prompts": one_file(HEAD, long_prompt),
    "agents in a chain": one_file(HEAD, lambda number: agent(number) + (f"    needs: j{number - 1}\n" if number else "")),
    "agents on comments": one_file("on: [issue_comment, pull_request_review]\njobs:\n",
                                   lambda number: agent(number) + f"    if: contains(github.event.comment.body, '/go{number}')\n"),
    "agents in one job": one_file(BEHIND, lambda number: f"      - run: claude -p 'part {number}'\n"),
    "agents in jobs that need one": one_file(HEAD + job("first", "steps: [{run: make}]"), lambda number: agent(number) + "    needs: first\n"),
    "sources that do not exist": names,
    "gates in one job": one_file(BEHIND, gates_in_one_job),
    "guarded steps": one_file(BEHIND + GATE, guarded_step),
    "guards that all differ": one_file(BEHIND + GATE, guarded_otherwise),
    "unguarded steps": one_file(BEHIND + GATE, unguarded_step),
    "guarded jobs": one_file(HEAD + GATED, guarded_job),
    "an output of the gate for each job": outputs_of_a_gate,
    "agents in containers": one_file(BEHIND + "      - run: |\n", lambda number: f"          docker run --rm -e A{number} image -lc 'cd {number}; claude -p x'\n"),
    "options of a container": one_file(BEHIND + "      - run: docker run", lambda number: f" -e A{number}", " image claude -p x\n"),
    "wrappers in wrappers": one_file(BEHIND + "      - run: ", lambda number: "sudo docker run image ", "claude -p x\n"),
    "comments behind keys": one_file(HEAD, lambda number: f"  j{number}: # refgate: ignore[late-gate] x\n    runs-on: u\n    steps: # refgate: ignore[late-gate] x\n      - run: make\n"),
    "filters with nothing in common": lambda size: {CI: filled(size // 2, "on:\n  push:\n    paths:\n", lambda number: f"      - 'p{number}/**'\n")
                                                    + filled(size // 2, "  pull_request:\n    paths:\n", lambda number: f"      - 'q{number}/**'\n")
                                                    + "jobs:\n" + job("a", "steps: [{run: make}]")},
    "pushes": one_file(BEHIND + TOKEN, lambda number: f"      - run: git commit -am {number} && git push origin HEAD:other-{number}\n"),
    "agents that push": one_file(BEHIND + TOKEN, lambda number: f"      - run: claude -p {number}\n      - run: git push origin other-{number}\n"),
    "comments behind an agent": one_file(HEARS, lambda number: f"      - run: claude -p {number}\n      - run: gh pr comment 7 --body \"$(date) part {number}\"\n"),
    "a script of comments": one_file(HEARS + "      - run: |\n", lambda number: f"          V{number}=$(git log $V{number - 1})\n          gh pr comment 7 --body \"$V{number}\"\n"),
    "a long comment": one_file(HEARS + "      - run: |\n          V=", lambda _: "$(${{steps.", "\n          gh pr comment 7 --body \"$V\"\n"),
    "branches of pull requests": one_file("on: pull_request\njobs:\n", lambda number: job(f"j{number}", f"if: ${{{{ !startsWith(github.head_ref, 'b{number}/') }}}}", "env: {GH_TOKEN: '${{ secrets.BOT }}'}",
                                          "steps:", "  - run: claude -p x", f"  - run: git checkout -b b{number}/x && gh pr create")),
    "programs with a credential": one_file(BEHIND, lambda number: f"      - {{run: 'node a{number}.mjs', env: {{CLAUDE_CODE_OAUTH_TOKEN: '${{{{ secrets.X }}}}'}}}}\n"),
    "a program with credentials": one_file(BEHIND + "      - run: node a.mjs\n        env:\n", lambda number: f"          V{number}: ${{{{ secrets.CLAUDE_CODE_OAUTH_TOKEN_{number} }}}}\n"),
    "a script of programs": one_file(BEHIND + "      - env: {CLAUDE_CODE_OAUTH_TOKEN: '${{ secrets.X }}'}\n        run: |\n", lambda number: f"          docker run -e A{number} a{number} && node -x b{number}.mjs\n"),
    "an agent that is told much": one_file(BEHIND + "      - uses: a/b@v1\n        with:\n          agent: codex\n", lambda number: f"          prompt-{number}: part {number}\n"),
    "tags": one_file(BEHIND + TOKEN, lambda number: f"      - run: git tag n{number} && git push origin n{number}\n"),
    "events that are sent": one_file(SENT, lambda number: f"      - run: if x; then gh api repos/$GITHUB_REPOSITORY/dispatches -f event_type=e{number}; fi\n"),
    "programs in here-documents": script(lambda number: f"python3 - <<'E'\n          run(['claude', '-p', '{number}'])\n          E"),
    "a program of calls": one_file(BEHIND + "      - shell: python\n        run: x = [", lambda number: f" run('claude mcp {number}'"),
    "a program of templates": one_file(BEHIND + "      - shell: npx zx {0}\n        run: |\n", lambda number: f"          $`claude mcp {number}`\n"),
    "places of programs": script(lambda number: f"$(which c{number}) $(which d{number})"),
    "retries in groups": script(lambda number: f"refgate run -- c{number} || (sleep 5"),
    "retries in conditions": script(lambda number: f"if ! refgate run -- c{number}; then"),
    "jobs with a gate each": one_file(HEAD, gate_job),
    "sessions started by hand": one_file(BEHIND, lambda number: f"      - run: refgate gate --share s{number}\n      - run: ./work\n      - run: refgate finish\n"),
    "literal branches": one_file("on:\n  pull_request:\n  push:\n    branches:\n", lambda number: f"      - branch-{number}\n", "jobs:\n" + agent(0)),
    "branch patterns": one_file("on:\n  pull_request:\n  push:\n    branches:\n", lambda number: f"      - 'release-{number}/**'\n", "jobs:\n" + agent(0)),
    "path patterns": one_file("on:\n  pull_request:\n    paths: [src/**]\n  push:\n    paths:\n", lambda number: f"      - 'src/part-{number}/*.c'\n", "jobs:\n" + agent(0)),
    "crons": one_file("on:\n  schedule:\n", lambda number: f"    - cron: '{number % 60} {number // 60 % 24} {number // 1440 % 28 + 1} * *'\n", "jobs:\n" + agent(0)),
    "matrix rows": one_file(MATRIX, matrix_rows),
    "matrix values": one_file(HEAD + "  a:\n    runs-on: u\n    steps: [{run: make}]\n    strategy:\n      matrix:\n        version:\n", lambda number: f"          - v{number}\n"),
    "duplicate keys": one_file(HEAD + "  a:\n    runs-on: u\n    steps: [{run: make}]\n    env:\n", duplicate_keys),
    "labels": one_file("on:\n  pull_request:\n    types: [labeled]\njobs:\n", lambda number: agent(number) + f"    if: github.event.label.name == 'l{number}'\n"),
    "actions that use actions": actions_in_a_chain,
    "workflows that follow one": many_files(same_source),
    "workflows that listen to comments": many_files(commented),
    "workflows with agents on pushes": many_files(lambda number: f"name: W{number}\n{HEAD}" + agent(number)),
    "deep blocks": nested,
    "deep brackets": brackets,
    "aliases of a job": one_file(HEAD + "  j: &job {runs-on: u, steps: [{run: claude -p x}]}\n", aliased_jobs),
    "aliases of a step": one_file(BEHIND + "      - &step {run: claude -p x}\n", lambda _: "      - *step\n"),
    "agents behind a job that is skipped": one_file(
        HEAD + job("g", "outputs: {skip: '${{ steps.gate.outputs.skip_execution }}'}", "steps:") + GATE
        + job("w", "needs: g", "if: needs.g.outputs.skip == 'false'", "steps: [{run: make}]"), skipped_before),
    "agents for those that failed": one_file(HEAD, second_agent),
    "texts that are handed on": one_file("on: issues\njobs:\n", handed_on),
    "agents in a fork's code": one_file(FORKS, lambda number: fork_job(number)),
    "agents in a fork's code, of conditions": one_file(FORKS, lambda number: fork_job(number, f"if: github.event.pull_request.number != {number} && github.actor != 'a{number}'")),
    "fork's code in one job": one_file(FORKS + "  a:\n    runs-on: u\n    steps:\n", lambda number: f"      - run: git fetch origin pull/{number}/head && git checkout ${{{{ github.event.pull_request.head.sha }}}}\n      - run: claude -p {number}\n"),
    "fork's code that variables name": one_file(FORKS + "  a:\n    runs-on: u\n    steps:\n      - run: |\n", lambda number: f"          V{number}=b{number}\n          git checkout $V{number}\n", "      - run: claude -p x\n"),
    "pushes that variables name": one_file(BEHIND + TOKEN + "      - run: |\n", lambda number: f"          V{number}=b{number}\n          git push origin $V{number}\n"),
    "repositories that variables name": one_file(HEARS + "      - run: |\n", lambda number: f"          V{number}=o/r{number}\n          gh pr comment 7 --repo $V{number} --body x\n"),
    "fork's code that is handed on": one_file(FORKS, lambda number: fork_job(number, "outputs: {sha: '${{ github.event.pull_request.head.sha }}'}", *([f"needs: j{number - 1}"] if number else []))),
    "shares that differ": one_file(HEAD, lambda number: job(f"j{number}", "steps:", f"  - {{uses: refgate/refgate@v1, with: {{share: 'review of part {number}', run: ./work}}}}")),
    "agents of a schedule": one_file("on:\n  schedule: [{cron: '*/5 * * * *'}]\njobs:\n", lambda number: agent(number) + (f"    needs: j{number - 1}\n" if number else "")),
    "verdicts of scripts": one_file("on: pull_request\njobs:\n", verdict_job),
    "gates behind approvals, in groups": one_file("on: push\npermissions: {contents: write}\njobs:\n", lambda number: job(f"j{number}", f"environment: e{number}", f"concurrency: c{number}", "steps:", "  - {uses: refgate/refgate@v1, with: {group-by: entity, run: ./work}}")),
    "a long expression": expression("||", lambda number: f"github.event.number == {number}"),
    "a nested expression": nested_expression,
    "a long guard": gate_expression,
    "calls of functions": calls,
    "expressions in texts": one_file(HEAD + "  a:\n    runs-on: u\n    steps: [{run: make}]\n    env:\n", lambda number: f"      K{number}: a ${{{{ github.event.number }}}} b\n"),
    "a script of commands": script(lambda number: f"npm run part-{number} | tee log-{number}"),
    "a script of loops": script(lambda number: f"for i in 1 2 3; do claude -p 'part {number}' && break; done"),
    "a script of nested loops": script(lambda number: "while true; do"),
    "a script of functions": script(lambda number: f"f{number}() {{ f{number + 1}; }}"),
    "a script of quotes": script(lambda number: f"echo \"$(echo \"$(date)\" '{number}')\""),
    "a script of variables": script(lambda number: f"V{number}=$V{number - 1}; export V{number}"),
    "a script of heredocs": script(lambda number: f"cat <<E{number}"),
    "a long line": long_line,
    "a long line with findings": wide_line,
    "comments": one_file(HEAD + job("a", "steps: [{run: make}]"), lambda number: f"# refgate: ignore[late-gate] no {number}\n"),
    "ignored findings": one_file(HEAD, ignored),
    "a workflow that many jobs call": called_by_many,
    "a workflow with groups that many jobs call": groups_called_by_many,
    "workflows that call in a chain": called_in_a_chain,
    "an action that many steps use": action_used_by_many,
    "an action of many inputs and outputs": interface_used_by_many,
    "workflows that follow each other": many_files(listener),
    "workflows that follow nobody": many_files(lambda number: listener(number).replace("[W", "[None")),
    "workflows that follow a pattern": many_files(lambda number: listener(number).replace("[W", "['No*")
                                                  .replace("]\n    types", "']\n    types")),
    "workflows that follow each other by branch": many_files(choosy_listener),
    "workflows that answer each other": many_files(answering),
    "two workflows of many sources": many_sources,
}
