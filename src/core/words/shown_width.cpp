#include "core/words/shown_width.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/words/visible.h"

namespace refgate {
namespace {

// Unicode's East Asian Width (UAX #11), W and F, and the blocks of combining marks and selectors.
constexpr std::array<std::pair<char32_t, char32_t>, 12> wide{{{0x1100, 0x115f},
                                                              {0x231a, 0x231b},
                                                              {0x23e9, 0x23ec},
                                                              {0x2e80, 0xa4cf},
                                                              {0xac00, 0xd7a3},
                                                              {0xf900, 0xfaff},
                                                              {0xfe30, 0xfe6f},
                                                              {0xff00, 0xff60},
                                                              {0xffe0, 0xffe6},
                                                              {0x1f300, 0x1faff},
                                                              {0x20000, 0x2fffd},
                                                              {0x30000, 0x3fffd}}};
constexpr std::array<std::pair<char32_t, char32_t>, 5> none{
    {{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}};

}  // namespace

std::size_t shown_width(char32_t character) {
  const auto within = [&](const auto& ranges) {
    return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
      return range.first <= character && character <= range.second;
    });
  };
  if (within(none)) return 0;
  return within(wide) ? 2 : 1;
}

std::size_t shown_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character.bytes == 0 ? 1 : shown_width(character.code);
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return width;
}

}  // namespace refgate
