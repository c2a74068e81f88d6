#include "view/table.h"

#include <sstream>

#include "catch.h"

using namespace refgate;

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

const Rows rows{{"SESSION", "STATE", "CLAIM"},
                {"agent-review-push-0a1b2c3d", "success", std::string(32, 'c')},
                {"審査-push-0a1b2c3d", "failure", std::string(90, 'd')}};

}  // namespace

TEST_CASE("table: every row fits the screen, and stays whole where there is none") {
  for (const std::size_t width : {40U, 60U, 80U, 200U}) {
    INFO(width);
    for (const std::string& line : lines_of(table_of(rows, {width, false})))
      CHECK(shown_width(line) <= width);
  }
  const std::string whole = table_of(rows);
  for (const auto& row : rows)
    for (const std::string& cell : row)
      CHECK(whole.find(cell) != std::string::npos);
}

TEST_CASE("table: what is short is not cut for the sake of what is long") {
  const std::string text = table_of(rows, {80, false});
  CHECK(text.find("success") != std::string::npos);
  CHECK(text.find("agent-review-push-0a1b2c3d") != std::string::npos);
  CHECK(text.find("…") != std::string::npos);
}

TEST_CASE("table: wide characters line up") {
  const auto lines = lines_of(table_of(rows));
  const auto column = [&](std::size_t line, const char* word) {
    return shown_width(lines[line].substr(0, lines[line].find(word)));
  };
  CHECK(column(0, "STATE") == column(1, "success"));
  CHECK(column(0, "STATE") == column(2, "failure"));
  CHECK(shown_width("e\u0301") == 1);
}

TEST_CASE("table: colour is told by nothing but escape codes around the same text") {
  std::string plain = table_of(rows, {80, false});
  std::string coloured = table_of(rows, {80, true});
  CHECK(plain.find('\033') == std::string::npos);
  CHECK(coloured.find("\033[32msuccess\033[0m") != std::string::npos);
  CHECK(coloured.find("\033[31mfailure\033[0m") != std::string::npos);
  for (std::size_t at; (at = coloured.find('\033')) != std::string::npos;)
    coloured.erase(at, coloured.find('m', at) - at + 1);
  CHECK(coloured == plain);
}
