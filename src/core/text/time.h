#pragma once
// Points and spans of time as every record stores them: milliseconds, UTC. Nothing here reads a
// clock.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace refgate {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

/// "90s", "5m", "1h", "7d", "250ms", "1h30m", or "0". nullopt for anything else, for a negative
/// span, and for one over ten years.
std::optional<Duration> parse_duration(std::string_view text);

/// The two largest units, for people: "6h", "4m 12s", "250ms", "0s".
std::string format_duration(Duration span);

/// "2026-11-22T02:20:40.123Z"
std::string format_rfc3339(Instant at);

/// "2026-11-22T02:20:40Z": people read no milliseconds.
std::string format_second(Instant at);

/// What is waited for is over then: in whole seconds, as people are told, and never too early.
Instant in_whole_seconds(Instant until);

/// "2026-11-22T02:20:40Z", so rounded.
std::string until_text(Instant until);

/// Reads what format_rfc3339 writes, with or without the fraction; only "Z" is accepted as a zone.
/// nullopt for anything else.
std::optional<Instant> parse_rfc3339(std::string_view text);

/// "20261122", the day in UTC that a line of the record is filed under.
std::string format_day(Instant at);

/// The start of the UTC day named by "20261122" or "2026-11-22". nullopt for anything else.
std::optional<Instant> parse_day(std::string_view text);

}  // namespace refgate
