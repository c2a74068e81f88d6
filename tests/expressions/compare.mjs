// usage: node compare.mjs DRIVER --count N --seed S
// Exits 1 when our evaluator and GitHub's differ in a value or in whether there is an error; prints the first differences and what was covered.
// Every case is asked twice: with all contexts known, and with some of it unknown to us. Then what we claim all the same
// has to be true, unless GitHub fails.
import {spawnSync} from "node:child_process";
import {data, Evaluator, Lexer, Parser} from "@actions/expressions";
import {anyExpression, contexts, edges, isComparable, random} from "./generate.mjs";

const [driver, ...options] = process.argv.slice(2);
const option = (name, value) => (options.includes(name) ? Number(options[options.indexOf(name) + 1]) : value);
const count = option("--count", 20000);
const seed = option("--seed", 1);

const constant = (name, value) => ({name, description: "", minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value)});
const functions = [constant("success", true), constant("failure", false), constant("cancelled", false), constant("always", true)];

function describe(value) {
  switch (value.kind) {
    case data.Kind.Null:
      return {kind: "null"};
    case data.Kind.Boolean:
      return {kind: "boolean", value: value.value};
    case data.Kind.Number:
      return {kind: "number", value: String(value.value)};
    case data.Kind.String:
      return {kind: "string", value: value.value};
    case data.Kind.Array:
      return {kind: value.constructor === data.Array ? "array" : "filtered", value: value.values().map(describe)};
    case data.Kind.Dictionary:
      return {kind: "object", value: value.pairs().map((pair) => [pair.key, describe(pair.value)])};
  }
  throw new Error(`no such kind: ${value.kind}`);
}

function theirs(text, json) {
  let value;
  try {
    const known = JSON.parse(json, data.reviver);
    const tree = new Parser(new Lexer(text).lex().tokens, known.pairs().map((pair) => pair.key), functions).parse();
    value = new Evaluator(tree, known, new Map(functions.map((f) => [f.name, f]))).evaluate();
  } catch (error) {
    return {error: true, message: String(error.message)};
  }
  return {value: describe(value)};
}

const r = random(seed);
const cases = [];
const fixed = JSON.stringify({github: {a: {b: {c: [1, 2]}}, name: "n", list: [{a: 1}, {a: 2, b: [3]}, 4]}, a: "x", env: {}});
for (const text of edges()) cases.push({expression: text, contexts: fixed});
let known = "";
for (let n = 0; n < count; ++n) {
  if (n % 20 === 0) known = JSON.stringify(contexts(r));
  cases.push({expression: anyExpression(r), contexts: known});
}
const comparable = cases.filter(({expression}) => isComparable(expression));

/// A path to something in the contexts; null when it leads nowhere.
function anyPath(json) {
  const path = [];
  let value = JSON.parse(json);
  for (let depth = 1 + r.below(3); depth > 0 && value !== null && typeof value === "object" && !Array.isArray(value); --depth) {
    const names = Object.keys(value);
    // Of names that differ in case only the first one counts.
    const unique = names.filter((name, at) => names.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === at);
    if (unique.length === 0) break;
    const name = r.pick(unique);
    path.push(name);
    value = value[name];
  }
  return path;
}
const paths = (json, most) => Array.from({length: r.below(most + 1)}, () => anyPath(json)).filter((path) => path.length > 0);
const whole = comparable.map((question) => ({...question, hidden: [], forgotten: []}));
const partial = comparable.map((question) => ({...question, hidden: paths(question.contexts, 3), forgotten: paths(question.contexts, 2).filter((path) => path.length > 1)}));
const questions = [...whole, ...partial];

const run = spawnSync(driver, {input: questions.map((question) => JSON.stringify(question)).join("\n") + "\n", encoding: "utf8", maxBuffer: 1 << 30});
if (run.status !== 0) {
  console.error(`the driver ended with ${run.status ?? run.signal}: ${run.stderr}`);
  process.exit(1);
}
const answers = run.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
if (answers.length !== questions.length) {
  console.error(`${questions.length} questions, ${answers.length} answers`);
  process.exit(1);
}

/// GitHub's falsy values.
const truthOf = (value) => !(value.kind === "null" || (value.kind === "boolean" && !value.value) || (value.kind === "number" && ["0", "NaN"].includes(value.value)) || (value.kind === "string" && value.value === ""));

/// Whether what we claim of a partly unknown value is true of the real one.
function holds(claim, real) {
  if (claim.kind === "unknown") return claim.truth === undefined || claim.truth === truthOf(real);
  if (claim.kind !== real.kind) return false;
  if (claim.kind === "array" || claim.kind === "filtered") return claim.value.length === real.value.length && claim.value.every((item, at) => holds(item, real.value[at]));
  if (claim.kind === "object") {
    return claim.value.every(([name, value]) => real.value.some(([other, property]) => other === name && holds(value, property)));
  }
  return claim.value === real.value;
}

let differences = 0;
let undecided = 0;
let notTaken = 0;
// The only texts for which "unknown" is our answer: JSON with a number beyond a double or with half a surrogate pair.
const mayBeUnknown = ({expression, contexts}) => /fromJSON/i.test(expression) && /e400|\\ud/i.test(expression + contexts);
const seen = new Map();
const report = (question, expected, actual) => {
  if (++differences > 20) return;
  const cut = (value) => JSON.stringify(value).slice(0, 600);
  console.error(`expression ${cut(question.expression)}\n  contexts ${cut(question.contexts)}\n  hidden ${cut(question.hidden)}, forgotten ${cut(question.forgotten)}\n  GitHub ${cut(expected)}\n  ours   ${cut(actual)}`);
};
comparable.forEach((question, at) => {
  const expected = theirs(question.expression, question.contexts);
  const actual = answers[at];
  const kind = expected.error ? "error" : expected.value.kind;
  seen.set(kind, (seen.get(kind) ?? 0) + 1);
  if (!expected.error && actual.value?.kind === "unknown" && mayBeUnknown(question)) ++notTaken;
  else if (expected.error ? actual.error !== true : JSON.stringify(actual.value) !== JSON.stringify(expected.value)) report(whole[at], expected, actual);

  const claim = answers[comparable.length + at];
  if (claim.value?.kind === "unknown" && claim.value.truth === undefined) ++undecided;
  else if (!expected.error && (claim.error || !holds(claim.value, expected.value))) report(partial[at], expected, claim);
});
console.log(`${comparable.length} expressions (seed ${seed}), ${cases.length - comparable.length} left out, ${notTaken} unknown to us, ${differences} differences; by GitHub's result: ${[...seen].map(([kind, n]) => `${kind} ${n}`).join(", ")}; with parts unknown ${undecided} undecided`);
process.exit(differences === 0 ? 0 : 1);
