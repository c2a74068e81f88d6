#pragma once
// Yes and no, as people and programs write them: one reading for all settings and variables.

#include <optional>
#include <string>
#include <string_view>

#include "core/text/lower.h"

namespace refgate {

/// In any case of letters; nullopt for what is neither.
inline std::optional<bool> truth_of(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  return std::nullopt;
}

}  // namespace refgate
