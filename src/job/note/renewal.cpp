#include "job/note/renewal.h"

#include <algorithm>

#include "call/invocation.h"
#include "core/decision/decision.h"
#include "job/note/health_file.h"

namespace refgate {
namespace {

Death death_of(const Ended& swap, Instant at) {
  if (!swap.seen) return {at, DeathCause::gone, "the claim is not there any more"};
  if (!swap.seen->superseded_by.empty())
    return {at, DeathCause::superseded,
            "a newer head of the branch came, by run " + swap.seen->superseded_by};
  if (swap.seen->outcome == ClaimOutcome::lost)
    return {at, DeathCause::expired,
            "nothing was heard of the session in time, and its slot was given away"};
  if (swap.result == Ended::Result::already)
    return {at, DeathCause::released,
            "the session was released" +
                (swap.seen->note.empty() ? std::string() : " (" + swap.seen->note + ")")};
  return {at, DeathCause::taken_over,
          "the session was taken over, generation " + std::to_string(swap.seen->generation) + ": " +
              describe_holder(*swap.seen, at)};
}

bool was_ended_by_job(const JobState& state, const std::string& claim_id) {
  const auto notes = state.notes();
  return std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == claim_id && note.is_over();
  });
}

}  // namespace

Beat renew_lease(Store& store, const JobState& state, ClaimNote& note, Duration lease,
                 const BeatNews& news) {
  std::set<std::string>& published = news.published;
  const std::string claim_id = note.claim.claim_id;
  SeenClaim known;
  if (note.version) known = {note.claim, note.version};
  // Taken before anything is sent: the lease counts from here, whenever the answer comes.
  const BootTime sent = boot_now();
  const Instant at = now();
  const auto renew = [&](const Claim& claim) {
    Claim next = claim;
    next.limits.lease = lease;
    next.renewed_at = at;
    // A wall clock that was set back must not take from others' patience what a renewal gave
    // before; a lease that was long until now may become short.
    next.lease_until =
        claim.limits.lease == lease ? std::max(claim.lease_until, at + lease) : at + lease;
    std::erase_if(next.outbox, [&](const AuditEntry& line) { return published.contains(line.id); });
    return next;
  };
  const HealthFile file(state, claim_id);
  Ended swap;
  try {
    // An id alone proves nothing: anything in the job could have put another's into the note.
    const auto is_same_holder = [&](const Claim& claim) {
      return claim.holder == note.claim.holder;
    };
    swap =
        update_claim(store, {note.ref, claim_id, note.name_space, std::move(known), is_same_holder},
                     renew, Publish::what_stood);
  } catch (const StoreError& error) {
    // What stands there is not known any more.
    note.version.reset();
    try {
      file.update([&](Health& health) {
        ++health.failures;
        health.failure = error.what();
      });
    } catch (const std::runtime_error&) {
      // What cannot be noted is not worth more than the failure itself.
    }
    throw;
  }
  const auto keep = [&](const auto& write) {
    try {
      write();
    } catch (const std::runtime_error& error) {
      news.unwritten = error.what();
    }
  };
  if (swap.result == Ended::Result::ended) {
    published.merge(swap.published);
    note.claim = swap.claim;
    note.version = swap.version;
    note.unclaimed = note.unclaimed && note.claim.state == ClaimState::waiting;
    // First what keeps the session alive: a disk that is full for a moment must not.
    keep([&] {
      file.update([&](Health& health) {
        health.lease = lease;
        health = renewed(std::move(health), sent, at);
      });
    });
    // What was just renewed at the remote lives, whatever the job's file says of it.
    keep([&] {
      state.update(claim_id, [&](ClaimNote& kept) {
        if (kept.is_over()) return false;
        kept.claim = note.claim;
        kept.version = note.version;
        kept.unclaimed = kept.unclaimed && kept.claim.state == ClaimState::waiting;
        return true;
      });
    });
    return Beat::renewed;
  }
  if (was_ended_by_job(state, claim_id) ||
      (swap.result == Ended::Result::already && swap.seen->outcome != ClaimOutcome::released &&
       swap.seen->outcome != ClaimOutcome::lost && swap.seen->superseded_by.empty())) {
    keep([&] { note_end(state, claim_id); });
    return Beat::ended;
  }
  const bool stands = swap.result == Ended::Result::already;
  bool unclaimed = false;
  keep([&] {
    file.update([&](Health& health) {
      unclaimed = health.unclaimed && !note.version && !stands;
      if (!unclaimed) health = died(std::move(health), death_of(swap, at));
    });
  });
  if (unclaimed) return Beat::unclaimed;
  return stands && (swap.seen->halted || !swap.seen->superseded_by.empty()) ? Beat::called_off
                                                                            : Beat::lost;
}

void note_end(const JobState& state, const std::string& claim_id) {
  HealthFile(state, claim_id).update([](Health& health) { health.ended = true; });
}

}  // namespace refgate
