"""examples/rescue.yml as it stands, but for where the state lies, with a stand-in for gh that says what it was asked."""

import re
import unittest

from act_case import HEAD, TREE, ActCase, agent, payloads

GH = '#!/bin/sh\necho "gh $*" >> "$RAN"\n'


class Rescue(ActCase):
    def setUp(self):
        super().setUp()
        text = (TREE / "examples" / "rescue.yml").read_text(encoding="utf-8")
        text, steps = re.subn(r"(uses: refgate/refgate@\S+\n        with:\n)", r"\1          remote: ${{ vars.STATE }}\n", text)
        self.assertEqual(steps, 3)
        self.write_workflow(text, "rescue.yml")
        self.write_workflow(agent())
        (self.bin / "gh").write_text(GH, encoding="utf-8")
        (self.bin / "gh").chmod(0o755)
        self.push(run=1)
        self.push(run=2)
        self.assert_ran("push 1.1")

    def press(self, *, run, fails=False, again="", **inputs):
        given = {"action": "show", "target": "", "reason": "", "run": again, **inputs}
        return self.run_act("workflow_dispatch", {**payloads.dispatch(), "inputs": given}, run=run, file="rescue.yml", fails=fails)

    def test_force_frees_the_work_and_launches_the_run_again_once(self):
        self.press(run=10, action="force", target="https://github.com/octo/app/actions/runs/1", reason="it is wrong",
                   again="https://github.com/octo/app/actions/runs/2/job/7?pr=7")
        self.assert_ran("push 1.1", "gh run rerun 2 --repo octo/app")
        self.push(run=2, attempt=2)
        self.assertIn("push 2.2", self.ran())
        self.push(run=3)
        self.assertEqual(len(self.ran()), 3, self.story())

    def test_what_names_no_run_launches_none(self):
        before = self.remote.claims()
        for number, again in enumerate(("", "main", "https://github.com/octo/app/pull/7", "1;id")):
            self.press(run=10 + number, action="force", target=HEAD, reason="x", again=again, fails=True)
        self.press(run=20, action="show", target="1")
        self.assertEqual(self.remote.claims(), before)
        self.assert_ran("push 1.1")


if __name__ == "__main__":
    unittest.main()
