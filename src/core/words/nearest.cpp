#include "core/words/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace refgate {

// "Optimal string alignment": two neighbours that changed places are one slip, as they are for a
// hand that types.
std::size_t slips_between(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t line = 1; line <= left.size(); ++line) {
    row[0] = line;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const char here = left[line - 1];
      const char there = right[column - 1];
      row[column] = std::min(
          {last[column] + 1, row[column - 1] + 1, last[column - 1] + (here == there ? 0 : 1)});
      if (line > 1 && column > 1 && here == right[column - 2] && left[line - 2] == there)
        row[column] = std::min(row[column], before[column - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last.back();
}

namespace {

/// One for each three letters; who has the first letter right has the word in mind, and may be one
/// further off ("retries").
std::size_t most_slips(std::string_view word, std::string_view candidate) {
  const bool same_start = !word.empty() && candidate.starts_with(word.front());
  return std::max<std::size_t>(1, (word.size() + (same_start ? 2 : 0)) / 3);
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = word.size();
  for (const std::string_view candidate : candidates) {
    if (word.size() >= 3 && candidate.starts_with(word)) return candidate;  // cut short
    // A word of the file can be long; no candidate is, and none can then be near.
    const std::size_t most = most_slips(word, candidate);
    const std::size_t longer =
        std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    if (longer > most || word.size() > 200) continue;
    const std::size_t steps = slips_between(word, candidate);
    if (steps <= most && (best.empty() || steps < best_distance)) {
      best = candidate;
      best_distance = steps;
    }
  }
  return best;
}

}  // namespace refgate
