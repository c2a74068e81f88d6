"""The test servers as context managers, for tests in Python.

    with launch.serve(root, tls=True, auth="t") as server:
        … server.url, server.ca, launch.requests(server), launch.reset(server) …
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import types
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def _program(name, arguments):
    """The facts of the program's one line as attributes; at the end the program is gone."""
    process = subprocess.Popen([sys.executable, str(HERE / name), *map(str, arguments)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} did not start, status {process.wait()}")
        yield types.SimpleNamespace(process=process, **json.loads(line))
    finally:
        process.stdin.close()
        try:
            status = process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
    if status != 0:
        raise RuntimeError(f"{name} ended with status {status}")


def _options(**values):
    """requests=path becomes --requests path, tls=True becomes --tls; None and False vanish."""
    for key, value in values.items():
        option = "--" + key.replace("_", "-")
        if value is True:
            yield option
        elif isinstance(value, (list, tuple)):
            yield from [option, *value] if value else []
        elif value is not None and value is not False:
            yield from [option, value]


def serve(root, *, tls=False, auth=None, requests=None, read_only=False, create=()):
    """.url .ca .requests .log .pid"""
    return _program("serve.py", _options(root=root, tls=tls, auth=auth, requests=requests,
                                         read_only=read_only, create=list(create)))


def sshd(root):
    """.url .root_url .ssh_command .log .pid"""
    return _program("sshd.py", _options(root=root))


def faults(upstream, *, ca=None, plan=None, requests=None, tls=False):
    """.url .ca .plan .requests .pid; `upstream` is a URL or a server of serve()."""
    if not isinstance(upstream, str):
        upstream, ca = upstream.url, upstream.ca
    return _program("faults.py", _options(upstream=upstream, ca=ca, plan=plan, requests=requests,
                                          tls=tls))


def careless(server, root, *, half="all", ahead=None):
    """.url .requests .pid; a server over `root` that does not compare, or no creations, or whose
    clock is so many seconds ahead."""
    return _program("careless.py", _options(upstream=server.url, root=root, half=half,
                                            ahead=ahead if ahead is None else str(ahead)))


def forward(*, user=None, refuse=None):
    """.url .requests .pid; a forward proxy for http_proxy and https_proxy."""
    return _program("forward.py", _options(user=user,
                                           refuse=refuse if refuse is None else str(refuse)))


def set_plan(proxy, *rules):
    """Replaces the proxy's plan at once; returns when its port is as open or shut as that says."""
    new = f"{proxy.plan}.new"
    pathlib.Path(new).write_text(json.dumps(rules), encoding="utf-8")
    os.replace(new, proxy.plan)
    selectors = {"method", "path", "nth", "count"}
    shut = any(rule["fault"] == "refuse-connect" and not selectors & rule.keys() for rule in rules)
    deadline = time.monotonic() + 10
    while _refuses(proxy.url) != shut:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the proxy did not follow its plan {rules}")
        time.sleep(0.005)


def _refuses(url):
    """None where the port was shut or opened in this very moment."""
    place = urllib.parse.urlsplit(url)
    try:
        socket.create_connection((place.hostname, place.port), timeout=10).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return None
    return False


def requests(server):
    """The finished requests so far, one string each: "GET /x.git/info/refs?service=… 200"."""
    return pathlib.Path(server.requests).read_text(encoding="latin-1").splitlines()


def reset(server):
    """Forgets the requests so far."""
    os.truncate(server.requests, 0)


def git(*arguments, **options):
    """A git command with nothing of the user's settings; its completed process."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                   "GIT_TERMINAL_PROMPT": "0", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b",
                   "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b", "LC_ALL": "C",
                   **options.pop("environment", {})}
    return subprocess.run(["git", *map(str, arguments)], env=environment, text=True,
                          stdin=options.pop("stdin", subprocess.DEVNULL)
                          if "input" not in options else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def make_repository(path, commits=1):
    """A bare repository at `path` whose branch main has that many commits; returns the path."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    git("init", "-q", "--bare", "-b", "main", path, check=True)
    git("-C", path, "config", "http.receivepack", "true", check=True)
    stream = []
    for number in range(1, commits + 1):
        stamp = f"A <a@b> {1700000000 + number} +0000"
        text, content = f"commit {number}\n", f"{number}\n"
        stream.append(f"commit refs/heads/main\ncommitter {stamp}\ndata {len(text)}\n{text}"
                      f"M 100644 inline file\ndata {len(content)}\n{content}\n")
    if stream:
        git("-C", path, "fast-import", "--quiet", input="".join(stream), check=True)
    return path
