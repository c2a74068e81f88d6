#pragma once
// Long lines on a screen that is narrower than they are.

#include <cstddef>
#include <string>
#include <string_view>

namespace refgate {

/// One line, broken at blanks so that no part is wider than `width` columns where that can be; what
/// follows the first part stands `indent` columns in. A word that is wider (an URL) stays whole.
/// Escape sequences take no columns. `width` 0: as it is. No line end behind the last part.
std::string wrapped(std::string_view line, std::size_t width, std::size_t indent);

/// Columns that a text takes on a terminal, colours and links in it not counted.
std::size_t painted_width(std::string_view text);

}  // namespace refgate
