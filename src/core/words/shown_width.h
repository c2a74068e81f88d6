#pragma once
// Columns that untrusted text takes on a terminal.

#include <cstddef>
#include <string_view>

namespace refgate {

/// Two for a wide character (East Asian, most emoji), none for a combining one, otherwise one.
std::size_t shown_width(char32_t character);

/// The same for all of a text; a byte that is no UTF-8 takes one.
std::size_t shown_width(std::string_view text);

}  // namespace refgate
