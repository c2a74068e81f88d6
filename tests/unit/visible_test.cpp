#include "core/words/visible.h"

#include <string>

#include "catch.h"
#include "runner/runner.h"

using namespace refgate;

namespace {

std::string utf8(char32_t code) {
  std::string text;
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | (code >> 18));
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
  }
  text += static_cast<char>(0x80 | (code & 0x3f));
  return text;
}

}  // namespace

TEST_CASE("every character is read as it was written") {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const std::string text = utf8(code);
    const Character found = first_character(text);
    if (found.code != code || found.bytes != text.size()) {
      CAPTURE(static_cast<std::uint32_t>(code));
      CHECK(found.code == code);
      CHECK(found.bytes == text.size());
    }
  }
  for (const char* bad :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3x", "\xe0\x80\xaf", "\xe2\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    CAPTURE(bad);
    CHECK(first_character(bad).bytes == 0);
  }
}

TEST_CASE("what hides or reorders text reaches no place") {
  for (const char32_t code :
       {0x00ADU,  0x034FU,  0x061CU,  0x115FU, 0x180EU, 0x200BU, 0x200CU,  0x200DU,
        0x200EU,  0x200FU,  0x2028U,  0x2029U, 0x202AU, 0x202EU, 0x2060U,  0x2066U,
        0x2069U,  0x3164U,  0xFE00U,  0xFEFFU, 0xFFA0U, 0xFFF9U, 0xE0000U, 0xE0001U,
        0xE0041U, 0xE007FU, 0xE0100U, 0x80U,   0x85U,   0x9BU,   0x9DU,    0x9FU}) {
    const std::string text = "a" + utf8(code) + "b";
    CAPTURE(static_cast<std::uint32_t>(code));
    CHECK(visible_line(text, '?') == "a?b");
    for (const Place place : {Place::line, Place::message, Place::property, Place::markdown})
      CHECK(escape_for(place, text) == "a b");
  }
}

TEST_CASE("what people write stays") {
  for (const char* text :
       {"plain", "Grüße", "日本語", "עברית", "العربية", "❤️", "ไทย", "\xf0\x9f\x9a\x80",
        "a\xc2\xa0"
        "b"}) {
    CAPTURE(text);
    CHECK(visible_line(text, '?') == text);
    CHECK(escape_for(Place::line, text) == text);
  }
  CHECK(visible_line("a\tb\r\nc\x1b[0m\x7f", ' ') == "a b  c [0m ");
  CHECK(visible_line("a\xff"
                     "b",
                     '?') ==
        "a\xef\xbf\xbd"
        "b");
}
