#include "view/reading_options.h"

#include <algorithm>
#include <charconv>

namespace refgate {
namespace {

enum class Bound { since, until };

Instant instant_option(const Invocation& call, const std::string& name, Instant fallback,
                       Bound bound) {
  const std::string value = call.option(name);
  if (value.empty()) return fallback;
  if (const auto span = parse_duration(value)) return now() - *span;
  if (const auto at = parse_rfc3339(value)) return *at;
  if (const auto day = parse_day(value))
    return bound == Bound::since ? *day : *day + std::chrono::days(1) - Duration(1);
  throw UsageError(
      "--" + name + " is \"" + value +
      "\", but must be a span (7d), a day (2026-11-22) or a time (2026-11-22T02:20:40Z)");
}

}  // namespace

Period period_of(const Invocation& call) {
  const Period period{instant_option(call, "since", Instant::min(), Bound::since),
                      instant_option(call, "until", Instant::max(), Bound::until)};
  if (call.flag("since") && period.since > now())
    throw UsageError("--since is \"" + call.option("since") +
                     "\", which is still to come, so that there is nothing after it; nothing was "
                     "read");
  if (period.until < period.since)
    throw UsageError(
        "--until is before --since, so that there is nothing between them; nothing was read");
  return period;
}

Period with_what_came_before(const Period& period, Duration memory) {
  const Duration margin = std::max(memory, Duration(std::chrono::days(7))) + std::chrono::days(1);
  if (period.since < Instant::min() + margin) return {Instant::min(), period.until};
  return {period.since - margin, period.until};
}

std::vector<OptionRow> period_options(std::initializer_list<OptionRow> more) {
  std::vector<OptionRow> rows{{"since", "WHEN", "7d, 2026-11-22 or a time"},
                              {"until", "WHEN", "likewise"}};
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

unsigned number_option(const Invocation& call, const std::string& name, unsigned fallback,
                       unsigned least) {
  const std::string value = call.option(name);
  if (value.empty()) return fallback;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least)
    throw UsageError("--" + name + " is \"" + value +
                     "\", but must be a whole number of at least " + std::to_string(least));
  return number;
}

double money_option(const Invocation& call, const std::string& name) {
  const std::string value = call.option(name);
  if (value.empty()) return 0;
  double sum = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), sum);
  if (error != std::errc() || end != value.data() + value.size() || !(sum >= 0) || sum > 1e6)
    throw UsageError("--" + name + " is \"" + value +
                     "\", but must be an amount such as 12.50, at most 1000000");
  return sum;
}

}  // namespace refgate
