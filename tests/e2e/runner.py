"""One job on a runner of its own, as the binary meets it: environment, payload, output files.

Sources: GitHub's "Default environment variables" and "Workflow commands for GitHub Actions".
"""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time

BINARY = os.environ["REFGATE_BIN"]
FULL = os.environ.get("REFGATE_E2E_FULL") == "1"
MERGE_COMMIT = "e" * 40
# Commands without a remote; and those for which a variable of the workflow names it as well as an option does.
WITHOUT_REMOTE = {"completion", "envelope", "health", "help", "init", "lint", "matrix"}
BEFORE_THE_WORK = {"gate", "check", "run"}


def read_outputs(text):
    """What the runner makes of GITHUB_OUTPUT: the last value of a name counts."""
    values, lines = {}, iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, equals, value = line.partition("=")
        if not equals or "<<" in name:
            raise AssertionError(f"the runner would not take this line: {line!r}")
        values[name] = value
    return values


class Answer:
    """An ended call: its status, its text, and what it left for the runner."""

    def __init__(self, words, status, out, err, output_file, summary_file, seconds):
        self.words, self.status, self.out, self.err = words, status, out, err
        self.output_text = _text(output_file)
        self.summary = _text(summary_file)
        self.seconds = seconds
        self.lines = dict(line.split("=", 1) for line in out.splitlines()
                          if "=" in line and line.split("=", 1)[0].replace("_", "").isupper())

    @property
    def outputs(self):
        return read_outputs(self.output_text)

    @property
    def runs(self):
        """The verdict; standard output and GITHUB_OUTPUT agree about it."""
        verdict = self.lines["SKIP_EXECUTION"]
        if self.outputs and self.outputs["skip_execution"] != verdict:
            raise AssertionError(f"outputs and standard output differ: {self}")
        return {"true": False, "false": True}[verdict]

    @property
    def code(self):
        return self.lines["REASON_CODE"]

    @property
    def claim_id(self):
        return self.lines["CLAIM_ID"]

    @property
    def generation(self):
        return int(self.lines["GENERATION"])

    def json(self):
        return json.loads(self.out)

    def rows(self):
        """The one list of the object that --json prints, beside the pauses, heads and slots that status shows, too."""
        (rows,) = [value for name, value in self.json().items() if isinstance(value, list) and name not in ("pauses", "newest", "slots")]
        return rows

    def json_lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return (f"{' '.join(self.words)}: status {self.status} after {self.seconds:.2f} s\n"
                f"{self.out}{self.err}-- GITHUB_OUTPUT\n{self.output_text}")


def _text(path):
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes().decode("utf-8")
    return ""


class Call:
    """A call that has been started."""

    def __init__(self, job, words, environment, stdin=subprocess.DEVNULL):
        job.calls += 1
        self.words = words
        self.output_file = job.folder / f"output-{job.calls}"
        self.summary_file = job.folder / f"summary-{job.calls}"
        self.output_file.touch()
        if "GITHUB_ACTIONS" in environment:
            environment = {"GITHUB_OUTPUT": str(self.output_file),
                           "GITHUB_STEP_SUMMARY": str(self.summary_file), **environment}
        self.started = time.monotonic()
        self.process = subprocess.Popen([BINARY, *words], env=environment, cwd=job.folder,
                                        stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def wait(self, seconds=120):
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.answer(out, err)

    def wait_or_kill(self, seconds):
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return self.kill()
        return self.answer(out, err)

    def kill(self):
        """kill -9; then what is left behind."""
        self.process.kill()
        return self.answer(*self.process.communicate())

    def answer(self, out, err):
        return Answer(self.words, self.process.returncode, out.decode(), err.decode(),
                      self.output_file, self.summary_file, time.monotonic() - self.started)


class Job:
    """A job of a run. Its calls share RUNNER_TEMP, as the steps of a job do, and nothing else."""

    def __init__(self, folder, remote, run, event="push", payload=None, *, attempt=1, job="agent",
                 workflow="Agent Review", file="agent.yml", actor="ann", triggering=None,
                 sha=MERGE_COMMIT, actions=True, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.remote, self.run, self.calls = remote, str(run), 0
        temp = self.folder / "temp"
        temp.mkdir()
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                            "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", **remote.environment}
        if actions:
            self.environment.update({
                "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event,
                "GITHUB_REPOSITORY": "octo/app", "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_RUN_ID": self.run,
                "GITHUB_RUN_ATTEMPT": str(attempt), "GITHUB_JOB": job,
                "GITHUB_WORKFLOW": workflow, "GITHUB_ACTOR": actor,
                "GITHUB_TRIGGERING_ACTOR": triggering or actor, "GITHUB_SHA": sha,
                "GITHUB_REF": "refs/heads/topic",
                "GITHUB_WORKFLOW_REF": f"octo/app/.github/workflows/{file}@refs/heads/topic",
                "RUNNER_TEMP": str(temp)})
        if payload is not None:
            path = self.folder / "event.json"
            path.write_text(json.dumps(payload), encoding="utf-8")
            self.environment["GITHUB_EVENT_PATH"] = str(path)
        self.environment.update(environment or {})

    def start(self, *words, **environment):
        return self.start_fed(subprocess.DEVNULL, *words, **environment)

    def call(self, *words, **environment):
        return self.start(*words, **environment).wait()

    def start_fed(self, stdin, *words, **environment):
        """Like start; `stdin` is an open file or descriptor."""
        words = list(map(str, words))
        named = any(word.startswith("--remote") for word in words)
        if named or "REFGATE_REMOTE" in environment:
            pass
        elif "GITHUB_ACTIONS" not in self.environment or words[:1] and words[0] in BEFORE_THE_WORK:
            environment["REFGATE_REMOTE"] = self.remote.url
        elif words and words[0] not in WITHOUT_REMOTE and not words[0].startswith("-"):
            # What an earlier step may have set gets no token: the step names the remote itself.
            words[1:1] = ["--remote", self.remote.url]
        return Call(self, words, {**self.environment, **environment}, stdin)

    def call_fed(self, content, *words, **environment):
        """Like call, with these bytes on standard input."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            return self.start_fed(file, *words, **environment).wait()

    def state_files(self):
        """What the job remembers of claims, as text. (A told skip leaves a note of its own.)"""
        return [path.read_text(encoding="utf-8")
                for path in sorted((self.folder / "temp").rglob("*"))
                if path.is_file() and path.name.startswith(("claim-", "health-"))]
