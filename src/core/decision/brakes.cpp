#include "core/decision/answer.h"
#include "core/governing/limited.h"
#include "core/policy/budget.h"
#include "core/text/count.h"
#include "core/words/age.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

/// Whose launches a budget counts.
std::string spenders_of(BudgetKind kind, const Request& request) {
  constexpr std::size_t shown = 80;
  switch (kind) {
    case BudgetKind::scope:
      return "this work";
    case BudgetKind::workflow:
      return request.workflow.empty() ? "this workflow"
                                      : "workflow " + shortened(request.workflow, shown);
    case BudgetKind::actor:
      return request.holder.actor.empty() ? "this actor" : shortened(request.holder.actor, shown);
    case BudgetKind::repo:
      return "this repository";
    case BudgetKind::store:
      break;
  }
  return "all that use this store";
}

std::string describe_spent_budget(const SpentBudget& spent, const Request& request) {
  const Budget& budget = spent.budget;
  const std::string which = "The budget of " + describe_amount(budget.unit, budget.amount) +
                            " per " + std::string(name_of(budget.kind)) + " within " +
                            format_duration(budget.window);
  if (spent.need > budget.amount)
    return which + (budget.unit == BudgetUnit::launches
                        ? " never has anything left"
                        : " never has enough for a session that reserves " +
                              describe_amount(budget.unit, spent.need));
  const std::string by = "by the sessions of " + spenders_of(budget.kind, request);
  const std::string log = ". What spent it: refgate log --since " + format_duration(budget.window);
  if (budget.unit == BudgetUnit::launches)
    return which + " is spent until " + until_text(spent.frees_at) + ", " + by + log;
  return which + " has " + describe_amount(budget.unit, spent.left) +
         " left, and this session reserves " + describe_amount(budget.unit, spent.need) +
         ": enough is free at " + until_text(spent.frees_at) + ", spent " + by + log;
}

std::string how_to_forget_failures(const Request& request) {
  const PauseSubject subject{PauseKind::workflow, request.workflow};
  return (request.workflow.empty() ? "refgate resume workflow:NAME" : how_to_resume(subject)) +
         " --breaker";
}

/// Who goes on with a claim that somebody else won has nothing to go on with when that is lost. Its
/// own scope may be another one, at which nobody has asked yet.
std::optional<Decision> claim_lost(const Picture& picture) {
  if (picture.request.named.empty()) return std::nullopt;
  return skip_for(picture.request, picture.now, ReasonCode::claim_lost,
                  "No live session of this work has the id that claim-id names: it was ended, "
                  "taken over by another run, or never was" +
                      override_hint);
}

std::optional<Decision> superseded(const Picture& picture) {
  const auto& [state, request, policy, now, around] = picture;
  if (!around.newer) return std::nullopt;
  const NewerRun& newer = *around.newer;
  Decision decision =
      skip_for(request, now, ReasonCode::superseded,
               "A newer head of this branch came, " + newer.commit.substr(0, 8) + ", by " +
                   (newer.run_id.empty() ? "another run" : "run " + newer.run_id) +
                   (newer.run_url.empty() ? "" : ", " + newer.run_url) + override_hint);
  decision.line->holder_run_id = shortened(newer.run_id, bounds::word);
  decision.newer = newer;
  return decision;
}

/// Whether somebody had started the work, and how it ended is known.
bool has_ended_by_itself(const std::optional<Claim>& state) {
  return state && state->ended_at && state->attempts > 0 &&
         state->outcome != ClaimOutcome::released && state->outcome != ClaimOutcome::abandoned;
}

std::optional<Decision> cooling_down(const Picture& picture) {
  const auto& [state, request, policy, now, around] = picture;
  if (!has_ended_by_itself(state) || policy.cooldown <= Duration::zero()) return std::nullopt;
  const Instant over = *state->ended_at + policy.cooldown;
  if (now >= over) return std::nullopt;
  return skip_until(over, skip(picture, ReasonCode::cooldown,
                               "Cooling down until " + until_text(over) + " (cooldown " +
                                   format_duration(policy.cooldown) +
                                   "): " + describe_holder(*state, now) + override_hint));
}

std::optional<Decision> launched_too_often(const Picture& picture) {
  const auto& [state, request, policy, now, around] = picture;
  if (!state || policy.max_attempts == 0 || state->attempts < policy.max_attempts)
    return std::nullopt;
  const Instant since = state->ended_at.value_or(state->lease_until + state->limits.skew);
  const Instant over = since + state->limits.memory;
  if (now >= over) return std::nullopt;
  return skip_until(over, skip(picture, ReasonCode::max_attempts,
                               "Launched " + counted(state->attempts, "time") +
                                   " already, and at most " + std::to_string(policy.max_attempts) +
                                   (policy.max_attempts == 1 ? " is" : " are") +
                                   " allowed (max-attempts) until " + until_text(over) + ": " +
                                   describe_holder(*state, now) + override_hint));
}

std::optional<Decision> breaker_open(const Picture& picture) {
  if (!picture.around.breaker) return std::nullopt;
  const OpenBreaker& open = *picture.around.breaker;
  const std::string failures = std::to_string(open.breaker.failures);
  return skip_until(
      open.until,
      skip_for(picture.request, picture.now, ReasonCode::breaker,
               (open.breaker.failures == 1
                    ? "The last session of this workflow failed, "
                    : "The last " + failures + " sessions of this workflow failed, the last ") +
                   age(open.last, picture.now) +
                   (open.last_run.empty() ? std::string() : " (run " + open.last_run + ")") +
                   (open.probing ? ", and one that was let through is at work until "
                                 : ", and one is let through after ") +
                   until_text(open.until) + " (breaker " + failures + "/" +
                   format_duration(open.breaker.span) + "). To forget them: " +
                   how_to_forget_failures(picture.request) + override_hint));
}

std::optional<Decision> budget_spent(const Picture& picture) {
  if (!picture.around.spent) return std::nullopt;
  const SpentBudget& spent = *picture.around.spent;
  return skip_until(spent.frees_at,
                    skip_for(picture.request, picture.now, ReasonCode::budget,
                             describe_spent_budget(spent, picture.request) + override_hint));
}

std::optional<Decision> pool_closed(const Picture& picture) {
  if (!picture.around.closed) return std::nullopt;
  const ClosedPool& closed = *picture.around.closed;
  return skip_until(
      closed.until,
      skip_for(picture.request, picture.now, ReasonCode::limited,
               "The pool of slots " + closed.pool + " is closed until " + until_text(closed.until) +
                   ", since a session of it reached its provider's limit" + override_hint));
}

constexpr Rule all[] = {
    {"claim lost", claim_lost},           {"superseded", superseded}, {"cooldown", cooling_down},
    {"max attempts", launched_too_often}, {"breaker", breaker_open},  {"budget", budget_spent},
    {"closed pool", pool_closed},
};

}  // namespace

std::span<const Rule> brakes() { return all; }

}  // namespace refgate
