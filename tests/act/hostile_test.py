"""Text from outsiders, wherever a run can carry it: nothing is executed, no output is forged."""

import json
import subprocess
import unittest

from act_case import HEAD, TOKEN, ActCase, payloads

GATED = """
name: @NAME@
on: [push, pull_request, issues, workflow_run]
env:
  TITLE: ${{ github.event.issue.title }}
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          @INPUTS@
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: |
          printf '%s' "$OUTPUTS" > "$OUTPUTS_FILE-$GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT"
          env -0 > "$RAN.environment"
      - if: steps.gate.outputs.skip_execution == 'false'
        run: echo "run $GITHUB_RUN_ID" >> "$RAN"
      - if: always()
        uses: refgate/refgate@v1
        with:
          command: finish
          remote: ${{ vars.STATE }}
          @FINISH@
"""

# What must not be done with such text; the proof that the text below would do something.
CARELESS = """
name: Careless
on: push
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "${{ github.event.head_commit.message }}"
"""

POSITIONAL = """
name: Positional
on: push
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          command: check
          remote: ${{ vars.STATE }}
          args: |
            push
            ${{ github.event.head_commit.message }}
            ${{ github.sha }}
            ${{ github.run_id }}
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: printf '%s' "$OUTPUTS" > "$OUTPUTS_FILE-$GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT"
      - uses: refgate/refgate@v1
        with:
          command: register
          remote: ${{ vars.STATE }}
          args: |
            ${{ github.event.head_commit.message }}
            push
            ${{ github.event.head_commit.message }}
            ${{ github.run_id }}
            ${{ github.sha }}
      - uses: refgate/refgate@v1
        with:
          command: cleanup
          remote: ${{ vars.STATE }}
          args: ${{ github.event.head_commit.message }}
"""


class Hostile(ActCase):
    def setUp(self):
        super().setUp()
        self.pwned = self.folder / "pwned"
        touch = f"touch {self.pwned}"
        self.line = (
            f"x\"; {touch}; '{touch}' $({touch}) `{touch}` ; {touch} #${{IFS}}%0A::error::x|<b>"
        )
        forged = "skip_execution=false\n::set-output name=skip_execution::false"
        self.text = f"{self.line}\n{forged}\n{touch}\nEOF\nclaim_id<<EOF\n"

    def assert_nothing_was_executed(self):
        self.assertFalse(self.pwned.exists(), self.story())

    def gated(self, *, name="Agent", inputs=(), finish=()):
        lines = {
            "@NAME@": json.dumps(name),
            "@INPUTS@": "\n          ".join(inputs),
            "@FINISH@": "\n          ".join(finish),
        }
        text = GATED
        for mark, value in lines.items():
            text = text.replace(mark, value)
        self.write_workflow(text)

    def hostile_push(self, **more):
        payload = payloads.push(HEAD, ref=f"refs/heads/{self.text}")
        payload["head_commit"]["message"] = self.line
        payload["sender"]["login"] = self.text
        payload["repository"]["full_name"] = payloads.HOME
        payload.update(more)
        return payload

    def test_the_text_is_dangerous_where_it_is_pasted(self):
        self.write_workflow(CARELESS)
        self.start("push", self.hostile_push(), run=1).wait()
        self.assertTrue(self.pwned.exists(), self.story())

    def test_names_of_workflow_branch_and_actor_are_text(self):
        self.gated(name=self.text)
        names = {"ref": f"refs/heads/{self.text}", "actor": self.text, "triggering": self.text}
        self.run_act("push", self.hostile_push(), run=1, **names)
        self.run_act("push", self.hostile_push(), run=2, **names)
        self.assert_nothing_was_executed()
        self.assert_ran("run 1")
        # The reason of the second names the actor of the first, whose text would forge the verdict.
        outputs = self.outputs(2)
        self.assertEqual(
            (outputs["skip_execution"], outputs["claim_id"], outputs["reason_code"]),
            ("true", "", "already_done"),
        )
        self.assertIn('x"; touch', outputs["reason"])
        self.assertNotIn("\n", outputs["reason"])
        self.assert_claim(outcome="success", workflow=self.text)
        # A name that is longer than any is stored in its beginning and a digest.
        actors = {self.only_claim()["holder"]["actor"], *(line["actor"] for line in self.remote.notes())}
        (actor,) = actors
        self.assertTrue(actor.startswith(self.line), actor)

    def test_no_summary_holds_markup_of_an_actor(self):
        self.gated()
        self.run_act("push", self.hostile_push(), run=1, actor=self.text)
        outcome = self.run_act("push", self.hostile_push(), run=2, actor=self.text)
        summary = "".join(outcome.summaries())
        self.assertIn('x"; touch', summary)
        self.assertNotIn("<b>", summary)
        self.assertNotIn("`touch", summary)

    def test_titles_and_labels_of_issues_are_text(self):
        self.gated()
        payload = payloads.issue(7, action="labeled", label=self.text)
        payload["issue"]["title"] = self.text
        self.run_act("issues", payload, run=1, ref="refs/heads/main")
        self.run_act("issues", payload, run=2, ref="refs/heads/main")
        self.assert_nothing_was_executed()
        self.assert_ran("run 1")

    def test_inputs_are_text(self):
        quoted = json.dumps(self.text)
        one_line = json.dumps("model=" + self.line.replace(",", " "))
        self.gated(inputs=[f"share: {quoted}", f"identity: {quoted}", f"dimensions: {one_line}"])
        self.run_act("push", self.hostile_push(), run=1)
        self.run_act("push", self.hostile_push(), run=2)
        self.assert_nothing_was_executed()
        self.assert_ran("run 1")
        (ref,) = self.remote.claims()
        self.remote.git("check-ref-format", ref)

    def test_inputs_that_are_words_of_a_list_are_refused_as_text(self):
        quoted = json.dumps(self.text)
        for run, name in enumerate(
            ("retry", "force", "on-error", "lease", "namespace", "command", "config", "remote"), 1
        ):
            with self.subTest(name):
                text = GATED.replace("@NAME@", "Agent").replace("@FINISH@", "")
                if name == "remote":
                    text = text.replace("remote: ${{ vars.STATE }}", f"remote: {quoted}", 1)
                self.write_workflow(
                    text.replace("@INPUTS@", "" if name == "remote" else f"{name}: {quoted}")
                )
                self.run_act("push", self.hostile_push(), run=run, fails=True)
                self.assert_nothing_was_executed()
                self.assert_ran()
                self.assertNotEqual(self.outputs(run)["skip_execution"], "false")
        self.assertEqual(self.remote.refs("refs"), {})

    def test_a_hostile_claim_id_ends_nothing_and_a_hostile_status_is_no_success(self):
        quoted = json.dumps(self.text)
        self.gated(finish=[f"claim-id: {quoted}"])
        self.run_act("push", self.hostile_push(), run=1)
        self.assert_claim(state="active")
        self.gated(finish=[f"status: {quoted}"], inputs=["force: true"])
        self.run_act("push", self.hostile_push(), run=2, fails=True)
        self.assert_claim(state="ended", outcome="cancelled", generation=2)
        self.assert_nothing_was_executed()

    def test_arguments_of_the_positional_commands_are_text(self):
        self.write_workflow(POSITIONAL)
        payload = self.hostile_push()
        self.run_act("push", payload, run=1)
        self.assert_nothing_was_executed()
        self.assert_claim(
            state="ended", outcome="success", workflow=self.line, session_key=self.line
        )
        self.assertEqual(self.outputs(1)["skip_execution"], "false")

    def test_after_two_dashes_no_argument_is_an_option(self):
        self.write_workflow(POSITIONAL.replace("args: |\n            push", "args: |\n            --\n            push"))
        payload = self.hostile_push()
        payload["head_commit"]["message"] = "--force"
        for run in (2, 3):
            self.start("push", payload, run=run).wait()
        self.assertEqual(self.outputs(2)["session_key"], f"--force-push-{HEAD[:8]}")
        self.assertEqual(self.outputs(3)["skip_execution"], "true")

    def test_the_token_stays_out_of_the_environment_of_later_steps_and_out_of_the_state(self):
        self.gated()
        self.run_act("push", self.hostile_push(), run=1)
        environment = (self.folder / "ran.environment").read_bytes()
        self.assertIn(b"GITHUB_RUN_ID=1", environment)
        self.assertNotIn(TOKEN.encode(), environment)
        objects = subprocess.run(
            ["git", "-C", self.remote.path, "cat-file", "--batch-all-objects", "--batch"],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        self.assertIn(b"claim_id", objects)
        self.assertNotIn(TOKEN.encode(), objects)


if __name__ == "__main__":
    unittest.main()
