#include "core/text/digest.h"

#include <mbedtls/md.h>

#include <array>
#include <stdexcept>

namespace refgate {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  const auto* info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  if (info == nullptr || mbedtls_md(info, reinterpret_cast<const unsigned char*>(bytes.data()),
                                    bytes.size(), digest.data()) != 0)
    throw std::runtime_error("SHA-256 is not available");
  static constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (unsigned char byte : digest) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

bool is_object_id(std::string_view text) {
  if (text.size() != 40 && text.size() != 64) return false;
  for (char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return false;
  return true;
}

}  // namespace refgate
