#include "lint/text/printable.h"

#include <algorithm>
#include <cstdint>

#include "lint/text/yaml_text.h"

namespace refgate::lint {
namespace {

bool is_reordering(char32_t character) {
  return (character >= 0x202A && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069) || character == 0x200E ||
         character == 0x200F || character == 0x061C || character == 0x2028 || character == 0x2029;
}

/// The character of a valid sequence.
char32_t decoded(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  char32_t character = sequence.size() == 1 ? lead : lead & (0xFFu >> (sequence.size() + 1));
  for (const char byte : sequence.substr(1))
    character = (character << 6) | (static_cast<unsigned char>(byte) & 0x3Fu);
  return character;
}

std::size_t length_at(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length <= text.size() && !invalid_utf8(text.substr(0, length)) ? length : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = length_at(text);
    const char32_t character = length == 0 ? U'\0' : decoded(text.substr(0, length));
    if (character == U'\t') {
      shown += ' ';
    } else if (character < 0x20 || (character >= 0x7F && character < 0xA0) ||
               is_reordering(character)) {
      shown += '?';
    } else {
      shown += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
  }));
}

}  // namespace refgate::lint
