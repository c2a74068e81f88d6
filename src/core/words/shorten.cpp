#include "core/words/shorten.h"

#include <algorithm>

#include "core/text/digest.h"

namespace refgate {
namespace {

constexpr std::string_view between = "…";
constexpr std::size_t digest_digits = 16;

/// The length of the UTF-8 sequence that begins here; 0 where none does (RFC 3629, 4).
std::size_t sequence_at(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
    return 0;
  return length;
}

std::size_t escaped_length(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '\b':
    case '\f':
    case '\n':
    case '\r':
    case '\t':
      return 2;
    default:
      return static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
  }
}

/// How many bytes of `text` fit into `room`, and how many of it they take.
struct Measured {
  std::size_t bytes = 0;
  std::size_t taken = 0;
};

Measured measure(std::string_view text, std::size_t room) {
  constexpr std::size_t replacement = 3;  // U+FFFD
  Measured measured;
  while (measured.bytes < text.size()) {
    const std::string_view rest = text.substr(measured.bytes);
    const std::size_t length = sequence_at(rest);
    const std::size_t takes = length == 1   ? escaped_length(rest.front())
                              : length == 0 ? replacement
                                            : length;
    if (measured.taken + takes > room) break;
    measured.taken += takes;
    measured.bytes += std::max<std::size_t>(length, 1);
  }
  return measured;
}

}  // namespace

std::size_t json_length(std::string_view text) { return measure(text, text.npos).taken; }

std::string shortened(std::string_view text, std::size_t most) {
  if (measure(text, most).bytes == text.size()) return std::string(text);
  const std::size_t room = most - between.size() - digest_digits;
  return std::string(text.substr(0, measure(text, room).bytes)) + std::string(between) +
         sha256_hex(std::string(text)).substr(0, digest_digits);
}

}  // namespace refgate
