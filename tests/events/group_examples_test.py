"""The groups of every webhook example, by every strategy, against keys that are put together here from the payload alone."""

import argparse
import json
import pathlib
import subprocess
import sys
import unittest

import event_examples_test as examples

NOW = 1_800_000_123
STRATEGIES = ["none", "entity", "repository", "user", "entity-repository", "entity/1h", "entity/90s", "team-{owner}-{name}-{event}", "{branch}", "{number}"]
HOSTILE = ["a/b", "a b", "a%2Fb", "..", "a..b", "@{u}", "@", "x.lock", ".x", "-x", "a\x01b", "\x7f", "ÄÖ", "名前", "a\\b", "refs/heads/x", "a:b", "~^:?*[", "x" * 300,
           "x" * 301, "x" * 299 + "/x", "a//b", "7", "7-7", "\u202egnp", "a\tb", "a\nb", "ein Zweig/mit Leerzeichen", "{entity}", "🙂" * 70]


def entity_key(event, p):
    """The key by the payload alone; None where this reader knows of no pull request, issue or branch."""
    repo = p["repository"]["full_name"]
    if "pull_request" in p and event.startswith("pull_request"):
        return f"pr-{repo}-{p['pull_request']['number']}"
    if event == "issue_comment":
        return f"{'pr' if 'pull_request' in p['issue'] else 'issue'}-{repo}-{p['issue']['number']}"
    if event == "issues":
        return f"issue-{repo}-{p['issue']['number']}"
    if event == "push" and p["ref"].startswith("refs/heads/"):
        return f"branch-{repo}-{p['ref'][len('refs/heads/'):]}"
    if event in ("create", "delete") and p["ref_type"] == "branch":
        return f"branch-{repo}-{p['ref']}"
    return None


def line(event, p):
    """What the keys of an event begin with: what is brought about from outside stands in lines of its own."""
    outside = event in ("fork", "watch", "gollum")  # pages of a wiki are anybody's
    if event == "workflow_run":
        outside = p["workflow_run"]["head_repository"]["id"] != p["repository"]["id"]
    return "outside: " if outside else ""


class EveryExample(examples.EveryExample):
    """The same examples, asked for their groups."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.answers = examples.side_by_side(
            lambda e: examples.probe(examples.environment_for(e.event, REFGATE_GROUP_BY="\n".join(STRATEGIES), REFGATE_NOW=str(NOW)),
                                     json.dumps(e.payload).encode()), cls.examples)

    def grouped(self):
        for example, (status, answer) in zip(self.examples, self.answers):
            self.assertEqual(status, 0, (example.name, answer))
            yield example, answer["event"], {name: group and group["key"] for name, group in answer["groups"].items()}

    def test_has_the_keys_of_its_entity(self):
        told = {"pr": 0, "issue": 0, "branch": 0}
        for example, _, groups in self.grouped():
            key = entity_key(example.event, example.payload)
            if key is None:
                continue
            told[key.split("-")[0]] += 1
            with self.subTest(example.name):
                self.assertEqual(groups["entity"], key)
                self.assertEqual(groups["entity-repository"], key)
                self.assertEqual(groups["entity/1h"], f"{key}-p{NOW // 3600}")
                self.assertEqual(groups["entity/90s"], f"{key}-p{NOW // 90}")
        print(f"examples with an entity of their own reading: {told}", file=sys.stderr)
        self.assertGreaterEqual(min(told.values()), 2)

    def test_has_the_keys_of_repository_and_user_whatever_it_is_about(self):
        for example, event, groups in self.grouped():
            with self.subTest(example.name):
                repo = example.payload["repository"]["full_name"]
                owner, name = repo.split("/")
                at = line(example.event, example.payload)
                self.assertIsNone(groups["none"])
                self.assertEqual(groups["repository"], f"{at}repo-{repo}")
                self.assertEqual(groups["user"], f"{at}user-{repo}-{example.payload['sender']['login']}")
                self.assertEqual(groups["team-{owner}-{name}-{event}"], f"{at}team-{owner}-{name}-{example.event}")
                self.assertEqual(groups["entity-repository"], groups["entity"] or f"{at}repo-{repo}")
                self.assertEqual(groups["{branch}"], at + event["entity"]["value"] if event["entity"]["kind"] == "branch" else None)
                numbered = event["entity"]["kind"] in ("pull_request", "issue", "discussion")
                self.assertEqual(groups["{number}"], at + event["entity"]["value"] if numbered else None)

    def test_has_refs_that_git_takes(self):
        refs = {group["ref"] for _, answer in self.answers for group in answer["groups"].values() if group}
        self.assertGreater(len(refs), 100)
        for ref in refs:
            self.assert_legal(ref)

    def test_hostile_names_have_legal_refs_of_their_own(self):
        payloads = [{"ref": f"refs/heads/{name}", "before": "0" * 40, "after": "a" * 40, "deleted": False, "repository": {"full_name": "octo/app", "id": 1},
                     "sender": {"login": "ann"}} for name in HOSTILE]
        answers = examples.side_by_side(
            lambda p: examples.probe(examples.environment_for("push", REFGATE_GROUP_BY="entity\nentity/1h\n{branch}", REFGATE_NOW="7"), json.dumps(p).encode()), payloads)
        refs = []
        for name, (status, answer) in zip(HOSTILE, answers):
            self.assertEqual(status, 0, answer)
            self.assertEqual(answer["groups"]["entity"]["key"], f"branch-octo/app-{name}")
            refs += [group["ref"] for group in answer["groups"].values()]
        self.assertEqual(len(set(refs)), 3 * len(HOSTILE))
        for ref in refs:
            self.assert_legal(ref)
            self.assertTrue(ref.isascii() and len(ref) < 200, ref)

    def assert_legal(self, ref):
        self.assertEqual(subprocess.run(["git", "check-ref-format", ref]).returncode, 0, ref)


# The inherited tests have run elsewhere.
for inherited in [name for name in dir(examples.EveryExample) if name.startswith("test_")]:
    if inherited not in EveryExample.__dict__:
        setattr(EveryExample, inherited, None)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", required=True)
    arguments.add_argument("--folder", required=True, type=pathlib.Path)
    known, rest = arguments.parse_known_args()
    examples.PROBE, examples.FOLDER = known.probe, known.folder.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
