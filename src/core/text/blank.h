#pragma once
// Blanks around words: space, tab and ends of lines.

#include <string_view>

namespace refgate {

inline constexpr std::string_view blanks = " \t\r\n";

/// Nothing, or nothing but blanks.
inline bool is_blank(std::string_view text) {
  return text.find_first_not_of(blanks) == std::string_view::npos;
}

inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace refgate
