#pragma once
// What somebody may have meant.

#include <string_view>
#include <vector>

namespace refgate {

/// The candidate that differs from a word by the fewest insertions, removals, replacements and
/// neighbours that changed places, if these are few enough for a slip: one for each three letters
/// of the word, and for what is left of them where the first letter is right. Empty otherwise.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace refgate
