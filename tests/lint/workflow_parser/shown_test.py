"""What this project shows is a workflow for GitHub's own parser: those of README and docs/, examples/, and its own.

usage: shown_test.py TREE PACKAGES

PACKAGES is where npm installed package.json.
"""

import pathlib
import re
import sys
import tempfile

from fixed_test import bring_parser, parse

BROKEN = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: x\n        usez: y\n"


def workflows(tree):
    """Where it stands → the workflow."""
    found = {}
    for page in (tree / "README.md", *sorted((tree / "docs").glob("*.md"))):
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)):
            found[f"{page.name} {number}"] = block
    for path in (*sorted((tree / "examples").rglob("*.yml")), *sorted((tree / ".github" / "workflows").glob("*.yml"))):
        found[str(path.relative_to(tree))] = path.read_text(encoding="utf-8")
    return {name: text for name, text in found.items() if re.search(r"^on:", text, re.M)}


def main():
    tree, packages = map(pathlib.Path, sys.argv[1:])
    bring_parser(packages)
    shown = workflows(tree) | {"broken on purpose": BROKEN}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, text in enumerate(shown.values()):
            files.append(pathlib.Path(folder, f"{number}.yml"))
            files[-1].write_text(text, encoding="utf-8")
        against = dict(zip(shown, parse(packages, files)))
    if not against.pop("broken on purpose"):
        sys.exit("the parser has nothing against what is broken on purpose")
    problems = {name: errors for name, errors in against.items() if errors}
    print(f"{len(against)} workflows")
    if len(against) < 20 or problems:
        sys.exit("\n".join(f"{name}: {errors}" for name, errors in problems.items()) or "too few workflows were found")


if __name__ == "__main__":
    main()
