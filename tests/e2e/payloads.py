"""Webhook payloads as GitHub sends them, reduced to what identifies a piece of work and its actor.

Facts from GitHub's "Webhook events and payloads": the head commit of a push is `after`, that of a
pull request `pull_request.head.sha`; GITHUB_SHA on pull_request is the merge commit.
"""

HOME = "octo/app"
FORK = "mallory/app"


def commit(text):
    """A commit id of 40 hexadecimal digits that differs for different texts."""
    return (text.encode().hex() + "0" * 40)[:40]


def person(login="ann"):
    return {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def repository(full_name=HOME):
    return {"full_name": full_name, "name": full_name.split("/")[1], "default_branch": "main",
            "owner": person(full_name.split("/")[0]), "fork": full_name != HOME,
            "id": 1 if full_name == HOME else 2}


def push(head, ref="refs/heads/topic", **more):
    return {"ref": ref, "before": "0" * 40, "after": head, "deleted": False, "created": False,
            "head_commit": {"id": head}, "commits": [{"id": head}], "repository": repository(),
            "sender": person(), **more}


def pull(head, number=7, source=HOME, branch="topic"):
    return {"number": number, "state": "open", "title": "A change", "user": person(),
            "head": {"sha": head, "ref": branch, "repo": repository(source)},
            "base": {"sha": commit("base"), "ref": "main", "repo": repository()}}


def pull_request(head, action="opened", label=None, **more):
    payload = {"action": action, "number": 7, "pull_request": pull(head, **more),
               "repository": repository(), "sender": person()}
    if label:
        payload["label"] = {"name": label}
    return payload


def review(head, number, **more):
    return {"action": "submitted", "review": {"id": number, "commit_id": head, "state": "approved"},
            "pull_request": pull(head, **more), "repository": repository(), "sender": person()}


def comment(number, issue=7, on_pull_request=True):
    about = {"number": issue, "title": "A change", "user": person()}
    if on_pull_request:
        about["pull_request"] = {"url": f"https://api.github.com/repos/{HOME}/pulls/{issue}"}
    return {"action": "created", "issue": about, "repository": repository(), "sender": person(),
            "comment": {"id": number, "body": "please look again", "user": person()}}


def issue(number, action="opened", label=None):
    payload = {"action": action, "issue": {"number": number, "title": "It fails"},
               "repository": repository(), "sender": person()}
    if label:
        payload["label"] = {"name": label}
    return payload


def workflow_run(head, run=900, source=HOME):
    return {"action": "completed", "repository": repository(), "sender": person(),
            "workflow": {"id": 5, "name": "CI", "path": ".github/workflows/ci.yml"},
            "workflow_run": {"id": run, "head_sha": head, "head_branch": "topic", "event": "push",
                             "run_attempt": 1, "conclusion": "success", "name": "CI",
                             "repository": repository(), "head_repository": repository(source)}}


def check_suite(head):
    return {"action": "completed", "repository": repository(), "sender": person(),
            "check_suite": {"id": 31, "head_sha": head, "head_branch": "topic",
                            "status": "completed", "conclusion": "success", "pull_requests": []}}


def merge_group(head):
    return {"action": "checks_requested", "repository": repository(), "sender": person(),
            "merge_group": {"head_sha": head, "head_ref": "refs/heads/gh-readonly-queue/main/pr-7",
                            "base_sha": commit("base"), "base_ref": "refs/heads/main"}}


def dispatch():
    return {"ref": "refs/heads/main", "inputs": {}, "workflow": ".github/workflows/agent.yml",
            "repository": repository(), "sender": person()}


def schedule():
    return {"schedule": "0 3 * * *", "repository": repository()}
