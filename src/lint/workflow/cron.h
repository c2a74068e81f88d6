#pragma once
// Schedules as GitHub reads them: five fields of POSIX cron, in UTC. Facts: "Events that trigger
// workflows", schedule.

#include <optional>
#include <string>
#include <string_view>

namespace refgate::lint {

/// A minute at which both schedules start a run, as "2024-01-01 00:00"; nullopt when there is none
/// within four years, or when one of them is not understood.
std::optional<std::string> common_minute(std::string_view left, std::string_view right);

}  // namespace refgate::lint
