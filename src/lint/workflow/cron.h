#pragma once
// Schedules as GitHub reads them: five fields of POSIX cron, in UTC. Facts: "Events that trigger
// workflows", schedule.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace refgate::lint {

/// A minute at which both schedules start a run, as "2024-01-01 00:00"; nullopt when there is none
/// within four years, or when one of them is not understood.
std::optional<std::string> common_minute(std::string_view left, std::string_view right);

/// How often a schedule starts a run on a day on which it starts any; 0 when it is not understood.
/// GitHub starts one every five minutes at most, whatever is written.
std::size_t starts_a_day(std::string_view cron);

/// How many runs schedules start together on the day, of four years, on which they start most.
std::size_t starts_on_one_day(const std::vector<std::string_view>& crons);

}  // namespace refgate::lint
