"""examples/agents: each recipe is gated as README says, pinned, and silent for the linter (e2e/lint_own_test.py)."""

import pathlib
import re
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "agents"
ACTIONS = {"claude-code-action": "anthropics", "codex-action": "openai",
           "run-gemini-cli": "google-github-actions"}


def steps_of(text):
    """The steps of the file's jobs as text, in order."""
    return re.split(r"^      - ", text, flags=re.M)[1:]


class Recipes(unittest.TestCase):
    def test_there_is_one_for_each_agent(self):
        self.assertEqual({path.stem for path in FOLDER.glob("*.yml")}, set(ACTIONS))

    def each(self):
        for path in sorted(FOLDER.glob("*.yml")):
            with self.subTest(path.name):
                text = path.read_text(encoding="utf-8")
                yield path.stem, text, steps_of(text)

    def test_the_gate_is_first_and_the_agent_stands_behind_its_guard(self):
        for name, _, steps in self.each():
            self.assertRegex(steps[0], r"\Aid: gate\n +uses: refgate/refgate@")
            (agent,) = [step for step in steps if f"uses: {ACTIONS[name]}/{name}@" in step]
            self.assertTrue(
                agent.startswith("if: steps.gate.outputs.skip_execution == 'false'\n"), agent)

    def test_what_came_of_the_agent_is_what_finish_is_told(self):
        for name, _, steps in self.each():
            (agent,) = [step for step in steps if f"/{name}@" in step]
            agent_id = re.search(r"^ +id: (\w+)$", agent, re.M)[1]
            (finish,) = [step for step in steps if "command: finish" in step]
            self.assertTrue(finish.startswith("if: always()\n"), finish)
            self.assertIn("status: ${{ steps.%s.outcome }}" % agent_id, finish)
            self.assertGreater(steps.index(finish), steps.index(agent))

    def test_the_agent_does_not_find_the_token_in_the_checkout(self):
        for _, _, steps in self.each():
            checkouts = [step for step in steps if "uses: actions/checkout@" in step]
            self.assertTrue(checkouts)
            for step in checkouts:
                self.assertIn("persist-credentials: false", step)

    def test_every_action_is_a_commit_or_a_whole_version(self):
        for _, text, _ in self.each():
            for uses in re.findall(r"uses: (\S+)", text):
                self.assertRegex(uses, r"@([0-9a-f]{40}|v\d+\.\d+\.\d+)\Z")

    def test_every_job_and_the_agent_have_a_limit(self):
        for name, text, steps in self.each():
            jobs = re.split(r"^  (?=\w+:$)", text.split("\njobs:\n")[1], flags=re.M)[1:]
            for job in jobs:
                self.assertRegex(job, r"(?m)^    timeout-minutes: \d+")
            (agent,) = [step for step in steps if f"/{name}@" in step]
            self.assertRegex(agent, r"(?m)^        timeout-minutes: \d+")

    def test_nothing_that_strangers_write_becomes_part_of_a_script(self):
        for _, text, steps in self.each():
            for step in steps:
                run = re.search(r"run: (.*)", step, re.S)
                self.assertNotIn("${{", run[1] if run else "")
            for expression in re.findall(r"\$\{\{(.*?)\}\}", text):
                self.assertNotRegex(expression, r"\.(title|body|head\.ref|head\.label)\b")


if __name__ == "__main__":
    unittest.main()
