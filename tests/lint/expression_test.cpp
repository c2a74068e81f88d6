#include "lint/expression/expression.h"

#include <string>
#include <vector>

#include "catch.h"

using namespace refgate::lint;

namespace {

std::string slice(std::string_view text, ByteRange range) {
  return std::string(text.substr(range.begin, range.end - range.begin));
}

std::string error_at(const Expression& expression, std::string_view text) {
  REQUIRE_FALSE(expression.is_valid());
  return slice(text, expression.error()->range);
}

std::vector<std::string> reference_texts(const Expression& expression) {
  REQUIRE(expression.is_valid());
  std::vector<std::string> texts;
  for (const Reference& reference : references(expression))
    texts.push_back(reference.text());
  return texts;
}

}  // namespace

TEST_CASE("every node keeps the bytes it was read from") {
  const std::string text = " !(a.b['c d'] == 'é') && x.*.y[ 0 ] ";
  const Expression expression = parse_expression(text);
  REQUIRE(expression.is_valid());
  CHECK(slice(text, expression.node(expression.root()).range) ==
        "!(a.b['c d'] == 'é') && x.*.y[ 0 ]");
  std::vector<std::string> slices;
  for (const ExpressionNode& node : expression.nodes())
    slices.push_back(slice(text, node.range));
  CHECK(slices == std::vector<std::string>{"a", "b", "a.b", "'c d'", "a.b['c d']", "'é'",
                                           "a.b['c d'] == 'é'", "!(a.b['c d'] == 'é')", "x", "x.*",
                                           "y", "x.*.y", "0", "x.*.y[ 0 ]",
                                           "!(a.b['c d'] == 'é') && x.*.y[ 0 ]"});
}

TEST_CASE("an error says where it is") {
  struct Row {
    std::string text, place;
  };
  const auto row = GENERATE(values<Row>({{"a == \"b\"", "\"b\""},
                                         {"a = b", "="},
                                         {"a & b", "&"},
                                         {"contains(a)", "contains"},
                                         {"format()", "format"},
                                         {"hashFiles()", "hashFiles"},
                                         {"case(a, b)", "case"},
                                         {"case(a, b, c, d)", "case"},
                                         {"cancelled('x')", "cancelled"},
                                         {"a b", "b"},
                                         {"(a", ""},
                                         {"a ||", ""},
                                         {"", ""},
                                         {"'open", "'open"},
                                         {"1.2.3", "1.2.3"},
                                         {"a.b == 0x", "0x"},
                                         {"'a'.b", ".b"}}));
  INFO(row.text);
  CHECK(error_at(parse_expression(row.text), row.text) == row.place);
}

TEST_CASE("strings undo every doubled quote") {
  const Expression expression = parse_expression("'it''s ''quoted'''");
  REQUIRE(expression.is_valid());
  CHECK(expression.node(expression.root()).literal.as_string() == "it's 'quoted'");
}

TEST_CASE("what is nested too deep, too long or endless is an error and not a crash") {
  const auto many = [](std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
      text += part;
    return text;
  };
  CHECK(parse_expression(many("(", 49) + "1" + many(")", 49)).is_valid());
  CHECK_FALSE(parse_expression(many("(", 50) + "1" + many(")", 50)).is_valid());
  CHECK_FALSE(parse_expression(many("!", 60) + "1").is_valid());
  CHECK_FALSE(parse_expression("a" + many(".a", 60)).is_valid());
  CHECK(parse_expression("1" + many(" == 1", 4000)).is_valid());
  CHECK(parse_expression(many(" ", 20999) + "1").is_valid());
  CHECK_FALSE(parse_expression(many(" ", 21000) + "1").is_valid());
  CHECK_FALSE(parse_template(many("${{ ", 100000)).is_valid());
}

TEST_CASE("a scalar is a string, an expression, or both mixed") {
  struct Row {
    std::string text;
    ExpressionKind kind;
    std::size_t operands;
  };
  const auto row =
      GENERATE(values<Row>({{"plain", ExpressionKind::literal, 0},
                            {"", ExpressionKind::literal, 0},
                            {"$ {{ a }}", ExpressionKind::literal, 0},
                            {"${{ a }}", ExpressionKind::context, 0},
                            {"${{a}}", ExpressionKind::context, 0},
                            {"${{ '}}' }}", ExpressionKind::literal, 0},
                            {" ${{ a }}", ExpressionKind::concatenation, 2},
                            {"${{ a }}\n", ExpressionKind::concatenation, 2},
                            {"${{ a }}${{ b }}", ExpressionKind::concatenation, 2},
                            {"x-${{ a }}-${{ b.c }}-y", ExpressionKind::concatenation, 5},
                            {"${{ format('{0}', '}}') }}", ExpressionKind::call, 2}}));
  INFO(row.text);
  const Expression expression = parse_template(row.text);
  REQUIRE(expression.is_valid());
  CHECK(expression.node(expression.root()).kind == row.kind);
  CHECK(expression.node(expression.root()).operands.size() == row.operands);
}

TEST_CASE("an expression that is not closed, or empty, is an error at its place") {
  CHECK(error_at(parse_template("a ${{ b }"), "a ${{ b }") == "${{ b }");
  CHECK(error_at(parse_template("a ${{ '}}' "), "a ${{ '}}' ") == "${{ '}}' ");
  CHECK(error_at(parse_template("a ${{  }} b"), "a ${{  }} b") == "${{  }}");
  CHECK(error_at(parse_template("${{ a }} ${{ b( }}"), "${{ a }} ${{ b( }}") == "");
}

TEST_CASE("references are listed with their path and place") {
  CHECK(reference_texts(parse_expression(
            "needs.gate.outputs.skip != 'true' && needs['gate'].result == env.X")) ==
        std::vector<std::string>{"needs.gate.outputs.skip", "needs.gate.result", "env.X"});
  CHECK(reference_texts(parse_expression("contains(needs.*.result, 'failure')")) ==
        std::vector<std::string>{"needs.*.result"});
  CHECK(reference_texts(parse_expression("matrix[env.KEY].x")) ==
        std::vector<std::string>{"matrix.*.x", "env.KEY"});
  CHECK(reference_texts(parse_expression("(github.event).number")) ==
        std::vector<std::string>{"github.event.number"});
  CHECK(reference_texts(parse_expression("fromJSON('{}').a")) == std::vector<std::string>{});
  CHECK(reference_texts(parse_expression("github")) == std::vector<std::string>{"github"});

  const std::string text = "x-${{ needs.a.outputs.b }}";
  const Expression expression = parse_template(text);
  REQUIRE(references(expression).size() == 1);
  const Reference reference = references(expression).front();
  CHECK(slice(text, reference.range) == "needs.a.outputs.b");
  CHECK(refers_to(reference, parse_path("NEEDS.A.outputs.B")));
  CHECK_FALSE(refers_to(reference, parse_path("needs.a.outputs")));
  CHECK(refers_into(reference, parse_path("needs.a.outputs")));
  CHECK_FALSE(refers_into(reference, parse_path("needs.b")));
}

TEST_CASE("a status function is found by meaning, not by its letters") {
  CHECK(has_status_function(parse_condition("x && ALWAYS()")));
  CHECK(has_status_function(parse_condition("${{ contains(toJSON(failure()), 'x') }} y")));
  CHECK(has_status_function(parse_condition("")));
  CHECK_FALSE(has_status_function(
      parse_condition("x == 'always()' || steps.success.outcome == 'failure'")));
}

TEST_CASE("a quoted expression in an if is read once more") {
  const Expression expression = parse_condition("${{ 'github.ref == ''x''' }}");
  REQUIRE(expression.is_valid());
  CHECK(expression.node(expression.root()).kind == ExpressionKind::equal);
  CHECK(parse_condition("${{ 'a b' }}").error().has_value());
}

TEST_CASE(
    "names that are not known yet are no error in a workflow, and are one where the language is "
    "closed") {
  CHECK(parse_expression("tomorrow.x == invented(1, 2)").is_valid());
  ExpressionLanguage language;
  language.any_name = false;
  language.contexts = {"github"};
  CHECK(parse_expression("GitHub.x && contains('a', 'b')", language).is_valid());
  CHECK_FALSE(parse_expression("tomorrow.x", language).is_valid());
  CHECK_FALSE(parse_expression("invented()", language).is_valid());
}

TEST_CASE("what is a plain path at a glance is one to the parser too") {
  struct Row {
    std::string text;
    bool plain;
  };
  const std::string deep = [] {
    std::string path = "a";
    for (int part = 0; part < 60; ++part)
      path += ".b";
    return "${{ " + path + " }}";
  }();
  for (const Row& row : std::vector<Row>{{"", true},
                                         {"no expression }} at all", true},
                                         {"${{ github.sha }}", true},
                                         {"${{github.event.number}}-${{ matrix.os-1 }}", true},
                                         {"${{ x }}}", true},
                                         {"${{ a }} ${{ a == b }}", false},
                                         {"${{ true }}", false},
                                         {"${{ null.x }}", false},
                                         {"${{ NaN.x }}", false},
                                         {"${{ a. }}", false},
                                         {"${{ .a }}", false},
                                         {"${{ 1a }}", false},
                                         {"${{ a.1 }}", false},
                                         {"${{ a b }}", false},
                                         {"${{ a }", false},
                                         {"${{ a", false},
                                         {"${{", false},
                                         {"${{ }}", false},
                                         {"${{ " + std::string(500, 'a') + " }}", false},
                                         {deep, false}}) {
    CAPTURE(row.text);
    CHECK(has_plain_paths_only(row.text) == row.plain);
    if (row.plain) CHECK(parse_template(row.text).is_valid());
  }
}
