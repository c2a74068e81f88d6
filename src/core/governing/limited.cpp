#include "core/governing/limited.h"

#include <algorithm>
#include <charconv>

#include "core/claim/transition.h"

namespace refgate {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "1795370400", "1795370400.25"
std::optional<Instant> seconds_since_1970(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  // A longer number is no time that RFC 3339 could write.
  constexpr std::size_t most_digits = 11;
  if (whole.empty() || whole.size() > most_digits ||
      !std::all_of(whole.begin(), whole.end(), is_digit))
    return std::nullopt;
  if (point != std::string_view::npos &&
      (part.empty() || !std::all_of(part.begin(), part.end(), is_digit)))
    return std::nullopt;
  std::int64_t seconds = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  if (part.find_first_not_of('0') != std::string_view::npos) ++seconds;
  return Instant(std::chrono::seconds(seconds));
}

/// "+01:00"
std::optional<Duration> offset_of(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  for (const char digit : {text[1], text[2], text[4], text[5]})
    if (!is_digit(digit)) return std::nullopt;
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Claim limit_claim(const Claim& claim, Instant until, Instant now) {
  Claim next = end_claim(claim, ClaimOutcome::limited, name_of(ClaimOutcome::limited), now);
  next.until = std::clamp(until, now, now + longest_limit);
  next.outbox.back().until = next.until;
  // What the provider sent away was no attempt at the work.
  if (next.attempts > 0) --next.attempts;
  return next;
}

Claim end_or_limit_claim(const Claim& claim, ClaimOutcome outcome, std::string_view job_status,
                         std::optional<Instant> until, Instant now) {
  return outcome == ClaimOutcome::limited
             ? limit_claim(claim, until.value_or(now + usual_limit), now)
             : end_claim(claim, outcome, job_status, now);
}

bool is_due(const Claim& claim, Instant now) {
  return claim.until && now >= *claim.until && now < *claim.until + claim.limits.memory;
}

std::optional<Instant> parse_point_in_time(std::string_view text) {
  if (const auto at = seconds_since_1970(text)) return at;
  std::string stamp(text);
  // RFC 3339 takes both letters small, too.
  if (stamp.size() > 10 && stamp[10] == 't') stamp[10] = 'T';
  if (stamp.ends_with('z')) stamp.back() = 'Z';
  if (stamp.ends_with('Z')) return parse_rfc3339(stamp);
  constexpr std::size_t offset_size = 6;
  if (stamp.size() < offset_size) return std::nullopt;
  const std::size_t end = stamp.size() - offset_size;
  const auto offset = offset_of(std::string_view(stamp).substr(end));
  const auto at = parse_rfc3339(stamp.substr(0, end) + "Z");
  if (!offset || !at) return std::nullopt;
  return *at - *offset;
}

std::variant<Instant, std::string> limit_until(std::string_view after, std::string_view until,
                                               Instant now) {
  if (!after.empty() && !until.empty()) return "--after and --until do not go together";
  const std::string too_long = " is over 30 days from now, which is no provider's limit";
  if (until.empty()) {
    const auto span = after.empty() ? std::optional(usual_limit) : parse_duration(after);
    if (!span)
      return "--after is \"" + std::string(after) +
             "\", but must be a span of time such as 90s, 2h or 1d";
    if (*span > longest_limit) return "--after " + std::string(after) + too_long;
    return now + *span;
  }
  const auto at = parse_point_in_time(until);
  if (!at)
    return "--until is \"" + std::string(until) +
           "\", but must be a time such as 2026-11-22T18:00:00Z, or seconds since 1970";
  if (*at > now + longest_limit) return "--until " + std::string(until) + too_long;
  return std::max(*at, now);
}

}  // namespace refgate
