"""The README is executed: its commands run, its table names what the binary says, its settings exist."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The pages that README's sections went to; the others have tests of their own.
PAGES = README + "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("sessions", "order", "results", "workflows", "command-line", "identity"))
REFGATE = os.environ["REFGATE_BIN"]


def blocks(language):
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", PAGES, re.M | re.S)


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="refgate-readme-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "refgate").symlink_to(REFGATE)
        self.environment = {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@localhost",
        }
        self.shell("git init -q --bare -b main remote.git && git clone -q remote.git clone 2>/dev/null")
        self.clone = self.folder / "clone"
        self.shell("git commit -q --allow-empty -m work && git push -q origin HEAD:main", self.clone)
        self.head = self.shell("git rev-parse HEAD", self.clone).strip()

    def shell(self, command, folder=None):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder or self.folder, env=self.environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}{done.stderr}")
        return done.stdout

    def gate(self, event):
        return self.shell(f"refgate gate --event {event} --sha {self.head} --workflow 'Agent review' --run-id {event}-1", self.clone)

    def test_every_command_of_a_shell_block_does_what_it_says(self):
        self.assertIn("SKIP_EXECUTION=false", self.gate("push"))
        ref = self.shell("git for-each-ref --format='%(refname)' refs/refgate/claims", self.folder / "remote.git").strip()
        commands = [line for block in blocks("sh") for line in block.splitlines() if line.strip()]
        self.assertGreater(len(commands), 5)
        for line in commands:
            with self.subTest(line):
                output = self.shell(line.replace(" RUN ", f" {ref} ").replace("9fceb02d", self.head[:8]), self.clone)
                if "git log" in line:
                    self.assertIn(f'"commit_sha":"{self.head}"', output)

    def test_the_table_of_verdicts_has_every_reason_code_and_no_other(self):
        table = README[README.index("## What happens when"):README.index("`retry: suppress`")]
        told = set(re.findall(r"`([a-z_]+)`", table)) - {"memory", "retry", "fail", "run", "skip", "reason_code", "wait"}
        source = (ROOT / "src/core/decision/reason_code.cpp").read_text(encoding="utf-8")
        known = set(re.findall(r'\{ReasonCode::\w+, "(\w+)"\}', source))
        self.assertEqual(told, known)

    def test_every_input_that_a_workflow_of_the_readme_gives_is_one_of_the_action(self):
        action = (ROOT / "action.yml").read_text(encoding="utf-8")
        inputs = set(re.findall(r"^  ([a-z-]+):\n    description", action[:action.index("\noutputs:")], re.M))
        given = [name for block in blocks("yaml") for step in re.findall(r"uses: refgate/refgate@v[0-9.]+.*?(?=\n *- |\n {2,4}[a-z]+:\n|\Z)", block, re.S)
                 for name in re.findall(r"^ +([a-z-]+): ", step.partition("with:")[2], re.M)]
        self.assertGreater(len(given), 2)
        for name in given:
            self.assertIn(name, inputs)

    def test_every_setting_of_the_action_is_one_of_the_binary(self):
        action = (ROOT / "action.yml").read_text(encoding="utf-8")
        settings = (ROOT / "src/call/settings.cpp").read_text(encoding="utf-8")
        names = re.search(r"for name in (.*?); do", action, re.S).group(1).replace("\\", " ").split()
        for name in names:
            if name != "STATUS":
                self.assertIn('{"' + name.lower().replace("_", "-") + '"', settings)
            self.assertIn(f"        INPUT_{name}: ", action)

    def test_what_is_pinned_is_this_version(self):
        version = re.search(r"project\(refgate VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        files = [ROOT / "README.md", ROOT / ".github/workflows/gated.yml", *sorted(set((ROOT / "docs").glob("*.md")) - {ROOT / "docs/provenance.md"}), *sorted((ROOT / "examples").rglob("*.yml"))]
        pinned = [(path.name, ref) for path in files for ref in re.findall(r"uses: refgate/refgate(?:/[\w./-]+)?@(\S+)", path.read_text(encoding="utf-8"))]
        self.assertGreater(len(pinned), 15)
        self.assertEqual({ref for _, ref in pinned}, {f"v{version}"}, pinned)


if __name__ == "__main__":
    unittest.main()
