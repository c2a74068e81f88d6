#include "cli/input/matrix_input.h"

#include <nlohmann/json.hpp>

#include "catch.h"

using namespace refgate;

namespace {

MatrixInput read(const std::string& text, const MatrixIdentity& identity = {}) {
  const auto read = unique_members(text, identity);
  if (const auto* error = std::get_if<MatrixError>(&read)) FAIL(text << ": " << error->message);
  return std::get<MatrixInput>(read);
}

std::string error_of(const std::string& text, const MatrixIdentity& identity = {}) {
  const auto read = unique_members(text, identity);
  if (!std::holds_alternative<MatrixError>(read)) FAIL(text << " was taken");
  return std::get<MatrixError>(read).message;
}

}  // namespace

TEST_CASE("a list keeps the first of equal members, in order") {
  struct Row {
    const char* name;
    const char* text;
    const char* json;
    std::size_t dropped;
  };
  const std::vector<Row> rows{
      {"text", R"(["b", "a", "b", "c", "a"])", R"(["b","a","c"])", 2},
      {"nothing twice", R"(["a","b"])", R"(["a","b"])", 0},
      {"empty", " [ ] ", "[]", 0},
      {"letters count as they are", R"(["Opus","opus","opus "])", R"(["Opus","opus","opus "])", 0},
      {"one text spelt in two ways", R"(["\u00e9","é"])", R"(["\u00e9"])", 1},
      {"objects by id", R"([{"id":"a","n":1},{"id":"b"},{"id":"a","n":1}])",
       R"([{"id":"a","n":1},{"id":"b"}])", 1},
      {"keys stay in order", R"([{"z":1,"id":"a","b":[true,null]}])",
       R"([{"z":1,"id":"a","b":[true,null]}])", 0},
      {"1 and \"1\" differ", R"([{"id":1},{"id":"1"}])", R"([{"id":1},{"id":"1"}])", 0},
      {"1 and 1.0 do not", R"([{"id":1},{"id":1.0},{"id":1e0}])", R"([{"id":1}])", 2},
      {"neither do 0 and -0", R"([{"id":0},{"id":-0.0}])", R"([{"id":0}])", 1},
      {"text is no object's id", R"(["a",{"id":"a"}])", R"(["a",{"id":"a"}])", 0},
      {"what a log could obey is escaped", "[\"a\\n::error::x\\u202e\xe2\x80\xa8\"]",
       R"(["a\n::error::x\u202e\u2028"])", 0},
      {"a list of lists in an object", R"([{"id":"a","os":[["x"]]}])",
       R"([{"id":"a","os":[["x"]]}])", 0},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const MatrixInput input = read(row.text);
      CHECK(input.json == row.json);
      CHECK(input.dropped.size() == row.dropped);
      CHECK(input.count == nlohmann::json::parse(row.json).size());
    }
  }
}

TEST_CASE("a drop says which member stays, and whether more than the id was lost") {
  const MatrixInput input =
      read(R"([{"id":"a","n":1},{"id":"b"},{"n":1.0,"id":"a"},{"id":"a","n":2}])");
  REQUIRE(input.dropped.size() == 2);
  CHECK(input.dropped[0].position == 3);
  CHECK(input.dropped[0].first == 1);
  CHECK(input.dropped[0].id == "\"a\"");
  CHECK_FALSE(input.dropped[0].differs);
  CHECK(input.dropped[1].position == 4);
  CHECK(input.dropped[1].first == 1);
  CHECK(input.dropped[1].differs);
}

TEST_CASE("another key can say which an object is, or all of it") {
  CHECK(read(R"([{"model":"a","n":1},{"model":"a","n":2}])", {"model", false}).count == 1);
  const std::string legs =
      R"([{"m":"a","r":1},{"r":1.0,"m":"a"},{"m":"a","r":2},{"m":"a","r":"1"},{"m":{"x":[1,2]}},{"m":{"x":[2,1]}}])";
  const MatrixInput whole = read(legs, {"id", true});
  CHECK(whole.count == 5);
  REQUIRE(whole.dropped.size() == 1);
  CHECK(whole.dropped[0].position == 2);
}

TEST_CASE("anything but a list of text and objects with an id is refused with its place") {
  struct Row {
    const char* name;
    std::string text;
    const char* says;
  };
  const std::vector<Row> rows{
      {"no text", " \n", "empty"},
      {"no JSON", "opus, sonnet", "no JSON"},
      {"cut off", R"(["a",)", "no JSON"},
      {"broken UTF-8", "[\"\xff\"]", "no JSON"},
      {"an object", R"({"include":[]})", "an object"},
      {"a text", R"("a")", "text"},
      {"a number", R"(["a",2])", "member 2 of the list is a number"},
      {"true", R"([true])", "member 1 of the list is true or false"},
      {"null", R"(["a","b",null])", "member 3 of the list is null"},
      {"a list in the list", R"([["a"]])", "member 1 of the list is a list"},
      {"no id", R"([{"id":"a"},{"name":"b"}])", "member 2 of the list has no \"id\""},
      {"an id that is null", R"([{"id":null}])", "that is null"},
      {"an id that is a list", R"([{"id":["a"]}])", "that is a list"},
      {"nested too deeply", std::string(100000, '['), "too deeply"},
      {"too long", "[\"" + std::string(longest_matrix_text, 'a') + "\"]", "1 MiB"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) { CHECK_THAT(error_of(row.text), Catch::Contains(row.says)); }
  }
  CHECK_THAT(error_of(R"([{"id":"a"}])", {"model", false}), Catch::Contains("has no \"model\""));
}
