#pragma once
// What was said together, and cannot be meant together or could not be kept to.

#include <optional>
#include <string>

#include "call/invocation.h"

namespace refgate {

/// One sentence when the session would halt between two heartbeats.
std::optional<std::string> lease_without_room(const Policy& policy);

/// One sentence without its end, for the commands that ask to launch.
std::optional<std::string> contradiction(const Invocation& call, const Settings& settings);

}  // namespace refgate
