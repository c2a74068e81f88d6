#include "lint/shell/word_search.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace refgate::lint {
namespace {

/// What goes on with a word.
constexpr std::array<bool, 256> parts = [] {
  std::array<bool, 256> result{};
  for (int character = 0; character < 256; ++character) {
    result[static_cast<std::size_t>(character)] =
        (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
        (character >= '0' && character <= '9') || character == '-' || character == '_' ||
        character == '.';
  }
  return result;
}();

bool is_part(char character) { return parts[static_cast<unsigned char>(character)]; }

std::size_t pair_of(char first, char second) {
  return static_cast<std::size_t>(static_cast<unsigned char>(first)) << 8 |
         static_cast<unsigned char>(second);
}

}  // namespace

void WordSearch::add(std::string_view command) {
  const std::string_view word = command.substr(0, command.find(' '));
  if (word.empty()) return;
  first_[static_cast<unsigned char>(word[0])] = true;
  if (word.size() > 1) {
    beginnings_.set(pair_of(word[0], word[1]));
  } else {
    for (int next = 0; next < 256; ++next)
      if (!parts[static_cast<std::size_t>(next)])
        beginnings_.set(pair_of(word[0], static_cast<char>(next)));
  }
  words_.emplace(std::upper_bound(words_.begin(), words_.end(), word), word);
}

bool WordSearch::begins_at(std::string_view script, std::size_t at) const {
  auto word = std::partition_point(words_.begin(), words_.end(), [&](const std::string& each) {
    return std::char_traits<char>::lt(each.front(), script[at]);
  });
  for (; word != words_.end() && word->front() == script[at]; ++word) {
    const std::size_t end = at + word->size();
    if (script.compare(at, word->size(), *word) == 0 &&
        (end == script.size() || !is_part(script[end])))
      return true;
  }
  return false;
}

bool WordSearch::finds_any(std::string_view script) const {
  for (std::size_t at = 0; at < script.size(); ++at) {
    if (!first_[static_cast<unsigned char>(script[at])]) continue;
    const char next = at + 1 < script.size() ? script[at + 1] : '\n';
    if (!beginnings_[pair_of(script[at], next)]) continue;
    // `${AGENT:-codex}`
    const bool is_fallback = at > 1 && script[at - 1] == '-' && script[at - 2] == ':';
    if ((at == 0 || is_fallback || !is_part(script[at - 1])) && begins_at(script, at)) return true;
  }
  return false;
}

}  // namespace refgate::lint
