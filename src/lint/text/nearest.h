#pragma once
// What is said of a word that nobody knows.

#include <string>
#include <string_view>
#include <vector>

#include "core/words/nearest.h"

namespace refgate::lint {

/// "`tiemout` is not known here", and the nearest one or all of the candidates.
std::string unknown_word(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace refgate::lint
