#pragma once
// Texts that anybody may have made long, within a bound.

#include <cstddef>
#include <string>
#include <string_view>

namespace refgate {

/// Bytes that a text takes inside of a JSON string: a quotation mark takes two, a control
/// character six, a byte that is no UTF-8 the three of its replacement.
std::size_t json_length(std::string_view text);

/// The text itself where it takes at most `most` bytes inside of a JSON string; else its beginning
/// and a digest of the whole, so that different texts stay different. `most` is at least 32.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace refgate
