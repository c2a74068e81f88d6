"""`command: lint`: annotations, a SARIF file, and the step's success."""

import json
import unittest

from act_case import ActCase

# The workspace of a job is empty under act; the workflows to look at are written by a step.
WORKFLOW = """
name: Lint
on: push
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - run: |
          mkdir -p .github/workflows
          printf 'on: [push, push]\\njobs: {}\\n' > .github/workflows/twice.yml
          printf 'on: push\\njobs: {}\\n' > .github/workflows/once.yml
      - id: lint
        uses: refgate/refgate@v1
        with:
          command: lint
          @INPUTS@
      - if: always()
        env:
          OUTCOME: ${{ steps.lint.outcome }}
        run: |
          echo "$OUTCOME" >> "$RAN"
          if [ -e lint.sarif ]; then cat lint.sarif > "$OUTPUTS_FILE"; fi
"""


class Lint(ActCase):
    def write(self, *inputs):
        self.write_workflow(WORKFLOW.replace("@INPUTS@", "\n          ".join(inputs)))

    def sarif(self):
        return json.loads((self.folder / "outputs").read_text(encoding="utf-8"))

    def test_findings_are_annotations_and_fail_the_step_and_the_report_is_there_all_the_same(self):
        self.write("sarif: lint.sarif")
        outcome = self.push(run=1, fails=True)
        self.assert_ran("failure")
        self.assertIn("file=.github/workflows/twice.yml,line=1,endLine=1,col=12", outcome.log)
        self.assertIn("title=refgate%3A duplicate-entry", outcome.log)
        (result,) = self.sarif()["runs"][0]["results"]
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], ".github/workflows/twice.yml")

    def test_paths_and_options_reach_the_program(self):
        self.write("args: .github/workflows/once.yml", "flags: --min-severity=note")
        self.push(run=1)
        self.assert_ran("success")

    def test_a_run_that_fails_leaves_no_report(self):
        self.write("args: nowhere", "sarif: lint.sarif")
        outcome = self.push(run=1, fails=True)
        self.assert_ran("failure")
        self.assertIn("nothing was checked", outcome.log)
        self.assertFalse((self.folder / "outputs").exists())


if __name__ == "__main__":
    unittest.main()
