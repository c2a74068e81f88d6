#include "core/record/spent.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/text/blank.h"
#include "core/text/json.h"

namespace refgate {
namespace {

using nlohmann::json;

constexpr std::uint64_t millionths_of_one = 1'000'000;
constexpr int decimals = 6;
/// More digits than any program writes of a double.
constexpr std::size_t longest_number = 400;
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

template <typename Number>
std::optional<Number> whole(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

struct Names {
  const char* cost;
  const char* tokens;
};
constexpr Names said_names{"cost_usd", "tokens"};
constexpr Names reserve_names{"reserve_usd", "reserve_tokens"};

void put(json& object, const Spent& spent, const Names& names) {
  if (spent.cost) object[names.cost] = json_of(*spent.cost);
  if (spent.tokens) object[names.tokens] = *spent.tokens;
}

Spent in(const json& object, const Names& names) {
  Spent spent;
  if (!object.is_object()) return spent;
  if (const auto cost = object.find(names.cost); cost != object.end() && cost->is_number()) {
    const auto dollars = cost->get<double>();
    if (dollars >= 0 && dollars <= static_cast<double>(most_cost.millionths) /
                                       static_cast<double>(millionths_of_one))
      spent.cost = Usd{static_cast<std::uint64_t>(
          std::llround(dollars * static_cast<double>(millionths_of_one)))};
  }
  if (const auto tokens = object.find(names.tokens); tokens != object.end() &&
                                                     tokens->is_number_unsigned() &&
                                                     tokens->get<std::uint64_t>() <= most_tokens)
    spent.tokens = tokens->get<std::uint64_t>();
  return spent;
}

}  // namespace

std::optional<Usd> parse_usd(std::string_view text) {
  text = trimmed(text);
  if (text.size() > longest_number) return std::nullopt;
  std::string digits(take_digits(text));
  const bool has_whole = !digits.empty();
  int point = 0;  // digits behind it
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::string_view behind = take_digits(text);
    if (behind.empty()) return std::nullopt;
    digits += behind;
    point = static_cast<int>(behind.size());
  } else if (!has_whole) {
    return std::nullopt;
  }
  int exponent = 0;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    const bool minus = text.starts_with('-');
    if (minus || text.starts_with('+')) text.remove_prefix(1);
    const auto power = whole<int>(take_digits(text));
    if (!power || *power > 1'000'000) return std::nullopt;
    exponent = minus ? -*power : *power;
  }
  if (!text.empty()) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return Usd{};
  // The digits are so many powers of ten below a millionth, or above.
  const int shift = exponent - point + decimals;
  bool round_up = false;
  if (shift < 0) {
    const auto cut = static_cast<std::size_t>(-shift);
    if (cut > digits.size()) return Usd{};
    round_up = digits[digits.size() - cut] >= '5';
    digits.resize(digits.size() - cut);
  } else {
    if (static_cast<std::size_t>(shift) > longest_number) return std::nullopt;
    digits.append(static_cast<std::size_t>(shift), '0');
  }
  const auto millionths = whole<std::uint64_t>(digits.empty() ? "0" : std::string_view(digits));
  if (!millionths || *millionths > most_cost.millionths) return std::nullopt;
  const Usd amount{*millionths + (round_up ? 1 : 0)};
  if (amount > most_cost) return std::nullopt;
  return amount;
}

std::optional<std::uint64_t> parse_tokens(std::string_view text) {
  text = trimmed(text);
  if (!std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  const auto tokens = whole<std::uint64_t>(text);
  if (!tokens || *tokens > most_tokens) return std::nullopt;
  return tokens;
}

std::string format_usd(Usd amount) {
  std::string behind = std::to_string(amount.millionths % millionths_of_one);
  behind.insert(0, decimals - behind.size(), '0');
  while (behind.size() > 2 && behind.back() == '0')
    behind.pop_back();
  return std::to_string(amount.millionths / millionths_of_one) + "." + behind;
}

std::string describe_spent(const Spent& spent) {
  std::string text;
  if (spent.cost) text = "$" + format_usd(*spent.cost);
  if (spent.tokens) text += (text.empty() ? "" : ", ") + std::to_string(*spent.tokens) + " tokens";
  return text;
}

std::uint64_t added(std::uint64_t one, std::uint64_t other) {
  return one > most - other ? most : one + other;
}

Usd operator+(Usd one, Usd other) { return {added(one.millionths, other.millionths)}; }

Usd times(Usd amount, std::uint64_t count) {
  if (count != 0 && amount.millionths > most / count) return {most};
  return {amount.millionths * count};
}

json json_of(Usd amount) {
  return static_cast<double>(amount.millionths) / static_cast<double>(millionths_of_one);
}

void put_spent(json& object, const Spent& spent) { put(object, spent, said_names); }
Spent spent_in(const json& object) { return in(object, said_names); }
void put_reserve(json& object, const Spent& reserve) { put(object, reserve, reserve_names); }
Spent reserve_in(const json& object) { return in(object, reserve_names); }

}  // namespace refgate
