#pragma once
// Whether a lease leaves room for what is to happen within it.

#include <optional>
#include <string>

#include "core/decision/policy.h"

namespace refgate {

/// One sentence when the session would halt between two heartbeats.
std::optional<std::string> lease_without_room(const Policy& policy);

/// One sentence when the skew eats the lease, of which the holder has what is left.
std::optional<std::string> lease_within_skew(Duration lease, Duration skew);

}  // namespace refgate
