#pragma once
// What stands between the nodes of a YAML text. All functions take any text and any offset in it,
// and return an offset in it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace refgate::lint {

/// The offset of the first byte that is not part of a valid UTF-8 sequence (RFC 3629), or nullopt.
std::optional<std::uint32_t> invalid_utf8(std::string_view text);

/// The offset of the first byte over 127 from `at` on; the size of the text when there is none.
std::size_t ascii_end(std::string_view text, std::size_t at);

bool is_blank(char character);  ///< space or tab
bool is_break(char character);  ///< line feed or carriage return

/// Past blanks, line breaks and comments.
std::uint32_t skip_to_content(std::string_view text, std::uint32_t at);

/// Past an anchor and a tag, in either order, and what separates them from the node; past `most` of
/// them.
struct Properties {
  std::uint32_t end = 0;      ///< after the last property
  std::uint32_t content = 0;  ///< where the node itself begins, if it is not empty
  bool strange_tag = false;   ///< with characters that no tag of YAML's own schemas has, and at
                              ///< which readers end it differently
};
Properties skip_properties(std::string_view text, std::uint32_t at, int most = 2);

/// The end of [begin, end) without the blanks and line breaks at its end.
std::uint32_t trimmed_end(std::string_view text, std::uint32_t begin, std::uint32_t end);

/// The end of the name after `*` or `&` at `at`.
std::uint32_t anchor_end(std::string_view text, std::uint32_t at);

/// The offset after the next `wanted` character, if nothing but blanks, breaks and comments stands
/// before it; `at` otherwise.
std::uint32_t past_indicator(std::string_view text, std::uint32_t at, char wanted);

}  // namespace refgate::lint
