#pragma once
// Budgets against the store: what is left, and the launch that takes one of it.

#include <optional>
#include <string>

#include "core/claim/budget.h"
#include "core/claim/decision.h"
#include "store/store.h"

namespace refgate {

/// What each kind of budget is counted for.
struct BudgetSubjects {
  std::string scope;
  std::string workflow;
  std::string actor;
};

/// The first budget that has nothing left, by one reading. Throws StoreError.
std::optional<SpentBudget> look_at_budgets(Store& store, const Policy& policy,
                                           const BudgetSubjects& subjects,
                                           const std::string& name_space);

/// Enters a launch into every ledger, by compare-and-swap, so that of rivals of different scopes no
/// more launch than the budget has. When one has nothing left, what was entered is taken out again
/// and that budget is returned; `policy.force` enters it all the same. Throws StoreError.
std::optional<SpentBudget> spend_budgets(Store& store, const Policy& policy,
                                         const BudgetSubjects& subjects,
                                         const std::string& name_space,
                                         const std::string& claim_id);

}  // namespace refgate
