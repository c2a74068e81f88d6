"""The list of parts that a release attests: it names the binaries that are shipped, and each package that they were built with."""

import json
import os
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Sbom(unittest.TestCase):
    def setUp(self):
        done = subprocess.run([ROOT / "dev", "dist", "--sbom"], capture_output=True, text=True, check=True,
                              env={**os.environ, "SOURCE_DATE_EPOCH": "0"})
        self.document = json.loads(done.stdout)
        self.packages = {each["SPDXID"]: each for each in self.document["packages"]}

    def test_it_names_what_dist_was_made_of(self):
        sums = dict(reversed(line.split()) for line in (ROOT / "dist/SHA256SUMS").read_text().splitlines())
        listed = {each["name"]: each["checksums"][0]["checksumValue"] for each in self.packages.values() if "checksums" in each}
        self.assertEqual(listed, sums)
        parts = sorted((ROOT / "dist/PACKAGES").read_text().splitlines())
        named = sorted(" ".join((each["name"], each["versionInfo"], each["externalRefs"][0]["referenceLocator"].split("arch=")[1].split("&")[0]))
                       for each in self.packages.values() if "externalRefs" in each)
        self.assertEqual(named, parts)

    def test_each_part_has_its_own_name_and_its_place(self):
        self.assertEqual(len(self.packages), len(self.document["packages"]))
        related = {each["spdxElementId"] for each in self.document["relationships"]} | {
            each["relatedSpdxElement"] for each in self.document["relationships"]}
        self.assertEqual(related, set(self.packages) | {"SPDXRef-DOCUMENT"})
        for name in self.packages:
            self.assertRegex(name, r"^SPDXRef-[A-Za-z0-9.-]+$")
        self.assertEqual(self.document["spdxVersion"], "SPDX-2.3")
        self.assertEqual(self.document["creationInfo"]["created"], "1970-01-01T00:00:00Z")


if __name__ == "__main__":
    unittest.main()
