#include "lint/text/document.h"

#include <functional>
#include <string>
#include <vector>

#include "catch.h"

namespace refgate::lint {
namespace {

Document read(std::string text) {
  auto result = read_document(std::move(text));
  if (const auto* problem = std::get_if<SyntaxProblem>(&result))
    FAIL(problem->message << " at line " << problem->place.line);
  return std::get<Document>(std::move(result));
}

SyntaxProblem refused(std::string text) {
  auto result = read_document(std::move(text));
  REQUIRE(std::holds_alternative<SyntaxProblem>(result));
  return std::get<SyntaxProblem>(result);
}

/// What is written of every scalar and null, in order, `|` between them.
void write_leaves(YamlNode node, std::string& out) {
  if (node.is_alias() || node.is_scalar() || node.is_null()) {
    out += (out.empty() ? "" : "|") + std::string(node.source());
    return;
  }
  for (const YamlNode item : node.items())
    write_leaves(item, out);
  for (const Entry& entry : node.entries()) {
    write_leaves(entry.key, out);
    write_leaves(entry.value, out);
  }
}

std::string leaves(const Document& document) {
  std::string out;
  write_leaves(document.root(), out);
  return out;
}

std::string repeated(std::string_view part, std::size_t count) {
  std::string text;
  for (std::size_t index = 0; index < count; ++index)
    text += part;
  return text;
}

}  // namespace

TEST_CASE("the span of a scalar is what is written of it, whatever its style") {
  struct Row {
    const char* text;
    const char* spans;
  };
  const Row rows[] = {
      {"a: b\n", "a|b"},
      {"a: b # c\n", "a|b"},
      {"a: b c  \nd: e", "a|b c|d|e"},
      {"a: \"b \\\" # c\" # d\n", "a|\"b \\\" # c\""},
      {"a: 'b '' c'\n", "a|'b '' c'"},
      {"a: b\n  c\n\n  d\ne: f\n", "a|b\n  c\n\n  d|e|f"},
      {"a: \"b\n  c\"\ne: f\n", "a|\"b\n  c\"|e|f"},
      {"a: |\n  b\n\n  c\n\n\nd: e\n", "a||\n  b\n\n  c|d|e"},
      {"a: |2-\n    b\n  c\nd: e\n", "a||2-\n    b\n  c|d|e"},
      {"a: >- # note\n  b\n# not part of it\nd: e\n", "a|>- # note\n  b|d|e"},
      {"a: |\nb: c\n", "a|||b|c"},
      {"- |\n  a\n- - |\n    b\n", "|\n  a||\n    b"},
      {"a:\r\n  b: c\r\n  d: e f\r\n", "a|b|c|d|e f"},
      {"a: b\r\n  c\r\nd: |\r\n  e\r\n  f\r\n", "a|b\r\n  c|d||\r\n  e\r\n  f"},
      {"{a: b, c: [d, 'e'], f}", "a|b|c|d|'e'|f|"},
      {"[a: b, {c: d}]", "a|b|c|d"},
      {"\xEF\xBB\xBF"
       "a: |\n  b\nc: d\n",
       "a||\n  b|c|d"},
      {"a: &x !!str b\nc: *x\n", "a|b|c|*x"},
      {"é: ü\nß: [ä]\n", "é|ü|ß|ä"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(leaves(read(row.text)) == row.spans);
  }
}

TEST_CASE(
    "a value that is absent stands after its colon or dash, and a written null is told from the "
    "next key") {
  struct Row {
    const char* text;
    std::vector<std::uint32_t> begins;  ///< of the nulls
    std::vector<Style> styles;
  };
  const Row rows[] = {
      {"a:\nb: c\n", {2}, {Style::empty}},
      {"a: null\nb: c\n", {3}, {Style::plain}},
      {"a: ~", {3}, {Style::plain}},
      {"a:\n  null\nb: c\n", {5}, {Style::plain}},
      {"a:\nnull: b\n", {2, 3}, {Style::empty, Style::plain}},
      {"a:\n  b:\nnull: c\n", {7, 8}, {Style::empty, Style::plain}},
      {"a: # x\nb: c\n", {2}, {Style::empty}},
      {"-\n- a\n-", {1, 7}, {Style::empty, Style::empty}},
      {"- # x\n- null\n", {1, 8}, {Style::empty, Style::plain}},
      {"{a, b: , null: c}", {2, 6, 9}, {Style::empty, Style::empty, Style::plain}},
      {"a: &x\nb: *x\n", {5}, {Style::empty}},
      {"", {0}, {Style::empty}},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Document document = read(row.text);
    std::vector<std::uint32_t> begins;
    std::vector<Style> styles;
    const std::function<void(YamlNode)> walk = [&](YamlNode node) {
      if (node.is_null() && !node.is_alias()) {
        begins.push_back(node.place().begin);
        styles.push_back(node.style());
      }
      for (const YamlNode item : node.items())
        walk(item);
      for (const Entry& entry : node.entries()) {
        walk(entry.key);
        walk(entry.value);
      }
    };
    walk(document.root());
    CHECK(begins == row.begins);
    CHECK(styles == row.styles);
  }
}

TEST_CASE(
    "places count lines and code points from 1, also after letters of several bytes and a byte "
    "order mark") {
  const Document document = read("\xEF\xBB\xBFnäme: ü\njobs:\n  b: 'é'  # x\n");
  const YamlNode root = document.root();
  CHECK(root["näme"].place() == Place{1, 7, 1, 8, 10, 12});
  CHECK(root["jobs"]["b"].place() == Place{3, 6, 3, 9, 24, 28});
  CHECK(root.place().column == 1);
  CHECK(document.line(3) == "  b: 'é'  # x");
  CHECK(document.line(9) == "");
}

TEST_CASE("a flow collection ends with its bracket, a block collection with its last child") {
  const Document document = read("a: [b, {c: d},\n  e, # ]\n]\nf:\n  g: h\n\n# end\n");
  CHECK(document.root()["a"].source() == "[b, {c: d},\n  e, # ]\n]");
  CHECK(document.root()["f"].source() == "g: h");
  CHECK(document.root()["a"].style() == Style::flow);
  CHECK(document.root()["f"].style() == Style::block);
  CHECK(read("[ ]").root().source() == "[ ]");
}

TEST_CASE("duplicate keys are kept in order, and look-ups take the first") {
  const Document document = read("a: 1\nb: 2\na: 3\n");
  CHECK(leaves(document) == "a|1|b|2|a|3");
  CHECK(document.root().size() == 3);
  CHECK(document.root()["a"].text() == "1");
}

TEST_CASE("scalars are what YAML's core schema makes of them, as GitHub reads it") {
  struct Row {
    const char* written;
    ScalarType type;
  };
  const Row rows[] = {{"on", ScalarType::string},     {"yes", ScalarType::string},
                      {"true", ScalarType::boolean},  {"False", ScalarType::boolean},
                      {"'true'", ScalarType::string}, {"1", ScalarType::number},
                      {"1.0", ScalarType::number},    {"-1e3", ScalarType::number},
                      {"0x1F", ScalarType::number},   {"0o17", ScalarType::number},
                      {"1_000", ScalarType::string},  {".inf", ScalarType::number},
                      {"inf", ScalarType::string},    {"1.2.3", ScalarType::string},
                      {"\"1\"", ScalarType::string},  {"!!str 1", ScalarType::string},
                      {"12e", ScalarType::string},    {"2024-01-01", ScalarType::string},
                      {"0x", ScalarType::string},     {"1.", ScalarType::number},
                      {".5", ScalarType::number},     {"1e999", ScalarType::number}};
  for (const Row& row : rows) {
    INFO(row.written);
    const Document document = read("a: " + std::string(row.written));
    CHECK(document.root()["a"].type() == row.type);
    CHECK(document.root()["a"].boolean().has_value() == (row.type == ScalarType::boolean));
    CHECK(document.root()["a"].number().has_value() == (row.type == ScalarType::number));
  }
  CHECK(read("on: push").root()["on"].text() == "push");
  CHECK(read("a: 0x1F").root()["a"].number() == 31.0);
  CHECK(read("a: -1e3").root()["a"].number() == -1000.0);
}

TEST_CASE("values are unescaped and folded, and an expression is not a literal") {
  CHECK(read("a: \"b\\n\\u00e9\"").root()["a"].text() == "b\né");
  CHECK(read("a: >\n  b\n  c\n").root()["a"].text() == "b c\n");
  CHECK(read("a: 'it''s'").root()["a"].text() == "it's");
  const Document document = read("a: x${{ b }}\nc: [d]\n");
  CHECK(document.root()["a"].has_expression());
  CHECK_FALSE(document.root()["a"].literal());
  CHECK_FALSE(document.root()["c"].literal());
  CHECK(document.root()["e"]["f"].text() == "");
  CHECK(document.root()["e"].kind() == YamlKind::absent);
}

TEST_CASE("an alias has the content of its anchor and a place of its own") {
  const Document document = read("a: &x\n  b: [1, 2]\nc: *x\n");
  const YamlNode alias = document.root()["c"];
  CHECK(alias.is_alias());
  CHECK(alias.anchor() == "x");
  CHECK(alias["b"].size() == 2);
  CHECK(alias.source() == "*x");
  CHECK(alias.target() == document.root()["a"]);
  CHECK(document.root()["a"].anchor() == "x");
  CHECK(document.root()["a"].source() == "b: [1, 2]");
}

TEST_CASE("merge keys are reported and leave the rest readable") {
  const Document document = read("a: &x {b: 1}\nc:\n  <<: *x\n  '<<': 1\n");
  REQUIRE(document.problems().size() == 1);
  CHECK(document.problems()[0].place.line == 3);
  CHECK(document.root()["c"].size() == 2);
}

TEST_CASE("what GitHub would not read ends in one problem at the place where reading stopped") {
  struct Row {
    std::string text;
    const char* part;
    std::uint32_t line;
  };
  const Row rows[] = {
      {"a: b: c\n", "needs quotes", 1},
      {"a: 1\n  b: 2\n", "needs quotes", 2},
      {"a:\n  - b\n c: d\n", "indentation", 3},
      {"a: [b\n", "not closed", 2},
      {"a: \"b\n", "never closed", 1},
      {"a:\n\tb: c\n", "tab", 2},
      {"a:\n  b: c\n\t- d\n", "tab", 3},
      {"a: *b\n", "no anchor", 1},
      {"a: &x [*x]\n", "inside of what it repeats", 1},
      {"a: 1\n---\nb: 2\n", "second document", 2},
      {"- a\nb: c\n", "does not belong", 2},
      {std::string("a: \0b", 5), "control character", 1},
      {"a: \x04 b", "control character", 1},
      {"a: b\nc: \xFF\n", "UTF-8", 2},
      {"a: \xED\xA0\x80", "UTF-8", 1},
      {"a: \xC0\xAF", "UTF-8", 1},
      {"\xEF\xBB\xBF\xEF\xBB\xBF"
       "a: b",
       "byte order mark", 1},
      {"a: !\x18 'b\n", "tag", 1},
      {"a: !!str b", "", 0},
      {"a: b", "", 0},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    auto result = read_document(row.text);
    const auto* problem = std::get_if<SyntaxProblem>(&result);
    REQUIRE((problem != nullptr) == (row.line != 0));
    if (problem == nullptr) continue;
    CHECK(problem->message.find(row.part) != std::string::npos);
    CHECK(problem->place.line == row.line);
  }
}

TEST_CASE("a fault is told at the place to look at, in words that say what to do") {
  struct Row {
    const char* text;
    const char* part;
    std::uint32_t line;
    std::uint32_t column;
  };
  const Row rows[] = {
      {"a: 'b\n\nc: d\n", "this quoted text is never closed", 1, 4},
      {"a: b\nc\nd: e\n", "a `:` is missing behind this key", 2, 1},
      {"a: \"\\w\"\n", "double quotes know no such escape", 1, 5},
      {"a: ]\n", "closing bracket was never opened", 1, 4},
      {"a: [- b]\n", "a list item (`- `) cannot stand here", 1, 5},
      {"a: {b: c\nd: e\n", "a `{` is not closed", 2, 2},
      {"a: @b\n", "put the text in quotes", 1, 4},
      {"a: &b.c d\n", "letters, digits", 1, 6},
      {"a: |x\n  b\n", "an indentation from 1 to 9", 1, 5},
      {"%FOO\n%YAML 3.0\n---\na: b\n", "directive", 1, 5},
      {"a:\n  - b\n c\n", "does not fit the mapping", 3, 2},
      {"- b\nc: d\n", "does not belong to the list", 2, 1},
      {"a:\n  -\tb: c\n", "a tab cannot stand here", 2, 4},
      {"\xEF\xBB\xBF\xC3\xA4: 'b'\n\xC3\xB6: 'x\n", "never closed", 2, 4},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const SyntaxProblem problem = refused(row.text);
    INFO(problem.message << " at " << problem.place.line << ":" << problem.place.column);
    CHECK(problem.message.find(row.part) != std::string::npos);
    CHECK(problem.place.line == row.line);
    CHECK(problem.place.column == row.column);
  }
}

TEST_CASE("control characters are read as they stand, in values of every form") {
  const std::string escape = "\x1B[1m";
  const Document document = read("a: x" + escape + "y\nb: |\n  " + escape + "\n  \xC2\x9Bz\nc: 'p" +
                                 escape + "\n  q\x7F\xEF\xBF\xBF'\n\xC3\xA4: e\n");
  const YamlNode root = document.root();
  CHECK(root["a"].text() == "x" + escape + "y");
  CHECK(root["b"].text() == escape + "\n\xC2\x9Bz\n");
  CHECK(root["c"].text() == "p" + escape + " q\x7F\xEF\xBF\xBF");
  CHECK(root["a"].source() == "x" + escape + "y");
  CHECK(root["\xC3\xA4"].source() == "e");
  CHECK(root["\xC3\xA4"].place().line == 7);
  CHECK(root["\xC3\xA4"].place().column == 4);
  // Next to a character that would stand for one of them, they are refused.
  CHECK(refused("a: \x01 \xF4\x8F\xBF\xBF\n").message.find("control") != std::string::npos);
  CHECK(read("a: \xF4\x8F\xBF\xBF\n").root()["a"].text() == "\xF4\x8F\xBF\xBF");
}

TEST_CASE("lines end where they end for GitHub's reader, and are counted as editors count them") {
  const Document document = read(
      "# a\xE2\x80\xA8"
      "b: c\nd: |\n  e\xC2\x85\n\nf: g\n");
  CHECK(leaves(document) == "b|c|d||\n  e|f|g");
  CHECK(document.root()["f"].place().line == 5);
}

TEST_CASE("an alias repeats the last anchor of its name") {
  CHECK(read("a: &x [&x b]\nc: *x\n").root()["c"].text() == "b");
  CHECK(read("a: &x 1\nb: &x 2\nc: *x\n").root()["c"].text() == "2");
  CHECK(read("a: !!str &x 1\nc: *x\n").root()["a"].anchor() == "x");
}

TEST_CASE("hostile texts end in a problem, not in a crash or a hang") {
  CHECK(refused(repeated("x", max_document_bytes + 1)).message.find("4 MB") != std::string::npos);
  CHECK(refused(repeated("[", 100'000)).message.find("levels deep") != std::string::npos);
  CHECK(refused(repeated("- ", 100'000)).message.find("levels deep") != std::string::npos);
  CHECK(refused("[" + repeated("a,", 1'500'000) + "]").message.find("nodes") != std::string::npos);
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  std::string chain = "a0: &a0 [x]\n";
  for (int level = 1; level < 150; ++level) {
    const std::string name = "a" + std::to_string(level);
    const std::string before = "*a" + std::to_string(level - 1);
    if (level < 20) bomb += name + ": &" + name + " [" + repeated(before + ",", 10) + "]\n";
    chain += name + ": &" + name + " [" + before + "]\n";
  }
  CHECK(refused(bomb).message.find("nodes") != std::string::npos);
  CHECK(refused(chain).message.find("levels deep") != std::string::npos);
  CHECK(leaves(read(repeated("[", 99) + "a" + repeated("]", 99))) == "a");
}

TEST_CASE("a long line of many ignore-like comments is read once") {
  const Document document = read("a: 1 " + repeated("# refgate: ignore[a] ", 150'000));
  REQUIRE(document.ignores().size() == 1);
  CHECK(document.ignores()[0].rules.size() == 1);
}

TEST_CASE("ignore comments are found between the nodes only") {
  struct Row {
    const char* text;
    std::vector<std::string> rules;  ///< of all comments, one text each
    bool own_line;
  };
  const Row rows[] = {
      {"a: b # refgate: ignore[x] why\n", {"x"}, false},
      {"# refgate: ignore[x, y-z]\na: b\n", {"x", "y-z"}, true},
      {"a: b\n  #   refgate:  ignore [x]  \n", {"x"}, true},
      {"a: | # refgate: ignore[x]\n  # refgate: ignore[y]\n", {"x"}, false},
      {"a: 'b # refgate: ignore[x]'\n", {}, false},
      {"a: b#c # d refgate: ignore[x]\n", {}, false},
      {"a: b # see refgate: ignore[x]\n", {}, false},
      {"a: b # zizmor: ignore[q] # refgate: ignore[x]\n", {"x"}, false},
      {"a: [b, # refgate: ignore[x]\n c]\r\n# refgate: ignore[y]\r\n", {"x", "y"}, false},
      {"a: b # refgate: gate first\n", {}, false},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const Document document = read(row.text);
    std::vector<std::string> rules;
    for (const IgnoreComment& comment : document.ignores()) {
      for (const IgnoreComment::Name& name : comment.rules) {
        rules.push_back(name.rule);
        CHECK(document.text().substr(name.place.begin, name.place.end - name.place.begin) ==
              name.rule);
      }
    }
    CHECK(rules == row.rules);
    if (!rules.empty()) CHECK(document.ignores()[0].own_line == row.own_line);
  }
  CHECK(read("a: b # refgate: ignore[x] it is so\r\n").ignores()[0].reason == "it is so");
  CHECK(read("a: b # refgate: ignore x\n").ignores()[0].rules.empty());
}

TEST_CASE("handles stay valid when the document moves") {
  Document first = read("a: short\n");
  const YamlNode node = first.root()["a"];
  const Document second = std::move(first);
  CHECK(node.text() == "short");
  CHECK(node == second.root()["a"]);
}

}  // namespace refgate::lint
