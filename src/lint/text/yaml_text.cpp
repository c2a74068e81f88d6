#include "lint/text/yaml_text.h"

#include <algorithm>
#include <cstddef>

namespace refgate::lint {
namespace {

std::uint32_t size_of(std::string_view text) { return static_cast<std::uint32_t>(text.size()); }

std::uint32_t line_end(std::string_view text, std::uint32_t at) {
  const std::size_t found = text.find('\n', at);
  return found == std::string_view::npos ? size_of(text) : static_cast<std::uint32_t>(found);
}

/// Length of the valid UTF-8 sequence at `at`, or 0.
std::uint32_t sequence_length(std::string_view text, std::uint32_t at) {
  const auto byte = [&](std::uint32_t offset) {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0u;
  };
  const auto continues = [&](std::uint32_t offset) { return (byte(offset) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool too_high = lead == 0xF4 && byte(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

bool is_tag_character(char character) {
  constexpr std::string_view known =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!<>:,./-_";
  return known.find(character) != std::string_view::npos;
}

}  // namespace

std::optional<std::uint32_t> invalid_utf8(std::string_view text) {
  std::uint32_t at = 0;
  while (at < text.size()) {
    const std::uint32_t length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

bool is_blank(char character) { return character == ' ' || character == '\t'; }

bool is_break(char character) { return character == '\n' || character == '\r'; }

std::uint32_t skip_to_content(std::string_view text, std::uint32_t at) {
  while (at < text.size()) {
    if (is_blank(text[at]) || is_break(text[at])) {
      ++at;
    } else if (text[at] == '#') {
      at = line_end(text, at);
    } else {
      break;
    }
  }
  return at;
}

std::uint32_t anchor_end(std::string_view text, std::uint32_t at) {
  ++at;
  while (at < text.size() && !is_blank(text[at]) && !is_break(text[at]) &&
         std::string_view("[]{},").find(text[at]) == std::string_view::npos)
    ++at;
  return std::min(at, size_of(text));
}

Properties skip_properties(std::string_view text, std::uint32_t at) {
  Properties properties{at, at};
  for (int count = 0; count < 2 && at < text.size() && (text[at] == '&' || text[at] == '!');
       ++count) {
    const std::uint32_t begin = at;
    if (text.substr(at, 2) == "!<") {
      const std::size_t close = text.find('>', at);
      at = close == std::string_view::npos ? size_of(text) : static_cast<std::uint32_t>(close + 1);
    } else {
      at = anchor_end(text, at);
    }
    const std::string_view property = text.substr(begin, at - begin);
    if (property[0] == '!' && !std::all_of(property.begin(), property.end(), is_tag_character))
      properties.strange_tag = true;
    properties.end = at;
    at = skip_to_content(text, at);
    properties.content = at;
  }
  return properties;
}

std::optional<std::uint32_t> quoted_end(std::string_view text, std::uint32_t at) {
  const char quote = at < text.size() ? text[at] : '"';
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '\'' && at + 1 < text.size() && text[at + 1] == '\'') {
        ++at;
      } else {
        return at + 1;
      }
    }
  }
  return std::nullopt;
}

std::uint32_t plain_end(std::string_view text, std::uint32_t at, std::string_view value) {
  if (text.substr(at, value.size()) == value) return at + size_of(value);
  // Folded over several lines: a run of blanks and breaks in the text is one space or some line
  // feeds in the value. All else stands as it is.
  std::uint32_t end = at;
  std::size_t index = 0;
  while (index < value.size() && at < text.size()) {
    std::uint32_t ahead = at;
    bool broken = false;
    while (ahead < text.size() && (is_blank(text[ahead]) || is_break(text[ahead])))
      broken = is_break(text[ahead++]) || broken;
    if (broken) {
      while (index < value.size() && (value[index] == ' ' || value[index] == '\n'))
        ++index;
      at = ahead;
    } else if (text[at] == value[index]) {
      end = ++at;
      ++index;
    } else {
      break;
    }
  }
  return end;
}

std::uint32_t column_of(std::string_view text, std::uint32_t at) {
  if (at == 0) return 0;
  const std::size_t before = text.rfind('\n', at - 1);
  return before == std::string_view::npos ? at : at - static_cast<std::uint32_t>(before) - 1;
}

std::uint32_t block_scalar_end(std::string_view text, std::uint32_t at, int parent_column) {
  std::uint32_t line = line_end(text, at);
  int indent = std::max(parent_column, 0) + 1;
  bool detect = true;
  std::uint32_t end = at;
  for (std::uint32_t scan = at; scan < line && !is_blank(text[scan]) && !is_break(text[scan]);
       ++scan) {
    end = scan + 1;
    if (text[scan] >= '1' && text[scan] <= '9') {
      indent = text[scan] - '0' + std::max(parent_column, 0);
      detect = false;
    }
  }
  while (line < text.size()) {
    const std::uint32_t begin = line + 1;
    line = line_end(text, begin);
    std::uint32_t content = begin;
    while (content < line && text[content] == ' ')
      ++content;
    std::uint32_t last = line;
    while (last > content && (is_blank(text[last - 1]) || is_break(text[last - 1])))
      --last;
    const int column = static_cast<int>(content - begin);
    if (detect) indent = std::max(indent, column);
    if (last == content) continue;
    detect = false;
    if (column < indent) break;
    end = last;
  }
  return end;
}

std::uint32_t past_indicator(std::string_view text, std::uint32_t at, char wanted) {
  const std::uint32_t content = skip_to_content(text, at);
  return content < text.size() && text[content] == wanted ? content + 1 : at;
}

}  // namespace refgate::lint
