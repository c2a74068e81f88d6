#pragma once
// What the user chose. Options win over the environment, that over `--config`, that over the
// defaults below.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/governing/pool.h"
#include "core/record/spent.h"
#include "core/text/time.h"

namespace refgate {

enum class Retry {
  suppress,  ///< nothing that failed is launched again
  manual,    ///< a person may, by re-running the run
  allow,
};

/// What a gate does when it has no answer.
enum class Fallback { fail, run, skip };

enum class AuditSkips {
  push,     ///< one best-effort push a skip
  summary,  ///< in the job summary only
};

/// Whether the REST API is asked if a holder's run has ended.
enum class HolderRun { ask, ignore };

/// Whether a gate asks if a person has stopped its kind of work.
enum class PauseAsking { ask, ignore };

/// What a budget counts the launches of; `store`: of all that use this store.
enum class BudgetKind { scope, workflow, actor, repo, store };

/// What the heartbeats do when the run's work is not wanted any more: superseded, or paused.
enum class OnLost {
  note,    ///< in the job's health record
  cancel,  ///< they cancel their own run, too
};

enum class BudgetUnit {
  launches,
  usd,  ///< in millionths
  tokens,
};

/// "workflow:10/1d": at most `amount` in any stretch of `window`.
struct Budget {
  BudgetKind kind = BudgetKind::scope;
  std::uint64_t amount = 0;
  Duration window{};
  BudgetUnit unit = BudgetUnit::launches;

  bool operator==(const Budget&) const = default;
};

/// "5/1h": when the last five sessions of a workflow that ended have failed, the next one is let
/// through an hour after the last of them.
struct Breaker {
  unsigned failures = 0;
  Duration span{};

  bool operator==(const Breaker&) const = default;
};

struct Policy {
  Duration memory = std::chrono::days(7);  ///< for how long finished work is not launched again
  Duration pr_lock_window = std::chrono::hours(
      1);  ///< for how long a push and a pull request of one commit exclude each other by name
  Duration session_window = std::chrono::minutes(5);  ///< the lease of the positional commands
  Duration lease = std::chrono::hours(
      6);  ///< the longest that a job can last on GitHub's runners: right without heartbeats
  bool lease_given =
      false;  ///< by the user: then heartbeats renew for as long; else for `beat_lease`
  Duration interval = std::chrono::minutes(5);   ///< between two heartbeats; see beat_interval()
  bool interval_given = false;                   ///< by the user
  bool heartbeat = false;                        ///< gate starts the heartbeats of the job
  Duration skew = std::chrono::seconds(60);      ///< how far two clocks may be apart
  Duration deadline = std::chrono::seconds(30);  ///< for one whole call
  Retry retry = Retry::suppress;
  unsigned max_attempts = 0;  ///< launches of one piece of work within its memory; 0: any number
  Duration
      cooldown{};  ///< for how long nothing of a scope is launched after its last session ended
  std::vector<Budget> budgets;     ///< all must have something left
  std::optional<Breaker> breaker;  ///< nullopt: it may fail as often as it does
  Spent reserve;                   ///< what a session counts as until it says what it cost
  std::optional<Slots> slots;      ///< so many sessions of a pool at once; nullopt: any number
  Duration wait{};                 ///< for how long a gate stands by for its turn
  bool waits_for_nothing = false;  ///< `wait` was said, and is 0s; else that is the default
  bool no_wait = false;            ///< tell the place in line instead of standing in it
  HolderRun holder_run = HolderRun::ask;
  bool force = false;
  bool observe = false;    ///< decide and record, and hold nobody back
  bool supersede = false;  ///< the newest head of a branch ends the session of older ones
  Duration settle{};       ///< for how long a branch is to be calm before its newest head starts
  bool follow = false;     ///< a skip waits for the work, and fails unless it is done
  OnLost on_lost = OnLost::note;
  std::optional<PauseAsking> pause;  ///< nullopt: see asks_pause
  Fallback on_error = Fallback::fail;
  std::optional<Fallback> on_read_only;  ///< nullopt: skip where such a token is to be expected,
                                         ///< fail everywhere else (core/event/read_only.h)
  AuditSkips audit_skips = AuditSkips::push;
};

/// True when a launch is entered into ledgers.
inline bool keeps_ledgers(const Policy& policy) {
  return !policy.budgets.empty() || policy.breaker.has_value();
}

/// True when it matters which head of its branch is the newest.
inline bool wants_newest(const Policy& policy) {
  return policy.supersede || policy.settle > Duration::zero();
}

/// True when a gate asks whether it is paused before it decides. What else governs a launch reads
/// anyway, and asks unless it was told not to.
inline bool asks_pause(const Policy& policy) {
  if (policy.pause) return *policy.pause == PauseAsking::ask;
  return policy.observe || policy.follow || wants_newest(policy) || policy.slots ||
         keeps_ledgers(policy) || policy.on_lost == OnLost::cancel;
}

/// Who waits looks again and again, and asks then whatever it asked before.
inline bool asks_pause_while_waiting(const Policy& policy) {
  return policy.pause != PauseAsking::ignore;
}

/// The lease of a session with heartbeats, when the user gave none: three intervals, and never so
/// short that skew eats it.
constexpr Duration beat_lease(const Policy& policy) {
  if (policy.lease_given) return policy.lease;
  return policy.interval * 3 > policy.skew + policy.interval * 2
             ? policy.interval * 3
             : policy.skew + policy.interval * 2;
}

/// The time between two heartbeats: as given, else five minutes or, for a short lease, as often as
/// three fit into what its holder has of it.
constexpr Duration beat_interval(const Policy& policy) {
  if (policy.interval_given || !policy.lease_given) return policy.interval;
  const Duration third = (policy.lease - policy.skew) / 3;
  return third < policy.interval && third > Duration::zero() ? third : policy.interval;
}

}  // namespace refgate
