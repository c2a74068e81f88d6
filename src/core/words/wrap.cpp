#include "core/words/wrap.h"

#include <algorithm>

#include "core/words/shown_width.h"

namespace refgate {
namespace {

/// "\033[…m", or "\033]8;…\033\\": how long it is.
std::size_t escape_length(std::string_view text) {
  const bool is_link = text.starts_with("\033]");
  const std::size_t end = is_link ? text.find("\033\\", 2) : text.find('m');
  return end == std::string_view::npos ? text.size() : end + (is_link ? 2 : 1);
}

}  // namespace

std::size_t painted_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('\033'), text.size());
    width += shown_width(text.substr(0, plain));
    text.remove_prefix(plain);
    if (!text.empty()) text.remove_prefix(escape_length(text));
  }
  return width;
}

std::string wrapped(std::string_view line, std::size_t width, std::size_t indent) {
  if (width == 0 || painted_width(line) <= width) return std::string(line);
  const std::size_t hanging = std::min(indent, width / 2);
  std::string text;
  std::size_t column = 0;
  bool fresh = true;
  while (!line.empty()) {
    const std::size_t blanks = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t end = std::min(line.find(' ', blanks), line.size());
    const std::string_view word = line.substr(blanks, end - blanks);
    const std::size_t columns = painted_width(word);
    if (!fresh && column + blanks + columns > width && !word.empty()) {
      text += "\n" + std::string(hanging, ' ');
      column = hanging;
    } else if (!word.empty()) {
      text.append(blanks, ' ');
      column += blanks;
    }
    text += word;
    column += columns;
    fresh = fresh && word.empty();
    line.remove_prefix(end);
  }
  return text;
}

}  // namespace refgate
