#include "state/spending.h"

#include <algorithm>
#include <functional>
#include <map>

#include "call/invocation.h"
#include "state/transact.h"

namespace refgate {
namespace {

const std::string& subject_of(const Budget& budget, const BudgetSubjects& subjects) {
  switch (budget.kind) {
    case BudgetKind::workflow:
      return subjects.workflow;
    case BudgetKind::actor:
      return subjects.actor;
    case BudgetKind::scope:
      break;
  }
  return subjects.scope;
}

Ledger ledger_in(const std::string& ref, const Stored& stored) {
  const auto file = stored.files.find(std::string(ledger_file));
  auto ledger = decode_ledger(file == stored.files.end() ? std::string() : file->second);
  if (const auto* error = std::get_if<ClaimError>(&ledger))
    throw StoreError(StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
                     error->kind == ClaimErrorKind::newer_version
                         ? ""
                         : "if nobody needs it, delete it: git push <remote> --delete " + ref);
  return std::get<Ledger>(std::move(ledger));
}

/// Changes one ledger until the swap succeeds. `change` returns nullopt to leave it as it is.
void change_ledger(Store& store, const std::string& ref,
                   const std::function<std::optional<Ledger>(const Ledger&)>& change) {
  const auto look = [&] { return store.read(std::span(&ref, 1)); };
  const auto propose = [&](const std::map<std::string, Stored>& read) {
    const auto found = read.find(ref);
    const bool there = found != read.end();
    const auto next = change(there ? ledger_in(ref, found->second) : Ledger{});
    Proposal<bool> proposal{next.has_value(), {}, {}};
    if (next)
      proposal.changes.push_back(
          {ref, there ? std::optional(found->second.version) : std::nullopt,
           Snapshot{{{std::string(ledger_file), encode_ledger(*next)}}, "refgate: budget", now()},
           true});
    return proposal;
  };
  const auto settled = transact<std::map<std::string, Stored>>(
      store, "no budget could be entered within the deadline", {look}, propose);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, ref, refused->message, "no launch was entered");
}

}  // namespace

std::vector<std::string> ledgers_of(const Policy& policy, const BudgetSubjects& subjects,
                                    const std::string& name_space) {
  std::vector<std::string> refs;
  for (const Budget& budget : policy.budgets) {
    std::string ref = ledger_ref(budget, subject_of(budget, subjects), name_space);
    if (std::find(refs.begin(), refs.end(), ref) == refs.end()) refs.push_back(std::move(ref));
  }
  return refs;
}

void take_back_launch(Store& store, const Claim& claim, const std::string& name_space) {
  for (const std::string& ref : claim.ledgers) {
    // A record can name anything.
    if (!ref.starts_with(budgets_prefix(name_space))) continue;
    try {
      change_ledger(store, ref, [&](const Ledger& ledger) -> std::optional<Ledger> {
        Ledger without = give_back(ledger, claim.claim_id);
        if (without == ledger) return std::nullopt;
        return without;
      });
    } catch (const StoreError&) {
      // The scope is given back all the same.
    }
  }
}

std::optional<SpentBudget> spent_in(const std::map<std::string, Stored>& read, const Policy& policy,
                                    const BudgetSubjects& subjects, const std::string& name_space) {
  for (const Budget& budget : policy.budgets) {
    const std::string ref = ledger_ref(budget, subject_of(budget, subjects), name_space);
    const auto found = read.find(ref);
    const Ledger ledger = found == read.end() ? Ledger{} : ledger_in(ref, found->second);
    if (const auto until = spent_until(ledger, budget, now())) return SpentBudget{budget, *until};
  }
  return std::nullopt;
}

std::optional<SpentBudget> spend_budgets(Store& store, const Policy& policy,
                                         const BudgetSubjects& subjects,
                                         const std::string& name_space,
                                         const std::string& claim_id) {
  std::vector<std::string> entered;
  for (const Budget& budget : policy.budgets) {
    const std::string ref = ledger_ref(budget, subject_of(budget, subjects), name_space);
    std::optional<SpentBudget> spent;
    change_ledger(store, ref, [&](const Ledger& ledger) -> std::optional<Ledger> {
      spent.reset();
      const Ledger without = give_back(ledger, claim_id);
      if (const auto until = spent_until(without, budget, now()); until && !policy.force) {
        spent = SpentBudget{budget, *until};
        return std::nullopt;
      }
      return spend(ledger, budget, claim_id, now());
    });
    if (spent) {
      for (const std::string& earlier : entered)
        change_ledger(store, earlier, [&](const Ledger& ledger) {
          return std::optional(give_back(ledger, claim_id));
        });
      return spent;
    }
    // Two budgets of one kind share a ledger.
    if (std::find(entered.begin(), entered.end(), ref) == entered.end()) entered.push_back(ref);
  }
  return std::nullopt;
}

}  // namespace refgate
