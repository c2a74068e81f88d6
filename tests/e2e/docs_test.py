"""What the pages for reviewers claim is what tests hold: each test that they name exists."""

import pathlib
import re
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`([\w/]+_test\.py):(test_\w+)`")


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

    def test_every_claim_of_the_page_for_reviewers_about_the_token_names_a_test(self):
        text = (TREE / "docs" / "security.md").read_text(encoding="utf-8")
        section = text.split("## Where the token goes")[1].split("\n## ")[0]
        for claim in re.split(r"\n- ", section)[1:]:
            with self.subTest(claim=claim[:60]):
                self.assertRegex(claim, NAMED)

    def test_links_between_pages_lead_somewhere(self):
        for page in (TREE / "docs").glob("*.md"):
            for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
                if "://" not in target:
                    self.assertTrue((page.parent / target).exists(), (page.name, target))


if __name__ == "__main__":
    unittest.main()
