#include "pausing/halt_sessions.h"

#include <chrono>
#include <utility>

#include "call/invocation.h"
#include "core/claim/transition.h"
#include "state/claiming.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

constexpr Duration between_tries = 200ms;

/// The live ones of the subject, and the changes that end them.
struct Targets {
  std::vector<StoredClaim> claims;
  std::vector<Change> changes;
};

Targets targets_of(Store& store, const std::string& name_space, const Pause& pause,
                   const Claims& read) {
  const std::string why = "paused" + (pause.reason.empty() ? "" : ": " + pause.reason);
  Targets targets;
  for (const StoredClaim& stored : read.claims) {
    const Claim& claim = stored.claim;
    if (claim.state == ClaimState::ended) continue;
    if (!stops(pause.subject, question_of(claim, stored.ref))) continue;
    Claim halted = release_claim(claim, pause.who, why, now());
    // Other jobs of the run may have other shares.
    halted.halted = pause.subject.kind != PauseKind::share;
    const Claim next = with_room(store, std::move(halted), claim.outbox, name_space);
    targets.changes.push_back({stored.ref, stored.version, claim_snapshot(next)});
    targets.claims.push_back(stored);
  }
  return targets;
}

}  // namespace

HaltedSessions halt_sessions(Store& store, const std::string& name_space, const Pause& pause) {
  HaltedSessions halted;
  Claims read = read_claims(store, name_space);
  halted.undone = read.unreadable;
  for (;;) {
    Targets targets = targets_of(store, name_space, pause, read);
    const auto outcomes = push_in_batches(store, targets.changes);
    std::vector<std::string> stale;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      StoredClaim& claim = targets.claims[i];
      if (outcomes[i].result == SwapResult::swapped)
        halted.ended.push_back(std::move(claim));
      else if (outcomes[i].result == SwapResult::stale)
        stale.push_back(claim.ref);
      else
        halted.undone.push_back({claim.ref, outcomes[i].message});
    }
    if (stale.empty()) return halted;
    if (std::chrono::steady_clock::now() >= store.deadline())
      throw StoreError(StoreFailure::unreachable,
                       store.describe() + " changed so fast that " + std::to_string(stale.size()) +
                           " sessions could not be ended within the deadline",
                       "try again, or give more time with --deadline");
    refgate::pause(store, between_tries);
    read = claims_in(store.read(stale), name_space);
  }
}

}  // namespace refgate
