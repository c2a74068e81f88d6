#pragma once
// `--budget`, `--breaker` and `--reserve` from text.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/policy.h"

namespace refgate {

/// Adds what "5/1d, workflow:20usd/1d" names; several are separated by commas or line ends. nullopt
/// on success, else one sentence that says what is wrong and what is allowed.
std::optional<std::string> add_budgets(std::vector<Budget>& budgets, std::string_view value);

/// "5/1h". Returns what is wrong, as one sentence.
std::optional<std::string> set_breaker(std::optional<Breaker>& breaker, std::string_view value);

/// Likewise "1.50usd, 100000tokens".
std::optional<std::string> set_reserve(Spent& reserve, std::string_view value);

/// A budget of money or tokens that says nothing of what one session may cost, as one sentence.
std::optional<std::string> missing_reserve(const Policy& policy);

}  // namespace refgate
