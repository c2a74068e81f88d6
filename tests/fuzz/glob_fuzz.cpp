// Any patterns give an answer in bounded time, and the names that the search finds are names that
// the filters pass.
//
// Input: lines. Those that begin with `-` make the second list (an ignore list when the first byte
// of the input is `#`), the others the first one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lint/workflow/glob.h"

namespace {

using namespace refgate::lint;

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 400) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool ignore = text.starts_with('#');
  std::vector<std::string> first;
  std::vector<std::string> second;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with('-')) {
      second.emplace_back(line.substr(1));
    } else {
      first.emplace_back(line);
    }
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  const FilterList left(first, false);
  const FilterList right(second, ignore);
  const CommonName common = common_name({&left, &right});
  if (common.name) demand(left.passes(*common.name) && right.passes(*common.name));
  for (const auto* patterns : {&first, &second})
    for (const std::string& pattern : *patterns) {
      const bool passes_both = left.passes(pattern) && right.passes(pattern);
      const bool is_name = !pattern.empty() && pattern.front() != '/' && pattern.back() != '/' &&
                           pattern.find("//") == std::string::npos;
      bool is_plain = true;
      for (char c : pattern)
        is_plain = is_plain && c > ' ' && c < '\x7f';
      if (passes_both && is_name && is_plain && common.decided) demand(common.name.has_value());
    }
  EventFilter filter;
  filter.branches = first;
  const BranchReach reach = branch_reach(filter);
  if (reach == BranchReach::everything) demand(left.passes("main") && left.passes("a/b"));
  if (reach == BranchReach::unslashed) demand(left.passes("main"));
  return 0;
}
