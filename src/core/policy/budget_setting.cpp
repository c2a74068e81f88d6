#include "core/policy/budget_setting.h"

#include <charconv>

#include "core/policy/budget.h"
#include "core/text/blank.h"

namespace refgate {
namespace {

constexpr Duration longest_window = std::chrono::days(366);
constexpr std::uint64_t most_launches = 1'000'000;

struct Amount {
  BudgetUnit unit = BudgetUnit::launches;
  std::uint64_t amount = 0;
};

std::optional<Amount> amount_in(std::string_view text) {
  for (const BudgetUnit unit : {BudgetUnit::usd, BudgetUnit::tokens}) {
    if (!text.ends_with(name_of(unit))) continue;
    const std::string_view number = trimmed(text.substr(0, text.size() - name_of(unit).size()));
    if (unit == BudgetUnit::usd) {
      const auto usd = parse_usd(number);
      return usd ? std::optional(Amount{unit, usd->millionths}) : std::nullopt;
    }
    const auto tokens = number.empty() ? std::nullopt : parse_tokens(number);
    return tokens ? std::optional(Amount{unit, *tokens}) : std::nullopt;
  }
  std::uint64_t launches = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), launches);
  if (error != std::errc() || end != text.data() + text.size() || launches > most_launches)
    return std::nullopt;
  return Amount{BudgetUnit::launches, launches};
}

template <typename Take>
std::optional<std::string> each_part(std::string_view value, Take take) {
  while (!value.empty()) {
    const std::size_t end = value.find_first_of(",\n");
    const std::string_view part = trimmed(value.substr(0, end));
    value.remove_prefix(end == std::string_view::npos ? value.size() : end + 1);
    if (part.empty()) continue;
    if (auto error = take(part)) return error;
  }
  return std::nullopt;
}

std::optional<std::string> add_budget(std::vector<Budget>& budgets, std::string_view part) {
  const std::size_t colon = part.find(':');
  Budget budget;
  if (colon != std::string_view::npos) {
    const std::string_view word = trimmed(part.substr(0, colon));
    const auto kind = budget_kind_named(word);
    if (!kind)
      return "budget is \"" + std::string(word) +
             "\", but must be one of scope, workflow, actor, repo, store";
    budget.kind = *kind;
  }
  const std::string_view rest = colon == std::string_view::npos ? part : part.substr(colon + 1);
  const std::size_t slash = rest.find('/');
  const auto amount = amount_in(trimmed(rest.substr(0, slash)));
  const auto window = slash == std::string_view::npos
                          ? std::nullopt
                          : parse_duration(trimmed(rest.substr(slash + 1)));
  if (!amount || !window || *window <= Duration::zero())
    return "budget is \"" + std::string(part) +
           "\", but must be such as 5/1d, workflow:20/1d, actor:3/1h, repo:20usd/1d or "
           "repo:2000000tokens/1d";
  if (*window > longest_window)
    return "budget is \"" + std::string(part) + "\", but its window must be at most a year (366d)";
  budget.amount = amount->amount;
  budget.unit = amount->unit;
  budget.window = *window;
  budgets.push_back(budget);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> add_budgets(std::vector<Budget>& budgets, std::string_view value) {
  return each_part(value, [&](std::string_view part) { return add_budget(budgets, part); });
}

std::optional<std::string> set_breaker(std::optional<Breaker>& breaker, std::string_view value) {
  const std::size_t slash = value.find('/');
  const std::string_view number = trimmed(value.substr(0, slash));
  unsigned failures = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), failures);
  const auto span = slash == std::string_view::npos
                        ? std::nullopt
                        : parse_duration(trimmed(value.substr(slash + 1)));
  if (error != std::errc() || end != number.data() + number.size() || failures == 0 ||
      failures > most_failures || !span || *span <= Duration::zero() || *span > longest_window)
    return "breaker is \"" + std::string(value) +
           "\", but must be such as 5/1h: how many failures, " + std::to_string(most_failures) +
           " at most, and a span of at most a year (366d)";
  breaker = Breaker{failures, *span};
  return std::nullopt;
}

std::optional<std::string> set_reserve(Spent& reserve, std::string_view value) {
  std::optional<BudgetUnit> former;
  return each_part(value, [&](std::string_view part) -> std::optional<std::string> {
    const auto amount = amount_in(part);
    if (!amount || amount->unit == BudgetUnit::launches || amount->amount == 0)
      return "reserve is \"" + std::string(part) +
             "\", but must be such as 1.50usd or 100000tokens, and more than nothing";
    if (former == amount->unit)
      return "reserve is \"" + std::string(value) + "\", which says an amount of one kind twice";
    former = amount->unit;
    if (amount->unit == BudgetUnit::usd)
      reserve.cost = Usd{amount->amount};
    else
      reserve.tokens = amount->amount;
    return std::nullopt;
  });
}

std::optional<std::string> missing_reserve(const Policy& policy) {
  for (const Budget& budget : policy.budgets)
    if (need_of(budget, policy.reserve) == 0)
      return "a budget in " + std::string(name_of(budget.unit)) +
             " needs a reserve, which is what one session may cost: --reserve " +
             (budget.unit == BudgetUnit::usd ? "1.50usd" : "100000tokens") + " (input reserve)";
  return std::nullopt;
}

}  // namespace refgate
