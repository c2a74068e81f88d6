"""action.yml as a text: what act would not notice when it is wrong."""

import re
import unittest

import act_case
import gate_test

TEXT = (act_case.TREE / "action.yml").read_text(encoding="utf-8")
OUTPUT = r"""^  (\w+):
    description: .*
    value: \$\{\{ steps\.refgate\.outputs\.(\w+) \}\}$"""


def found(pattern, text=TEXT):
    return re.findall(pattern, text, re.MULTILINE)


class Action(unittest.TestCase):
    def test_every_output_is_declared_under_its_own_name(self):
        # act hands the inner step's outputs on by itself; GitHub hands on what is declared.
        declared = found(OUTPUT)
        self.assertEqual([name for name, _ in declared], [value for _, value in declared])
        self.assertLess(gate_test.Handed.NAMES, {name for name, _ in declared})

    def test_every_input_is_read_and_reaches_the_program(self):
        declared = found(r"^  ([\w-]+):$", TEXT.split("\ninputs:\n")[1].split("\noutputs:\n")[0])
        read = dict(found(r"^        (\w+): \$\{\{ inputs\.([\w-]+)"))
        self.assertEqual(sorted(read.values()), sorted(declared))
        (names,) = found(r"^        for name in ([A-Z_\\\s]+); do$")
        exported = {f"INPUT_{name}" for name in names.replace("\\", "").split()}
        options = {f"INPUT_{name}" for name in found(r'\("--[\w-]+=\$INPUT_(\w+)"\)')}
        steering = {"INPUT_REMOTE", "INPUT_NAMESPACE", "INPUT_CLAIM_ID"}
        self.assertLessEqual(steering, options)
        self.assertFalse(exported & steering, "what steers is an option, never a variable")
        exported |= options | {f"INPUT_{name}" for name in found(r'"REFGATE_\w+=\$INPUT_(\w+)"')}
        others = {"INPUT_COMMAND", "INPUT_ARGS", "INPUT_FLAGS", "INPUT_RUN", "INPUT_SARIF", "REFGATE_TOKEN"}
        self.assertEqual(exported - {"INPUT_CHECK_RUN", "INPUT_JOB_INDEX"} | others, set(read))

    def test_nothing_of_an_expression_stands_in_the_script(self):
        self.assertNotIn("${{", TEXT.split("\n      run: |\n")[1])


if __name__ == "__main__":
    unittest.main()
