#include "core/text/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace refgate {
namespace {

std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t line = 1; line <= left.size(); ++line) {
    std::size_t diagonal = row[0];
    row[0] = line;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t replaced = diagonal + (left[line - 1] == right[column - 1] ? 0 : 1);
      diagonal = row[column];
      row[column] = std::min({row[column] + 1, row[column - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, (word.size() + 2) / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (word.size() >= 3 && candidate.starts_with(word)) return candidate;  // cut short
    // A word of the file can be long; no candidate is, and none can then be near.
    const std::size_t longer =
        std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    if (longer >= best_distance || word.size() > 200) continue;
    const std::size_t steps = distance(word, candidate);
    if (steps < best_distance) {
      best = candidate;
      best_distance = steps;
    }
  }
  return best;
}

}  // namespace refgate
