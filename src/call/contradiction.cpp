#include "call/contradiction.h"

#include <algorithm>

#include "core/policy/budget.h"
#include "core/policy/budget_setting.h"

namespace refgate {
namespace {

/// By this step itself; outside of Actions by its environment, too. A variable of the whole
/// workflow is a default, which a step may say otherwise.
bool is_said_by_step(const Invocation& call, std::string_view setting) {
  if (call.options.contains(std::string(setting))) return true;
  if (!call.environment.in_actions())
    return !call.environment.get(environment_name(setting)).empty();
  return is_input(call, setting);
}

std::optional<std::string> two_identities(const Invocation& call, const Settings& settings) {
  if (settings.identity.empty() || settings.identity_by == IdentityBy::event ||
      !is_said_by_step(call, "identity") || !is_said_by_step(call, "identity-by"))
    return std::nullopt;
  return said_as(call, "identity") + " and " + said_as(call, "identity-by") +
         " both say what makes two events the same work: give one of them";
}

/// A reserve that no budget counts holds nothing back, whoever relies on it.
std::optional<std::string> idle_reserve(const Invocation& call, const Policy& policy) {
  if (!policy.reserve.is_said() || !is_said_by_step(call, "reserve")) return std::nullopt;
  const auto counts = [&](BudgetUnit unit) {
    return std::any_of(policy.budgets.begin(), policy.budgets.end(),
                       [&](const Budget& budget) { return budget.unit == unit; });
  };
  const bool usd = policy.reserve.cost && !counts(BudgetUnit::usd);
  const bool tokens = policy.reserve.tokens && !counts(BudgetUnit::tokens);
  if (!usd && !tokens) return std::nullopt;
  return said_as(call, "reserve") + " says what one session may cost of a budget in " +
         std::string(name_of(usd ? BudgetUnit::usd : BudgetUnit::tokens)) +
         ", and there is no such budget: --budget " +
         (usd ? "repo:20usd/1d" : "repo:2000000tokens/1d") + " (input budget)";
}

/// The skew eats the lease, of which the holder has what is left.
std::optional<std::string> lease_within_skew(Duration lease, Duration skew) {
  if (lease >= skew) return std::nullopt;
  return "the lease (" + format_duration(lease) + ") is shorter than the skew (" +
         format_duration(skew) + "), so that the session would be over before it began";
}

}  // namespace

std::optional<std::string> lease_without_room(const Policy& policy) {
  const Duration lease = beat_lease(policy);
  const Duration interval = beat_interval(policy);
  if (lease > policy.skew + interval) return std::nullopt;
  return "the lease (" + format_duration(lease) +
         ") must be longer than skew and interval together (" + format_duration(policy.skew) +
         " + " + format_duration(interval) + "), or the session would halt between two heartbeats";
}

std::optional<std::string> contradiction(const Invocation& call, const Settings& settings) {
  const Policy& policy = settings.policy;
  const std::string no_wait = ", and " + said_as(call, "no-wait");
  if (policy.settle > Duration::zero() && policy.no_wait)
    return said_as(call, "settle") + " waits until the branch is calm" + no_wait + " for nothing";
  if (policy.wait > Duration::zero() && policy.no_wait)
    return said_as(call, "wait") + " stands by until it is this one's turn" + no_wait +
           " for nothing";
  if (policy.follow && policy.no_wait && !policy.observe)
    return said_as(call, "follow") + " waits for the work of another to end" + no_wait +
           " for nobody";
  if (policy.follow && policy.waits_for_nothing && !policy.observe)
    return said_as(call, "follow") + " waits for the work of another to end, and " +
           said_as(call, "wait") + " is 0s";
  if (policy.heartbeat && call.command == "gate")
    if (auto error = lease_without_room(policy)) return error;
  const bool is_positional = call.command == "check";
  if (auto error =
          lease_within_skew(is_positional ? policy.session_window : policy.lease, policy.skew))
    return error;
  if (auto error = missing_reserve(policy)) return error;
  if (auto error = two_identities(call, settings)) return error;
  return idle_reserve(call, policy);
}

}  // namespace refgate
