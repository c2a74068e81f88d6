"""lint on what this project shows: the workflows of README and docs/, examples/, its own workflows and what init writes have nothing to find."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

REFGATE = os.environ["REFGATE_BIN"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def findings(folder):
    """All of them, as (rule, line, message)."""
    done = subprocess.run([REFGATE, "lint", "--format", "json", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [
        (each["rule"], each["location"]["line"] if isinstance(each.get("location"), dict) else each.get("line"), each["message"])
        for each in json.loads(done.stdout)["findings"]
    ]


def workflows_of(text):
    """The fenced YAML blocks that are whole workflows."""
    return [block for block in re.findall(r"```yaml\n(.*?)```", text, re.S) if re.search(r"^on:", block, re.M)]


class OwnWorkflows(unittest.TestCase):
    def check(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, ".github", "workflows", "example.yml")
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            # Who listens to other workflows has some.
            for name in re.findall(r"[\w ]+", "".join(re.findall(r"^    workflows: \[(.*?)\]", text, re.M))):
                other = f"name: {name.strip()}\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    timeout-minutes: 5\n    steps:\n      - run: make\n"
                path.with_name(f"{name.strip()}.yml").write_text(other, encoding="utf-8")
            self.assertEqual([], findings(folder))

    def test_the_pages(self):
        pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        blocks = [block for page in pages for block in workflows_of(page.read_text(encoding="utf-8"))]
        self.assertGreaterEqual(len(blocks), 6)
        for block in blocks:
            with self.subTest(block[:60]):
                self.check(block)

    def test_examples(self):
        seen = 0
        for path in sorted((ROOT / "examples").rglob("*.yml")):
            text = path.read_text(encoding="utf-8")
            if re.search(r"^on:", text, re.M) and re.search(r"^jobs:", text, re.M):
                seen += 1
                with self.subTest(path.name):
                    self.check(text)
        self.assertGreaterEqual(seen, 12)

    def test_the_workflows_of_this_repository(self):
        self.assertEqual([], findings(ROOT))

    def test_a_mistake_in_the_quick_start_is_found(self):
        block = workflows_of((ROOT / "README.md").read_text(encoding="utf-8"))[0]
        self.assertIn("== 'false'", block)
        with self.assertRaises(AssertionError):
            self.check(block.replace("== 'false'", "== false"))


if __name__ == "__main__":
    unittest.main()
