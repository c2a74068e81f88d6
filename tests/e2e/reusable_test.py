"""gated.yml takes what the action's gate takes, and hands each input on."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import textwrap
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
CALLED = (TREE / ".github" / "workflows" / "gated.yml").read_text(encoding="utf-8")
ACTION = (TREE / "action.yml").read_text(encoding="utf-8")

OWN = {"runs-on", "timeout-minutes", "checkout"}
# Inputs of the action that a whole session as one job has no use for, and why.
LEFT_OUT = {
    "command": "it is gate and finish", "args": "of other commands", "flags": "any option of either", "sarif": "of lint",
    "token": "the secret state-token", "heartbeat": "its finish has no token, and needs them", "matrix": "a called job has none",
    "status": "what came of the script", "after": "limited-after", "until": "limited-after",
    "claim-id": "of a finish in another job", "own-failure": "of a finish in another job", "session-window": "of check and register",
    "cost": "not known when it is called: usage", "tokens": "not known when it is called: usage",
    "config": "a file, and the gate stands before the checkout",
}


def inputs_of(text, indent):
    """Name → its lines."""
    names = re.split(rf"^ {{{indent}}}([a-z-]+):\n", text, flags=re.M)
    return dict(zip(names[1::2], names[2::2]))


def steps():
    return re.split(r"^      - ", CALLED.split("\n    steps:\n")[1], flags=re.M)


class Reusable(unittest.TestCase):
    def setUp(self):
        self.action = inputs_of(ACTION.split("\ninputs:\n")[1].split("\noutputs:\n")[0], 2)
        self.called = inputs_of(CALLED.split("\n    inputs:\n")[1].split("\n    secrets:\n")[0], 6)

    def test_it_has_every_input_that_makes_sense_there(self):
        self.assertGreater(len(self.action), 40)
        self.assertLessEqual(set(LEFT_OUT), set(self.action))
        self.assertEqual(set(self.called), set(self.action) - set(LEFT_OUT) | OWN)

    def test_each_is_handed_to_the_gate_or_its_end(self):
        (gate,) = [step for step in steps() if step.startswith("id: gate\n")]
        (finish,) = [step for step in steps() if "command: finish" in step]
        for name in set(self.called) - OWN - {"run"}:
            with self.subTest(name):
                given = rf"(?m)^          {name}: (\|\n +)?\$\{{\{{ inputs\.{name} \}}\}}$"
                self.assertRegex(finish if name in ("usage", "limited-after") else gate, given.replace("limited-after:", "after:"))
        # Both stand at the same place, and know what is only watched.
        for name in ("remote", "namespace", "on-error", "deadline", "observe"):
            self.assertIn(f"          {name}: ${{{{ inputs.{name} }}}}\n", finish)

    def test_what_is_not_said_is_as_in_the_action(self):
        for name in set(self.called) - OWN - {"run", "pause"}:
            with self.subTest(name):
                default = r"^ +default: (.*)$"
                self.assertEqual(re.search(default, self.called[name], re.M)[1], re.search(default, self.action[name], re.M)[1])
        self.assertIn("default: ask", self.called["pause"])

    def test_its_permissions_are_its_callers(self):
        """What a called workflow asks for beyond its caller's is a run that does not start."""
        self.assertNotRegex(CALLED, r"(?m)^ *permissions:")
        self.assertRegex(CALLED, r"(?m)^# +contents: write")
        self.assertRegex(CALLED, r"(?m)^# +actions: read")

    def test_no_token_stands_behind_the_work(self):
        behind = CALLED.split("      - id: agent\n")[1]
        self.assertNotIn("state-token", behind)
        self.assertNotIn("github.token", behind)

    def test_a_signal_reaches_the_work_and_its_status_comes_back(self):
        (agent,) = [step for step in steps() if step.startswith("id: agent\n")]
        script = textwrap.dedent(agent.split("        run: |\n")[1])
        for after in ("", "1h"):
            for work, sent, status, limited in (("trap 'kill %1; exit 9' TERM; sleep 60 > /dev/null & echo ready; wait", signal.SIGTERM, 9, ""),
                                                ("echo ready; exit 75", None, 75, "limited=true\n" if after else "")):
                with self.subTest(after=after, work=work), tempfile.TemporaryDirectory() as folder:
                    output = pathlib.Path(folder) / "output"
                    output.touch()
                    child = subprocess.Popen(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, text=True, env={**os.environ, "RUNNER_TEMP": folder, "GITHUB_OUTPUT": str(output),
                                                                                     "WORK": work, "LIMITED_AFTER": after})
                    self.assertEqual(child.stdout.readline(), "ready\n")
                    if sent:
                        child.send_signal(sent)
                    child.stdout.close()
                    self.assertEqual(child.wait(30), status)
                    self.assertEqual(output.read_text(encoding="utf-8"), limited)


if __name__ == "__main__":
    unittest.main()
