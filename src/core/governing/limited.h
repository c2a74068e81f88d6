#pragma once
// A session that ended since its provider said "later": its work is not done, is not done again
// before that time, and must not be forgotten after it. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/claim/claim.h"
#include "core/text/time.h"

namespace refgate {

/// How long a provider's limit may last: what is longer is none, and mutes nobody.
inline constexpr Duration longest_limit = std::chrono::hours(24 * 30);
/// Where nobody said how long.
inline constexpr Duration usual_limit = std::chrono::hours(1);

/// The claim as its holder ends it when its provider said "later": not done, not failed, and no
/// attempt. `until` is brought between `now` and `longest_limit` from now.
Claim limit_claim(const Claim& claim, Instant until, Instant now);

/// As end_claim, or as limit_claim where the outcome is that.
Claim end_or_limit_claim(const Claim& claim, ClaimOutcome outcome, std::string_view job_status,
                         std::optional<Instant> until, Instant now);

/// True from the time on that the limit named, for as long as the work is remembered.
bool is_due(const Claim& claim, Instant now);

/// Reads RFC 3339 with any offset ("2026-11-22T18:00:00+01:00"), or seconds since 1970, as
/// providers' headers have either; a part of a second is rounded up. nullopt for anything else.
std::optional<Instant> parse_point_in_time(std::string_view text);

/// What `--after` and `--until` come to, either of which may be empty: an hour from now where both
/// are, now for a time in the past. A text says for people what is wrong.
std::variant<Instant, std::string> limit_until(std::string_view after, std::string_view until,
                                               Instant now);

}  // namespace refgate
