#include "lint/text/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

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

std::size_t ascii_end(std::string_view text, std::size_t at) {
  // Eight bytes at a time: nearly all texts are ASCII, or nearly so.
  constexpr std::uint64_t high_bits = 0x8080808080808080u;
  for (std::uint64_t bytes = 0; at + sizeof bytes <= text.size(); at += sizeof bytes) {
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    if ((bytes & high_bits) != 0) break;
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80)
    ++at;
  return std::min(at, text.size());
}

std::optional<std::uint32_t> invalid_utf8(std::string_view text) {
  for (std::size_t at = ascii_end(text, 0); at < text.size(); at = ascii_end(text, at)) {
    const auto wide = static_cast<std::uint32_t>(at);
    const std::uint32_t length = sequence_length(text, wide);
    if (length == 0) return wide;
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

Properties skip_properties(std::string_view text, std::uint32_t at, int most) {
  Properties properties{at, at};
  for (int count = 0; count < most && at < text.size() && (text[at] == '&' || text[at] == '!');
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

std::uint32_t trimmed_end(std::string_view text, std::uint32_t begin, std::uint32_t end) {
  // libyaml and GitHub's reader take these for line breaks too: NEL, LS and PS.
  constexpr std::array<std::string_view, 3> wide_breaks = {"\xC2\x85", "\xE2\x80\xA8",
                                                           "\xE2\x80\xA9"};
  while (end > begin) {
    const std::string_view rest = text.substr(begin, end - begin);
    if (is_blank(rest.back()) || is_break(rest.back())) {
      --end;
      continue;
    }
    const auto wide = std::find_if(wide_breaks.begin(), wide_breaks.end(),
                                   [&](std::string_view one) { return rest.ends_with(one); });
    if (wide == wide_breaks.end()) break;
    end -= size_of(*wide);
  }
  return end;
}

std::uint32_t past_indicator(std::string_view text, std::uint32_t at, char wanted) {
  const std::uint32_t content = skip_to_content(text, at);
  return content < text.size() && text[content] == wanted ? content + 1 : at;
}

}  // namespace refgate::lint
