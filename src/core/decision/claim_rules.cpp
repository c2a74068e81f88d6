#include "core/claim/transition.h"
#include "core/decision/answer.h"
#include "core/governing/limited.h"
#include "core/governing/pool.h"
#include "core/record/result.h"
#include "core/words/age.h"
#include "core/words/shorten.h"

namespace refgate {
namespace {

bool is_live(const Picture& picture) {
  return picture.state && picture.state->state != ClaimState::ended;
}

bool is_own(const Picture& picture) {
  return is_live(picture) && shows(picture.request, *picture.state);
}

bool is_rerun(const Picture& picture) {
  const Holder& theirs = picture.state->holder;
  const Holder& own = picture.request.holder;
  return !theirs.run_id.empty() && theirs.run_id == own.run_id &&
         theirs.run_attempt < own.run_attempt;
}

/// A push for a pull request, or the other way round, where the lock window couples the two.
bool is_counterpart(const Picture& picture) {
  return !picture.request.same_change &&
         are_push_and_pull_request(picture.state->event, picture.request.event);
}

std::string other_event(const Claim& state) {
  return state.event == "push" ? "a push" : "a pull request";
}

bool retry_permitted(const Picture& picture) {
  return picture.policy.retry == Retry::allow ||
         (picture.policy.retry == Retry::manual && picture.request.rerun_by_person);
}

std::string how_to_retry(const Policy& policy) {
  return policy.retry == Retry::manual ? "; --retry manual lets a person's re-run through"
                                       : "; --retry manual or allow lets it run again";
}

std::string holder_of(const Picture& picture) {
  return describe_holder(*picture.state, picture.now);
}

std::string ended_text(const Picture& picture) {
  return " (ended " + age(*picture.state->ended_at, picture.now) + ")";
}

std::string result_text(const Claim& claim) {
  return time_of_result(claim.result) ? ", its result: " + how_to_get(claim.result) : "";
}

/// Neither force nor a job of the same run passes a pause; only who holds the claim already does,
/// and needs no force for it.
std::optional<Decision> paused(const Picture& picture) {
  if (!picture.around.paused || is_own(picture)) return std::nullopt;
  const Pause& pause = *picture.around.paused;
  Decision decision = skip_for(picture.request, picture.now, ReasonCode::paused,
                               describe(pause) + ". To lift it: " + how_to_resume(pause.subject));
  return pause.until ? skip_until(*pause.until, std::move(decision)) : decision;
}

std::optional<Decision> forced(const Picture& picture) {
  if (!picture.policy.force || picture.around.paused) return std::nullopt;
  return run(
      picture, ReasonCode::forced,
      is_live(picture) ? "Forced, although this work is held by " + holder_of(picture) : "Forced");
}

std::optional<Decision> job_of_same_run(const Picture& picture) {
  if (!picture.request.met || is_own(picture)) return std::nullopt;
  return run(picture, ReasonCode::same_run,
             "Another job cannot be told from this one, so neither stands for the other; "
             "dimensions tell them apart: " +
                 describe_holder(*picture.request.met, picture.now));
}

/// Who calls as the original was called gets the original's words.
std::optional<Decision> nobody_there(const Picture& picture) {
  if (picture.state) return std::nullopt;
  return run(picture, ReasonCode::first,
             picture.request.window_only ? "No conflicts detected"
                                         : "Nobody has done this work, and nobody is doing it");
}

std::optional<Decision> own_claim(const Picture& picture) {
  if (!is_own(picture)) return std::nullopt;
  const auto& [state, request, policy, now, around] = picture;
  const Claim& claim = *state;
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

/// Nobody renews a window, so that its end says nothing of another run that is known to go on. Of
/// its own run a job knows just that, and nothing of the job that made the window.
bool outlives_its_window(const Picture& picture) {
  const Claim& claim = *picture.state;
  return claim.window_only && picture.around.holder_run == RunEnded::no &&
         is_lost(claim, picture.now) && claim.holder.run_id != picture.request.holder.run_id &&
         picture.now < claim.claimed_at + claim.limits.memory;
}

/// GitHub starts a new attempt only when the former one is over, so an earlier attempt of the same
/// run needs no lease to be gone.
bool is_dead(const Picture& picture) {
  if (is_rerun(picture) || picture.around.holder_run == RunEnded::yes) return true;
  return is_lost(*picture.state, picture.now) && !outlives_its_window(picture);
}

std::optional<Decision> held(const Picture& picture) {
  if (!is_live(picture) || is_dead(picture)) return std::nullopt;
  const Claim& claim = *picture.state;
  const std::string who =
      holder_of(picture) +
      (outlives_its_window(picture)
           ? ". Its run is in progress"
           : ". It holds until " + until_text(claim.lease_until + claim.limits.skew)) +
      override_hint + ", or free it: " + how_to_free(picture.request.scope);
  if (claim.state == ClaimState::waiting)
    return skip(picture, ReasonCode::queued,
                "Nobody does this work yet: it waits for " +
                    (!claim.group.empty()   ? "its turn in group " + claim.group
                     : !claim.slots.empty() ? "a slot of " + pool_named(claim.slots)
                                            : "its branch to be calm") +
                    ", by " + who);
  if (is_counterpart(picture))
    return skip(picture, ReasonCode::pr_lock,
                "This commit is being handled by " + other_event(claim) + ": " + who);
  return skip(picture, ReasonCode::active_session, "Active session found: " + who);
}

/// A window that has passed says that nobody cleaned up, not that the holder died; the lock on the
/// commit outlasts it.
std::optional<Decision> locked_after_window(const Picture& picture) {
  if (!is_live(picture)) return std::nullopt;
  const Claim& claim = *picture.state;
  const bool locked =
      is_counterpart(picture) && claim.pr_locked_until && picture.now < *claim.pr_locked_until;
  if (!claim.window_only || !locked || picture.around.holder_run == RunEnded::yes)
    return std::nullopt;
  return skip(picture, ReasonCode::pr_lock,
              "This commit was handled by " + other_event(claim) + ": " + holder_of(picture) +
                  ". The lock holds until " + until_text(*claim.pr_locked_until) + override_hint);
}

std::optional<Decision> dead_holder(const Picture& picture) {
  if (!is_live(picture)) return std::nullopt;
  return run(picture, ReasonCode::takeover,
             (is_rerun(picture) ? "Taken over, since an earlier attempt of this run did not "
                                  "finish it: "
              : picture.around.holder_run == RunEnded::yes
                  ? "Taken over, since the run that held it has ended: "
                  : "Taken over, since its lease has passed: ") +
                 holder_of(picture));
}

// From here on a session was ended, or given back.

std::optional<Decision> done_for_other_event(const Picture& picture) {
  const Claim& claim = *picture.state;
  if (claim.outcome != ClaimOutcome::success || !is_counterpart(picture)) return std::nullopt;
  if (picture.now < *claim.ended_at + claim.limits.pr_lock_window)
    return skip(picture, ReasonCode::pr_lock,
                "This commit was handled by " + other_event(claim) + ": " + holder_of(picture) +
                    ended_text(picture) + result_text(claim) + override_hint);
  return run(picture, ReasonCode::first,
             "What was done for " + other_event(claim) +
                 " counts no longer than the lock window: " + holder_of(picture) +
                 ended_text(picture));
}

/// What was limited is remembered by its own time, and what was given back has nothing to remember.
std::optional<Decision> given_back(const Picture& picture) {
  const Claim& claim = *picture.state;
  if (claim.outcome != ClaimOutcome::abandoned) return std::nullopt;
  return run(
      picture, ReasonCode::first,
      "Nobody has started this work: " + (claim.note.empty() ? holder_of(picture) : claim.note));
}

std::optional<Decision> limited(const Picture& picture) {
  const Claim& claim = *picture.state;
  if (claim.outcome != ClaimOutcome::limited) return std::nullopt;
  if (picture.now < *claim.until)
    return skip_until(*claim.until,
                      skip(picture, ReasonCode::limited,
                           "This work is not done, since its provider's limit was reached: come "
                           "back after " +
                               until_text(*claim.until) + ". It was begun by " +
                               holder_of(picture) + ended_text(picture) + override_hint));
  if (!is_due(claim, picture.now)) return std::nullopt;
  return run(picture, ReasonCode::takeover,
             "Taken over, since the time that its provider's limit named has come: " +
                 holder_of(picture) + ended_text(picture));
}

std::optional<Decision> forgotten(const Picture& picture) {
  const Claim& claim = *picture.state;
  const bool remembered = picture.now < *claim.ended_at + claim.limits.memory;
  if (remembered && claim.outcome != ClaimOutcome::limited) return std::nullopt;
  return run(
      picture, ReasonCode::first,
      "The former session is older than the memory: " + holder_of(picture) + ended_text(picture));
}

std::optional<Decision> done(const Picture& picture) {
  const Claim& claim = *picture.state;
  if (claim.outcome != ClaimOutcome::success) return std::nullopt;
  const Instant until = *claim.ended_at + claim.limits.memory;
  return skip_until(until,
                    skip(picture, ReasonCode::already_done,
                         "This work was done by " + holder_of(picture) + ended_text(picture) +
                             result_text(claim) + ", and is remembered until " + until_text(until) +
                             override_hint));
}

std::optional<Decision> failed(const Picture& picture) {
  if (picture.state->outcome != ClaimOutcome::failure) return std::nullopt;
  if (retry_permitted(picture))
    return run(picture, ReasonCode::retry_allowed,
               "It failed, and retries are allowed: " + holder_of(picture));
  return skip(picture, ReasonCode::retry_suppressed,
              "This work failed, and is not launched again: " + holder_of(picture) +
                  ended_text(picture) + override_hint + how_to_retry(picture.policy));
}

/// Whether the head that ended a session is still the newest is told by the line of its branch.
std::optional<Decision> rerun_of_cancelled(const Picture& picture) {
  const Claim& claim = *picture.state;
  if (claim.outcome != ClaimOutcome::cancelled || !claim.superseded_by.empty() ||
      !is_rerun(picture))
    return std::nullopt;
  if (retry_permitted(picture))
    return run(picture, ReasonCode::retry_allowed,
               "An earlier attempt of this run was cancelled, and retries are allowed: " +
                   holder_of(picture));
  return skip(picture, ReasonCode::retry_suppressed,
              "An earlier attempt of this run was cancelled: " + holder_of(picture) +
                  ended_text(picture) + override_hint + how_to_retry(picture.policy));
}

std::string why_not_done(const Claim& claim) {
  switch (claim.outcome) {
    case ClaimOutcome::released:
      return "it was released (" + claim.note + ")";
    case ClaimOutcome::cancelled:
      return claim.superseded_by.empty() ? "it was cancelled" : "a newer head had ended it";
    default:
      return "its holder was lost";
  }
}

std::optional<Decision> not_done(const Picture& picture) {
  const Claim& claim = *picture.state;
  return run(picture, ReasonCode::takeover,
             "Taken over, since " + why_not_done(claim) + ": " + holder_of(picture) +
                 (claim.outcome == ClaimOutcome::released ? "" : ended_text(picture)));
}

constexpr Rule all[] = {
    // whatever the claim says
    {"paused", paused},
    {"forced", forced},
    {"job of the same run", job_of_same_run},
    {"nobody there", nobody_there},
    // a claim that stands
    {"own claim", own_claim},
    {"held", held},
    {"locked after its window", locked_after_window},
    {"dead holder", dead_holder},
    // one that has ended
    {"done for the other event", done_for_other_event},
    {"given back", given_back},
    {"limited", limited},
    {"forgotten", forgotten},
    {"done", done},
    {"failed", failed},
    {"re-run of a cancelled one", rerun_of_cancelled},
    {"not done", not_done},
};

}  // namespace

std::span<const Rule> claim_rules() { return all; }

}  // namespace refgate
