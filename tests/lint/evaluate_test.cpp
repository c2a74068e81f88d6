#include "lint/expression/evaluate.h"

#include <string>

#include "catch.h"

using namespace refgate::lint;

namespace {

/// Known: event 'push', count 3, list ['a', 'B'], open object part with x = 1. Everything else is
/// unknown.
Scope partial_scope() {
  Scope scope;
  scope.set("github.event_name", Value::string("push"));
  scope.set("env.count", Value::number(3));
  scope.set("env.list", Value::array({Value::string("a"), Value::string("B")}));
  scope.set("env.mixed", Value::array({Value::string("a"), Value::unknown()}));
  scope.set("part.x", Value::number(1));
  scope.set("whole.x", Value::number(1));
  scope.close("whole");
  return scope;
}

std::string describe(const Outcome& outcome) {
  if (outcome.error) return "error";
  const Value& value = outcome.value;
  switch (value.kind()) {
    case Value::Kind::unknown:
      return value.truthiness() == Truth::unknown ? "?"
             : value.truthiness() == Truth::yes   ? "?true"
                                                  : "?false";
    case Value::Kind::string:
      return "'" + value.as_string() + "'";
    case Value::Kind::null:
      return "null";
    default:
      return to_text(value);
  }
}

std::string evaluated(const std::string& text) {
  const Expression expression = parse_expression(text);
  INFO(text);
  REQUIRE(expression.is_valid());
  return describe(evaluate(expression, partial_scope()));
}

struct Row {
  std::string text, result;
};

}  // namespace

TEST_CASE("what is not known stays unknown, and what does not depend on it is known") {
  const auto row = GENERATE(values<Row>({
      {"u.x", "?"},
      {"!u.x", "?"},
      {"u.x == u.x", "?"},
      {"u.x == 'a'", "?"},
      {"u.x < 1", "?"},
      {"false && u.x", "false"},
      {"u.x && false", "?false"},
      {"!(u.x && false)", "true"},
      {"u.x && ''", "?false"},
      {"u.x && true", "?"},
      {"true && u.x", "?"},
      {"u.x && u.y && false", "?false"},
      {"true || u.x", "true"},
      {"u.x || true", "?true"},
      {"u.x || 'a' || u.y", "?true"},
      {"u.x || false", "?"},
      {"u.x && 'a' || 'b'", "?true"},
      {"u.x && false || 'b'", "'b'"},
      {"u.x || fromJSON('[')", "?"},
      {"u.x && fromJSON('[')", "?"},
      {"false && fromJSON('[')", "false"},
      {"true && fromJSON('[')", "error"},
      {"u.x == fromJSON('[')", "error"},
      {"contains(u.x, 'a')", "?"},
      {"contains('abc', u.x)", "?"},
      {"contains(env.list, 'b')", "true"},
      {"contains(env.list, u.x)", "?"},
      {"contains(env.mixed, 'A')", "true"},
      {"contains(env.mixed, 'c')", "?"},
      {"contains(fromJSON('[]'), u.x)", "false"},
      {"contains(whole, u.x)", "false"},
      {"startsWith(u.x, 'a')", "?"},
      {"startsWith(env.list, u.x)", "false"},
      {"format('a{0}', u.x)", "?true"},
      {"format('{0}', u.x)", "?"},
      {"format('{1}', u.x)", "error"},
      {"format('{', u.x)", "error"},
      {"join(env.mixed)", "?true"},
      {"join(u.x)", "?"},
      {"join(env.list, u.x)", "?true"},
      {"toJSON(u.x)", "?true"},
      {"toJSON(part)", "?true"},
      {"fromJSON(u.x)", "?"},
      {"hashFiles('**/lock')", "?"},
      {"invented(1)", "?"},
      {"case(u.x, 1, 1)", "1"},
      {"case(u.x, 1, 2)", "?true"},
      {"case(u.x, 0, 2)", "?"},
      {"case(false, u.x, 2)", "2"},
      {"case(u.x, 1, 'no boolean', 2, 3)", "?"},
      {"part.x", "1"},
      {"part.y", "?"},
      {"whole.x", "1"},
      {"whole.y", "null"},
      {"WHOLE.X", "1"},
      {"whole[u.x]", "?"},
      {"whole.x.y", "null"},
      {"env.list[1]", "'B'"},
      {"env.list[u.x]", "?"},
      {"env.list.*[u.x]", "?true"},
      {"u.x.*", "?true"},
      {"part.*", "?true"},
      {"whole.*[0]", "Array"},
      {"env.list == env.list", "true"},
      {"always()", "true"},
      {"success()", "?"},
      {"!cancelled() && github.event_name == 'PUSH'", "?"},
      {"github.event_name != 'push' && u.x", "false"},
  }));
  CHECK(evaluated(row.text) == row.result);
}

TEST_CASE("text around an expression makes the value a string") {
  const auto row = GENERATE(values<Row>({{"${{ env.count }}", "3"},
                                         {"n=${{ env.count }}", "'n=3'"},
                                         {"${{ env.count }}${{ null }}${{ true }}", "'3true'"},
                                         {"${{ u.x }}", "?"},
                                         {"${{ u.x }}${{ u.y }}", "?"},
                                         {"${{ u.x }} ", "?true"},
                                         {"plain", "'plain'"},
                                         {"a ${{ fromJSON('x') }}", "error"}}));
  INFO(row.text);
  CHECK(describe(evaluate(parse_template(row.text), partial_scope())) == row.result);
}

TEST_CASE("an if without a status function is run only after success") {
  struct Case {
    std::string text;
    Truth success, result;
  };
  const auto row = GENERATE(values<Case>({
      {"true", Truth::no, Truth::no},
      {"true", Truth::unknown, Truth::unknown},
      {"true", Truth::yes, Truth::yes},
      {"false", Truth::unknown, Truth::no},
      {"", Truth::no, Truth::no},
      {"", Truth::yes, Truth::yes},
      {"always()", Truth::no, Truth::yes},
      {"${{ always() }}", Truth::no, Truth::yes},
      {"!success()", Truth::no, Truth::yes},
      {"${{ false }} ", Truth::yes, Truth::yes},
      {"${{ 'false' }}", Truth::yes, Truth::no},
      {"github.event_name == 'pull_request'", Truth::yes, Truth::no},
  }));
  INFO(row.text);
  Scope scope = partial_scope();
  scope.set_status(row.success, Truth::unknown, Truth::unknown);
  CHECK(evaluate_condition(parse_condition(row.text), scope) == row.result);
}

TEST_CASE("status functions get the names of jobs") {
  Scope scope;
  scope.set_status([](std::string_view function, std::span<const std::string> jobs) {
    return function == "failure" && jobs.size() == 2 && jobs[0] == "build" && jobs[1] == "test"
               ? Truth::yes
               : Truth::no;
  });
  CHECK(evaluate_truth(parse_expression("failure('Build', 'test')"), scope) == Truth::yes);
  CHECK(evaluate_truth(parse_expression("failure('build')"), scope) == Truth::no);
  CHECK(evaluate_truth(parse_expression("failure(u.x)"), scope) == Truth::unknown);
}

TEST_CASE("setting a property keeps its siblings, and closing a path makes the rest absent") {
  Scope scope;
  scope.set("needs.gate.outputs.skip", Value::string("true"));
  scope.set("needs.gate.result", Value::string("success"));
  CHECK(scope.get(parse_path("needs.gate.outputs.skip")).as_string() == "true");
  CHECK_FALSE(scope.get(parse_path("needs.gate.outputs.other")).is_known());
  scope.close("needs.gate.outputs");
  CHECK(scope.get(parse_path("needs.gate.outputs.other")).kind() == Value::Kind::null);
  CHECK(scope.get(parse_path("needs.gate.outputs.SKIP")).as_string() == "true");
  CHECK(scope.get(parse_path("needs.gate.result")).as_string() == "success");
  CHECK_FALSE(scope.get(parse_path("needs.other.result")).is_known());
  scope.set("needs.gate.outputs.skip", Value::string("false"));
  CHECK(scope.get(parse_path("needs.gate.outputs.skip")).as_string() == "false");
}

TEST_CASE("nested calls that would double a string without end stop at a bound") {
  std::string text = "'aaaaaaaaaaaaaaaa'";
  for (int i = 0; i < 40; ++i)
    text = "format('{0}{0}{0}{0}', " + text + ")";
  CHECK(evaluated(text) == "?true");
  CHECK(evaluated("fromJSON('" + std::string(5000, '[') + std::string(5000, ']') + "')") == "?");
}

TEST_CASE("a long chain of comparisons needs no stack") {
  std::string text = "1";
  for (int i = 0; i < 4000; ++i)
    text += " == 1";
  CHECK(evaluated(text) == "true");
}
