#pragma once
// UTF-8 for the expression reader. A byte that begins no valid sequence stands for itself, so that
// nothing is lost and nothing fails.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refgate::lint {

/// `size` is 1 for ASCII and for a stray byte (then `character` is 0xDC00 + byte, which no valid
/// text holds), 2 to 4 otherwise.
struct DecodedCharacter {
  char32_t character = 0;
  std::size_t size = 1;
};

inline DecodedCharacter decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return static_cast<unsigned char>(text[at + offset]);
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const DecodedCharacter stray{static_cast<char32_t>(0xDC00 + lead), 1};
  const std::size_t size = lead >= 0xF0 && lead <= 0xF4  ? 4
                           : lead >= 0xE0 && lead < 0xF0 ? 3
                           : lead >= 0xC2 && lead < 0xE0 ? 2
                                                         : 0;
  if (size == 0 || text.size() - at < size) return stray;
  char32_t character = lead & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return stray;
    character = (character << 6) | (byte(i) & 0x3Fu);
  }
  if ((size == 3 && (character < 0x800 || (character >= 0xD800 && character < 0xE000))) ||
      (size == 4 && (character < 0x10000 || character > 0x10FFFF)))
    return stray;
  return {character, size};
}

inline void append_utf8(std::string& text, char32_t character) {
  const auto put = [&](char32_t value) {
    text += static_cast<char>(static_cast<unsigned char>(value));
  };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | (character >> 6));
    put(0x80 | (character & 0x3F));
  } else if (character >= 0xDC80 && character <= 0xDCFF) {
    put(character - 0xDC00);
  } else if (character < 0x10000) {
    put(0xE0 | (character >> 12));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  } else {
    put(0xF0 | (character >> 18));
    put(0x80 | ((character >> 12) & 0x3F));
    put(0x80 | ((character >> 6) & 0x3F));
    put(0x80 | (character & 0x3F));
  }
}

/// What JavaScript's \s and trim() take for white space.
inline bool is_space(char32_t character) {
  return (character >= 9 && character <= 13) || character == ' ' || character == 0xA0 ||
         character == 0x1680 || (character >= 0x2000 && character <= 0x200A) ||
         character == 0x2028 || character == 0x2029 || character == 0x202F || character == 0x205F ||
         character == 0x3000 || character == 0xFEFF;
}

/// Without white space at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace refgate::lint
