"""What the pages for reviewers claim is what tests hold: each test that they name exists."""

import pathlib
import re
import unittest

import payloads
from gate_case import GateCase

TREE = pathlib.Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w/]+_test\.py):(test_\w+)`")

# What is said of machines and of people's own choice is no claim about the program.
NO_CLAIM = ("What a person writes as a reason", "Steps of one job are one user", "How the program is built", "With a `namespace` or")


def claims_of(text):
    """Paragraphs, points of a list and rows of a table; a paragraph that ends in ":" only leads to what follows."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:- |\d+\. |\|))", text):
        block = block.strip()
        is_heading = block.startswith("#") or re.fullmatch(r"[|\s:-]+", block)
        if not block or is_heading or block.endswith(":") or block.startswith("| what you use") or block.startswith(NO_CLAIM):
            continue
        if block.startswith("|") and f"{block}\n|-" in text:
            continue
        yield block


def jobs_of(section):
    """Job → its text, of the whole workflow in that section of docs/workflows.md."""
    page = (TREE / "docs" / "workflows.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n(.*?)```", page.split(f"## {section}\n")[1], re.S)[1]
    names = re.split(r"^  (\w+):\n", block.split("\njobs:\n")[1], flags=re.M)
    return dict(zip(names[1::2], names[2::2]))


def anchors_of(text):
    """What GitHub calls the headings of that page."""
    anchors = set()
    for heading in re.findall(r"^#{1,6} +(.*?) *$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M):
        made = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 1
        name = made
        while name in anchors:
            name = f"{made}-{number}"
            number += 1
        anchors.add(name)
    return anchors


class ThreeJobs(GateCase):
    def test_the_three_jobs_do_what_they_say(self):
        jobs = jobs_of("Three jobs")
        self.assertEqual(list(jobs), ["gate", "work", "finish"])
        self.assertIn("permissions: {}", jobs["work"])
        self.assertIn("persist-credentials: false", jobs["work"])
        for word in ("refgate/refgate", "secrets.", "github.token", "claim_id"):
            self.assertNotIn(word, jobs["work"])
        outputs = dict(re.findall(r"^      (\w+): \$\{\{ steps\.gate\.outputs\.(\w+) \}\}", jobs["gate"], re.M))
        self.assertEqual(outputs["claim_id"], "claim_id")
        given = dict(re.findall(r"^          ([\w-]+): \$\{\{ needs\.(.*?) \}\}", jobs["finish"], re.M))
        self.assertEqual(given, {"status": "work.result", "claim-id": "gate.outputs.claim_id", "own-failure": "gate.outputs.own_failure"})
        for result, outcome in (("success", "success"), ("failure", "failure"), ("cancelled", "cancelled")):
            with self.subTest(result):
                self.setUp()
                payload = payloads.issue(7)
                first = self.job("issues", payload, job="gate")
                gate = first.call("gate")
                self.assert_runs(gate, "first")
                kept = {name: gate.outputs[output] for name, output in outputs.items()}
                # Another machine: nothing of the gate's folder is there.
                finish = self.job("issues", payload, run=first.run, job="finish")
                answer = finish.call("finish", "--status", result, "--claim-id", kept["claim_id"], "--own-failure", kept["own_failure"] or "false")
                # Its check is as honest as the work: red unless that was done.
                self.assertEqual(answer.status, 0 if result == "success" else 1, answer)
                claim, = self.remote.claims().values()
                self.assertEqual((claim["state"], claim["outcome"]), ("ended", outcome))
                if result == "cancelled":
                    continue  # what was cancelled is launched again
                # A job that was told to skip has work skipped, and its finish changes nothing.
                before = self.remote.claims()
                again = self.job("issues", payload, job="gate")
                told = again.call("gate")
                self.assertEqual(told.outputs["skip_execution"], "true", told)
                self.done(self.job("issues", payload, run=again.run, job="finish").call(
                    "finish", "--status", "skipped", "--claim-id", told.outputs["claim_id"], "--own-failure", told.outputs["own_failure"] or "false"))
                self.assertEqual(self.remote.claims(), before)


class Pages(unittest.TestCase):
    def test_every_test_that_a_page_names_exists(self):
        pages = sorted((TREE / "docs").glob("*.md"))
        named = [(page.name, *found) for page in pages
                 for found in NAMED.findall(page.read_text(encoding="utf-8"))]
        self.assertGreater(len(named), 20)
        for page, file, name in named:
            with self.subTest(page=page, file=file, name=name):
                text = (TREE / "tests" / file).read_text(encoding="utf-8")
                self.assertRegex(text, rf"(?m)^    def {name}\(self")

    def test_every_claim_of_the_page_for_reviewers_names_a_test(self):
        text = (TREE / "docs" / "security.md").read_text(encoding="utf-8")
        named = 0
        for block in claims_of(text):
            with self.subTest(claim=block[:80]):
                self.assertRegex(block, NAMED)
                named += 1
        self.assertGreater(named, 30)

    def test_a_claim_without_a_test_is_found(self):
        page = "# T\n\nIt is safe.\n\n## S\n\n- **One** is held (`e2e/x_test.py:test_x`).\n- Two is not.\n\n| a | b |\n|---|---|\n| c | d |\n\nThese:\n\n```sh\nx\n```\n"
        self.assertEqual([block for block in claims_of(page) if not NAMED.search(block)], ["It is safe.", "- Two is not.", "| c | d |"])

    def test_links_between_pages_lead_somewhere(self):
        pages = [TREE / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted((TREE / "docs").glob("*.md"))
        seen = 0
        for page in pages:
            for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")):
                if "://" in target:
                    continue
                seen += 1
                with self.subTest(page=page.name, target=target, anchor=anchor):
                    found = page.parent / target if target else page
                    self.assertTrue(found.exists())
                    if anchor:
                        self.assertIn(anchor, anchors_of(found.read_text(encoding="utf-8")))
        self.assertGreater(seen, 80)

    def test_an_anchor_is_what_github_makes_of_a_heading(self):
        self.assertEqual(anchors_of("# One: `a: b` and *two* --- x\n\n```sh\n# no heading\n```\n\n## Again\n## Again\n"),
                         {"one-a-b-and-two-----x", "again", "again-1"})

    def test_each_page_and_example_is_named_where_people_look(self):
        """Whoever reads README, or the pages that it names, comes to each page and each example."""
        readme = (TREE / "README.md").read_text(encoding="utf-8")
        workflows = (TREE / "docs" / "workflows.md").read_text(encoding="utf-8")
        for page in sorted((TREE / "docs").glob("*.md")):
            self.assertIn(f"](docs/{page.name}", readme)
        for example in sorted((TREE / "examples").rglob("*.yml")):
            self.assertIn(f"](../{example.relative_to(TREE)})", workflows)

    def test_the_readme_is_as_long_as_people_read(self):
        self.assertLessEqual(len((TREE / "README.md").read_text(encoding="utf-8").splitlines()), 220)


if __name__ == "__main__":
    unittest.main()
