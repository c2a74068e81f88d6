#pragma once
// Columns of untrusted text on a terminal.

#include <string>
#include <vector>

namespace refgate {

/// Columns as wide as their widest cell, up to a bound: one hostile name must not push the rest off
/// the screen. The last column of a row is free.
std::string table_of(const std::vector<std::vector<std::string>>& rows);

}  // namespace refgate
