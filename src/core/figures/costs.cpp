#include "core/figures/costs.h"

namespace refgate {

void CostCounts::add(const Spent& spent) {
  cost = cost + spent.cost.value_or(Usd{});
  tokens = added(tokens, spent.tokens.value_or(0));
  ++(spent.cost ? with_cost : without_cost);
  ++(spent.tokens ? with_tokens : without_tokens);
}

void CostCounts::add(const CostCounts& other) {
  cost = cost + other.cost;
  tokens = added(tokens, other.tokens);
  with_cost += other.with_cost;
  without_cost += other.without_cost;
  with_tokens += other.with_tokens;
  without_tokens += other.without_tokens;
}

Costs::Costs(std::span<const ReadEntry> entries) {
  for (const ReadEntry& read : entries) {
    const AuditEntry& entry = read.entry;
    if (entry.claim_id.empty()) continue;
    if (entry.kind == EntryKind::end) ends_[{entry.claim_id, entry.generation}] = &entry;
    if (entry.kind == EntryKind::audit && entry.executed && entry.spent.is_said())
      by_hand_[{entry.claim_id, entry.generation}] = &entry;
  }
}

const Spent& Costs::of_end(const AuditEntry& entry) const {
  if (entry.spent.is_said()) return entry.spent;
  const auto told = by_hand_.find({entry.claim_id, entry.generation});
  return told == by_hand_.end() ? entry.spent : told->second->spent;
}

Spent Costs::of_repeated(const AuditEntry& entry) const {
  const auto told = by_hand_.find({entry.claim_id, entry.generation});
  const bool is_the_one = told != by_hand_.end() && told->second == &entry;
  return is_the_one && !ends_.contains({entry.claim_id, entry.generation}) ? entry.spent : Spent{};
}

}  // namespace refgate
