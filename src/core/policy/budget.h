#pragma once
// The ledger of launches that a budget is counted in, one for each scope, workflow, actor,
// repository or store with a budget. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/policy/breaker.h"
#include "core/policy/policy.h"
#include "core/record/spent.h"

namespace refgate {

struct Launch {
  std::string claim_id;
  Instant at{};
  Spent reserve;  ///< what it may cost, and counts as for as long as nobody says what it did
  Spent spent;    ///< what its job said
  std::optional<Instant> ended_at;            ///< its job said what there was to say
  ClaimOutcome outcome = ClaimOutcome::none;  ///< how it ended, where that counts

  bool operator==(const Launch&) const = default;
};

/// Launches that are not told apart any more.
struct LaunchCount {
  Instant last{};  ///< of them: all count as launched then, so that a budget is never exceeded
  std::uint64_t launches = 0;
  Usd cost{};                ///< what they cost, or had reserved
  std::uint64_t tokens = 0;  ///< likewise

  bool operator==(const LaunchCount&) const = default;
};

/// A budget that somebody has entered a launch for, so that others can tell what is left of it.
struct KnownBudget {
  BudgetUnit unit = BudgetUnit::launches;
  std::uint64_t amount = 0;
  Duration window{};

  bool operator==(const KnownBudget&) const = default;
};

struct Ledger {
  std::vector<LaunchCount> counts;   ///< of an hour each, after two days of a day (or of a longer
                                     ///< stretch, where years are kept), oldest first
  std::vector<Launch> launches;      ///< those that stand whole, oldest first
  std::vector<KnownBudget> budgets;  ///< one for each unit and window, the latest first
  BreakerRecord breaker;             ///< of the workflow that it is for
  Duration keep{};  ///< the longest window that anybody counts in: older launches are dropped

  bool operator==(const Ledger&) const = default;
};

/// The bound of a ledger's text.
inline constexpr std::size_t longest_ledger = 64u << 10;

/// What the launches of the budget's window come to in its unit: launches, millionths of a dollar
/// or tokens. A launch costs what its job said, else what it had reserved.
std::uint64_t used_of(const Ledger& ledger, const Budget& budget, Instant now);

/// What a launch with such a reserve takes of the budget: 1 of launches.
std::uint64_t need_of(const Budget& budget, const Spent& reserve);

/// nullopt while one more launch is within the budget; else when it is, if nothing else is launched
/// meanwhile: `never` when it needs more than the whole budget.
std::optional<Instant> spent_until(const Ledger& ledger, const Budget& budget, Instant now,
                                   const Spent& reserve = {});

/// "Never" for people and records.
inline constexpr Instant never = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};

/// The ledger with one more launch (the same claim counts once) and without those that nobody
/// counts any more. Where many stand in it, older ones become counts: those whose job has said what
/// they cost, but for the last 50, after an hour, and any where the record would be too long.
Ledger spend(Ledger ledger, const Budget& budget, const std::string& claim_id, Instant now,
             const Spent& reserve = {});

/// The ledger with what the claim's session cost in place of its reserve; what was not said goes on
/// counting as reserved. nullopt when no launch of that claim stands there that is still open.
std::optional<Ledger> settle(Ledger ledger, std::string_view claim_id, const Spent& spent,
                             Instant now);

/// The ledger with a launch that its workflow's breaker lets pass, and with the end of one.
Ledger with_launch(Ledger ledger, const Breaker& breaker, const Probe& launch);
Ledger with_end(Ledger ledger, const std::string& claim_id, ClaimOutcome outcome, Instant now,
                const std::string& run_id = {});

/// The ledger without a launch that did not take place.
Ledger give_back(Ledger ledger, const std::string& claim_id);

/// True when nothing in it counts any more.
bool is_expired(const Ledger& ledger, Instant now);

inline constexpr std::string_view ledger_file = "budget.json";
std::string encode_ledger(const Ledger& ledger);
/// Never throws, on any text.
std::variant<Ledger, ClaimError> decode_ledger(std::string_view text);

/// "refs/<name_space>/budgets/"
std::string budgets_prefix(std::string_view name_space);
/// Behind the name of a ledger that counts what strangers cause.
inline constexpr std::string_view outside_leaf = ",@outside";
/// The ledger of a budget: of the claim's ref, the workflow, the actor or the repository.
std::string ledger_ref(const Budget& budget, std::string_view subject, std::string_view name_space);

/// "scope", "workflow", "actor", "repo", "store"
std::string_view name_of(BudgetKind kind);
std::optional<BudgetKind> budget_kind_named(std::string_view name);
/// "launches", "usd", "tokens"
std::string_view name_of(BudgetUnit unit);

/// "5 launches", "20.00 usd", "100000 tokens"
std::string describe_amount(BudgetUnit unit, std::uint64_t amount);

}  // namespace refgate
