#pragma once
// A clause as a sentence of its own.

#include <algorithm>
#include <string>
#include <string_view>

#include "core/text/lower.h"

namespace refgate {

/// With a capital, where it begins with a word of the language: an address, an option, a name with
/// other characters in it and a command of ours stay as they are written.
inline std::string capitalised(std::string_view text) {
  std::string made(text);
  std::string_view word = text.substr(0, text.find(' '));
  if (word.ends_with(',') || word.ends_with(':') || word.ends_with(';')) word.remove_suffix(1);
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '\''; };
  if (word.empty() || !std::all_of(word.begin(), word.end(), letter)) return made;
  if (word == "refgate" || word == "git") return made;
  if (made[0] >= 'a' && made[0] <= 'z') made[0] = static_cast<char>(made[0] - 'a' + 'A');
  return made;
}

/// Likewise the other way round, for what follows within a sentence; only an article or a pronoun
/// is surely no name.
inline std::string uncapitalised(std::string_view text) {
  std::string made(text);
  const std::string_view word = text.substr(0, text.find(' '));
  for (const std::string_view known : {"The", "A", "An", "It", "Nobody", "Somebody", "Paused"})
    if (word == known) made[0] = lower(made[0]);
  return made;
}

}  // namespace refgate
