#include "state/spending.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "call/invocation.h"
#include "state/transact.h"

namespace refgate {
namespace {

std::string ref_of(const Budget& budget, const BudgetSubjects& subjects,
                   const std::string& name_space) {
  const auto subject = [&]() -> std::string {
    switch (budget.kind) {
      case BudgetKind::workflow:
        return subjects.workflow;
      case BudgetKind::actor:
        return subjects.actor;
      case BudgetKind::repo:
        return subjects.repo;
      case BudgetKind::store:
        return "all";
      case BudgetKind::scope:
        break;
    }
    return subjects.scope;
  };
  // A scope is a stranger's or none; encoded names have no comma.
  const bool apart = subjects.outside && budget.kind != BudgetKind::scope;
  return ledger_ref(budget, subject(), name_space) + (apart ? std::string(outside_leaf) : "");
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

Snapshot ledger_snapshot(const Ledger& ledger) {
  return {{{std::string(ledger_file), encode_ledger(ledger)}}, "refgate: budget", now()};
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
      proposal.changes.push_back({ref, there ? std::optional(found->second.version) : std::nullopt,
                                  ledger_snapshot(*next), true});
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
  std::set<std::string> refs;
  for (const Budget& budget : policy.budgets)
    refs.insert(ref_of(budget, subjects, name_space));
  return {refs.begin(), refs.end()};
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

namespace {

std::optional<SpentBudget> spent_of(const Ledger& ledger, const Budget& budget,
                                    const Policy& policy) {
  const Instant at = now();
  const auto until = spent_until(ledger, budget, at, policy.reserve);
  if (!until) return std::nullopt;
  return SpentBudget{budget, *until,
                     budget.amount - std::min(budget.amount, used_of(ledger, budget, at)),
                     need_of(budget, policy.reserve)};
}

}  // namespace

std::optional<SpentBudget> spent_in(const std::map<std::string, Stored>& read, const Policy& policy,
                                    const BudgetSubjects& subjects, const std::string& name_space) {
  for (const Budget& budget : policy.budgets) {
    const std::string ref = ref_of(budget, subjects, name_space);
    const auto found = read.find(ref);
    const Ledger ledger = found == read.end() ? Ledger{} : ledger_in(ref, found->second);
    if (auto spent = spent_of(ledger, budget, policy)) return spent;
  }
  return std::nullopt;
}

std::optional<SpentBudget> spend_budgets(Store& store, const Policy& policy,
                                         const BudgetSubjects& subjects,
                                         const std::string& name_space,
                                         const std::string& claim_id) {
  // In the order of their refs, and each only after the one before: two that came in another order
  // could each keep the other out.
  std::map<std::string, std::vector<Budget>> by_ref;
  for (const Budget& budget : policy.budgets)
    by_ref[ref_of(budget, subjects, name_space)].push_back(budget);
  std::vector<std::string> entered;
  for (const auto& entry : by_ref) {
    const std::vector<Budget>& budgets = entry.second;
    std::optional<SpentBudget> spent;
    change_ledger(store, entry.first, [&](const Ledger& ledger) -> std::optional<Ledger> {
      spent.reset();
      const Ledger without = give_back(ledger, claim_id);
      Ledger next = ledger;
      for (const Budget& budget : budgets) {
        if (!spent && !policy.force) spent = spent_of(without, budget, policy);
        next = spend(std::move(next), budget, claim_id, now(), policy.reserve);
      }
      if (spent) return std::nullopt;
      return next;
    });
    if (spent) {
      for (const std::string& earlier : entered)
        change_ledger(store, earlier, [&](const Ledger& ledger) {
          return std::optional(give_back(ledger, claim_id));
        });
      return spent;
    }
    entered.push_back(entry.first);
  }
  return std::nullopt;
}

namespace {

/// A record can name anything.
std::vector<std::string> below(const std::vector<std::string>& refs,
                               const std::string& name_space) {
  std::vector<std::string> own;
  for (const std::string& ref : refs)
    if (ref.starts_with(budgets_prefix(name_space))) own.push_back(ref);
  return own;
}

}  // namespace

Settling look_to_settle(Store& store, const ClaimAt& at, const std::vector<std::string>& likely,
                        const Spent& spent) {
  std::vector<std::string> refs = below(likely, at.name_space);
  const std::set<std::string> looked_at(refs.begin(), refs.end());
  refs.push_back(at.ref);
  auto read = store.read(refs);
  Settling settling{read_claim_in(read, at.ref), {}};
  const std::optional<Claim>& claim = settling.seen.claim;
  if (!claim || claim->claim_id != at.claim_id || claim->state == ClaimState::ended ||
      claim->state == ClaimState::waiting || !claim->reserve.is_said() ||
      (at.is_own && !at.is_own(*claim)))
    return settling;
  const std::vector<std::string> named = below(claim->ledgers, at.name_space);
  if (!std::all_of(named.begin(), named.end(),
                   [&](const std::string& ref) { return looked_at.contains(ref); }))
    read = store.read(named);
  for (const std::string& ref : named) {
    const auto found = read.find(ref);
    if (found == read.end()) continue;
    try {
      if (const auto next = settle(ledger_in(ref, found->second), at.claim_id, spent, now()))
        settling.changes.push_back({ref, found->second.version, ledger_snapshot(*next)});
    } catch (const StoreError&) {
      // What cannot be read is named when it is settled by itself.
    }
  }
  return settling;
}

std::string settle_launch(Store& store, const std::string& name_space, const Displaced& launched,
                          const Spent& spent) {
  std::string trouble;
  for (const std::string& ref : below(launched.ledgers, name_space)) {
    try {
      change_ledger(store, ref, [&](const Ledger& ledger) {
        return settle(ledger, launched.claim_id, spent, now());
      });
    } catch (const StoreError& error) {
      trouble = error.what();
    }
  }
  return trouble;
}

}  // namespace refgate
