#include "core/text/time.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace refgate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration longest = days(3653);

bool digits(std::string_view text, std::size_t from, std::size_t count, int& value) {
  if (text.size() < from + count) return false;
  value = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    value = value * 10 + (text[i] - '0');
  }
  return true;
}

std::optional<Instant> midnight(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return Instant(std::chrono::sys_days(date));
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  Duration total{};
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0 || end == text.data() || text.front() == '-')
      return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t unit_length = text.find_first_of("0123456789");
    const std::string_view unit = text.substr(0, unit_length);
    Duration one;
    if (unit == "ms")
      one = milliseconds(1);
    else if (unit == "s")
      one = seconds(1);
    else if (unit == "m")
      one = minutes(1);
    else if (unit == "h")
      one = hours(1);
    else if (unit == "d")
      one = days(1);
    else if (unit == "w")
      one = days(7);
    else if (unit == "y")
      one = days(365);
    else
      return std::nullopt;
    if (count > longest / one) return std::nullopt;
    total += one * count;
    if (total > longest) return std::nullopt;
    text.remove_prefix(unit.size());
  }
  return total;
}

std::string format_duration(Duration span) {
  if (span < Duration::zero()) span = -span;
  if (span < seconds(1)) return span.count() == 0 ? "0s" : std::to_string(span.count()) + "ms";
  struct Unit {
    Duration size;
    const char* name;
  };
  static constexpr std::array<Unit, 4> units{
      {{days(1), "d"}, {hours(1), "h"}, {minutes(1), "m"}, {seconds(1), "s"}}};
  std::string text;
  int shown = 0;
  for (const Unit& unit : units) {
    const auto count = span / unit.size;
    if (count == 0) {
      if (shown == 1) break;
      continue;
    }
    if (shown > 0) text += ' ';
    text += std::to_string(count) + unit.name;
    span -= unit.size * count;
    if (++shown == 2) break;
  }
  return text;
}

std::string format_rfc3339(Instant at) {
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

std::string format_second(Instant at) { return format_rfc3339(at).substr(0, 19) + "Z"; }

Instant in_whole_seconds(Instant until) {
  return Instant(std::chrono::ceil<std::chrono::seconds>(until.time_since_epoch()));
}

std::string until_text(Instant until) { return format_second(in_whole_seconds(until)); }

std::optional<Instant> parse_rfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!digits(text, 0, 4, year) || !digits(text, 5, 2, month) || !digits(text, 8, 2, day) ||
      !digits(text, 11, 2, hour) || !digits(text, 14, 2, minute) || !digits(text, 17, 2, second))
    return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto date = midnight(year, month, day);
  if (!date) return std::nullopt;
  Duration fraction{};
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    int scale = 100;
    std::size_t count = 0;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++count, scale /= 10)
      fraction += milliseconds((text[at] - '0') * scale);
    if (count == 0 || count > 9) return std::nullopt;
  }
  if (text.substr(at) != "Z") return std::nullopt;
  return *date + hours(hour) + minutes(minute) + seconds(second) + fraction;
}

std::string format_day(Instant at) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(at));
  char text[24];
  std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::optional<Instant> parse_day(std::string_view text) {
  int year = 0, month = 0, day = 0;
  if (text.size() == 8 && digits(text, 0, 4, year) && digits(text, 4, 2, month) &&
      digits(text, 6, 2, day))
    return midnight(year, month, day);
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(text, 0, 4, year) &&
      digits(text, 5, 2, month) && digits(text, 8, 2, day))
    return midnight(year, month, day);
  return std::nullopt;
}

}  // namespace refgate
