#include "core/words/shorten.h"

#include <nlohmann/json.hpp>

#include "catch.h"

using namespace refgate;

TEST_CASE("a text is as long as it becomes in JSON") {
  for (const std::string& text :
       {std::string(), std::string("plain"), std::string("\"\\/"), std::string("\b\f\n\r\t"),
        std::string("\x01\x1f\x7f"), std::string("\0", 1), std::string("ü€😀"),
        std::string("\xff\xc3"), std::string("\xe0\x80\x80"), std::string("a\xf0\x9f\x98z")}) {
    CAPTURE(text);
    const std::string dumped =
        nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    // A cut sequence may become one replacement or several: never more than is measured.
    CHECK(json_length(text) + 2 >= dumped.size());
  }
  CHECK(json_length("\"ü\n") == 6);
}

TEST_CASE("what is too long keeps its beginning, and different texts stay different") {
  const std::string quotes(1000, '"');
  CHECK(shortened(quotes, 2000) == quotes);
  const std::string cut = shortened(quotes, 1999);
  CHECK(json_length(cut) <= 1999);
  CHECK(cut.starts_with("\"\"\""));
  CHECK(cut != shortened(quotes + "x", 1999));
  CHECK(shortened(cut, 1999) == cut);
  for (std::size_t most = 32; most < 60; ++most) {
    const std::string some = shortened("ünïcödé ünïcödé ünïcödé ünïcödé ünïcödé", most);
    CHECK(json_length(some) <= most);
    CHECK(nlohmann::json::accept("\"" + some + "\""));
  }
}
