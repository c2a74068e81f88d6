#pragma once
// Case as protocols and GitHub see it: of ASCII letters alone, whatever the locale.

#include <algorithm>
#include <string>
#include <string_view>

namespace refgate {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    c = lower(c);
  return made;
}

inline bool same_but_for_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace refgate
