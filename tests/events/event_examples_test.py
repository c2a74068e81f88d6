"""Every webhook example of @octokit/webhooks-examples whose event can trigger a workflow, read by the real parser.

The examples are other people's data: they are installed below the build folder and never become part of this repository.
"""

import argparse
import collections
import copy
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

PACKAGE = "@octokit/webhooks-examples"
VERSION = "7.6.1"

PROBE = None
FOLDER = None

# Rows of the table that the package has no example of under that name. The tests below read "package" as registry_package and "pull_request" as
# pull_request_target, which carry the same content.
WITHOUT_EXAMPLES = {"image_version", "pull_request_target", "registry_package", "schedule", "workflow_call"}

# The commit that a head-commit event is about, read here a second time and by other means.
HEAD_COMMITS = {
    "check_run": lambda p: p["check_run"]["head_sha"],
    "check_suite": lambda p: p["check_suite"]["head_sha"],
    "merge_group": lambda p: p["merge_group"]["head_sha"],
    "pull_request": lambda p: p["pull_request"]["head"]["sha"],
    "pull_request_review": lambda p: p["pull_request"]["head"]["sha"],
    "pull_request_review_comment": lambda p: p["pull_request"]["head"]["sha"],
    "pull_request_target": lambda p: p["pull_request"]["head"]["sha"],
    "push": lambda p: "" if p["deleted"] else p["after"],
    "status": lambda p: p["sha"],
    "workflow_run": lambda p: p["workflow_run"]["head_sha"],
}

# Buttons: nothing in the payload tells two presses apart, so they are exempt though their event is not.
PRESSED = {("check_run", "rerequested"), ("check_run", "requested_action"), ("check_suite", "rerequested")}

# Actions of a pull request that bring code: of one head they are one work.
BRINGS_CODE = {"opened", "synchronize", "reopened", "ready_for_review"}
RELEASE_ANNOUNCEMENTS = {"created", "published", "released", "prereleased"}


def install():
    root = FOLDER / "node_modules" / PACKAGE
    manifest = root / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != VERSION:
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--prefix", str(FOLDER), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}"],
            check=True, stdout=subprocess.DEVNULL)
    return root


def environment_for(event, **changes):
    environment = {
        "GITHUB_EVENT_NAME": event,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_SHA": "f" * 40,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_RUN_ID": "1001",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_WORKFLOW": "Agent",
        "GITHUB_WORKFLOW_REF": "octo/repo/.github/workflows/agent.yml@refs/heads/main",
        "GITHUB_JOB": "gate",
    }
    environment.update(changes)
    return environment


def probe(environment, payload):
    """(exit status, answer) of the parser on a file that holds the payload."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(payload)
        file.flush()
        done = subprocess.run([PROBE, file.name], input=json.dumps(environment).encode(), capture_output=True)
    if done.returncode not in (0, 1):
        raise AssertionError(f"the probe ended with {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.returncode, json.loads(done.stdout)


def side_by_side(function, items):
    with ThreadPoolExecutor(max_workers=3) as pool:
        return list(pool.map(function, items))


Example = collections.namedtuple("Example", "name event payload")


class EveryExample(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collect()
        cls.answers = side_by_side(lambda e: probe(environment_for(e.event), json.dumps(e.payload).encode()), cls.examples)
        print(f"{len(cls.examples)} examples of {len({e.event for e in cls.examples})} events that can trigger a workflow", file=sys.stderr)

    @classmethod
    def collect(cls):
        cls.table = {row["name"]: row for row in json.loads(subprocess.run([PROBE, "--table"], check=True, capture_output=True).stdout)}
        cls.examples = []
        cls.names_in_package = set()
        for index in sorted(install().glob("*/index.json")):
            for webhook in json.loads(index.read_text()):
                cls.names_in_package.add(webhook["name"])
                for number, payload in enumerate(webhook["examples"]):
                    for event, content in cls.as_events(webhook["name"], payload):
                        if event in cls.table:
                            cls.examples.append(Example(f"{index.parent.name}/{webhook['name']}/{number} as {event}", event, content))

    @staticmethod
    def as_events(name, payload):
        yield name, payload
        if name == "pull_request":
            yield "pull_request_target", payload
        if name == "package":
            renamed = copy.deepcopy(payload)
            renamed["registry_package"] = renamed.pop("package")
            yield "registry_package", renamed

    def each(self):
        for example, (status, answer) in zip(self.examples, self.answers):
            self.assertEqual(status, 0, (example.name, answer))
            yield example, answer["event"]

    def test_gives_a_complete_event(self):
        for example, event in self.each():
            with self.subTest(example.name):
                self.assertEqual(event["kind"], example.event)
                self.assertEqual(event["action"], example.payload.get("action", ""))
                self.assertEqual(event["repository"], example.payload["repository"]["full_name"])
                self.assertEqual(event["actor"], example.payload["sender"]["login"])
                self.assertEqual(event["workflow_file"].split(".github/")[-1], "workflows/agent.yml")
                self.assertEqual(event["run_url"], f"https://github.example/{event['repository']}/actions/runs/1001")
                self.assertIn(event["trust"], ("repository", "fork"))
                self.assertTrue(event["identity"]["kind"])
                self.assertTrue(event["identity"]["value"])

    def test_lacks_an_identity_only_where_the_table_says_so(self):
        for example, event in self.each():
            with self.subTest(example.name):
                because = self.table[example.event]["exempt_because"]
                if (example.event, event["action"]) in PRESSED:
                    self.assertEqual(because, "")
                    because = event["exempt_because"]
                    self.assertTrue(because)
                self.assertEqual(event["exempt"], bool(because))
                self.assertEqual(event["exempt_because"], because)
                self.assertEqual(event["identity"]["kind"] == "run", bool(because))
                if because:
                    self.assertEqual(event["identity"]["value"], "1001")

    def test_names_its_entity_unless_the_payload_has_none(self):
        for example, event in self.each():
            with self.subTest(example.name):
                if event["entity"]["kind"] != "none":
                    self.assertTrue(event["entity"]["value"] or event["entity"]["kind"] == "repository")
                    continue
                payload = example.payload
                unnamed = {
                    "status": lambda: len(payload["branches"]) != 1,
                    "check_run": lambda: not payload["check_run"]["check_suite"]["head_branch"],
                    "check_suite": lambda: not payload["check_suite"]["head_branch"],
                    "workflow_run": lambda: not payload["workflow_run"]["head_branch"],
                }
                self.assertTrue(unnamed[example.event](), "the entity is missing")

    def test_has_the_head_commit_of_its_payload(self):
        for example, event in self.each():
            with self.subTest(example.name):
                if example.event in HEAD_COMMITS:
                    self.assertEqual(event["head_commit"], HEAD_COMMITS[example.event](example.payload))
                if event["identity"]["kind"] == "commit":
                    self.assertEqual(event["identity"]["value"], HEAD_COMMITS[example.event](example.payload))

    def test_counts_a_pull_request_as_a_forks_exactly_when_the_heads_repository_is_another(self):
        for example, event in self.each():
            with self.subTest(example.name):
                if "pull_request" in example.payload and example.event.startswith("pull_request"):
                    pull = example.payload["pull_request"]
                    own = bool(pull["head"]["repo"]) and pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"]
                    self.assertEqual(event["trust"], "repository" if own else "fork")

    def test_has_one_identity_whichever_run_and_workflow_sees_it(self):
        def again(example):
            other = environment_for(example.event, GITHUB_RUN_ID="1002", GITHUB_RUN_ATTEMPT="2", GITHUB_WORKFLOW="Other", GITHUB_JOB="x",
                                    GITHUB_WORKFLOW_REF="octo/repo/.github/workflows/other.yml@refs/heads/main")
            return probe(other, json.dumps(example.payload).encode())

        for (example, event), (_, second) in zip(list(self.each()), side_by_side(again, self.examples)):
            if not event["exempt"]:
                self.assertEqual(second["event"]["identity"], event["identity"], example.name)

    def test_shares_its_identity_with_no_other_work(self):
        # Apart from head commits and the actions that announce one release, two examples of one identity are one kind of delivery and one action.
        meant = collections.defaultdict(set)
        for example, event in self.each():
            with self.subTest(example.name):
                if event["exempt"] or event["identity"]["kind"] == "commit":
                    continue
                family = "pull_request" if example.event == "pull_request_target" else example.event
                action = event["action"]
                if family == "release" and action in RELEASE_ANNOUNCEMENTS:
                    action = "announced"
                if family == "pull_request" and (action in BRINGS_CODE or action == "edited" and "base" in example.payload["changes"]):
                    action = "code"
                meant[json.dumps(event["identity"])].add((family, action))
        self.assertGreater(len(meant), 60)
        for identity, deliveries in meant.items():
            self.assertEqual(len(deliveries), 1, (identity, deliveries))

    def test_is_refused_in_one_sentence_when_it_is_cut_off(self):
        def cut(example):
            whole = json.dumps(example.payload).encode()
            return [probe(environment_for(example.event), whole[:length]) for length in (1, len(whole) // 3, len(whole) - 1)]

        for example, answers in zip(self.examples, side_by_side(cut, self.examples)):
            for status, answer in answers:
                self.assertEqual((status, "cut off" in answer.get("error", "")), (1, True), (example.name, answer))

    def test_without_one_of_its_objects_is_an_event_or_a_sentence(self):
        def damaged(example):
            outcomes = []
            for key in example.payload:
                for bad in (None, [], "text", 7, {}):
                    outcomes.append(probe(environment_for(example.event), json.dumps({**example.payload, key: bad}).encode()))
            return outcomes

        one_each = list({(e.event, e.payload.get("action")): e for e in self.examples}.values())
        refused = 0
        for outcomes in side_by_side(damaged, one_each):
            for status, answer in outcomes:
                refused += status
                self.assertTrue(answer.get("event") if status == 0 else answer["error"].startswith("The payload's "), answer)
        self.assertGreater(refused, 100)

    def test_exists_for_every_row_of_the_table_but_the_known_few(self):
        self.assertEqual(set(self.table) - self.names_in_package, WITHOUT_EXAMPLES)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", required=True)
    arguments.add_argument("--folder", required=True, type=pathlib.Path)
    known, rest = arguments.parse_known_args()
    PROBE, FOLDER = known.probe, known.folder.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
