// Lines by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986): the
// cost grows with the difference, and fixes are small.

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "lint/finding/fix.h"

namespace refgate::lint {
namespace {

constexpr std::size_t context = 3;

/// ' ' both, '-' before only, '+' after only.
struct Change {
  char kind;
  std::string_view line;  ///< with its line break
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t length = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return lines;
}

std::vector<Change> changes_between(const std::vector<std::string_view>& before,
                                    const std::vector<std::string_view>& after) {
  const auto old_size = static_cast<std::ptrdiff_t>(before.size());
  const auto new_size = static_cast<std::ptrdiff_t>(after.size());
  const std::ptrdiff_t most = old_size + new_size;
  // reach[d][k + d]: how far into `before` d edits get on the diagonal k.
  std::vector<std::vector<std::ptrdiff_t>> reach;
  const auto from = [&](std::ptrdiff_t edits, std::ptrdiff_t diagonal) {
    return reach[static_cast<std::size_t>(edits)][static_cast<std::size_t>(diagonal + edits)];
  };
  const auto goes_down = [&](std::ptrdiff_t edits, std::ptrdiff_t diagonal) {
    return diagonal == -edits ||
           (diagonal != edits && from(edits - 1, diagonal - 1) < from(edits - 1, diagonal + 1));
  };
  for (std::ptrdiff_t edits = 0; edits <= most; ++edits) {
    std::vector<std::ptrdiff_t> row(static_cast<std::size_t>(2 * edits + 1));
    bool done = false;
    for (std::ptrdiff_t diagonal = -edits; diagonal <= edits && !done; diagonal += 2) {
      std::ptrdiff_t x = edits == 0                   ? 0
                         : goes_down(edits, diagonal) ? from(edits - 1, diagonal + 1)
                                                      : from(edits - 1, diagonal - 1) + 1;
      while (x < old_size && x - diagonal < new_size &&
             before[static_cast<std::size_t>(x)] == after[static_cast<std::size_t>(x - diagonal)])
        ++x;
      row[static_cast<std::size_t>(diagonal + edits)] = x;
      done = x >= old_size && x - diagonal >= new_size;
    }
    reach.push_back(std::move(row));
    if (done) break;
  }

  std::vector<Change> changes;
  std::ptrdiff_t x = old_size;
  std::ptrdiff_t y = new_size;
  for (auto edits = static_cast<std::ptrdiff_t>(reach.size()) - 1; edits >= 0; --edits) {
    const std::ptrdiff_t diagonal = x - y;
    const bool down = edits > 0 && goes_down(edits, diagonal);
    const std::ptrdiff_t start = edits == 0 ? 0
                                 : down     ? from(edits - 1, diagonal + 1)
                                            : from(edits - 1, diagonal - 1) + 1;
    while (x > start) {
      changes.push_back({' ', before[static_cast<std::size_t>(--x)]});
      --y;
    }
    if (edits == 0) break;
    if (down) {
      changes.push_back({'+', after[static_cast<std::size_t>(--y)]});
    } else {
      changes.push_back({'-', before[static_cast<std::size_t>(--x)]});
    }
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

std::string range(std::size_t line, std::size_t count) {
  // diff names the line before an empty range.
  return std::to_string(count == 0 ? line - 1 : line) +
         (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string unified_diff(std::string_view name, std::string_view before, std::string_view after) {
  if (before == after) return {};
  const std::vector<Change> changes = changes_between(lines_of(before), lines_of(after));
  std::string diff = "--- a/" + std::string(name) + "\n+++ b/" + std::string(name) + "\n";
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  for (std::size_t at = 0; at < changes.size();) {
    std::size_t next = at;
    while (next < changes.size() && changes[next].kind == ' ')
      ++next;
    if (next == changes.size()) break;
    const std::size_t begin = next - std::min(next - at, context);
    old_line += begin - at;
    new_line += begin - at;
    // The hunk goes on while the next change is near enough for the two contexts to touch.
    std::size_t end = next;
    for (std::size_t scan = next; scan < changes.size() && scan <= end + 2 * context; ++scan) {
      if (changes[scan].kind != ' ') end = scan + 1;
    }
    end = std::min(end + context, changes.size());
    std::string body;
    std::size_t old_count = 0;
    std::size_t new_count = 0;
    for (std::size_t index = begin; index < end; ++index) {
      const auto& [kind, line] = changes[index];
      old_count += kind != '+' ? 1 : 0;
      new_count += kind != '-' ? 1 : 0;
      body += kind;
      body += line;
      if (!line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    diff +=
        "@@ -" + range(old_line, old_count) + " +" + range(new_line, new_count) + " @@\n" + body;
    old_line += old_count;
    new_line += new_count;
    at = end;
  }
  return diff;
}

}  // namespace refgate::lint
