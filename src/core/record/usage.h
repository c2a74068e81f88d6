#pragma once
// What an agent wrote of its own session, read for its cost and its tokens. Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/record/spent.h"

namespace refgate {

/// So much of such a file is looked at.
inline constexpr std::size_t longest_usage = 16u << 20;

struct Usage {
  Spent spent;
  std::string problem;  ///< for people, without a word of the text: why nothing of it counts, or
                        ///< which part of it does not. Empty when there is none
};

/// A JSON object, an array of them, or JSON lines (lines that are none are passed over). The last
/// object that has a member which usage_names.h knows counts, and no other. Never throws, on any
/// text; holds no more of it than the names that it looks for, however deep or long it is.
Usage read_usage(std::string_view text);

}  // namespace refgate
