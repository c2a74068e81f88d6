"""Each whole workflow of README, docs/ and examples/ that a reader can paste, run as it stands: once, and not again.

Nothing is changed but where the state lies. The checkout's stand-in copies the user's repository, whose scripts say that they ran.
"""

import pathlib
import re
import unittest

from act_case import HEAD, PINNED, TREE, ActCase, launch, payloads

USES = re.compile(r"^( +)(- )?(uses: refgate/refgate@\S+)[^\n]*\n(?: +with:\n)?", re.M)
SCRIPT = '#!/bin/sh\necho "$(basename "$0")${1:+ $1} $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT" >> "$RAN"\ntest ! -e "$RAN.fail"\n'
CALLED = f"uses: refgate/refgate/.github/workflows/gated.yml@{PINNED}\n    with:\n"


def workflows():
    """Where it stands → the workflow, of those that gate work; recipes for agents have tests of their own (agents_test.py)."""
    found = {}
    for page in [TREE / "README.md", *sorted((TREE / "docs").glob("*.md"))]:
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)):
            found[f"{page.name} {number}"] = block
    found |= {path.name: path.read_text(encoding="utf-8") for path in sorted((TREE / "examples").glob("*.yml"))}
    return {name: text for name, text in found.items()
            if re.search(r"^on:", text, re.M) and re.search(r"command: finish|run: \./review\.sh", text)}


class Pasted(ActCase):
    def paste(self, text):
        """The workflow, with its state at this test's remote, and what it uses beside it."""
        def with_remote(match):
            inside = match[1] + ("  " if match[2] else "")
            return f"{match[1]}{match[2] or ''}{match[3]}\n{inside}with:\n{inside}  remote: ${{{{ vars.STATE }}}}\n"

        # Of a job that was skipped act hands on what its outputs would be made of; GitHub has them empty.
        text = re.sub(r"(needs\.work\.outputs\.\w+) \|\|", r"needs.work.result != 'skipped' && \1 ||", text)
        text = USES.sub(with_remote, text).replace(CALLED, "uses: ./.github/workflows/gated.yml\n    with:\n      remote: ${{ vars.STATE }}\n")
        self.assertIn("vars.STATE", text)
        self.write_workflow(text)
        called = (TREE / ".github" / "workflows" / "gated.yml").read_text(encoding="utf-8")
        (self.work / ".github" / "workflows" / "gated.yml").write_text(called, encoding="utf-8")
        for name in ("review.sh", "triage.sh", "investigate.sh"):
            for folder in (self.work, self.work / "packages" / "web", self.work / "packages" / "api"):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(SCRIPT, encoding="utf-8")
                (folder / name).chmod(0o755)
        self.commit("scripts")
        checkout = self.folder / "checkout"
        checkout.mkdir()
        (checkout / "action.yml").write_text(
            "name: c\ndescription: c\ninputs: {persist-credentials: {description: x}, fetch-depth: {description: x}, ref: {description: x}}\n"
            "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: cp -a \"$SOURCE\"/. .\n", encoding="utf-8")
        self.words = ["--local-repository", f"actions/checkout@v4={checkout}", "--env", f"SOURCE={self.work}"]

    def commit(self, message):
        launch.git("-C", self.work, "add", "-A", check=True)
        launch.git("-C", self.work, "commit", "-q", "-m", message, check=True)

    def trigger(self, text, **options):
        """The first event that it listens to."""
        event = re.search(r"^on:\n  (\w+):", text, re.M)[1]
        payload = {"push": lambda: payloads.push(HEAD), "pull_request": lambda: payloads.pull_request(HEAD), "issues": lambda: payloads.issue(7),
                   "workflow_run": lambda: payloads.workflow_run(HEAD)}[event]()
        if event == "workflow_run":
            payload["workflow_run"]["conclusion"] = "failure"
        return self.run_act(event, payload, words=self.words, **options)

    def test_each_does_its_work_once_and_tries_again_what_failed_as_it_says(self):
        seen = workflows()
        self.assertGreaterEqual(len(seen), 8, list(seen))
        for name, text in seen.items():
            if "needs.packages" in text:
                continue
            with self.subTest(name):
                self.setUp()
                self.paste(text)
                self.trigger(text, run=1)
                first = self.ran()
                self.assertEqual(len(first), 3 if "matrix:" in text else 1, self.story())
                self.trigger(text, run=2)
                self.assertEqual(self.ran(), first, self.story())

    def test_what_failed_is_red_and_a_persons_rerun_does_what_retry_says(self):
        for name, text in workflows().items():
            if "needs.packages" in text:
                continue
            with self.subTest(name):
                self.setUp()
                self.paste(text)
                fail = pathlib.Path(f"{self.marks}.fail")
                fail.touch()
                self.trigger(text, run=1, fails=True)
                first = self.ran()
                fail.unlink()
                again = re.search(r"retry: manual", text) is not None
                self.trigger(text, run=1, attempt=2, fails=not again)
                self.assertEqual(len(self.ran()), len(first) * (2 if again else 1), self.story())

    def test_of_a_monorepo_each_package_that_changed_once_for_each_state(self):
        text = (TREE / "examples" / "monorepo.yml").read_text(encoding="utf-8")
        self.paste(text)
        base = self.commit_of("HEAD")

        def review(run):
            payload = payloads.pull_request(self.commit_of("HEAD"))
            payload["pull_request"]["base"]["sha"] = base
            self.run_act("pull_request", payload, run=run, words=self.words)

        for package in ("web", "api"):
            (self.work / "packages" / package / "file").write_text("one\n", encoding="utf-8")
        self.commit("both")
        review(1)
        self.assert_ran("review.sh packages/api 1.1", "review.sh packages/web 1.1")
        (self.work / "packages" / "web" / "file").write_text("two\n", encoding="utf-8")
        self.commit("web alone")
        review(2)
        self.assert_ran("review.sh packages/api 1.1", "review.sh packages/web 1.1", "review.sh packages/web 2.1")
        (self.work / "file").write_text("elsewhere\n", encoding="utf-8")
        self.commit("no package")
        review(3)
        self.assertEqual(len(self.ran()), 3, self.story())

    def commit_of(self, name):
        return launch.git("-C", self.work, "rev-parse", name, check=True).stdout.strip()


if __name__ == "__main__":
    unittest.main()
