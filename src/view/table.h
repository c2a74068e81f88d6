#pragma once
// Tables of untrusted text on a terminal.

#include <string>
#include <string_view>
#include <vector>

#include "core/words/shown_width.h"
#include "view/screen.h"

namespace refgate {

/// Columns as wide as their widest cell, up to a bound: one hostile name must not push the rest off
/// the screen. The last column of a row is free. On a screen with a width the widest columns are
/// cut until each row fits; where there is none, nothing else is cut. The first row is the heading.
std::string table_of(const std::vector<std::vector<std::string>>& rows, const Screen& screen = {});

}  // namespace refgate
