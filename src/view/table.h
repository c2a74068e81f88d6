#pragma once
// Columns of untrusted text on a terminal.

#include <string>
#include <string_view>
#include <vector>

#include "view/screen.h"

namespace refgate {

/// Columns as wide as their widest cell, up to a bound: one hostile name must not push the rest off
/// the screen. The last column of a row is free. On a screen with a width the widest columns are
/// cut until each row fits; where there is none, nothing else is cut. The first row is the heading.
std::string table_of(const std::vector<std::vector<std::string>>& rows, const Screen& screen = {});

/// Columns that a text takes on a terminal: two for a wide character (East Asian, most emoji), none
/// for a combining one.
std::size_t shown_width(std::string_view text);

}  // namespace refgate
