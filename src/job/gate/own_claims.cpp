#include "job/gate/own_claims.h"

#include "core/event/scope.h"
#include "job/gate/subject.h"
#include "state/claiming.h"

namespace refgate {

std::vector<ClaimNote> notes_of_job(const Settings& settings, const JobState& state,
                                    const Environment& environment, const std::string& remote) {
  std::vector<ClaimNote> notes;
  Holder holder;
  holder.run_id = settings.run_id.empty() ? environment.get("GITHUB_RUN_ID") : settings.run_id;
  const std::string attempt =
      settings.run_attempt.empty() ? environment.get("GITHUB_RUN_ATTEMPT") : settings.run_attempt;
  holder.job = settings.job.empty() ? environment.get("GITHUB_JOB") : settings.job;
  for (ClaimNote& note : state.notes()) {
    if (!settings.claim_id.empty()) {
      if (note.claim.claim_id == settings.claim_id) notes.push_back(std::move(note));
      continue;
    }
    // What the caller does not say of itself does not tell it apart.
    if (note.name_space != settings.name_space || note.remote != remote ||
        note.runner_job != state.runner_job())
      continue;
    if (note.claim.holder.run_id != holder.run_id) continue;
    if (!attempt.empty() && std::to_string(note.claim.holder.run_attempt) != attempt) continue;
    if (!holder.job.empty() && note.claim.holder.job != holder.job) continue;
    notes.push_back(std::move(note));
  }
  return notes;
}

std::string find_claim(const Invocation& call, const Settings& settings, Store& store) {
  try {
    const Subject subject = subject_of(call, settings);
    const SeenClaim seen = read_claim(store, subject.ref);
    if (seen.claim && seen.claim->claim_id == settings.claim_id) return subject.ref;
  } catch (const UsageError&) {
    // Without an event there is only the search.
  }
  for (const auto& [ref, stored] : store.read_all(claims_prefix(settings.name_space))) {
    const auto file = stored.files.find(std::string(claim_file));
    if (file == stored.files.end()) continue;
    const auto claim = decode_claim(file->second);
    if (std::holds_alternative<Claim>(claim) &&
        std::get<Claim>(claim).claim_id == settings.claim_id)
      return ref;
  }
  return {};
}

}  // namespace refgate
