#pragma once
// Where things end in a YAML text. yaml-cpp says where a node begins and what it holds; where it
// ends is read from the text by these functions. All of them take any text and any offset in it,
// and return an offset in it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace refgate::lint {

/// The offset of the first byte that is not part of a valid UTF-8 sequence (RFC 3629), or nullopt.
std::optional<std::uint32_t> invalid_utf8(std::string_view text);

bool is_blank(char character);  ///< space or tab
bool is_break(char character);  ///< line feed or carriage return

/// Past blanks, line breaks and comments.
std::uint32_t skip_to_content(std::string_view text, std::uint32_t at);

/// Past an anchor and a tag, in either order, and what separates them from the node.
struct Properties {
  std::uint32_t end = 0;      ///< after the last property
  std::uint32_t content = 0;  ///< where the node itself begins, if it is not empty
  bool strange_tag = false;   ///< with characters that no tag of YAML's own schemas has, and at
                              ///< which readers end it differently
};
Properties skip_properties(std::string_view text, std::uint32_t at);

/// One past the closing quote of the quoted scalar that begins at `at`; nullopt when it is never
/// closed.
std::optional<std::uint32_t> quoted_end(std::string_view text, std::uint32_t at);

/// The end of the plain scalar that begins at `at` and whose folded value is `value`.
std::uint32_t plain_end(std::string_view text, std::uint32_t at, std::string_view value);

/// The end of the block scalar whose `|` or `>` is at `at`, below a collection at column
/// `parent_column` (from 0; -1 at the top): after the last character of its last line that is not
/// blank, or after its header when it has none.
std::uint32_t block_scalar_end(std::string_view text, std::uint32_t at, int parent_column);

/// The end of the name after `*` or `&` at `at`.
std::uint32_t anchor_end(std::string_view text, std::uint32_t at);

/// Bytes between the start of the line and `at`.
std::uint32_t column_of(std::string_view text, std::uint32_t at);

/// The offset after the next `wanted` character, if nothing but blanks, breaks and comments stands
/// before it; `at` otherwise.
std::uint32_t past_indicator(std::string_view text, std::uint32_t at, char wanted);

}  // namespace refgate::lint
