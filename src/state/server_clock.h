#pragma once
// Leases are compared across machines that share no clock. The server's is in each of its answers.

#include <optional>
#include <string>

#include "store/store.h"

namespace refgate {

/// For people, when the two clocks differ by more than `skew`: both times, and by how much; nullopt
/// when they agree, or no answer told the time.
std::optional<std::string> clock_difference(const std::optional<ServerClock>& seen, Duration skew);

/// What comes of such a clock, and what to do.
inline constexpr const char* clock_advice =
    "sessions of such a machine are taken over while they live, or long after they died: set the "
    "clock (NTP), or give a larger --skew everywhere";

}  // namespace refgate
