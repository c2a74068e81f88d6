#include "state/ledgers.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "state/scratch_places.h"

namespace refgate {

Ledgers read_ledgers(Store& store, const std::string& name_space) {
  return ledgers_in(store.read_all(budgets_prefix(name_space)), name_space);
}

std::map<std::pair<std::string, std::string>, std::uint64_t> left_of(const Ledgers& ledgers,
                                                                     const std::string& name_space,
                                                                     Instant now) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> left;
  for (const StoredLedger& stored : ledgers.ledgers) {
    const std::string rest = stored.ref.substr(budgets_prefix(name_space).size());
    const std::string kind = rest.substr(0, rest.find('/'));
    if (stored.ref.ends_with(outside_leaf) || !budget_kind_named(kind)) continue;
    for (const KnownBudget& known : stored.ledger.budgets) {
      const Budget budget{BudgetKind::scope, known.amount, known.window, known.unit};
      const std::uint64_t used = used_of(stored.ledger, budget, now);
      const std::uint64_t here = known.amount - std::min(known.amount, used);
      const auto [at, fresh] = left.try_emplace({kind, std::string(name_of(known.unit))}, here);
      if (!fresh) at->second = std::min(at->second, here);
    }
  }
  return left;
}

Ledgers ledgers_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  Ledgers all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(budgets_prefix(name_space)) || is_scratch_place(ref, name_space)) continue;
    const auto file = stored.files.find(std::string(ledger_file));
    auto ledger = file == stored.files.end()
                      ? ClaimError{ClaimErrorKind::broken, "it holds something that is no ledger"}
                      : decode_ledger(file->second);
    if (const auto* error = std::get_if<ClaimError>(&ledger))
      all.unreadable.push_back({ref, error->message});
    else
      all.ledgers.push_back({ref, stored.version, std::get<Ledger>(std::move(ledger))});
  }
  return all;
}

}  // namespace refgate
