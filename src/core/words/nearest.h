#pragma once
// What somebody may have meant.

#include <cstddef>
#include <string_view>
#include <vector>

namespace refgate {

/// How many insertions, removals, replacements and neighbours that changed places lie between two
/// words. Takes the product of their lengths.
std::size_t slips_between(std::string_view left, std::string_view right);

/// The candidate that differs from a word by the fewest insertions, removals, replacements and
/// neighbours that changed places, if these are few enough for a slip: one for each three letters
/// of the word, and for what is left of them where the first letter is right. Empty otherwise.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace refgate
