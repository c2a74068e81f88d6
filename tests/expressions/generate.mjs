// Expressions and contexts from a seed: the same seed gives the same cases on every machine.
//
// Left out on purpose, because GitHub's package differs there from GitHub itself or has no answer that text can carry:
//   - strings with two or more '' (the package undoes the first one only);
//   - names of JavaScript's own object members (`constructor`, …), which the package takes for properties or functions;
//   - capital sigma (JavaScript lowers it differently at the end of a word, GitHub does not);
// JSON with half a surrogate pair or a number beyond a double is in; the driver may answer it with "unknown".

export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return {next, below, pick: (list) => list[below(list.length)], chance: (p) => next() < p};
}

const names = ["a", "b", "name", "Name", "items", "x-y", "_z", "x1", "true", "null", "labels", "deep", "ä", "ÄÖ", "0", "1", "2.5", "", " ", "a.b"];
const identifiers = ["a", "A", "b", "name", "NAME", "items", "x-y", "_z", "x1", "true", "null", "NaN", "labels", "deep", "missing"];
const contextNames = ["github", "env", "matrix", "needs"];

const strings = [
  "", " ", "a", "A", "b", "abc", "ABC", "true", "false", "True", "null", "0", "1", "-1", "+1", "01", "1.0", "1.", ".5", "0x1F", "0X1f", "-0x1", "0o17", "0O7",
  "0b101", "0b2", "1e3", "1E-3", "1e", "Infinity", "-Infinity", "+Infinity", "infinity", "NaN", " 12 ", "\t3\n", "\u00a04\u2003", "\ufeff5", "1_000", "12px",
  "9007199254740993", "123456789012345678901234567890", "0x20000000000001", "0x1fffffffffffff8", "0b" + "1".repeat(70), "0o7777777777777777777777", "1e308",
  "1e400", "-1e400", "1e-400", "4.9e-324", "2.4e-324", "2.5e-324", "0.1e-330", "0." + "0".repeat(30) + "1", "Array", "Object", "main", "refs/heads/main",
  "ß", "ẞ", "ss", "SS", "ı", "I", "i", "İ", "i̇", "ﬁ", "FI", "ǆ", "ǅ", "Ǆ", "ΰ", "σ", "ς", "é", "É", "e\u0301", "😀", "𐐀", "𐐨", "\uffff", "\ue000", "日本", "Ω", "ω", "K", "µ", "μ",
  "a,b", "a, b", "x'y", "{0}", "{{0}}", "{0} {1}", "{0", "0}", "{}", "{a}", "{0:x}", "{01}", "{99999999999999999999}", "{{", "}}", "{{}", "}{", "{1}-{0}-{1}", "\\", "\"",
  "[]", "{}", "[1,2,3]", "[1, [2, [3]]]", "{\"a\":1}", "{\"a\":{\"b\":[1,\"x\"]},\"A\":2}", "{\"b\":1,\"2\":2,\"1\":3,\"01\":4}", "{\"a\":1,\"a\":2}", "[null,true,false,1.5,\"s\"]", "\"text\"",
  "\"\\u00e9\\n\\t\"", "1.50", "-0", "-", "[1,]", "{a:1}", "'x'", "tru", "[1", "nul", "\"open", "01.5", "1 2", "[\"\\ud83d\\ude00\"]", "\u00a0[]", "\ufeff[]", "[1e2,1E+2,-1.5e-2]", "[0.1,0.30000000000000004,1e21,1e-7]",
  "{\"k\":\"{\\\"in\\\":1}\"}", "[[],{},[[]],{\"e\":{}}]", "{\"é\":1,\"É\":2}", "\"\\u0000\\u001f\\u007f\"",
];
const numbers = [
  "0", "1", "2", "3", "-1", "+1", "1.5", ".5", "-.5", "1.", "0x10", "0xFF", "0o10", "0b11", "1e3", "1E3", "1e-7", "1e-6", "0.000001", "123456.789", "1e20", "1e21", "1e22", "123456789012345680000",
  "0.1", "0.3", "0.30000000000000004", "0.1234567890123456789", "1.0000000000000002", "0.0000152587890625", "-0.0000152587890625", "0.0000457763671875", "1.0000152587890625", "1e-15", "5e-16", "4e-16", "-1e-16", "1e-17",
  "5e-324", "1.7976931348623157e308", "1e309", "-1e309", "9007199254740993", "4503599627370497.5", "-0", "0.5e1", "00", "007", "1e+2", "2.5", "NaN", "Infinity", "-Infinity", "+Infinity", "+0x1", "1_0", "1e", "0x", "0xg",
  "1..2", "1.2.3", "-", "+", "--1", "1a",
];
const badNumbers = new Set(["+0x1", "1_0", "1e", "0x", "0xg", "1..2", "1.2.3", "-", "+", "--1", "1a"]);

const arities = {contains: [2, 2], startsWith: [2, 2], endsWith: [2, 2], format: [1, 4], join: [1, 2], toJSON: [1, 1], fromJSON: [1, 1], case: [3, 5], success: [0, 0], failure: [0, 0], always: [0, 0], cancelled: [0, 0]};

/// One number of any size and shape, as text.
function anyNumber(r) {
  if (r.chance(0.7)) return r.pick(numbers);
  const value = (r.next() - 0.5) * 10 ** (r.below(60) - 30);
  return r.chance(0.3) ? value.toFixed(r.below(18)) : String(value);
}

export function context(r, depth = 0) {
  const kind = r.below(depth > 3 ? 6 : 10);
  if (kind === 0) return null;
  if (kind === 1) return r.chance(0.5);
  if (kind === 2) return r.pick([0, 1, -1, 1.5, 1e21, 1e-7, 100, 0.1 + 0.2]);
  if (kind < 6) return r.pick(strings);
  if (kind < 8) return Array.from({length: r.below(4)}, () => context(r, depth + 1));
  const object = {};
  for (let n = r.below(5); n > 0; --n) object[r.pick(names)] = context(r, depth + 1);
  return object;
}

export function contexts(r) {
  const result = {};
  for (const name of contextNames) {
    const object = {};
    for (let n = 2 + r.below(4); n > 0; --n) object[r.pick(names)] = context(r, 1);
    result[name] = r.chance(0.9) ? object : context(r);
  }
  return result;
}

const quote = (text) => "'" + text.replaceAll("'", "''") + "'";
const spell = (r, name) => (r.chance(0.8) ? name : r.chance(0.5) ? name.toLowerCase() : name.toUpperCase());

function space(r) {
  return r.chance(0.6) ? " " : r.chance(0.7) ? "" : r.pick(["  ", "\t", "\n", "\r\n"]);
}

function access(r, depth) {
  let text = r.chance(0.8) ? spell(r, r.pick(contextNames)) : r.chance(0.5) ? `(${expression(r, depth - 1)})` : call(r, depth - 1);
  for (let n = r.below(5); n > 0; --n) {
    const kind = r.below(12);
    if (kind < 6) text += "." + r.pick(identifiers);
    else if (kind === 6) text += ".*";
    else if (kind === 7) text += "[*]";
    else if (kind === 8) text += `[${quote(r.pick(names))}]`;
    else if (kind === 9) text += `[${r.pick(["0", "1", "2", "1.9", "-1", "'1'", "''", "true", "null", "NaN", "Infinity", "99"])}]`;
    else if (kind === 10) text += `[${space(r)}${expression(r, depth - 1)}${space(r)}]`;
    else text += " . " + r.pick(identifiers);
  }
  return text;
}

function call(r, depth) {
  const name = r.pick(Object.keys(arities));
  const [least, most] = arities[name];
  let count = least + r.below(most - least + 1);
  if (name === "case" && r.chance(0.8)) count = r.pick([3, 5]);
  if (r.chance(0.03)) count += r.pick([-1, 1, 2]);
  const parts = [];
  for (let i = 0; i < count; ++i) {
    if (name === "fromJSON" && r.chance(0.6)) parts.push(quote(r.pick(strings)));
    else if (name === "format" && i === 0 && r.chance(0.8)) parts.push(quote(r.pick(strings.filter((s) => /[{}]/.test(s)))));
    else if (name === "case" && i % 2 === 0 && i + 1 < count && r.chance(0.8)) parts.push(comparison(r, depth - 1));
    else if (name === "join" && i === 0 && r.chance(0.6)) parts.push(access(r, depth - 1) + r.pick([".*", "", ".*.name"]));
    else parts.push(expression(r, depth - 1));
  }
  return spell(r, name) + "(" + parts.map((p) => space(r) + p).join(",") + (r.chance(0.02) ? "," : "") + space(r) + ")";
}

function literal(r) {
  const kind = r.below(10);
  if (kind < 5) return quote(r.pick(strings));
  if (kind < 8) {
    let text = anyNumber(r);
    while (badNumbers.has(text)) text = anyNumber(r);
    return text;
  }
  return r.pick(["true", "false", "null", "true", "false", "NaN", "Infinity"]);
}

function comparison(r, depth) {
  const operand = () => (depth > 0 && r.chance(0.5) ? access(r, depth - 1) : literal(r));
  return operand() + space(r) + r.pick(["==", "!=", "<", "<=", ">", ">="]) + space(r) + operand();
}

export function expression(r, depth) {
  if (depth <= 0) return r.chance(0.5) ? literal(r) : r.pick(contextNames) + "." + r.pick(identifiers);
  const kind = r.below(20);
  if (kind < 3) return literal(r);
  if (kind < 7) return access(r, depth);
  if (kind < 11) return call(r, depth);
  if (kind < 13) return "!" + space(r) + expression(r, depth - 1);
  if (kind < 14) return `(${space(r)}${expression(r, depth - 1)}${space(r)})`;
  if (kind < 17) return comparison(r, depth);
  const operators = ["&&", "||", "==", "!=", "<", "<=", ">", ">="];
  let text = expression(r, depth - 1);
  for (let n = 1 + r.below(3); n > 0; --n) text += space(r) + r.pick(operators) + space(r) + expression(r, depth - 1);
  return text;
}

const shards = ["(", ")", "[", "]", ",", ".", "*", "!", "=", "==", "!=", "<", ">", "&", "&&", "|", "||", "'", "''", " ", "\u00a0", "\v", "-", "+", "0x", "1", "1e", ".5", "a", "github", "github.", "unknown", "unknown()", "é", "\"", "$", "{{", "}}", "#", "@", "\\", "true", "null", "contains(", "format('{0}'", "success()", "[*]", ".*", "😀"];

/// A small accident: something inserted, removed, repeated or swapped.
function damage(r, text) {
  const at = r.below(text.length + 1);
  const length = 1 + r.below(4);
  const kind = r.below(4);
  if (kind === 0) return text.slice(0, at) + r.pick(shards) + text.slice(at);
  if (kind === 1) return text.slice(0, at) + text.slice(at + length);
  if (kind === 2) return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
  return text.slice(0, at) + r.pick(shards) + text.slice(at + length);
}

/// Texts whose nesting lies around the limits, and shapes that a random walk rarely meets.
export function edges() {
  const list = ["", " ", "()", "[]", "''", "'", "''''", "'x''y'", "github", "github.*", "github.*.*", "github[*][*]", "github[*]['a']", "a.b", "NaN == NaN", "NaN", "Infinity", "-Infinity", "null == 0", "null == ''", "null == false", "null >= null", "null > null", "'' == 0", "'' == false", "' ' == 0", "'true' == true", "true == 1", "'1' == true", "'A' == 'a'", "'ß' == 'SS'", "'ı' == 'I'", "'i' == 'İ'", "'a' < 'B'", "'Z' > '_'", "'[' < 'a'", "'😀' > '\uffff'", "'\ue000' > '😀'", "github == github", "github.* == github.*", "github >= github", "github > github", "fromJSON('[]') == fromJSON('[]')", "!github", "!fromJSON('[]')", "!fromJSON('{}')", "contains('abc', 'B')", "contains('', '')", "contains(null, '')", "contains(fromJSON('[1,\"A\",null]'), 'a')", "contains(fromJSON('[1]'), '1')", "contains(fromJSON('[0]'), null)", "contains(fromJSON('[]'), null)", "contains(fromJSON('{\"a\":1}'), 'a')", "contains('Array', fromJSON('[]'))", "contains(123, 2)", "contains(true, 'RU')", "startsWith('abc', '')", "startsWith(123, 12)", "startsWith('Straße', 'STRASS')", "endsWith('ı', 'ı')", "endsWith(1.50, 5)", "format('a')", "format('{0}', null)", "format('{0}', fromJSON('[]'), 1)", "format('{0}', github)", "format('{{{0}}}', 1)", "format('{0}{1}{2}', 1, true)", "format(null)", "format(12, 1)", "join('abc')", "join(fromJSON('[1,null,true,[2],{}]'), '-')", "join(fromJSON('[1,2]'), fromJSON('[]'))", "join(fromJSON('[1,2]'), null)", "join(github)", "join(null)", "toJSON(null)", "toJSON('a\"b')", "toJSON(NaN)", "toJSON(1e21)", "toJSON(0.1)", "toJSON(-0)", "toJSON(fromJSON('[[],{},{\"a\":[]}]'))", "toJSON(github.*)", "toJSON('\u2028\u007f')", "fromJSON('')", "fromJSON(' ')", "fromJSON(null)", "fromJSON(true)", "fromJSON(12)", "fromJSON(NaN)", "fromJSON(fromJSON('[]'))", "fromJSON('1')", "fromJSON('\"x\"').y", "fromJSON('[1,2,3]')[1]", "fromJSON('[1,2,3]')['1']", "fromJSON('[1,2,3]')[1.9]", "fromJSON('[1,2,3]')[-1]", "fromJSON('[1,2,3]')[null]", "fromJSON('[1,2,3]')['']", "fromJSON('[1,2,3]')[true]", "fromJSON('{\"1\":2}')[1]", "fromJSON('{\"1.5\":2}')[1.5]", "fromJSON('{\"\":2}')[null]", "fromJSON('{\"true\":2}')[true]", "fromJSON('{\"Array\":2}')[fromJSON('[]')]", "fromJSON('{\"A\":1,\"a\":2}').a", "case(true, 1, 2)", "case(false, 1, 2)", "case(1, 1, 2)", "case(false, 1, 'x', 2, 3)", "case(true, 1, 'x', 2, 3)", "case(true, 1)", "case(true, 1, 2, 3)", "case(true, 1, fromJSON('x'))", "true && fromJSON('x')", "false && fromJSON('x')", "true || fromJSON('x')", "false || fromJSON('x')", "'a' && 'b'", "'' && 'b'", "'a' || 'b'", "'' || 'b'", "0 || null", "1 && 0 && 2", "!!'a'", "!'' == true", "1 < 2 < 3", "3 > 2 > 1", "1 == 1 == true", "1 < 2 == true", "true == 1 < 2", "-1 < +1", "1-1", "1 -1", "a-b", "1 .5", "1.github", "'a'.b", "'a'['b']", "(github).a", "(github.*)[0]", "(github.* && github.*)[0]", "case(true, github.*, 1).a", "true.a", "true()", "NaN.a", "github.true", "github.NaN", "github.1", "github.-a", "github .a", "github. a", "github . * . a", "github*", "github.*a", "github[]", "github[*", "github[**]", "contains(,)", "contains('a',)", "contains('a','b',)", "contains(,'a','b')", "contains('a' 'b')", "contains ('a','b')", "CONTAINS('a','A')", "TOJSON(1)", "hashFiles('x')", "nothing()", "success(1)", "success()", "(success())", "1,2", "1 2", "&&", "1 &&", "&& 1", "1 & 2", "1 | 2", "1 = 1", "= 1", "! ", "!", "1 !", "1 ! = 2", "a !b", "'a''b'", "\"a\"", "github['a']", "github[\"a\"]", "github..a", "github.a.", ".a", "..", "github.a\u00a0== 1", "1\u00a0", "1\v", "\ufeff1", "1 \n == \r\n 1\t", "True", "FALSE", "nAn", "infinity", "null.a", "github.a-b_c", "-github", "+'1'", "0x1g", "0b102", "1e1000", "-1e1000", "1e-1000"];
  const nested = (open, close, n, inner = "1") => open.repeat(n) + inner + close.repeat(n);
  for (const n of [1, 2, 23, 24, 25, 26, 47, 48, 49, 50, 51, 52, 200]) {
    list.push(nested("(", ")", n), nested("!", "", n, "true"), nested("!(", ")", n, "true"), "github" + ".a".repeat(n), "github" + "[0]".repeat(n), "github" + ".*".repeat(n), nested("github[", "]", n), nested("format('{0}',", ")", n), nested("(1 || ", ")", n), nested("(1 && 0 || ", ")", n), "github" + ".a".repeat(n) + "[github.a]", "1" + " == 1".repeat(n), "1" + " < 1".repeat(n), "1" + " && 1".repeat(n), "0" + " || 0".repeat(n), "1 == (" + nested("(", ")", n) + ")", nested("(", ")", n, "github.a.b.c[1 || 0]"));
  }
  for (const n of [20996, 20997, 20998, 20999]) list.push("'" + "a".repeat(n) + "'", "'" + "é".repeat(n) + "'", "'" + "😀".repeat(n / 2) + "'", " ".repeat(n) + "1");
  for (const text of strings) list.push(quote(text) + " == 0", quote(text) + " > 1", "!" + quote(text), `fromJSON(${quote(text)})`, `toJSON(${quote(text)})`, `format(${quote(text)}, 'x', 1.50)`, `0 + ${quote(text)}`, `fromJSON('[0,1,2,3,4,5]')[${quote(text)}]`);
  for (const text of numbers) list.push(text, `format('{0}', ${text})`, `toJSON(${text})`, `${text} == 1`, `!${text}`, `fromJSON('{"1":"one","NaN":"nan","0.1":"tenth"}')[${text}]`, `fromJSON(${text})`);
  for (const left of strings) for (const right of ["a", "SS", "i", "É", "σ", "𐐀", "", "1"]) for (const f of ["contains", "startsWith", "endsWith"]) list.push(`${f}(${quote(left)}, ${quote(right)})`);
  for (const left of ["null", "true", "false", "0", "1", "NaN", "''", "'1'", "'true'", "'abc'", "github", "fromJSON('[]')"]) for (const right of ["null", "true", "false", "0", "1", "NaN", "''", "'1'", "'true'", "'ABC'", "github", "fromJSON('[]')"]) for (const operator of ["==", "!=", "<", "<=", ">", ">="]) list.push(`${left} ${operator} ${right}`);
  return list;
}

/// False for what the head of this file leaves out.
export function isComparable(text) {
  for (let at = text.indexOf("'"); at >= 0; at = text.indexOf("'", at)) {
    let escapes = 0;
    for (++at; at < text.length; ++at) {
      if (text[at] !== "'") continue;
      if (text[at + 1] !== "'") break;
      ++escapes;
      ++at;
    }
    ++at;
    if (escapes > 1) return false;
  }
  return !text.includes("\u03a3") && isWellFormed(text);
}

// String.prototype.isWellFormed came with Node 20; Debian 12 has 18.
function isWellFormed(text) {
  return Buffer.from(text, "utf8").toString("utf8") === text;
}

export function anyExpression(r) {
  let text = expression(r, 1 + r.below(5));
  if (r.chance(0.2)) for (let n = 1 + r.below(3); n > 0; --n) text = damage(r, text);
  if (r.chance(0.03)) text = r.pick(badNumbersList) + r.pick(["", " == 1", ".a"]);
  return text;
}
const badNumbersList = [...badNumbers];
