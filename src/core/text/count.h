#pragma once
// Numbers with what they count.

#include <cstdint>
#include <string>
#include <string_view>

namespace refgate {

/// "1 launch", "2 launches": `several` where it is not the noun with an s.
inline std::string counted(std::uint64_t count, std::string_view noun,
                           std::string_view several = {}) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) return text + std::string(noun);
  return several.empty() ? text + std::string(noun) + "s" : text + std::string(several);
}

}  // namespace refgate
