#pragma once
// Messages that repeat what somebody typed, within a bound.

#include <string>
#include <string_view>

namespace refgate {

/// The message itself where it has at most 1500 bytes; else its beginning, which names what is
/// wrong, and its end, which says what to do, with "…" for what stood between them.
std::string brief(std::string_view message);

}  // namespace refgate
