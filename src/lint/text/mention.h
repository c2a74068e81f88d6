#pragma once
// Words of a workflow in messages, and words that its texts hold.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace refgate::lint {

/// As messages show what is written in a file.
inline std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

/// Whether one of the words stands in the text, in these letters.
inline bool mentions_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

}  // namespace refgate::lint
