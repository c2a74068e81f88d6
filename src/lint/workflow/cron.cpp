#include "lint/workflow/cron.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "lint/expression/expression_value.h"

namespace refgate::lint {
namespace {

using Values = std::bitset<60>;

struct Cron {
  Values minutes, hours, days, months, weekdays;
  bool any_day = false;  ///< the field is `*`, or begins with it
  bool any_weekday = false;
};

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> day_names = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

template <std::size_t Count>
std::optional<unsigned> number_of(std::string_view word,
                                  const std::array<std::string_view, Count>& names,
                                  unsigned first) {
  for (std::size_t at = 0; at < Count; ++at) {
    if (same_name(word, names[at])) return static_cast<unsigned>(at) + first;
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

template <std::size_t Count>
bool read_part(std::string_view part, unsigned least, unsigned most,
               const std::array<std::string_view, Count>& names, Values& values) {
  unsigned step = 1;
  const std::size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    const auto given = number_of(part.substr(slash + 1), std::array<std::string_view, 0>{}, 0);
    if (!given || *given == 0) return false;
    step = *given;
    part = part.substr(0, slash);
  }
  unsigned from = least;
  unsigned to = most;
  if (part != "*") {
    const std::size_t dash = part.find('-');
    const auto first = number_of(part.substr(0, dash), names, least);
    const auto last = dash == std::string_view::npos
                          ? (slash == std::string_view::npos ? first : std::optional(most))
                          : number_of(part.substr(dash + 1), names, least);
    if (!first || !last) return false;
    from = *first;
    to = *last;
  }
  // 7 is Sunday too.
  const unsigned limit = most == 6 ? 7 : most;
  if (from < least || to > limit || from > to) return false;
  for (unsigned value = from; value <= to; value += step)
    values.set(most == 6 ? value % 7 : value);
  return true;
}

template <std::size_t Count>
bool read_field(std::string_view field, unsigned least, unsigned most,
                const std::array<std::string_view, Count>& names, Values& values) {
  for (std::size_t at = 0; at <= field.size();) {
    const std::size_t end = std::min(field.find(',', at), field.size());
    if (!read_part(field.substr(at, end - at), least, most, names, values)) return false;
    at = end + 1;
  }
  return true;
}

std::optional<Cron> read_cron(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    fields.push_back(text.substr(begin, end - begin));
    at = end;
  }
  if (fields.size() != 5) return std::nullopt;
  static constexpr std::array<std::string_view, 0> no_names{};
  Cron cron;
  const bool read = read_field(fields[0], 0, 59, no_names, cron.minutes) &&
                    read_field(fields[1], 0, 23, no_names, cron.hours) &&
                    read_field(fields[2], 1, 31, no_names, cron.days) &&
                    read_field(fields[3], 1, 12, month_names, cron.months) &&
                    read_field(fields[4], 0, 6, day_names, cron.weekdays);
  cron.any_day = fields[2].starts_with('*');
  cron.any_weekday = fields[4].starts_with('*');
  return read ? std::optional(cron) : std::nullopt;
}

struct Date {
  std::chrono::year_month_day date;
  unsigned weekday = 0;  ///< from Sunday, 0
};

/// Four years have every date with every weekday that matters: what happens at all happens soon or,
/// on a 29 February of a certain weekday, hardly ever.
template <class Visit>
void for_each_day(Visit&& visit) {
  const std::chrono::sys_days begin{std::chrono::year(2024) / 1 / 1};
  for (int number = 0; number < 4 * 366; ++number) {
    const std::chrono::sys_days day = begin + std::chrono::days(number);
    if (!visit(Date{day, std::chrono::weekday(day).c_encoding()})) return;
  }
}

/// With both fields given, either day will do.
bool on_day(const Cron& cron, const Date& day) {
  if (!cron.months.test(static_cast<unsigned>(day.date.month()))) return false;
  const bool by_day = cron.days.test(static_cast<unsigned>(day.date.day()));
  const bool by_weekday = cron.weekdays.test(day.weekday);
  return cron.any_day || cron.any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

int first_of(const Values& values) {
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (values.test(at)) return static_cast<int>(at);
  }
  return -1;
}

std::size_t starts_of(const Cron& cron) {
  constexpr std::size_t most_an_hour = 12;
  return std::min(cron.minutes.count(), most_an_hour) * cron.hours.count();
}

std::string two_digits(unsigned value) { return (value < 10 ? "0" : "") + std::to_string(value); }

}  // namespace

std::optional<std::string> common_minute(std::string_view left, std::string_view right) {
  const std::optional<Cron> first = read_cron(left);
  const std::optional<Cron> second = read_cron(right);
  if (!first || !second) return std::nullopt;
  const int minute = first_of(first->minutes & second->minutes);
  const int hour = first_of(first->hours & second->hours);
  if (minute < 0 || hour < 0) return std::nullopt;
  std::optional<std::string> found;
  for_each_day([&](const Date& day) {
    if (!on_day(*first, day) || !on_day(*second, day)) return true;
    found = std::to_string(static_cast<int>(day.date.year())) + "-" +
            two_digits(static_cast<unsigned>(day.date.month())) + "-" +
            two_digits(static_cast<unsigned>(day.date.day())) + " " +
            two_digits(static_cast<unsigned>(hour)) + ":" +
            two_digits(static_cast<unsigned>(minute));
    return false;
  });
  return found;
}

std::size_t starts_a_day(std::string_view cron) {
  const std::optional<Cron> read = read_cron(cron);
  return read ? starts_of(*read) : 0;
}

std::size_t starts_on_one_day(const std::vector<std::string_view>& crons) {
  std::vector<std::pair<Cron, std::size_t>> starting;
  for (const std::string_view each : crons) {
    if (const std::optional<Cron> cron = read_cron(each))
      starting.emplace_back(*cron, starts_of(*cron));
  }
  std::size_t most = 0;
  for_each_day([&](const Date& day) {
    std::size_t starts = 0;
    for (const auto& [cron, of_cron] : starting) {
      if (on_day(cron, day)) starts += of_cron;
    }
    most = std::max(most, starts);
    return true;
  });
  return most;
}

}  // namespace refgate::lint
