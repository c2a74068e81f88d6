#include "state/spending.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "core/text/shell_word.h"
#include "core/words/shorten.h"
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

/// The ledger that the breaker lies in.
std::string breaker_ref(const BudgetSubjects& subjects, const std::string& name_space) {
  Budget of_workflow;
  of_workflow.kind = BudgetKind::workflow;
  return ref_of(of_workflow, subjects, name_space);
}

std::string breakers_prefix(const std::string& name_space) {
  return budgets_prefix(name_space) + std::string(name_of(BudgetKind::workflow)) + "/";
}

Ledger ledger_in(const std::string& ref, const Stored& stored) {
  const auto file = stored.files.find(std::string(ledger_file));
  auto ledger = decode_ledger(file == stored.files.end() ? std::string() : file->second);
  if (const auto* error = std::get_if<ClaimError>(&ledger))
    throw StoreError(
        StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
        error->kind == ClaimErrorKind::newer_version
            ? ""
            : "if nobody needs it, delete it: git push <remote> --delete " + shell_word(ref));
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
      store, "the ledger could not be swapped within the deadline", {look}, propose);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, ref, *refused, "the ledger stands as it was");
}

}  // namespace

std::vector<std::string> ledgers_of(const Policy& policy, const BudgetSubjects& subjects,
                                    const std::string& name_space) {
  std::set<std::string> refs;
  for (const Budget& budget : policy.budgets)
    refs.insert(ref_of(budget, subjects, name_space));
  if (policy.breaker) refs.insert(breaker_ref(subjects, name_space));
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

/// Of two that are spent, the one that frees later: no launch is allowed before.
std::optional<SpentBudget> the_longer(std::optional<SpentBudget> one,
                                      std::optional<SpentBudget> other) {
  if (!one || !other) return one ? std::move(one) : std::move(other);
  return other->frees_at > one->frees_at ? std::move(other) : std::move(one);
}

}  // namespace

LedgerRefusal refusal_in(const std::map<std::string, Stored>& read, const Policy& policy,
                         const BudgetSubjects& subjects, const std::string& name_space) {
  const auto ledger_at = [&](const std::string& ref) {
    const auto found = read.find(ref);
    return found == read.end() ? Ledger{} : ledger_in(ref, found->second);
  };
  LedgerRefusal refusal;
  if (policy.breaker)
    refusal.breaker =
        open_breaker(ledger_at(breaker_ref(subjects, name_space)).breaker, *policy.breaker, now());
  if (refusal.breaker) return refusal;
  for (const Budget& budget : policy.budgets)
    refusal.spent =
        the_longer(std::move(refusal.spent),
                   spent_of(ledger_at(ref_of(budget, subjects, name_space)), budget, policy));
  return refusal;
}

LedgerRefusal enter_ledgers(Store& store, const Policy& policy, const BudgetSubjects& subjects,
                            const std::string& name_space, const std::string& claim_id) {
  // In the order of their refs, and each only after the one before: two that came in another order
  // could each keep the other out.
  std::map<std::string, std::vector<Budget>> by_ref;
  for (const Budget& budget : policy.budgets)
    by_ref[ref_of(budget, subjects, name_space)].push_back(budget);
  std::string breaker;
  if (policy.breaker) by_ref[breaker = breaker_ref(subjects, name_space)];
  std::vector<std::string> entered;
  for (const auto& entry : by_ref) {
    const std::vector<Budget>& budgets = entry.second;
    LedgerRefusal refusal;
    change_ledger(store, entry.first, [&](const Ledger& ledger) -> std::optional<Ledger> {
      refusal = {};
      const Instant at = now();
      const Ledger without = give_back(ledger, claim_id);
      Ledger next = ledger;
      if (entry.first == breaker) {
        if (!policy.force) refusal.breaker = open_breaker(without.breaker, *policy.breaker, at);
        next = with_launch(std::move(next), *policy.breaker, {claim_id, at});
        next.breaker.workflow = shortened(subjects.workflow_name, bounds::word);
      }
      for (const Budget& budget : budgets) {
        if (!refusal.breaker && !policy.force)
          refusal.spent = the_longer(std::move(refusal.spent), spent_of(without, budget, policy));
        next = spend(std::move(next), budget, claim_id, at, policy.reserve);
      }
      if (refusal) return std::nullopt;
      return next;
    });
    if (refusal) {
      for (const std::string& earlier : entered)
        change_ledger(store, earlier, [&](const Ledger& ledger) {
          return std::optional(give_back(ledger, claim_id));
        });
      return refusal;
    }
    entered.push_back(entry.first);
  }
  return {};
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

namespace {

/// What a session's end changes in one of its ledgers.
std::optional<Ledger> ended_in(const std::string& ref, const std::string& name_space,
                               const Ledger& ledger, const Claim& claim, const LedgerEnd& end) {
  const Instant at = now();
  Ledger next = settle(ledger, claim.claim_id, end.spent, at).value_or(ledger);
  if (claim.breaker && ref.starts_with(breakers_prefix(name_space)))
    next = with_end(std::move(next), claim.claim_id, end.outcome, at, claim.holder.run_id);
  if (next == ledger) return std::nullopt;
  return next;
}

}  // namespace

Settling look_to_settle(Store& store, const ClaimAt& at, const std::vector<std::string>& likely,
                        const LedgerEnd& end) {
  std::vector<std::string> refs = below(likely, at.name_space);
  const std::set<std::string> looked_at(refs.begin(), refs.end());
  refs.push_back(at.ref);
  auto read = store.read(refs);
  Settling settling{read_claim_in(read, at.ref), {}};
  const std::optional<Claim>& claim = settling.seen.claim;
  if (!claim || claim->claim_id != at.claim_id || claim->state == ClaimState::ended ||
      claim->state == ClaimState::waiting || (!claim->reserve.is_said() && !claim->breaker) ||
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
      if (const auto next =
              ended_in(ref, at.name_space, ledger_in(ref, found->second), *claim, end))
        settling.changes.push_back({ref, found->second.version, ledger_snapshot(*next)});
    } catch (const StoreError&) {
      // It is named when it is settled by itself.
      settling.complete = false;
    }
  }
  return settling;
}

std::string settle_launch(Store& store, const std::string& name_space, const Displaced& launched,
                          const LedgerEnd& end) {
  Claim claim;
  claim.claim_id = launched.claim_id;
  claim.breaker = launched.breaker;
  std::string trouble;
  for (const std::string& ref : below(launched.ledgers, name_space)) {
    try {
      change_ledger(store, ref, [&](const Ledger& ledger) {
        return ended_in(ref, name_space, ledger, claim, end);
      });
    } catch (const StoreError& error) {
      trouble = error.what();
    }
  }
  return trouble;
}

Forgotten forget_failures(Store& store, const std::string& name_space,
                          const std::string& workflow) {
  Forgotten forgotten;
  const auto knows = [&](const Ledger& ledger) {
    return ledger.breaker != without_failures(ledger.breaker);
  };
  for (const auto& [ref, stored] : store.read_all(breakers_prefix(name_space))) {
    std::string subject = ref.substr(breakers_prefix(name_space).size());
    if (subject.ends_with(outside_leaf)) subject.resize(subject.size() - outside_leaf.size());
    subject = decode_ref_component(subject);
    // Another repository's workflow has its name before it, and a blank.
    bool is_meant = subject == workflow || subject.ends_with("/" + workflow) ||
                    subject.ends_with(": " + workflow);
    try {
      const Ledger ledger = ledger_in(ref, stored);
      is_meant = is_meant || ledger.breaker.workflow == workflow;
      if (!is_meant || !knows(ledger)) continue;
    } catch (const StoreError& error) {
      // Nobody knows whether it is that of the workflow, unless its name says so.
      if (is_meant) throw;
      forgotten.unreadable.push_back({ref, error.what()});
      continue;
    }
    change_ledger(store, ref, [&](const Ledger& ledger) -> std::optional<Ledger> {
      if (!knows(ledger)) return std::nullopt;
      Ledger next = ledger;
      next.breaker = without_failures(std::move(next.breaker));
      return next;
    });
    ++forgotten.ledgers;
  }
  return forgotten;
}

}  // namespace refgate
