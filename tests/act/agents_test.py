"""examples/agents: each recipe as it stands, run with a stand-in for the agent that takes and gives what the real action does.

Nothing of a recipe is changed but where the state lies. The inputs and outputs of the stand-ins are those of each action's own action.yml.
"""

import json
import pathlib
import re
import unittest

from act_case import HEAD, TOKEN, TREE, ActCase, payloads

FOLDER = TREE / "examples" / "agents"
TEXT = "Two findings: `a.c:3` <b>x</b> $(id)"
# By recipe: the action, its inputs as far as a review needs them, and what it says about its work.
AGENTS = {
    "claude-code-action": ("anthropics", {"anthropic_api_key", "github_token", "prompt", "claude_args", "settings", "track_progress"}, "execution_file"),
    "codex-action": ("openai", {"openai-api-key", "prompt", "prompt-file", "sandbox", "safety-strategy", "model", "effort"}, "final-message"),
    "run-gemini-cli": ("google-github-actions", {"gemini_api_key", "prompt", "settings", "gemini_model"}, "summary"),
}
RESULT = [{"type": "system"}, {"type": "result", "total_cost_usd": 0.25, "result": TEXT, "usage": {"input_tokens": 100, "output_tokens": 20}}]


def uses_of(text):
    return set(re.findall(r"uses: (\S+)", text))


class Recipes(ActCase):
    def action_of(self, name, text):
        """A folder with an action.yml."""
        folder = self.folder / "actions" / name
        folder.mkdir(parents=True)
        (folder / "action.yml").write_text(text, encoding="utf-8")
        return folder

    def agent(self, name):
        _, inputs, output = AGENTS[name]
        told = self.folder / "told"
        value = str(told) if output == "execution_file" else TEXT
        told.write_text(json.dumps(RESULT), encoding="utf-8")
        prompt = "${{ inputs.prompt }}"
        return self.action_of(name, "\n".join((
            f"name: {name}", "description: a stand-in", "inputs:", *(f"  {each}: {{description: x}}" for each in sorted(inputs)),
            "outputs:", f"  {output}:", "    description: x", "    value: ${{ steps.work.outputs.value }}",
            "runs:", "  using: composite", "  steps:", "    - id: work", "      shell: bash", "      env:", f"        PROMPT: {prompt}",
            f"        VALUE: {json.dumps(value)}", "      run: |",
            '        echo "agent $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT" >> "$RAN"',
            '        printf %s "$PROMPT" > "$RAN.prompt"',
            '        env > "$RAN.env"',
            '        echo "value=$VALUE" >> "$GITHUB_OUTPUT"',
            '        test ! -e "$RAN.fail"', "")))

    def begin(self, name):
        text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
        text, steps = re.subn(r"(uses: refgate/refgate@\S+\n        with:\n)", r"\1          remote: ${{ vars.STATE }}\n", text)
        self.assertEqual(steps, 2)
        self.write_workflow(text)
        owner, inputs, _ = AGENTS[name]
        (agent,) = [uses for uses in uses_of(text) if uses.startswith(f"{owner}/{name}@")]
        given = re.search(rf"uses: {re.escape(agent)}.*?\n        with:\n(.*?)(?=\n      - )", text, re.S)[1]
        self.assertLessEqual(set(re.findall(r"^          ([\w-]+):", given, re.M)), inputs)
        self.words = []
        checkouts = [uses for uses in uses_of(text) if uses.startswith("actions/checkout@")]
        self.assertEqual(len(checkouts), 1)
        checkout = self.action_of("checkout", "name: c\ndescription: c\ninputs: {persist-credentials: {description: x}, fetch-depth: {description: x}}\n"
                                              "runs: {using: composite, steps: []}\n")
        for uses, folder in ((agent, self.agent(name)), (checkouts[0], checkout)):
            self.words += ["--local-repository", f"{uses}={folder}"]
        gh = self.bin / "gh"
        gh.write_text('#!/bin/sh\necho "gh $1 $2 $3" >> "$RAN"\ncat > "$RAN.posted"\n', encoding="utf-8")
        gh.chmod(0o755)

    def review(self, *, run, fails=False, **options):
        payload = payloads.pull_request(HEAD)
        payload["pull_request"]["html_url"] = "https://github.com/octo/app/pull/7"
        return self.run_act("pull_request", payload, run=run, fails=fails, ref="refs/pull/7/merge", words=self.words, **options)

    def test_a_review_is_done_once_and_told_where_it_belongs(self):
        for name in AGENTS:
            with self.subTest(name):
                self.setUp()
                self.begin(name)
                self.review(run=1)
                posted = [] if name == "claude-code-action" else ["gh pr comment https://github.com/octo/app/pull/7"]
                self.assert_ran("agent 1.1", *posted)
                if posted:
                    self.assertEqual(pathlib.Path(f"{self.marks}.posted").read_text(encoding="utf-8"), TEXT + "\n")
                self.assertIn("Review pull request 7 of octo/app.", pathlib.Path(f"{self.marks}.prompt").read_text(encoding="utf-8"))
                if name != "claude-code-action":  # which is given one, to comment with
                    self.assertNotIn(TOKEN, pathlib.Path(f"{self.marks}.env").read_text(encoding="utf-8"))
                self.assert_claim(outcome="success", generation=1)
                claim = self.only_claim()
                if name == "claude-code-action":
                    self.assertEqual((claim["cost_usd"], claim["tokens"]), (0.25, 120))
                self.review(run=2)
                self.assert_ran("agent 1.1", *posted)
                self.assertEqual(self.skips(), ["already_done"])

    def test_a_failure_is_red_and_a_persons_rerun_tries_again(self):
        for name in AGENTS:
            with self.subTest(name):
                self.setUp()
                self.begin(name)
                fail = pathlib.Path(f"{self.marks}.fail")
                fail.touch()
                self.review(run=1, fails=True)
                self.assertIn("agent 1.1", self.ran())
                self.assert_claim(outcome="failure")
                self.review(run=2)
                self.assertEqual(self.skips(), ["retry_suppressed"])
                fail.unlink()
                self.review(run=1, attempt=2)
                self.assertIn("agent 1.2", self.ran())
                self.assert_claim(outcome="success")


if __name__ == "__main__":
    unittest.main()
