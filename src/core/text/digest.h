#pragma once
// SHA-256, for names that must not collide and for lines that must not change unseen.

#include <string>
#include <string_view>

namespace refgate {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// True for 40 or 64 lower- or upper-case hexadecimal digits: a git object id of either hash
/// function.
bool is_object_id(std::string_view text);

}  // namespace refgate
