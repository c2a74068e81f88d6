#!/usr/bin/env python3
"""Prints what dist/ was made of, as SPDX 2.3: the binaries with their digests, and each package of dist/PACKAGES, as built with it."""

import json
import os
import pathlib
import re
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent


def identifier(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(words))


def binaries():
    for line in (ROOT / "dist" / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        yield name, digest


def packages():
    for line in (ROOT / "dist" / "PACKAGES").read_text(encoding="utf-8").splitlines():
        yield tuple(line.split())


def document(created):
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    version = re.search(r"^project\(refgate VERSION (\S+) HOMEPAGE_URL (\S+)", text, re.M)
    made = [{"SPDXID": identifier(name), "name": name, "versionInfo": version[1],
             "downloadLocation": f"git+{version[2]}@v{version[1]}#dist/{name}",
             "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
             "checksums": [{"algorithm": "SHA256", "checksumValue": digest}]}
            for name, digest in binaries()]
    used = [{"SPDXID": identifier(*package), "name": package[0], "versionInfo": package[1],
             "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
             "licenseConcluded": "NOASSERTION",
             "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                               "referenceLocator": "pkg:deb/debian/{}@{}?arch={}&distro=debian-12".format(
                                   urllib.parse.quote(package[0]), urllib.parse.quote(package[1]), package[2])}]}
            for package in packages()]
    digests = "".join(digest for _, digest in binaries())
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": each["SPDXID"]} for each in made]
    relations += [{"spdxElementId": each["SPDXID"], "relationshipType": "BUILD_DEPENDENCY_OF",
                   "relatedSpdxElement": binary["SPDXID"]} for binary in made for each in used]
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
            "name": f"refgate-{version[1]}",
            "documentNamespace": f"{version[2]}/sbom/{digests[:32]}",
            "creationInfo": {"created": created, "creators": ["Tool: refgate-dev-dist"]},
            "packages": made + used, "relationships": relations}


if __name__ == "__main__":
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    json.dump(document(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))), sys.stdout, indent=1)
    print()
