"""All pairs of the webhook examples: a skip implies one identity, and one identity is explained by a row of the table.

The rows are read here a second time, from the payload alone. The examples come as they are, as the same delivery to a second run, a minute later, and
squeezed: everything that can be equal is, so that what is left apart is told apart by what it is; then with other names.
"""

import argparse
import collections
import copy
import json
import pathlib
import re
import subprocess
import sys
import unittest

import event_examples_test as examples

COMMIT, LATER = "c" * 40, "2031-01-01T00:00:00Z"
OBJECT_ID = re.compile(r"[0-9a-f]{40}")
REPORTS_OF_COMMITS = ("push", "pull_request", "pull_request_target", "merge_group")
NAMES = ("conclusion", "context", "full_name", "head_branch", "head_ref", "login", "name", "page_name", "ref", "slug", "state")
BRANCH_KEYS = ("ref", "head_branch", "head_ref")


def map_values(value, change, key=""):
    """A copy, with `change` of each value that is no list and no object."""
    if isinstance(value, dict):
        return {name: map_values(each, change, name) for name, each in value.items()}
    if isinstance(value, list):
        return [map_values(each, change, key) for each in value]
    return change(key, value)


def squeezed(payload):
    def change(key, value):
        if isinstance(value, str) and OBJECT_ID.fullmatch(value) and value.strip("0"):
            return COMMIT
        if key in ("id", "number") and isinstance(value, int):
            return 7
        if key.endswith("_at"):
            return None if value is None else 1_700_000_000 if isinstance(value, int) else "2021-01-01T00:00:00Z"
        if key == "default_branch":
            return "main"
        if key == "full_name":
            return "octo/app"
        if key == "login":
            return "ann"
        if key in BRANCH_KEYS and isinstance(value, str):
            return "refs/heads/feature" if value.startswith("refs/heads/") else "refs/tags/v1" if value.startswith("refs/tags/") else "feature"
        return value

    made = map_values(payload, change)
    if "pull_request" in made and isinstance(made["pull_request"], dict) and "base" in made["pull_request"]:
        made["pull_request"]["base"]["ref"] = "main"
    return made


def later(payload):
    """The same words about the same things, a minute later."""
    return map_values(payload, lambda key, value: value + 60 if key == "pushed_at" and isinstance(value, int) else
                      LATER if key in ("updated_at", "pushed_at") and value else value)


def renamed(payload, name):
    """The same with other texts of that name alone: another label, check, context, state, conclusion, person or branch."""
    return map_values(payload, lambda key, value: value + "-2" if key == name and isinstance(value, str) else value)


def when(p, of):
    """The time of an act: of the thing, else of what it belongs to."""
    for thing in (of, p.get("pull_request"), p.get("issue"), p.get("discussion"), p["repository"]):
        if isinstance(thing, dict) and thing.get("updated_at"):
            return thing["updated_at"]
    return None


def named(p, action):
    """Whom or what an act names."""
    if action in ("labeled", "unlabeled"):
        return p["label"]["name"]
    if "assigned" in action and p.get("assignee"):
        return p["assignee"]["login"]
    if action.startswith("review_request"):
        return (p.get("requested_reviewer") or {}).get("login"), (p.get("requested_team") or {}).get("id")
    if "milestoned" in action:
        return (p.get("milestone") or {}).get("number")
    if action == "typed" or action == "untyped":
        return (p.get("type") or {}).get("name")
    if action == "answered":
        return p["answer"]["id"]
    if action == "unanswered":
        return p["old_answer"]["id"]
    if action == "category_changed":
        return p["discussion"]["category"]["id"]
    return None


def act(p, of, first=("", "created", "submitted")):
    """What comes once is the thing itself; a wish has a time, and an edit its changes."""
    action = p.get("action", "")
    if action in first:
        return ()
    changes = json.dumps(p.get("changes"), sort_keys=True) if action in ("edited", "updated", "moved", "converted") else None
    column = p["project_card"]["column_id"] if action == "moved" and "project_card" in p else None
    return action, named(p, action), when(p, of), changes, column, action == "closed" and bool(of.get("merged"))


def pull_request(p):
    pull, action = p["pull_request"], p["action"]
    head, base = pull["head"], pull["base"]
    if not (action in examples.BRINGS_CODE or action == "edited" and "base" in p["changes"]):
        return "act on a pull request", pull["number"], head["sha"], act(p, pull)
    if not head["repo"] or head["repo"]["id"] != base["repo"]["id"]:
        return "head of a fork", (head["repo"] or {}).get("full_name") or pull["number"], head["sha"], head["ref"]
    if head["ref"] == p["repository"]["default_branch"]:
        return "pull request from the default branch", head["sha"], head["ref"]
    return "head of a branch", head["sha"], head["ref"]


def push(p):
    if p["deleted"]:
        return "deleted by a push", p["ref"], p["before"], p["repository"]["pushed_at"]
    if p["ref"].startswith("refs/tags/"):
        return "tag", p["ref"], (p["head_commit"] or {"id": p["after"]})["id"], p["repository"]["pushed_at"]
    return "head of a branch", p["after"], p["ref"].removeprefix("refs/heads/")


def workflow_run(p):
    run, action = p["workflow_run"], p["action"]
    said = ("conclusion", run["conclusion"]) if action == "completed" else ("action", action)
    workflow = (p["workflow"] or {}).get("name") or run["name"], (p["workflow"] or {}).get("id") or run["workflow_id"]
    if run["event"] not in REPORTS_OF_COMMITS:
        return "report of a run", run["id"], workflow, said
    fork = run["head_repository"]["full_name"] if run["head_repository"]["id"] != p["repository"]["id"] else None
    return "report of a commit", run["head_sha"], run["head_branch"], fork, workflow, said


def check(p, kind):
    one = p[kind]
    suite = one["check_suite"] if kind == "check_run" else one
    if (kind, p["action"]) in examples.PRESSED:
        return None
    said = ("conclusion", one["conclusion"]) if p["action"] == "completed" else ("action", p["action"])
    app = (one.get("app") or suite.get("app") or {}).get("slug")
    return "report of a check", kind, one["name"] if kind == "check_run" else None, app, one["head_sha"], suite["head_branch"], said


def merge_group(p):
    group = p["merge_group"]
    if p["action"] != "checks_requested":
        return "end of a merge group", group["head_sha"], group["head_ref"], p["action"]
    return "head of a branch", group["head_sha"], group["head_ref"].removeprefix("refs/heads/")


def release(p):
    if p["action"] in examples.RELEASE_ANNOUNCEMENTS:
        return "release", p["release"]["id"], p["release"]["prerelease"]
    return "act on a release", p["release"]["id"], act(p, p["release"])


def package(p):
    one = p.get("registry_package") or p["package"]
    version = one.get("package_version") or {}
    return "package", one["id"], version.get("id"), act(p, version, ("published",))


def thing(kind):
    return lambda p: (kind, p[kind]["id"], act(p, p[kind]))


# What makes two events the same work, row by row; None: nothing does.
ROWS = {
    "branch_protection_rule": thing("rule"),
    "check_run": lambda p: check(p, "check_run"),
    "check_suite": lambda p: check(p, "check_suite"),
    "create": lambda p: ("created", p["ref_type"], p["ref"], p["repository"]["pushed_at"]),
    "delete": lambda p: ("deleted", p["ref_type"], p["ref"], p["repository"]["pushed_at"]),
    "deployment": lambda p: ("deployment", p["deployment"]["id"]),
    "deployment_status": lambda p: ("state of a deployment", p["deployment"]["id"], p["deployment_status"]["state"]),
    "discussion": lambda p: ("discussion", p["discussion"]["number"], act(p, p["discussion"])),
    "discussion_comment": lambda p: ("discussion comment", p["comment"]["id"], act(p, p["comment"])),
    "fork": lambda p: ("fork", p["forkee"]["id"]),
    "gollum": lambda p: ("wiki", tuple((page["page_name"], page["sha"]) for page in p["pages"])),
    "issue_comment": lambda p: ("comment", p["comment"]["id"], act(p, p["comment"])),
    "issues": lambda p: ("issue", p["issue"]["number"], act(p, p["issue"], ("", "created", "opened"))),
    "label": thing("label"),
    "merge_group": merge_group,
    "milestone": thing("milestone"),
    "page_build": lambda p: ("page build", p["id"]),
    "project": thing("project"),
    "project_card": thing("project_card"),
    "project_column": thing("project_column"),
    "public": lambda p: ("public", p["repository"]["id"], p["repository"]["updated_at"]),
    "pull_request": pull_request,
    "pull_request_review": lambda p: ("review", p["review"]["id"], act(p, p["review"])),
    "pull_request_review_comment": lambda p: ("review comment", p["comment"]["id"], act(p, p["comment"])),
    "pull_request_target": pull_request,
    "push": push,
    "registry_package": package,
    "release": release,
    "repository_dispatch": lambda p: None,
    "status": lambda p: ("status", p["context"], p["state"], p["sha"]),
    "watch": lambda p: ("star", p["sender"]["id"], p["repository"]["updated_at"]),
    "workflow_dispatch": lambda p: None,
    "workflow_run": workflow_run,
}

# Joins of more than one kind of event; every other row is one kind alone.
JOINED = {
    "act on a pull request": {"pull_request", "pull_request_target"},
    "head of a branch": {"merge_group", "pull_request", "pull_request_target", "push"},
    "head of a fork": {"pull_request", "pull_request_target"},
    "pull request from the default branch": {"pull_request", "pull_request_target"},
}

Asked = collections.namedtuple("Asked", "name event payload work")


def text_of(event):
    """What the program tells an event by."""
    return json.dumps([event["repository"], event["trust"], event["identity"]])


class EveryPair(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        examples.EveryExample.collect()
        cls.asked = []
        acts = set()

        def ask(example, how, payload):
            cls.asked.append(Asked(example.name + how, example.event, payload, ROWS[example.event](copy.deepcopy(payload))))

        for example in examples.EveryExample.examples:
            payload = squeezed(example.payload)
            ask(example, "", example.payload)
            ask(example, ", later", later(example.payload))
            ask(example, ", squeezed", payload)
            if (example.event, payload.get("action")) in acts:
                continue
            acts.add((example.event, payload.get("action")))
            ask(example, ", again", example.payload)
            ask(example, ", squeezed and later", later(payload))
            for name in NAMES:
                if (changed := renamed(payload, name)) != payload:
                    ask(example, f", squeezed with another {name}", changed)
        lines = "".join(json.dumps({"environment": examples.environment_for(each.event, GITHUB_RUN_ID=str(5000 + number)), "payload": each.payload}) + "\n"
                        for number, each in enumerate(cls.asked))
        done = subprocess.run([examples.PROBE, "--pairs"], input=lines, capture_output=True, text=True, check=True)
        cls.answer = json.loads(done.stdout)
        assert "error" not in cls.answer, cls.answer
        cls.events, cls.skips = cls.answer["events"], cls.answer["skips"]
        print(f"{len(cls.asked)} events, {len(cls.asked) ** 2} pairs, {len(cls.skips)} skips", file=sys.stderr)

    def covered(self, first, second):
        one, two = (set(self.events[each].get("covers", [])) for each in (first, second))
        return not one or not two or two <= one

    def test_a_skip_implies_one_identity_and_a_pull_request_that_is_covered(self):
        self.assertGreater(len(self.skips), 5000)
        for first, second, how, code in self.skips:
            one, two = self.events[first], self.events[second]
            if one["exempt"] or two["exempt"] or text_of(one) != text_of(two) or not self.covered(first, second):
                self.fail((self.asked[first].name, how, self.asked[second].name, code, one["identity"], two["identity"]))

    def test_one_identity_is_explained_by_a_row_of_the_table(self):
        works = collections.defaultdict(dict)
        for asked, event in zip(self.asked, self.events):
            if not event["exempt"]:
                works[text_of(event)][json.dumps(asked.work)] = asked
        for text, rows in works.items():
            self.assertEqual(len(rows), 1, (text, {each.name: row for row, each in rows.items()}))
            self.assertNotIn("null", rows, text)

    def test_one_row_of_the_table_is_one_identity(self):
        texts = collections.defaultdict(dict)
        for asked, event in zip(self.asked, self.events):
            self.assertEqual(asked.work is None, event["exempt"], asked.name)
            if asked.work is not None:
                texts[json.dumps([event["repository"], event["trust"], asked.work])][text_of(event)] = asked
        for work, found in texts.items():
            self.assertEqual(len(found), 1, (work, {each.name: text for text, each in found.items()}))

    def test_only_the_joins_of_the_table_cross_kinds(self):
        kinds = collections.defaultdict(set)
        for asked, event in zip(self.asked, self.events):
            if asked.work is not None:
                kinds[text_of(event)].add((asked.work[0], asked.event))
        for text, found in kinds.items():
            names = {event for _, event in found}
            if len(names) > 1:
                self.assertLessEqual(names, JOINED[next(iter(found))[0]], text)

    def test_whoever_is_covered_is_skipped_and_told_why(self):
        told = {(first, second, how): code for first, second, how, code in self.skips}
        same = collections.defaultdict(list)
        for number, event in enumerate(self.events):
            if not event["exempt"]:
                same[text_of(event)].append(number)
        pulls = {"pull_request", "pull_request_target"}
        for numbers in same.values():
            for first in numbers:
                for second in numbers:
                    if first == second or not self.covered(first, second):
                        continue
                    one, two = self.asked[first].event, self.asked[second].event
                    twins = one == "push" and two in pulls or two == "push" and one in pulls
                    expected = {"live": "pr_lock" if twins else "active_session", "success": "pr_lock" if twins else "already_done",
                                "failure": "retry_suppressed"}
                    for how, code in expected.items():
                        self.assertEqual(told.get((first, second, how)), code, (self.asked[first].name, how, self.asked[second].name))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--probe", required=True)
    arguments.add_argument("--folder", required=True, type=pathlib.Path)
    known, rest = arguments.parse_known_args()
    examples.PROBE, examples.FOLDER = known.probe, known.folder.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
