#!/usr/bin/env bash
# usage: sarif_schema.sh SAMPLE FOLDER    Validates what SAMPLE prints against the SARIF 2.1.0 schema; FOLDER has the packages of sarif/package.json.
set -euo pipefail
validate=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/sarif/validate.cjs
"$1" >"$2/sample.sarif"
cd "$2"
node "$validate" sample.sarif
