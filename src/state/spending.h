#pragma once
// Budgets against the store: what is left, and the launch that takes one of it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/decision/decision.h"
#include "core/policy/budget.h"
#include "state/claiming.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// What each kind of budget is counted for.
struct BudgetSubjects {
  std::string scope;
  std::string workflow;
  std::string actor;
  std::string repo;
  bool outside = false;            ///< what strangers cause has ledgers of its own
  std::string workflow_name = {};  ///< for people
};

/// Why a launch may not be entered; neither: it may.
struct LedgerRefusal {
  std::optional<OpenBreaker> breaker;
  std::optional<SpentBudget> spent;

  explicit operator bool() const { return breaker || spent; }
};

/// The open breaker, or the first budget that has nothing left, by what was read of `ledgers_of`.
/// Throws StoreError(unreadable) for a ledger that is broken or of a newer version: it is left
/// alone.
LedgerRefusal refusal_in(const std::map<std::string, Stored>& read, const Policy& policy,
                         const BudgetSubjects& subjects, const std::string& name_space);

/// Enters a launch into every ledger, by compare-and-swap, so that of rivals of different scopes no
/// more launch than the budget has, nor than one where the breaker lets one through. When one
/// refuses it, what was entered is taken out again; `policy.force` enters it all the same. Throws
/// StoreError.
LedgerRefusal enter_ledgers(Store& store, const Policy& policy, const BudgetSubjects& subjects,
                            const std::string& name_space, const std::string& claim_id);

/// The refs of the ledgers that a launch is entered in.
std::vector<std::string> ledgers_of(const Policy& policy, const BudgetSubjects& subjects,
                                    const std::string& name_space);

/// How a session ended, for its ledgers.
struct LedgerEnd {
  Spent spent;
  ClaimOutcome outcome = ClaimOutcome::none;
};

/// What the end of a session changes in the ledgers that its claim names.
struct Settling {
  SeenClaim seen;               ///< the claim as it stands
  std::vector<Change> changes;  ///< to go along with the push that ends it
  bool complete = true;         ///< false: a ledger could not be read
};

/// One reading of the claim at `ref` and of the ledgers that `likely` names, or two where it names
/// others. There are changes only where the claim stands under that id, lives, and `is_own`.
Settling look_to_settle(Store& store, const ClaimAt& at, const std::vector<std::string>& likely,
                        const LedgerEnd& end);

/// Settles the launch of a claim in ledgers of the namespace, by swaps of their own. Returns why it
/// could not, for people; empty when nothing of it is open any more. Never throws.
std::string settle_launch(Store& store, const std::string& name_space, const Displaced& launched,
                          const LedgerEnd& end);

struct Forgotten {
  std::size_t ledgers = 0;                ///< that knew of failures
  std::vector<UnreadableRef> unreadable;  ///< left alone: nobody knows whose they are
};

/// Lets the breaker forget the failures of each workflow of that name or file, in all its ledgers.
/// Throws StoreError.
Forgotten forget_failures(Store& store, const std::string& name_space, const std::string& workflow);

/// Takes the launch of `claim` out of the ledgers of the namespace that it names: it did not take
/// place. Best effort: an entry that stays there counts until its window has passed.
void take_back_launch(Store& store, const Claim& claim, const std::string& name_space);

}  // namespace refgate
