#!/usr/bin/env python3
"""Runs refgate against a real Gitea, which it starts on this machine over TLS, and says what does not hold there.

usage: [REFGATE_BIN=PATH] gitea.py GITEA STATIC_ROOT

GITEA is the program, STATIC_ROOT the folder with its `templates` and `options` (the root of its source tree, or of a release's). It keeps everything in a
folder that is removed afterwards. Nothing is fetched. Needs git, and curl for `holder-run`. Each line is one thing that holds ("ok") or not ("WRONG").
"""
import concurrent.futures
import getpass
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
os.environ.setdefault("REFGATE_BIN", str(HERE.parent.parent / "dist" / "refgate-linux-x64"))
import payloads  # noqa: E402
import runner  # noqa: E402
from gate_case import Remote  # noqa: E402

# What app.ini says, a section a line.
CONFIGURATION = """{top} RUN_USER={user} I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true
server PROTOCOL=https HTTP_ADDR=127.0.0.1 HTTP_PORT={port} ROOT_URL={url}/ LOCAL_ROOT_URL={url}/ DISABLE_SSH=true OFFLINE_MODE=true
server CERT_FILE={folder}/cert.pem KEY_FILE={folder}/key.pem STATIC_ROOT_PATH={static}
database DB_TYPE=sqlite3
security INSTALL_LOCK=true SECRET_KEY=0123456789abcdef0123456789abcdef
log MODE=file logger.access.MODE=access
log.access MODE=file FILE_NAME=access.log"""


class Gitea:
    """A server of its own, until it is stopped."""

    def __init__(self, program, static, folder):
        self.program, self.folder = program, folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"https://localhost:{port}"
        text = CONFIGURATION.format(top="DEFAULT", user=getpass.getuser(), port=port, url=self.url, folder=folder, static=static)
        sections = [line.split() for line in text.splitlines()]
        (folder / "custom" / "conf").mkdir(parents=True)
        (folder / "custom" / "conf" / "app.ini").write_text("".join("\n".join([f"[{name}]", *words, ""]) for name, *words in sections), encoding="utf-8")
        # Its own hooks must trust it, too.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GITEA_WORK_DIR": str(folder), "SSL_CERT_FILE": str(folder / "cert.pem")}
        self.command("cert", "--host", "localhost", "--ca")
        self.context = ssl.create_default_context(cafile=folder / "cert.pem")
        self.server = subprocess.Popen([program, "web"], cwd=folder, env=self.environment, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while self.api("GET", "/version", "")[0] != 200:
            if self.server.poll() is not None or time.monotonic() > until:
                sys.exit("it did not start")
            time.sleep(0.5)
        print("Gitea", self.api("GET", "/version", "")[1]["version"], flush=True)

    def command(self, *words):
        return subprocess.run([self.program, *words], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True, check=True).stdout.split()

    def user(self, name):
        self.command("admin", "user", "create", "--username", name, "--random-password", "--email", f"{name}@example.org", "--must-change-password=false")
        return self.token(name, "all")

    def token(self, name, scopes):
        return self.command("admin", "user", "generate-access-token", "--username", name, "--token-name", scopes, "--scopes", scopes, "--raw")[-1]

    def api(self, method, path, token, body=None):
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method, data=json.dumps(body).encode() if body else None,
                                         headers={"Content-Type": "application/json", **({"Authorization": f"token {token}"} if token else {})})
        try:
            with urllib.request.urlopen(request, context=self.context) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except OSError:
            return 0, None

    def asked(self):
        """What refgate has asked so far: P a push, R a look, A the API, G a list of refs."""
        time.sleep(0.3)
        lines = (self.folder / "log" / "access.log").read_text(encoding="utf-8").splitlines()
        return "".join("A" if "/api/v1/" in line else "G" if '"GET ' in line else "P" if "receive-pack" in line else "R"
                       for line in lines if "refgate" in line.rpartition('" "')[2])


def rows(gitea, folder):
    """Tries all of them; returns those that are wrong."""
    numbers, wrong = iter(range(7, 10_000)), []
    octo, ann, eve = (gitea.user(name) for name in ("octo", "ann", "eve"))
    for name in ("app", "private"):
        gitea.api("POST", "/user/repos", octo, {"name": name, "auto_init": True, "private": name == "private"})
    gitea.api("PUT", "/repos/octo/app/collaborators/ann", octo, {"permission": "write"})
    gitea.api("POST", "/repos/octo/app/branch_protections", octo, {"rule_name": "**", "enable_push": False})

    def say(what, holds, answer):
        print(f"ok     {what}" if holds else f"WRONG  {what}\n{answer}", flush=True)
        wrong.extend([] if holds else [what])

    def job(text, event="push", *, token=ann, repository="app", number=None, payload=None):
        attempt, number = (2, number) if number else (1, str(next(numbers)))
        remote = Remote(f"{gitea.url}/octo/{repository}", folder, SSL_CERT_FILE=str(folder / "cert.pem"))
        payload = payload or (payloads.push if event == "push" else payloads.pull_request)(payloads.commit(text))
        return runner.Job(folder / "jobs" / f"{number}-{attempt}", remote, f"9{number}", event, payload, attempt=attempt, environment={
            "GITEA_ACTIONS": "true", "GITHUB_RUN_NUMBER": number, "GITHUB_SERVER_URL": gitea.url, "GITHUB_API_URL": f"{gitea.url}/api/v1",
            "GITHUB_REPOSITORY": f"octo/{repository}", "GITHUB_WORKFLOW_REF": "", "REFGATE_TOKEN": token, "REFGATE_HEARTBEAT": "false"})

    def expect(what, one, words, code=None, status=0, asks=""):
        before = gitea.asked()
        answer = one.call(*words.split())
        asked = gitea.asked()[len(before):]
        say(what + (f" [{asked}]" if asks else ""), answer.status == status and answer.lines.get("REASON_CODE") == code and asks in ("", asked), answer)
        return answer

    first, kept = job("one"), job("result")
    expect("doctor", first, "doctor --deadline 3m")
    won = expect("a gate", first, "gate", "first", asks="P")
    expect("its pull request", job("one", "pull_request"), "gate", "pr_lock", asks="RRAP")
    expect("a second push", job("one"), "gate", "active_session", asks="PRRAP")
    expect("its end", first, "finish --status success", asks="P")
    expect("a re-run", job("one", number=first.environment["GITHUB_RUN_NUMBER"]), "gate", "already_done")
    told = expect("show with its page", first, "show " + won.lines["HOLDER_RUN_URL"])
    say("which is of that session", won.claim_id in told.out, told)
    for count in (32, 64):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(lambda one: one.call("gate"), [job(f"at once {count}") for _ in range(count)]))
        say(f"{count} at once, of which one runs", [a.runs for a in answers].count(True) == 1 and not any(a.status for a in answers), answers[0])
    expect("a lease", job("dead"), "gate --lease 2s --skew 1s", "first")
    time.sleep(3.5)
    expect("a takeover", job("dead"), "gate", "takeover")
    kept.call("gate")
    (kept.folder / "text").write_text("done\n", encoding="utf-8")
    page = f"{gitea.url}/octo/app/pulls/1"
    fork = job("f", "pull_request", token=eve, payload=payloads.pull_request(payloads.commit("f"), source=payloads.FORK))
    for what, one, words, *more in (
            ("a slot", job("s1"), "gate --slots model:1 --wait 1s", "first"), ("no slot", job("s2"), "gate --slots model:1 --wait 1s", "wait_expired"),
            ("its turn", job("q1"), "gate --group-by repository", "first"),
            ("not its turn", job("q2"), "gate --group-by repository --wait 1s", "wait_expired"),
            ("a result", kept, f"result save text --url {page}"), ("and back", kept, f"result get {page}"),
            ("a pause", kept, "pause --reason try"), ("is asked for", job("p"), "gate --pause ask", "paused"), ("a pause's end", kept, "resume"),
            ("a private repository", job("one", token=octo, repository="private"), "gate", "first"),
            ("which others do not see", job("two", repository="private"), "gate", "denied", 3),
            ("a token that only reads", job("r", token=gitea.token("ann", "read:repository")), "gate", "read_only", 3),
            ("a reader's", job("r", token=eve), "gate", "read_only", 3), ("that of a fork's run", fork, "gate", "read_only"),
            ("none of its own", job("w", token="0" * 40), "gate", "denied", 3), ("gc", first, "gc"), ("verify", first, "verify"),
            ("a stop", first, "pause --halt --reason end"), ("leave", first, "leave --yes")):
        expect(what, one, words, *more)
    left = [ref["ref"] for ref in gitea.api("GET", "/repos/octo/app/git/refs", octo)[1] if "refgate" in ref["ref"]]
    say("nothing is left", not left, left)
    return wrong


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="refgate-gitea-", ignore_cleanup_errors=True) as made:
        server = Gitea(*(pathlib.Path(word).resolve() for word in sys.argv[1:]), pathlib.Path(made))
        try:
            sys.exit(1 if rows(server, pathlib.Path(made)) else 0)
        finally:
            server.server.terminate()
            server.server.wait(30)
