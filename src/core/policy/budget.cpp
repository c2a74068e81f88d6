#include "core/policy/budget.h"

#include <algorithm>
#include <array>

#include "core/event/scope.h"
#include "core/policy/ledger_folding.h"
#include "core/text/count.h"
#include "core/text/enum_name.h"

namespace refgate {
namespace {

constexpr std::array<EnumName<BudgetKind>, 5> budget_kinds{{{BudgetKind::scope, "scope"},
                                                            {BudgetKind::workflow, "workflow"},
                                                            {BudgetKind::actor, "actor"},
                                                            {BudgetKind::repo, "repo"},
                                                            {BudgetKind::store, "store"}}};
constexpr std::array<EnumName<BudgetUnit>, 3> budget_units{
    {{BudgetUnit::launches, "launches"}, {BudgetUnit::usd, "usd"}, {BudgetUnit::tokens, "tokens"}}};
constexpr std::size_t most_budgets = 8;

struct Part {
  Instant at{};
  std::uint64_t amount = 0;
};

/// What counts in the budget's window, in its unit.
std::vector<Part> parts_of(const Ledger& ledger, const Budget& budget, Instant now) {
  const auto in_unit = [&](std::uint64_t launches, Usd cost, std::uint64_t tokens) {
    switch (budget.unit) {
      case BudgetUnit::usd:
        return cost.millionths;
      case BudgetUnit::tokens:
        return tokens;
      case BudgetUnit::launches:
        break;
    }
    return launches;
  };
  std::vector<Part> parts;
  for (const LaunchCount& count : ledger.counts)
    if (count.last + budget.window > now)
      parts.push_back({count.last, in_unit(count.launches, count.cost, count.tokens)});
  for (const Launch& launch : ledger.launches)
    if (launch.at + budget.window > now) {
      const LaunchCount one = count_of(launch);
      parts.push_back({launch.at, in_unit(1, one.cost, one.tokens)});
    }
  return parts;
}

void remember(Ledger& ledger, const Budget& budget) {
  std::erase_if(ledger.budgets, [&](const KnownBudget& known) {
    return known.unit == budget.unit && known.window == budget.window;
  });
  ledger.budgets.insert(ledger.budgets.begin(), {budget.unit, budget.amount, budget.window});
  if (ledger.budgets.size() > most_budgets) ledger.budgets.resize(most_budgets);
}

/// Once, and without those that nobody counts any more.
void enter(Ledger& ledger, Launch launch) {
  const Instant now = launch.at;
  std::erase_if(ledger.launches, [&](const Launch& each) { return each.at + ledger.keep <= now; });
  std::erase_if(ledger.counts,
                [&](const LaunchCount& count) { return count.last + ledger.keep <= now; });
  const bool there =
      std::any_of(ledger.launches.begin(), ledger.launches.end(),
                  [&](const Launch& each) { return each.claim_id == launch.claim_id; });
  if (!there) ledger.launches.push_back(std::move(launch));
  fold_launches(ledger, now);
}

}  // namespace

std::uint64_t used_of(const Ledger& ledger, const Budget& budget, Instant now) {
  std::uint64_t used = 0;
  for (const Part& part : parts_of(ledger, budget, now))
    used = added(used, part.amount);
  return used;
}

std::uint64_t need_of(const Budget& budget, const Spent& reserve) {
  switch (budget.unit) {
    case BudgetUnit::usd:
      return reserve.cost.value_or(Usd{}).millionths;
    case BudgetUnit::tokens:
      return reserve.tokens.value_or(0);
    case BudgetUnit::launches:
      break;
  }
  return 1;
}

std::optional<Instant> spent_until(const Ledger& ledger, const Budget& budget, Instant now,
                                   const Spent& reserve) {
  const std::uint64_t need = need_of(budget, reserve);
  if (need > budget.amount) return never;
  std::vector<Part> parts = parts_of(ledger, budget, now);
  std::sort(parts.begin(), parts.end(),
            [](const Part& one, const Part& other) { return one.at > other.at; });
  // The newest ones that leave room enough may stay; the first that does not has to leave.
  std::uint64_t used = 0;
  for (const Part& part : parts) {
    used = added(used, part.amount);
    if (used > budget.amount - need) return part.at + budget.window;
  }
  return std::nullopt;
}

Ledger spend(Ledger ledger, const Budget& budget, const std::string& claim_id, Instant now,
             const Spent& reserve) {
  ledger.keep = std::max(ledger.keep, budget.window);
  remember(ledger, budget);
  enter(ledger, {claim_id, now, reserve, {}, std::nullopt});
  return ledger;
}

std::optional<Ledger> settle(Ledger ledger, std::string_view claim_id, const Spent& spent,
                             Instant now) {
  const auto launch = std::find_if(ledger.launches.begin(), ledger.launches.end(),
                                   [&](const Launch& each) { return each.claim_id == claim_id; });
  if (launch == ledger.launches.end() || launch->ended_at) return std::nullopt;
  launch->spent = spent;
  launch->ended_at = now;
  fold_launches(ledger, now);
  return ledger;
}

Ledger give_back(Ledger ledger, const std::string& claim_id) {
  std::erase_if(ledger.launches, [&](const Launch& launch) { return launch.claim_id == claim_id; });
  ledger.breaker = with_end(std::move(ledger.breaker), claim_id, ClaimOutcome::abandoned, {});
  return ledger;
}

Ledger with_launch(Ledger ledger, const Breaker& breaker, const Probe& launch) {
  ledger.keep = std::max(ledger.keep, breaker.span);
  enter(ledger, {launch.claim_id, launch.at, {}, {}, std::nullopt});
  ledger.breaker = with_launch(std::move(ledger.breaker), breaker, launch);
  return ledger;
}

Ledger with_end(Ledger ledger, const std::string& claim_id, ClaimOutcome outcome, Instant now,
                const std::string& run_id) {
  for (Launch& launch : ledger.launches) {
    if (launch.claim_id != claim_id || launch.outcome != ClaimOutcome::none) continue;
    launch.outcome = outcome;
    if (!launch.ended_at) launch.ended_at = now;
  }
  ledger.breaker = with_end(std::move(ledger.breaker), claim_id, outcome, now, run_id);
  fold_launches(ledger, now);
  return ledger;
}

bool is_expired(const Ledger& ledger, Instant now) {
  if (!is_forgettable(ledger.breaker, now)) return false;
  const auto is_over = [&](Instant at) { return at + ledger.keep <= now; };
  return std::all_of(ledger.counts.begin(), ledger.counts.end(),
                     [&](const LaunchCount& count) { return is_over(count.last); }) &&
         std::all_of(ledger.launches.begin(), ledger.launches.end(),
                     [&](const Launch& launch) { return is_over(launch.at); });
}

std::string budgets_prefix(std::string_view name_space) {
  return "refs/" + std::string(name_space) + "/budgets/";
}

std::string ledger_ref(const Budget& budget, std::string_view subject,
                       std::string_view name_space) {
  return budgets_prefix(name_space) + std::string(name_of(budget.kind)) + "/" +
         encode_ref_component(subject);
}

std::string_view name_of(BudgetKind kind) { return name_in(budget_kinds, kind); }
std::optional<BudgetKind> budget_kind_named(std::string_view name) {
  return find_in(budget_kinds, name);
}
std::string_view name_of(BudgetUnit unit) { return name_in(budget_units, unit); }

std::string describe_amount(BudgetUnit unit, std::uint64_t amount) {
  if (unit == BudgetUnit::usd) return format_usd({amount}) + " " + std::string(name_of(unit));
  return unit == BudgetUnit::launches ? counted(amount, "launch", "launches")
                                      : counted(amount, "token");
}

}  // namespace refgate
