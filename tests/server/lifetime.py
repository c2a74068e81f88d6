"""The life of one test server: a work folder, child processes, an end that leaves nothing behind.

Linux only: orphans of the children come back to this process (PR_SET_CHILD_SUBREAPER), so that
sessions which left their process group are found and ended too.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import select
import shutil
import signal
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name):
    """The absolute path of a system program; /usr/sbin counts even when PATH lacks it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}")
    if found is None:
        raise SystemExit(f"{name} is not installed")
    return os.path.abspath(found)


def _stop(_signal, _frame):
    raise SystemExit(0)


@contextlib.contextmanager
def work_folder(name):
    """A folder of our own; at the end every process below this one is ended, then it is removed."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in signals:
        signal.signal(number, _stop)
    folder = None
    try:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-")).resolve()
        yield folder
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        end_children()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def spawn(argv, log, environment, listener=None):
    """Starts argv in a session of its own with its output in `log`; a listening socket becomes
    descriptor 3 and is announced as systemd announces it (LISTEN_FDS, LISTEN_PID)."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, out, 1),
        (os.POSIX_SPAWN_DUP2, out, 2),
    ]
    environment = dict(environment)
    # The kernel ends the child with us even when we are killed outright.
    guarded = [program("setpriv"), "--pdeathsig", "TERM", "--"]
    if listener is not None:
        actions.append((os.POSIX_SPAWN_DUP2, listener.fileno(), 3))
        environment["LISTEN_FDS"] = "1"
        guarded += ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"]
    default = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE)
    try:
        return os.posix_spawn(guarded[0], guarded + list(argv), environment,
                              file_actions=actions, setsid=True, setsigdef=default)
    finally:
        os.close(out)


def has_ended(pid):
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def ready(**facts):
    """The one line that tells the caller that the server answers."""
    print(json.dumps({**facts, "pid": os.getpid()}), flush=True)


def wait_for_end(child=None):
    """Returns when standard input closes; a child that ends before that is an error."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    guard = None
    if child is not None:
        guard = os.pidfd_open(child)
        poll.register(guard, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor == guard:
                raise SystemExit("the server ended by itself")
            if not os.read(0, 4096):
                return


def _processes():
    """(pid, parent, state) of every process that can be seen."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                text = pathlib.Path("/proc", entry, "stat").read_text(errors="replace")
                state, parent = text.rpartition(")")[2].split()[:2]
                yield int(entry), int(parent), state


def _descendants():
    children = {}
    for pid, parent, state in _processes():
        children.setdefault(parent, []).append((pid, state))
    found, waiting = [], [os.getpid()]
    while waiting:
        for pid, state in children.get(waiting.pop(), []):
            waiting.append(pid)
            if state != "Z":
                found.append(pid)
    return found


def _signal_all(number):
    for pid in _descendants():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def end_children(grace=1.0):
    """Asks every descendant to end (git then removes its lock files) and kills what stays."""
    _signal_all(signal.SIGTERM)
    deadline = time.monotonic() + grace
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended:
            continue
        # An orphan that has just come to us may have missed the first signal.
        _signal_all(signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.005)


def git_environment(folder):
    """What git sees on the server side: nothing of this user's or machine's settings, every
    repository trusted whoever owns it, and what GitHub allows a client to ask for."""
    settings = folder / "gitconfig"
    settings.write_text(
        "[safe]\n\tdirectory = *\n"
        "[http]\n\treceivepack = true\n"
        "[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n"
        # No process may outlive its request.
        "[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n[maintenance]\n\tauto = false\n"
        "[init]\n\tdefaultBranch = main\n",
        encoding="utf-8")
    return {"GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1"}


def tail(log):
    try:
        return pathlib.Path(log).read_text(errors="replace")[-2000:]
    except OSError:
        return ""


def fail(message):
    print(message, file=sys.stderr, flush=True)
    raise SystemExit(1)
