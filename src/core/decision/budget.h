#pragma once
// The ledger of launches that a budget is counted in, one for each scope, workflow or actor with a
// budget. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/claim/claim.h"
#include "core/decision/policy.h"

namespace refgate {

struct Launch {
  std::string claim_id;
  Instant at{};

  bool operator==(const Launch&) const = default;
};

/// Launches that are not told apart any more.
struct LaunchCount {
  Instant last{};  ///< of them: all count as launched then, so that a budget is never exceeded
  std::uint64_t launches = 0;

  bool operator==(const LaunchCount&) const = default;
};

struct Ledger {
  std::vector<LaunchCount> counts;  ///< of an hour each (or of a longer stretch, in windows of
                                    ///< years), oldest first; before all of `launches`
  std::vector<Launch> launches;     ///< the newest, oldest first
  Duration keep{};  ///< the longest window that anybody counts in: older launches are dropped

  bool operator==(const Ledger&) const = default;
};

/// nullopt while the budget has something left; else when the next launch is within it. A budget of
/// 0 never has.
std::optional<Instant> spent_until(const Ledger& ledger, const Budget& budget, Instant now);

/// The ledger with one more launch (the same claim counts once) and without those that nobody
/// counts any more. Where too many stand in it for one record, older ones become counts.
Ledger spend(Ledger ledger, const Budget& budget, const std::string& claim_id, Instant now);

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
/// The ledger of a budget: of the claim's ref, the workflow or the actor.
std::string ledger_ref(const Budget& budget, std::string_view subject, std::string_view name_space);

/// "scope", "workflow", "actor"
std::string_view name_of(BudgetKind kind);

}  // namespace refgate
