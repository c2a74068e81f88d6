"""What --fix and --fix=unsafe leave is a workflow for GitHub's own parser.

usage: fixed_test.py REFGATE PACKAGES (--pages FOLDER | --corpus FOLDER)

PACKAGES is where npm installed package.json. With --pages, the bad examples of the rules' pages are fixed, those that have fixes; with --corpus, all
workflows of a folder of repositories, which are copied first. A file may keep what the parser had against it before, and may get nothing new.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MARK = re.compile(r" *# finding: .*")


def examples(page):
    """The files of each bad example that a fixed one follows."""
    bad = page.partition("\n## Bad\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```(yaml(?: fixed)?)\n(.*?)^```", bad, re.M | re.S)
    for (kind, text), (following, _) in zip(blocks, blocks[1:]):
        if (kind, following) != ("yaml", "yaml fixed"):
            continue
        files, name = {}, ".github/workflows/example.yml"
        for line in text.splitlines():
            if line.startswith("# file: "):
                name = line[len("# file: "):]
            else:
                files[name] = files.get(name, "") + MARK.sub("", line) + "\n"
        yield files


def write_pages(folder, target):
    number = 0
    for page in sorted(folder.glob("*.md")):
        for files in examples(page.read_text(encoding="utf-8")):
            number += 1
            for name, text in files.items():
                path = target / f"{page.stem}-{number}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")


def copy_corpus(folder, target):
    for file in sorted(folder.glob("*/.github/workflows/*.y*ml")):
        path = target / file.relative_to(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)


def bring_parser(packages):
    """Beside the packages that it imports. Whole at once: two tests may bring it at the same time."""
    for name in ("json_loader.mjs", "parse.mjs"):
        with tempfile.NamedTemporaryFile(dir=packages, delete=False) as made:
            made.write((HERE / name).read_bytes())
        os.replace(made.name, packages / name)


def parse(packages, files):
    node = ["node", "--no-warnings", "--experimental-loader", "./json_loader.mjs", "parse.mjs"]
    done = subprocess.run(node, cwd=packages, input="\n".join(map(str, files)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(node)} failed:\n{done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if len(lines) != len(files):
        sys.exit(f"{len(files)} files, but {len(lines)} answers")
    return lines


def check(refgate, packages, before, after, option):
    shutil.copytree(before, after)
    repositories = sorted(str(path) for path in after.iterdir())
    done = subprocess.run([refgate, "lint", option, *repositories], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"refgate lint {option} ended with {done.returncode}:\n{done.stderr}")
    names = [path.relative_to(after) for path in sorted(after.rglob("*")) if path.is_file()]
    changed = [name for name in names if (before / name).read_bytes() != (after / name).read_bytes()]
    workflows = [name for name in changed if ".github/workflows/" in str(name)]
    old = parse(packages, [before / name for name in workflows])
    new = parse(packages, [after / name for name in workflows])
    bad = [(name, sorted(set(now) - set(was))) for name, was, now in zip(workflows, old, new) if set(now) - set(was)]
    mended = sum(1 for was, now in zip(old, new) if was and not now)
    print(f"{option}: {len(names)} files, {len(workflows)} fixed, {len(workflows) - len(bad)} of them still workflows, {mended} that were none before")
    for name, messages in bad:
        print(f"  {name}: {messages}")
    return len(workflows) > 0 and not bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("refgate")
    parser.add_argument("packages", type=pathlib.Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--pages", type=pathlib.Path)
    source.add_argument("--corpus", type=pathlib.Path)
    arguments = parser.parse_args()
    bring_parser(arguments.packages)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "before").mkdir()
        if arguments.pages:
            write_pages(arguments.pages, folder / "before")
        else:
            copy_corpus(arguments.corpus, folder / "before")
        results = [
            check(arguments.refgate, arguments.packages, folder / "before", folder / option, f"--fix={option}") for option in ("safe", "unsafe")
        ]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
