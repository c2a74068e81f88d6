"""Gates that cannot decide: every guard stays closed, unless the user chose otherwise."""

import unittest

from act_case import BINARY, ActCase

# `always()` takes the protection of the failed step away; only the output is left. There is no
# finish, since nothing was claimed.
WORKFLOW = """
name: Guards
on: push
jobs:
  agent:
    runs-on: ubuntu-latest
    steps:
      - id: gate
        uses: refgate/refgate@v1
        with:
          remote: ${{ vars.STATE }}
          @INPUTS@
      - if: always() && steps.gate.outputs.skip_execution == 'false'
        run: echo "run $GITHUB_RUN_ID" >> "$RAN"
      - if: always()
        env:
          OUTPUTS: ${{ toJSON(steps.gate.outputs) }}
        run: printf '%s' "$OUTPUTS" > "$OUTPUTS_FILE-$GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT"
"""


class Guards(ActCase):
    def write(self, *inputs):
        self.write_workflow(WORKFLOW.replace("@INPUTS@", "\n          ".join(inputs)))

    def assert_closed(self, run):
        self.assert_ran()
        self.assertEqual(self.outputs(run)["skip_execution"], "true")
        self.assertEqual(self.remote.refs("refs"), {})

    def fake_uname(self, system, machine):
        program = self.folder / f"uname-{system}-{machine}"
        program.write_text(
            f"#!/bin/sh\ncase $1 in -s) echo {system} ;; -m) echo {machine} ;; esac\n",
            encoding="utf-8",
        )
        program.chmod(0o755)
        # The action asks the system's own uname, whatever lies in PATH.
        self.action = self.make_action(self.folder / f"action-{system}-{machine}", BINARY, uname=program)

    def test_another_platform_is_refused_with_advice(self):
        self.write()
        for run, (system, machine) in enumerate(
            (("Darwin", "arm64"), ("MINGW64_NT-10.0", "x86_64"), ("Linux", "riscv64")), 1
        ):
            with self.subTest(system=system, machine=machine):
                self.fake_uname(system, machine)
                outcome = self.push(run=run, fails=True)
                self.assert_closed(run)
                self.assertIn(
                    f"refgate runs on Linux (x64 and arm64), not on {system}/{machine}", outcome.log
                )
                self.assertIn("on ubuntu-latest", outcome.log)

    def test_both_linux_machines_have_their_program(self):
        self.write()
        for run, machine in enumerate(("x86_64", "aarch64"), 1):
            self.fake_uname("Linux", machine)
            self.push("%040x" % run, run=run)
        self.assert_ran("run 1", "run 2")

    def test_a_program_that_is_missing_or_broken_leaves_the_guards_closed(self):
        self.write()
        broken = self.folder / "broken"
        broken.write_text("#!/bin/sh\nkill -9 $$\n", encoding="utf-8")
        broken.chmod(0o755)
        for run, program in enumerate((self.folder / "none", broken), 1):
            with self.subTest(program=program.name):
                self.action = self.make_action(self.folder / f"action-{run}", program)
                self.push(run=run, fails=True)
                self.assert_closed(run)

    def test_an_input_that_is_wrong_leaves_the_guards_closed(self):
        for run, line in enumerate(
            (
                "retry: sometimes",
                "memory: a while",
                "dimensions: model",
                "force: maybe",
                "namespace: Heads",
                "config: nowhere.yml",
            ),
            1,
        ):
            with self.subTest(line):
                self.write(line)
                self.push(run=run, fails=True)
                self.assert_closed(run)

    def test_a_store_that_is_away_does_as_on_error_says(self):
        away = "http://127.0.0.1:9/app.git"
        self.write("deadline: 1s")
        self.push(run=1, state=away, fails=True)
        self.assert_closed(1)
        self.write("deadline: 1s", "on-error: skip")
        self.push(run=2, state=away)
        self.assert_closed(2)
        self.write("deadline: 1s", "on-error: run")
        self.push(run=3, state=away)
        self.assert_ran("run 3")

    def test_the_token_is_the_inputs(self):
        self.write("token: wrong")
        self.push(run=1, fails=True)
        self.assert_closed(1)
        self.assertEqual(self.outputs(1)["reason_code"], "denied")

    def test_the_program_under_test_is_the_built_one(self):
        self.assertEqual((self.action / "dist" / "refgate-linux-x64").read_bytes(), BINARY.read_bytes())


if __name__ == "__main__":
    unittest.main()
