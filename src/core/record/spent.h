#pragma once
// What a session says that it cost. It is the job's word: nobody proves it.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace refgate {

/// Money in whole millionths of a US dollar.
struct Usd {
  std::uint64_t millionths = 0;

  auto operator<=>(const Usd&) const = default;
};

/// What one session may say at most.
inline constexpr Usd most_cost{1'000'000'000'000};
inline constexpr std::uint64_t most_tokens = 1'000'000'000'000;

struct Spent {
  std::optional<Usd> cost;              ///< not said when empty
  std::optional<std::uint64_t> tokens;  ///< likewise

  bool is_said() const { return cost || tokens; }
  bool operator==(const Spent&) const = default;
};

/// A decimal number such as "1.23", ".5", "0.08131755000000001" or "3e-05" from 0 to most_cost,
/// with no floating point in between: what is below a millionth is rounded to the nearest. nullopt
/// for anything else.
std::optional<Usd> parse_usd(std::string_view text);

/// A whole number from 0 to most_tokens, in digits alone; nullopt for anything else.
std::optional<std::uint64_t> parse_tokens(std::string_view text);

/// "1.23", "20.00", "0.000001": at least two decimals, and exact.
std::string format_usd(Usd amount);

/// "$1.23, 45000 tokens"; empty when nothing was said.
std::string describe_spent(const Spent& spent);

/// The sum, and the most that can be told where it would be more: records hold anybody's numbers.
Usd operator+(Usd one, Usd other);
std::uint64_t added(std::uint64_t one, std::uint64_t other);
Usd times(Usd amount, std::uint64_t count);

/// An amount as a JSON number. Below 2^53 millionths the nearest double to a decimal of six places
/// tells that decimal, so that usd_in reads what json_of wrote.
nlohmann::json json_of(Usd amount);

/// Writes `cost_usd` and `tokens` into an object, where they are said.
void put_spent(nlohmann::json& object, const Spent& spent);
/// Reads them. What is none of it, or over the bounds, is not said.
Spent spent_in(const nlohmann::json& object);

/// Likewise what a session may cost: `reserve_usd` and `reserve_tokens`.
void put_reserve(nlohmann::json& object, const Spent& reserve);
Spent reserve_in(const nlohmann::json& object);

}  // namespace refgate
