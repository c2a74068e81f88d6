"""Where the parts of a workflow stand, by lines, for workflows in the block style that most are written in.

Nothing here knows YAML: a file whose shape is not understood raises Unfit and is left out, so that an edit never means something else than it says.
"""

import re


class Unfit(Exception):
    """The file is not written in a way that can be edited by lines."""


KEY = re.compile(r"""^(\s*)(["']?)([A-Za-z_][\w-]*)\2:(?:\s+(.*?))?\s*$""")


def indent_of(line):
    return len(line) - len(line.lstrip(" "))


def is_content(line):
    return bool(line.strip()) and not line.lstrip().startswith("#")


def plain(value):
    """A scalar's text without quotes and trailing comment; None when it is not written on one line."""
    if value is None or value[:1] in "|>&*[{":
        return None
    quoted = re.match(r"""^(['"])(.*)\1\s*(?:#.*)?$""", value)
    if quoted:
        text = quoted.group(2)
        if quoted.group(1) in text or "\\" in text:
            return None
        return text
    return re.sub(r"\s+#.*$", "", value).strip()


class Entry:
    """`key: value` from line `begin` to `end` (exclusive), blank lines and comments after it left out."""

    def __init__(self, lines, begin, end, column):
        while end > begin + 1 and not is_content(lines[end - 1]):
            end -= 1
        self.begin, self.end, self.column = begin, end, column
        match = KEY.match(lines[begin][column:])
        self.name, self.value = match.group(3), match.group(4)
        self.lines = lines[begin:end]

    def text(self):
        """The value as one line: of a plain or quoted scalar, or of a block scalar."""
        if self.value and self.value[0] in "|>":
            return " ".join(line.strip() for line in self.lines[1:] if line.strip())
        if self.end - self.begin > 1:
            return None
        return plain(self.value)


def entries_between(lines, begin, end, column, first_column=None):
    """The keys at one column; the first may stand after a dash."""
    starts = []
    for at in range(begin, end):
        line = lines[at]
        if at == begin and first_column is not None:
            line = " " * first_column + line[first_column:]
        if not is_content(line):
            continue
        depth = indent_of(line)
        if depth < column:
            raise Unfit(f"line {at + 1} is not deep enough")
        if depth == column:
            if not KEY.match(line):
                raise Unfit(f"line {at + 1} is no key")
            starts.append(at)
    return [Entry(lines, at, stop, column) for at, stop in zip(starts, starts[1:] + [end])]


class Step:
    def __init__(self, lines, begin, end, dash):
        while end > begin + 1 and not is_content(lines[end - 1]):
            end -= 1
        self.begin, self.end, self.dash = begin, end, dash
        rest = lines[begin][dash + 1 :]
        self.column = dash + 1 + len(rest) - len(rest.lstrip(" "))
        self.entries = {each.name: each for each in entries_between(lines, begin, end, self.column, self.column)}

    def text(self, name):
        entry = self.entries.get(name)
        return entry.text() if entry else None


class Job:
    def __init__(self, lines, entry, column):
        self.name, self.begin, self.end = entry.name, entry.begin, entry.end
        inner = [at for at in range(entry.begin + 1, entry.end) if is_content(lines[at])]
        if entry.value or not inner:
            raise Unfit("a job in flow style")
        self.column = indent_of(lines[inner[0]])
        if self.column <= column:
            raise Unfit("a job without content")
        self.entries = {each.name: each for each in entries_between(lines, entry.begin + 1, entry.end, self.column)}
        self.steps = []
        steps = self.entries.get("steps")
        if steps:
            if steps.value:
                raise Unfit("steps in flow style")
            self.steps = self._steps(lines, steps)

    @staticmethod
    def _steps(lines, entry):
        content = [at for at in range(entry.begin + 1, entry.end) if is_content(lines[at])]
        dash = indent_of(lines[content[0]])
        starts = [at for at in content if indent_of(lines[at]) == dash]
        if any(not lines[at].lstrip().startswith("- ") for at in starts):
            raise Unfit("steps in another style")
        return [Step(lines, at, stop, dash) for at, stop in zip(starts, starts[1:] + [entry.end])]


class Outline:
    def __init__(self, text):
        if "\t" in text or "\r" in text or re.search(r"(^|\s)[&*][A-Za-z]\w*\s*$|<<:", text, re.M):
            raise Unfit("tabs, carriage returns or anchors")
        self.lines = text.rstrip("\n").split("\n")
        top = [at for at, line in enumerate(self.lines) if is_content(line) and indent_of(line) == 0 and line != "---"]
        if any(not KEY.match(self.lines[at]) for at in top):
            raise Unfit("no mapping")
        self.top = {e.name: e for e in (Entry(self.lines, at, stop, 0) for at, stop in zip(top, top[1:] + [len(self.lines)]))}
        jobs = self.top.get("jobs")
        if not jobs or jobs.value or "on" not in self.top:
            raise Unfit("no jobs")
        inner = [at for at in range(jobs.begin + 1, jobs.end) if is_content(self.lines[at])]
        self.column = indent_of(self.lines[inner[0]])
        self.jobs = [Job(self.lines, each, self.column) for each in entries_between(self.lines, jobs.begin + 1, jobs.end, self.column)]

    def events(self):
        """The events with the lines of their configuration; None when `on` is a list or a word."""
        on = self.top["on"]
        if on.value:
            return None
        content = [at for at in range(on.begin + 1, on.end) if is_content(self.lines[at])]
        if not content or self.lines[content[0]].lstrip().startswith("- "):
            return None
        return {e.name: e for e in entries_between(self.lines, on.begin + 1, on.end, indent_of(self.lines[content[0]]))}

    def inside(self, entry):
        """The keys below an entry in block style; None when it is written otherwise."""
        content = [at for at in range(entry.begin + 1, entry.end) if is_content(self.lines[at])]
        if entry.value or not content or self.lines[content[0]].lstrip().startswith("- "):
            return None
        return {e.name: e for e in entries_between(self.lines, entry.begin + 1, entry.end, indent_of(self.lines[content[0]]))}


class Edits:
    """Replacements of line ranges, applied together. Insertions at one line keep their order."""

    def __init__(self, outline):
        self.lines = outline.lines
        self.edits = []

    def replace(self, begin, end, lines):
        self.edits.append((begin, end, lines))

    def insert(self, at, lines):
        self.replace(at, at, lines)

    def text(self):
        result = list(self.lines)
        for _, (begin, end, lines) in sorted(enumerate(self.edits), key=lambda each: (each[1][0], each[1][1], each[0]), reverse=True):
            result[begin:end] = lines
        return "\n".join(result) + "\n"


def condition(text):
    """A condition without `${{ }}`; None when it is a text around expressions."""
    text = text.strip()
    if text.startswith("${{") and text.endswith("}}"):
        text = text[3:-2].strip()
    return None if "${{" in text or "}}" in text else text
