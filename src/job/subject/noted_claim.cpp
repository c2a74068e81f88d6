#include "job/subject/noted_claim.h"

#include <algorithm>

#include "job/note/health_file.h"

namespace refgate {
namespace {

/// The job's own news of its session begin with the claim.
void begin_health(const JobState& state, const Decision& decision, const std::string& ref,
                  BootTime sent) {
  const Claim& claim = *decision.next;
  if (claim.state != ClaimState::active) return;
  const HealthFile file(state, claim.claim_id);
  const auto renew = [&](Health& health) {
    health.lease = claim.limits.lease;
    health = renewed(std::move(health), sent, claim.renewed_at);
  };
  if (decision.code == ReasonCode::own && file.update(renew)) return;
  file.write(health_of(claim, ref, state.runner_job(), sent));
}

/// A claim that is found to be the caller's own was won; one without a note is that of a gate that
/// told.
Phase phase_of_own(const JobState& state, const std::string& claim_id) {
  for (const ClaimNote& note : state.notes())
    if (note.claim.claim_id == claim_id)
      return after(note.phase, PhaseStep::answered).value_or(Phase::told);
  return Phase::told;
}

}  // namespace

Acquired acquire_with_note(Store& store, const JobState& state, const Question& question,
                           SeenClaim known) {
  const Request& request = question.request;
  ClaimNote note;
  note.name_space = question.name_space;
  note.remote = store.describe();
  note.runner_job = state.runner_job();
  BootTime sent{};
  Watch<Decision> watch;
  watch.before = [&](const Decision& decision, const std::vector<Change>& changes) {
    const bool own = decision.code == ReasonCode::own;
    const std::optional<Version>& expected = changes.front().expected;
    note.ref = request.scope;
    note.claim = *decision.next;
    // What is ours already can be ended by what is known of it; anything else may arrive after its
    // sender is dead.
    note.version = own ? expected : std::nullopt;
    note.phase = own ? phase_of_own(state, note.claim.claim_id) : Phase::asked;
    note.expected = expected;
    state.save(note, "nothing was claimed");
    sent = boot_now();
  };
  watch.after = [&](const Decision& decision, const std::vector<SwapOutcome>& outcomes) {
    const SwapOutcome& outcome = outcomes.front();
    if (outcome.result == SwapResult::refused) state.remove(request.nonce);
    if (outcome.result != SwapResult::swapped) return;
    try {
      state.update(note.claim.claim_id, [&](ClaimNote& kept) {
        if (!kept.take(PhaseStep::answered)) return false;
        kept.claim = note.claim;
        kept.version = outcome.version;
        return true;
      });
      begin_health(state, decision, request.scope, sent);
    } catch (const std::runtime_error&) {
      // The claim is won all the same: what was noted before the push is enough for `finish`, and
      // `health` says that it knows nothing.
    }
  };
  // A claim that was never sent, or that the server answered with a refusal, is not the job's: its
  // note must not make `finish` look for it.
  watch.failed = [&](const StoreError&, bool may_be_done) {
    if (!may_be_done) state.remove(request.nonce);
  };
  Acquired acquired = acquire(store, question, std::move(known), watch);
  if (acquired.decision.verdict == Verdict::skip) state.remove(request.nonce);
  return acquired;
}

bool is_untold(const JobState& state, const std::string& claim_id) {
  const auto notes = state.notes();
  return std::any_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == claim_id && is_untold(note.phase);
  });
}

}  // namespace refgate
