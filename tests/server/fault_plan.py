"""The plan of the fault proxy: which rule acts on which request. faults.py describes it."""

import contextlib
import json
import os
import threading
import time

FAULTS = {"delay", "status", "cut-before", "cut-after", "trickle", "silent", "garbage",
          "refuse-connect", "reshape", "too-large", "no-length"}
KEYS = {"method": str, "path": str, "nth": int, "count": int, "fault": str,
        "seconds": (int, float), "status": int, "headers": dict, "body": str, "announce": bool,
        "interim": list, "form": str, "unsaid": bool, "most": int}
SELECTORS = {"method", "path", "nth", "count"}


class PlanError(Exception):
    pass


class Plan:
    """The rules in the file, read anew for each request; a changed file starts to count anew."""

    def __init__(self, path):
        self.path = path
        self._lock = threading.Lock()
        self._state = None
        self._rules = []
        self._seen = []

    def _read(self):
        """The file's content, and what tells this writing of it from another; None: no file."""
        try:
            with open(self.path, "rb") as file:
                facts = os.fstat(file.fileno())
                content = file.read()
        except FileNotFoundError:
            return b"", None
        return content, (facts.st_ino, facts.st_mtime_ns, content)

    def _load(self):
        content, state = self._read()
        if state == self._state:
            return
        # A writer that does not rename may be half way: its file is read until it is whole.
        deadline = time.monotonic() + 1
        rules = []
        while content.strip():
            try:
                rules = json.loads(content)
                break
            except ValueError as error:
                if time.monotonic() > deadline:
                    raise PlanError(f"the plan is not JSON: {error}") from error
                time.sleep(0.005)
                content, state = self._read()
        if not isinstance(rules, list):
            raise PlanError("the plan is not a list")
        for rule in rules:
            self._check(rule)
        self._state, self._rules, self._seen = state, rules, [0] * len(rules)

    @staticmethod
    def _check(rule):
        if not isinstance(rule, dict) or rule.get("fault") not in FAULTS:
            raise PlanError(f"not a rule with a known fault: {rule}")
        for key, value in rule.items():
            if key not in KEYS or not isinstance(value, KEYS[key]):
                raise PlanError(f"{key} is unknown or of a wrong type in {rule}")

    def match(self, method, path):
        """The rule that acts on this request, or None."""
        with self._lock:
            self._load()
            chosen = None
            for index, rule in enumerate(self._rules):
                if shuts_port(rule):
                    continue
                if rule.get("method", method) != method or rule.get("path", "") not in path:
                    continue
                self._seen[index] += 1
                first = rule.get("nth", 1)
                after = first + rule["count"] if "count" in rule else float("inf")
                if chosen is None and first <= self._seen[index] < after:
                    chosen = rule
            return chosen

    def port_is_shut(self):
        with self._lock:
            with contextlib.suppress(PlanError):
                self._load()
            return any(map(shuts_port, self._rules))


def shuts_port(rule):
    return rule["fault"] == "refuse-connect" and not SELECTORS & rule.keys()
