#include "job/subject/job_session.h"

#include <ostream>

#include "job/note/health_file.h"
#include "job/subject/own_claims.h"
#include "runner/runner.h"
#include "state/claiming.h"

namespace refgate {

std::optional<ClaimNote> session_note(const Invocation& call, const Settings& settings,
                                      const JobState& state) {
  const auto said = [&](const std::string& setting, const char* variable) {
    return setting.empty() ? call.environment.get(variable) : setting;
  };
  const std::string run = said(settings.run_id, "GITHUB_RUN_ID");
  const std::string attempt = said(settings.run_attempt, "GITHUB_RUN_ATTEMPT");
  const std::string job = said(settings.job, "GITHUB_JOB");
  std::optional<ClaimNote> latest;
  for (ClaimNote& note : state.notes()) {
    const Claim& claim = note.claim;
    if (note.name_space != settings.name_space) continue;
    // What the caller does not say of itself does not tell it apart.
    const bool of_job = note.runner_job == state.runner_job() && claim.holder.run_id == run &&
                        (attempt.empty() || std::to_string(claim.holder.run_attempt) == attempt) &&
                        (job.empty() || claim.holder.job == job);
    if (settings.claim_id.empty() ? !of_job : claim.claim_id != settings.claim_id) continue;
    const bool live = !note.is_over();
    if (!latest || live || latest->is_over()) latest = std::move(note);
  }
  return latest;
}

std::optional<ClaimNote> claim_of_session(const Invocation& call, const Settings& settings,
                                          const JobState& state, Store& store) {
  auto note = session_note(call, settings, state);
  if (note && !may_act_on(call, settings, *note)) return std::nullopt;
  if (note || settings.claim_id.empty()) return note;
  const std::string ref = find_claim(call, settings, store);
  const SeenClaim seen = ref.empty() ? SeenClaim{} : read_claim(store, ref);
  if (!seen.claim || seen.claim->claim_id != settings.claim_id) {
    call.err << "refgate: no claim has the id that --claim-id gives\n";
    return std::nullopt;
  }
  ClaimNote found;
  found.ref = ref;
  found.name_space = settings.name_space;
  found.remote = store.describe();
  found.runner_job = state.runner_job();
  found.version = seen.version;
  found.claim = *seen.claim;
  return found;
}

bool may_act_on(const Invocation& call, const Settings& settings, ClaimNote& note) {
  const auto why = disproven(note, settings, self_of(call, settings));
  if (why)
    call.err << "refgate: " << escape_for(Place::line, *why) << "; its claim is left alone\n";
  return !why;
}

SessionNews session_news(const Invocation& call, const Settings& settings, const JobState& state) {
  std::optional<Health> health;
  bool window_only = false;
  if (const auto note = session_note(call, settings, state)) {
    if (note->is_over()) return {false, "the session has ended"};
    window_only = note->claim.window_only;
    health = HealthFile(state, note->claim.claim_id).read();
  } else if (state.belongs_to_job() || !settings.claim_id.empty()) {
    // A claim that was found to be somebody else's has no note any more; what became of the session
    // stands in its health.
    const auto all = health_of_job(state, settings.claim_id);
    if (!all.empty()) health = all.back();
  }
  if (!health) return {};
  const HealthAnswer answered = answer(*health, boot_now());
  // A window that has passed says nothing of its holder.
  if (!answered.halt || (window_only && answered.cause == "expired")) return {};
  return {false, answered.text};
}

}  // namespace refgate
