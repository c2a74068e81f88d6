// Any text has a digest or none, and a diff that is cut or said twice has not that of the whole.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/event/patch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 30'000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = refgate::digest_of_patch(text);
  if (!whole) return 0;
  if (whole->size() != 64 || size == 0) std::abort();
  const std::string ended = text.ends_with('\n') ? std::string(text) : std::string(text) + "\n";
  if (const auto twice = refgate::digest_of_patch(ended + ended); twice && *twice == *whole)
    std::abort();
  return 0;
}
