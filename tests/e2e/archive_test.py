"""What a runner fetches for each job: the archive of the repository holds what the action runs, and no more."""

import io
import pathlib
import subprocess
import tarfile
import unittest
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MOST = 9_050_000  # compressed; nearly all of it are the two binaries


class Archive(unittest.TestCase):
    def test_it_holds_what_the_action_runs(self):
        packed = subprocess.run(["git", "-C", ROOT, "archive", "--worktree-attributes", "HEAD"],
                                check=True, capture_output=True).stdout
        names = {name.split("/")[0] for name in tarfile.open(fileobj=io.BytesIO(packed)).getnames()}
        self.assertLessEqual({"action.yml", "dist", "hooks", "LICENSE", "README.md", ".pre-commit-hooks.yaml"}, names)
        self.assertFalse({"src", "tests", "lint-rules", "cmake"} & names)
        self.assertLess(len(zlib.compress(packed, 6)), MOST)


if __name__ == "__main__":
    unittest.main()
