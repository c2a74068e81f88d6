#include "lint/github/command_words.h"

#include <algorithm>

namespace refgate::lint {
namespace {

/// `codex`, `/usr/bin/codex` and `codex@latest` are the word `codex`; `npm:@openai/codex@1.2` is
/// `@openai/codex`.
bool same_word(std::string_view written, std::string_view word) {
  if (written.starts_with("npm:")) written.remove_prefix(4);
  const std::size_t version = written.find('@', 1);
  if (version != std::string_view::npos) written = written.substr(0, version);
  return written == word || (word.find('/') == std::string_view::npos && written.ends_with(word) &&
                             written.substr(0, written.size() - word.size()).ends_with('/'));
}

}  // namespace

std::vector<std::string_view> words_of_command(std::string_view command) {
  std::vector<std::string_view> parts;
  parts.reserve(4);
  for (std::size_t at = 0; at <= command.size();) {
    const std::size_t end = std::min(command.find(' ', at), command.size());
    parts.push_back(command.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool begins_with(const std::vector<std::string>& command,
                 const std::vector<std::string_view>& words) {
  if (command.size() < words.size()) return false;
  return std::equal(
      words.begin(), words.end(), command.begin(),
      [](std::string_view word, const std::string& written) { return same_word(written, word); });
}

bool names_command(std::string_view script, std::string_view words) {
  const std::string_view word = words.substr(0, words.find(' '));
  const auto is_part = [&](std::size_t index) {
    constexpr std::string_view others = "-_.";
    const char character = script[index];
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           others.find(character) != std::string_view::npos;
  };
  for (std::size_t at = script.find(word); at != std::string_view::npos;
       at = script.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    // `${AGENT:-codex}`
    const bool is_fallback = at > 1 && script.substr(at - 2, 2) == ":-";
    if ((at == 0 || is_fallback || !is_part(at - 1)) && (end == script.size() || !is_part(end)))
      return true;
  }
  return false;
}

}  // namespace refgate::lint
