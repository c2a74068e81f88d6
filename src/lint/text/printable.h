#pragma once
// Text of files that somebody else wrote, on its way to a terminal or a log.

#include <string>
#include <string_view>

namespace refgate::lint {

/// The text with everything that would not be shown as it is replaced by one `?` each: control
/// characters (tabs become one space), bytes that are not UTF-8, and what is_deceptive names. One
/// line stays one line.
std::string printable(std::string_view text);

/// Code points of a text of valid UTF-8.
std::size_t length_of(std::string_view text);

}  // namespace refgate::lint
