#include "core/words/wrap.h"

#include <sstream>

#include "catch.h"

using namespace refgate;

TEST_CASE("wrap: no part is wider than the screen, and nothing is lost") {
  const std::string line =
      "  審査 \033[31mfailure\033[0m of a session that has a long name, and a long story behind it";
  for (const std::size_t width : {40U, 50U, 60U}) {
    INFO(width);
    std::istringstream in(wrapped(line, width, 4));
    std::string joined;
    for (std::string part; std::getline(in, part);) {
      CHECK(painted_width(part) <= width);
      if (!joined.empty()) CHECK(part.starts_with("    "));
      joined += joined.empty() ? part : " " + part.substr(4);
    }
    CHECK(joined == line);
  }
}

TEST_CASE("wrap: what fits, and what goes to no screen, stays as it is") {
  const std::string line = "  two  blanks stay, as columns have them";
  CHECK(wrapped(line, 80, 4) == line);
  CHECK(wrapped(line, 0, 4) == line);
  CHECK(wrapped("", 80, 4).empty());
}

TEST_CASE("wrap: an URL is never broken") {
  const std::string url = "https://github.com/octo/app/actions/runs/" + std::string(60, '1');
  const std::string text = wrapped("held by run 1, " + url + ", since yesterday", 50, 2);
  CHECK(text == "held by run 1,\n  " + url + ",\n  since yesterday");
}

TEST_CASE("wrap: a link takes the columns of its text") {
  CHECK(painted_width("\033]8;;https://github.com/octo/app\033\\run 1\033]8;;\033\\") == 5);
}
