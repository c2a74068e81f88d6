#include "core/decision/decision.h"

#include <algorithm>
#include <limits>

#include "core/claim/claim_line.h"
#include "core/claim/transition.h"
#include "core/decision/budget.h"
#include "core/governing/limited.h"
#include "core/record/result.h"
#include "core/text/count.h"
#include "core/words/age.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

bool is_pull_request(std::string_view event) {
  return event == "pull_request" || event == "pull_request_target";
}

/// What is waited for is over then: in whole seconds, as people are told, and never too early.
Instant in_whole_seconds(Instant until) {
  return Instant(std::chrono::ceil<std::chrono::seconds>(until.time_since_epoch()));
}

std::string until_text(Instant until) { return format_second(in_whole_seconds(until)); }

/// A decision's line, about the claim that is `request`'s or would have been.
AuditEntry line_of(const Request& request, std::uint64_t generation, EntryKind kind,
                   const Decision& decision, Instant now) {
  AuditEntry line = line_of(request, request.nonce, generation, kind, now);
  line.scope = request.scope;
  line.covers = covers_in_line(request.covers);
  line.reason_code = name_of(decision.code);
  line.reason = shortened(decision.reason, bounds::reason);
  return line;
}

Holder bounded(const Holder& holder) {
  return {shortened(holder.run_id, bounds::word),     holder.run_attempt,
          shortened(holder.job, bounds::word),        shortened(holder.job_index, bounds::word),
          shortened(holder.run_url, bounds::address), shortened(holder.actor, bounds::word),
          shortened(holder.instance, bounds::word)};
}

Claim claim_of(const Request& request, const Policy& policy, Instant now) {
  Claim claim;
  claim.claim_id = request.nonce;
  claim.state = request.queue  ? ClaimState::waiting
                : request.hold ? ClaimState::held
                               : ClaimState::active;
  claim.group = shortened(request.group, bounds::address);
  claim.slots = request.slots;
  claim.ledgers = request.ledgers;
  claim.reserve = request.reserve;
  claim.breaker = request.breaker;
  claim.window_only = request.window_only;
  claim.holder = bounded(request.holder);
  claim.covers = request.covers;
  claim.ambiguous = request.met.has_value();
  claim.session_key = shortened(request.session_key, bounds::name);
  claim.workflow = shortened(request.workflow, bounds::name);
  claim.workflow_file = shortened(request.workflow_file, bounds::word);
  claim.event = shortened(request.event, bounds::word);
  claim.commit = shortened(request.commit, bounds::word);
  claim.claimed_at = claim.renewed_at = now;
  claim.limits = {request.window_only ? policy.session_window : policy.lease, policy.skew,
                  policy.memory, policy.pr_lock_window};
  claim.lease_until = now + claim.limits.lease;
  if (request.event == "push" || is_pull_request(request.event))
    claim.pr_locked_until = now + policy.pr_lock_window;
  return claim;
}

AuditEntry launch_line(const Request& request, const Claim& claim, const Decision& decision,
                       Instant now) {
  AuditEntry line = line_of(request, claim.generation, EntryKind::launch, decision, now);
  line.memory = claim.limits.memory;
  line.asked_pause = request.asks_pause;
  line.job_status = "started";
  return line;
}

/// What the scope remembers, for a launch that is given up again.
std::string former_of(const Claim& state) {
  if (state.state == ClaimState::waiting) return state.former;
  if (state.state != ClaimState::ended || state.outcome == ClaimOutcome::abandoned) return {};
  Claim bare = state;
  bare.outbox.clear();
  bare.sent.clear();
  bare.former.clear();
  bare.displaced.reset();
  std::string text = encode_claim(bare);
  if (json_length(text) <= bounds::former) return text;
  bare.failed_runs.clear();
  // It stands inside of another record, where each quotation mark takes four bytes.
  constexpr std::size_t word = 128;
  for (std::string* name : {&bare.session_key, &bare.workflow, &bare.workflow_file, &bare.event,
                            &bare.commit, &bare.note, &bare.holder.run_id, &bare.holder.job,
                            &bare.holder.job_index, &bare.holder.run_url, &bare.holder.actor})
    *name = shortened(*name, word);
  return encode_claim(bare);
}

/// Who holds a claim, or was ended by others, has said nothing yet of what it cost.
std::optional<Displaced> displaced_by(const Claim& state) {
  const bool launched =
      state.state != ClaimState::waiting && state.outcome != ClaimOutcome::abandoned;
  if (!launched) return state.displaced;
  const bool told =
      state.outcome == ClaimOutcome::success || state.outcome == ClaimOutcome::failure;
  if (told || !state.reserve.is_said() || state.spent.is_said()) return std::nullopt;
  return Displaced{state.claim_id, state.holder, state.ledgers};
}

/// Whose session did not do the work, before one that follows `state`.
std::vector<std::string> failed_before(const Claim& state) {
  if (state.outcome == ClaimOutcome::success) return {};
  std::vector<std::string> runs = state.failed_runs;
  const bool launched =
      state.state != ClaimState::waiting && state.outcome != ClaimOutcome::abandoned;
  if (!launched || state.holder.run_id.empty()) return runs;
  std::erase(runs, state.holder.run_id);
  if (runs.size() >= most_failed_runs) runs.erase(runs.begin());
  runs.push_back(state.holder.run_id);
  return runs;
}

/// Counters in a stored record are anybody's numbers: at their end they stay.
template <typename Number>
Number one_more(Number count) {
  return count == std::numeric_limits<Number>::max() ? count : count + 1;
}

/// What is decided about.
struct Case {
  const std::optional<Claim>& state;
  const Request& request;
  const Policy& policy;
  Instant now;
};

std::string with_aside(std::string reason, const Request& request) {
  return request.aside.empty() ? reason : reason + ". " + request.aside;
}

Decision run(const Case& asked, ReasonCode code, std::string reason) {
  const auto& [state, request, policy, now] = asked;
  reason = with_aside(std::move(reason), request);
  Decision decision{Verdict::run, code, std::move(reason), claim_of(request, policy, now),
                    std::nullopt};
  Claim& next = *decision.next;
  if (state) {
    next.generation = one_more(state->generation);
    next.former = former_of(*state);
    next.displaced = displaced_by(*state);
    next.failed_runs = failed_before(*state);
    // Who only waited has not launched.
    if (code != ReasonCode::first || state->outcome == ClaimOutcome::abandoned)
      next.attempts =
          state->state == ClaimState::waiting ? state->attempts : one_more(state->attempts);
    next.outbox = state->outbox;
    next.sent = state->sent;
    next.left_out = state->left_out;
    if (state->state != ClaimState::ended && state->state != ClaimState::waiting)
      next.outbox.push_back(lost_line(*state, now));
  }
  if (next.state != ClaimState::waiting)
    next.outbox.push_back(launch_line(request, next, decision, now));
  return decision;
}

Decision skip(const Claim& state, const Request& request, Instant now, ReasonCode code,
              std::string reason) {
  for (const std::string& word : request.joined_by)
    reason += (&word == &request.joined_by.front() ? ". One piece of work by " : " and ") + word;
  Decision decision{Verdict::skip, code, with_aside(std::move(reason), request), std::nullopt,
                    std::nullopt};
  AuditEntry line = line_of(request, state.generation, EntryKind::skip, decision, now);
  line.job_status = "skipped";
  line.holder_run_id = shortened(state.holder.run_id, bounds::word);
  line.holder_claim_id = shortened(state.claim_id, bounds::word);
  decision.line = std::move(line);
  return decision;
}

Decision skip_until(Instant until, Decision decision) {
  decision.until = in_whole_seconds(until);
  if (decision.line) decision.line->until = decision.until;
  return decision;
}

const std::string override_hint = ". To run all the same: --force (input force: true)";

std::string other_event(const Claim& state) {
  return state.event == "push" ? "a push" : "a pull request";
}

bool retry_permitted(const Policy& policy, const Request& request) {
  return policy.retry == Retry::allow || (policy.retry == Retry::manual && request.rerun_by_person);
}

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

Decision superseded(const Request& request, const NewerRun& newer, Instant now) {
  Decision decision =
      skip_for(request, now, ReasonCode::superseded,
               "A newer head of this branch came, " + newer.commit.substr(0, 8) + ", by " +
                   (newer.run_id.empty() ? "another run" : "run " + newer.run_id) +
                   (newer.run_url.empty() ? "" : ", " + newer.run_url) + override_hint);
  decision.line->holder_run_id = shortened(newer.run_id, bounds::word);
  decision.newer = newer;
  return decision;
}

/// What holds back a launch that the state of the scope would allow; each says when it will pass.
std::optional<Decision> held_back(const std::optional<Claim>& state, const Request& request,
                                  const Policy& policy, Instant now, const Surroundings& around) {
  if (around.newer) return superseded(request, *around.newer, now);
  if (state && state->ended_at && state->outcome != ClaimOutcome::released &&
      state->outcome != ClaimOutcome::abandoned) {
    if (const Instant over = *state->ended_at + policy.cooldown;
        policy.cooldown > Duration::zero() && now < over)
      return skip_until(over, skip(*state, request, now, ReasonCode::cooldown,
                                   "Cooling down until " + until_text(over) + " (cooldown " +
                                       format_duration(policy.cooldown) +
                                       "): " + describe_holder(*state, now) + override_hint));
  }
  if (state && policy.max_attempts > 0 && state->attempts >= policy.max_attempts) {
    const Instant since = state->ended_at.value_or(state->lease_until + state->limits.skew);
    const Instant over = since + state->limits.memory;
    if (now < over)
      return skip_until(
          over,
          skip(*state, request, now, ReasonCode::max_attempts,
               "Launched " + counted(state->attempts, "time") + " already, and at most " +
                   std::to_string(policy.max_attempts) +
                   (policy.max_attempts == 1 ? " is" : " are") + " allowed (max-attempts) until " +
                   until_text(over) + ": " + describe_holder(*state, now) + override_hint));
  }
  if (around.breaker) {
    const OpenBreaker& open = *around.breaker;
    const std::string failures = std::to_string(open.breaker.failures);
    return skip_until(
        open.until,
        skip_for(request, now, ReasonCode::breaker,
                 (open.breaker.failures == 1
                      ? "The last session of this workflow failed, "
                      : "The last " + failures + " sessions of this workflow failed, the last ") +
                     age(open.last, now) +
                     (open.probing ? ", and one that was let through is at work until "
                                   : ", and one is let through after ") +
                     until_text(open.until) + " (breaker " + failures + "/" +
                     format_duration(open.breaker.span) +
                     "). To forget them: " + how_to_forget_failures(request) + override_hint));
  }
  if (around.spent) {
    const SpentBudget& spent = *around.spent;
    Decision decision = skip_for(request, now, ReasonCode::budget,
                                 describe_spent_budget(spent, request) + override_hint);
    return skip_until(spent.frees_at, std::move(decision));
  }
  if (around.closed) {
    const ClosedPool& closed = *around.closed;
    return skip_until(
        closed.until,
        skip_for(request, now, ReasonCode::limited,
                 "The pool of slots " + closed.pool + " is closed until " +
                     until_text(closed.until) +
                     ", since a session of it reached its provider's limit" + override_hint));
  }
  return std::nullopt;
}

std::string how_to_retry(const Policy& policy) {
  return policy.retry == Retry::manual ? "; --retry manual lets a person's re-run through"
                                       : "; --retry manual or allow lets it run again";
}

}  // namespace

Decision skip_for(const Request& request, Instant now, ReasonCode code, std::string reason) {
  Decision decision{Verdict::skip, code, with_aside(std::move(reason), request), std::nullopt,
                    std::nullopt};
  AuditEntry line = line_of(request, 0, EntryKind::skip, decision, now);
  line.job_status = "skipped";
  decision.line = std::move(line);
  return decision;
}

bool are_push_and_pull_request(std::string_view one, std::string_view other) {
  return (one == "push" && is_pull_request(other)) || (is_pull_request(one) && other == "push");
}

bool is_of_another_job(const Claim& claim, const Request& request) {
  const Holder& theirs = claim.holder;
  const Holder& own = request.holder;
  if (!request.tells_jobs || claim.window_only || own.run_id.empty()) return false;
  if (theirs.run_id != own.run_id || theirs.run_attempt != own.run_attempt) return false;
  if (std::find(request.presented.begin(), request.presented.end(), claim.claim_id) !=
      request.presented.end())
    return false;
  return theirs.instance.empty() || own.instance.empty() || theirs.instance != own.instance;
}

bool is_lost(const Claim& claim, Instant now) {
  return claim.state != ClaimState::ended && now >= claim.lease_until + claim.limits.skew;
}

std::string describe_holder(const Claim& claim, Instant now) {
  std::string text =
      claim.holder.run_id.empty() ? "a caller without a run id" : "run " + claim.holder.run_id;
  std::string inner;
  const auto add = [&](const std::string& part) { inner += (inner.empty() ? "" : ", ") + part; };
  if (claim.holder.run_attempt > 1) add("attempt " + std::to_string(claim.holder.run_attempt));
  if (!claim.holder.job.empty())
    add("job " + claim.holder.job +
        (claim.holder.job_index.empty() ? "" : " #" + claim.holder.job_index));
  add(claim.event + (claim.holder.actor.empty() ? "" : " by " + claim.holder.actor));
  text += " (" + inner + "), since " + format_second(claim.claimed_at) + " (" +
          age(claim.claimed_at, now) + ")";
  if (!claim.holder.run_url.empty()) text += ", " + claim.holder.run_url;
  return text;
}

namespace {

Decision by_state(const Case& asked, RunEnded holder_run) {
  const auto& [state, request, policy, now] = asked;
  if (policy.force) {
    const bool live = state && state->state != ClaimState::ended;
    return run(
        asked, ReasonCode::forced,
        live ? "Forced, although this work is held by " + describe_holder(*state, now) : "Forced");
  }
  const bool own = state && state->state != ClaimState::ended &&
                   std::find(request.presented.begin(), request.presented.end(), state->claim_id) !=
                       request.presented.end();
  if (request.met && !own)
    return run(asked, ReasonCode::same_run,
               "Another job cannot be told from this one, so neither stands for the other; "
               "dimensions tell them apart: " +
                   describe_holder(*request.met, now));
  // Who calls as the original was called gets the original's words.
  if (!state)
    return run(asked, ReasonCode::first,
               request.window_only ? "No conflicts detected"
                                   : "Nobody has done this work, and nobody is doing it");

  const Claim& claim = *state;
  const bool same_run =
      !claim.holder.run_id.empty() && claim.holder.run_id == request.holder.run_id;
  const bool is_rerun = same_run && claim.holder.run_attempt < request.holder.run_attempt;
  const bool counterpart =
      !request.same_change && are_push_and_pull_request(claim.event, request.event);
  const bool pr_locked = counterpart && claim.pr_locked_until && now < *claim.pr_locked_until;
  const std::string holder = describe_holder(claim, now);

  if (claim.state != ClaimState::ended) {
    if (std::find(request.presented.begin(), request.presented.end(), claim.claim_id) !=
        request.presented.end()) {
      Decision decision{Verdict::run, ReasonCode::own, "This job holds the claim already", claim,
                        std::nullopt};
      Claim& next = *decision.next;
      next.state =
          request.hold || claim.state == ClaimState::waiting ? claim.state : ClaimState::active;
      next.session_key = shortened(request.session_key, bounds::name);
      // Who goes on with what another run has won is its holder: that run may end before it.
      if (!request.holder.run_id.empty() && claim.holder.run_id != request.holder.run_id)
        next.holder = bounded(request.holder);
      next.renewed_at = now;
      next.lease_until = std::max(claim.lease_until, now + claim.limits.lease);
      return decision;
    }
    // GitHub starts a new attempt only when the former one is over, so an earlier attempt of the
    // same run needs no lease to be gone.
    // Nobody renews a window, so that its end says nothing of a run that is known to go on.
    const bool outlived = claim.window_only && holder_run == RunEnded::no && is_lost(claim, now);
    const bool live =
        !is_rerun && holder_run != RunEnded::yes && (outlived || !is_lost(claim, now));
    if (live) {
      const std::string until =
          outlived ? ". Its run is in progress"
                   : ". It holds until " + until_text(claim.lease_until + claim.limits.skew);
      const std::string free_it =
          override_hint + ", or free it: refgate release " + request.scope + " --reason '…'";
      if (claim.state == ClaimState::waiting)
        return skip(claim, request, now, ReasonCode::queued,
                    "Nobody does this work yet: it waits for " +
                        (!claim.group.empty()   ? "its turn in group " + claim.group
                         : !claim.slots.empty() ? "a slot of " + pool_named(claim.slots)
                                                : "its branch to be calm") +
                        ", by " + holder + until + free_it);
      if (counterpart)
        return skip(claim, request, now, ReasonCode::pr_lock,
                    "This commit is being handled by " + other_event(claim) + ": " + holder +
                        until + free_it);
      return skip(claim, request, now, ReasonCode::active_session,
                  "Active session found: " + holder + until + free_it);
    }
    // A window that has passed says that nobody cleaned up, not that the holder died; the lock on
    // the commit outlasts it.
    if (claim.window_only && pr_locked && holder_run != RunEnded::yes)
      return skip(claim, request, now, ReasonCode::pr_lock,
                  "This commit was handled by " + other_event(claim) + ": " + holder +
                      ". The lock holds until " + until_text(*claim.pr_locked_until) +
                      override_hint);
    return run(asked, ReasonCode::takeover,
               (is_rerun ? "Taken over, since an earlier attempt of this run did not finish it: "
                : holder_run == RunEnded::yes ? "Taken over, since the run that held it has ended: "
                                              : "Taken over, since its lease has passed: ") +
                   holder);
  }

  const Instant ended = *claim.ended_at;
  const bool remembered = now < ended + claim.limits.memory;
  const std::string ended_text = " (ended " + age(ended, now) + ")";
  const std::string result_text =
      time_of_result(claim.result) ? ", its result: " + how_to_get(claim.result) : "";
  // clang before 16 captures no structured binding.
  const auto locked = [&] {
    return skip(claim, asked.request, asked.now, ReasonCode::pr_lock,
                "This commit was handled by " + other_event(claim) + ": " + holder + ended_text +
                    result_text + override_hint);
  };
  switch (claim.outcome) {
    case ClaimOutcome::success:
      if (counterpart && now < ended + claim.limits.pr_lock_window) return locked();
      if (counterpart)
        return run(asked, ReasonCode::first,
                   "What was done for " + other_event(claim) +
                       " counts no longer than the lock window: " + holder + ended_text);
      if (!remembered) break;
      return skip_until(ended + claim.limits.memory,
                        skip(claim, request, now, ReasonCode::already_done,
                             "This work was done by " + holder + ended_text + result_text +
                                 ", and is remembered until " +
                                 until_text(ended + claim.limits.memory) + override_hint));
    case ClaimOutcome::failure:
      if (!remembered) break;
      if (retry_permitted(policy, request))
        return run(asked, ReasonCode::retry_allowed,
                   "It failed, and retries are allowed: " + holder);
      return skip(claim, request, now, ReasonCode::retry_suppressed,
                  "This work failed, and is not launched again: " + holder + ended_text +
                      override_hint + how_to_retry(policy));
    case ClaimOutcome::limited:
      if (now < *claim.until)
        return skip_until(
            *claim.until,
            skip(claim, request, now, ReasonCode::limited,
                 "This work is not done, since its provider's limit was reached: come back after " +
                     until_text(*claim.until) + ". It was begun by " + holder + ended_text +
                     override_hint));
      if (!is_due(claim, now)) break;
      return run(asked, ReasonCode::takeover,
                 "Taken over, since the time that its provider's limit named has come: " + holder +
                     ended_text);
    case ClaimOutcome::abandoned:
      return run(asked, ReasonCode::first,
                 "Nobody has started this work: " + (claim.note.empty() ? holder : claim.note));
    case ClaimOutcome::released:
      if (!remembered) break;
      return run(asked, ReasonCode::takeover,
                 "Taken over, since it was released (" + claim.note + "): " + holder);
    case ClaimOutcome::lost:
    case ClaimOutcome::none:
      if (!remembered) break;
      return run(asked, ReasonCode::takeover,
                 "Taken over, since its holder was lost: " + holder + ended_text);
    case ClaimOutcome::cancelled:
      if (!remembered) break;
      // Whether its head is the newest by now is told by the line of its branch.
      if (!claim.superseded_by.empty())
        return run(asked, ReasonCode::takeover,
                   "Taken over, since a newer head had ended it: " + holder + ended_text);
      if (is_rerun && !retry_permitted(policy, request))
        return skip(claim, request, now, ReasonCode::retry_suppressed,
                    "An earlier attempt of this run was cancelled: " + holder + ended_text +
                        override_hint + how_to_retry(policy));
      if (is_rerun)
        return run(
            asked, ReasonCode::retry_allowed,
            "An earlier attempt of this run was cancelled, and retries are allowed: " + holder);
      return run(asked, ReasonCode::takeover,
                 "Taken over, since it was cancelled: " + holder + ended_text);
  }
  return run(asked, ReasonCode::first,
             "The former session is older than the memory: " + holder + ended_text);
}

/// Neither force nor a job of the same run passes a pause; only who holds the claim already does,
/// and needs no force for it.
Decision paused_or_own(const Case& asked, const Pause& pause) {
  const auto& [state, request, policy, now] = asked;
  const auto& ids = request.presented;
  if (state && state->state != ClaimState::ended &&
      std::find(ids.begin(), ids.end(), state->claim_id) != ids.end()) {
    Policy unforced = policy;
    unforced.force = false;
    return by_state({state, request, unforced, now}, RunEnded::unknown);
  }
  Decision decision = skip_for(request, now, ReasonCode::paused,
                               describe(pause) + ". To lift it: " + how_to_resume(pause.subject));
  return pause.until ? skip_until(*pause.until, std::move(decision)) : decision;
}

}  // namespace

Decision decide(const std::optional<Claim>& state, const Request& request, const Policy& policy,
                Instant now, const Surroundings& around) {
  if (around.paused) return paused_or_own({state, request, policy, now}, *around.paused);
  Decision decision = by_state({state, request, policy, now}, around.holder_run);
  if (decision.verdict == Verdict::run && decision.code != ReasonCode::forced &&
      decision.code != ReasonCode::own)
    if (auto held = held_back(state, request, policy, now, around)) return std::move(*held);
  return decision;
}

Claim start_claim(const Claim& claim, const Request& request, const Decision& decision,
                  Instant now) {
  Claim next = claim;
  next.state = ClaimState::active;
  next.renewed_at = now;
  next.lease_until = now + claim.limits.lease;
  next.outbox.push_back(launch_line(request, claim, decision, now));
  return next;
}

}  // namespace refgate
