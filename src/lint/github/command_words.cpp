#include "lint/github/command_words.h"

#include <algorithm>

namespace refgate::lint {
namespace {

/// `codex`, `/usr/bin/codex` and `codex@latest` are the word `codex`; `npm:@openai/codex@1.2` is
/// `@openai/codex`.
bool same_word(std::string_view written, std::string_view word) {
  written = plain_word(written);
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

std::string_view plain_word(std::string_view written) {
  if (written.starts_with("npm:")) written.remove_prefix(4);
  return written.substr(0, written.find('@', 1));
}

std::size_t begins_with(const std::vector<std::string>& command, std::string_view words) {
  std::size_t count = 0;
  for (std::size_t at = 0; at <= words.size(); ++count) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (count == command.size() || !same_word(command[count], words.substr(at, end - at))) return 0;
    at = end + 1;
  }
  return count;
}

}  // namespace refgate::lint
