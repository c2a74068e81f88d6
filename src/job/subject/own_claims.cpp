#include "job/subject/own_claims.h"

#include <algorithm>
#include <charconv>

#include "core/claim/queue.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/text/shorten.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/doors.h"

namespace refgate {

Self self_of(const Invocation& call, const Settings& settings) {
  const auto said = [&](const std::string& setting, const char* variable) {
    return setting.empty() ? call.environment.get(variable) : setting;
  };
  return {shortened(said(settings.run_id, "GITHUB_RUN_ID"), bounds::word),
          said(settings.run_attempt, "GITHUB_RUN_ATTEMPT"),
          shortened(said(settings.job, "GITHUB_JOB"), bounds::word),
          settings.job_index,
          settings.claim_id,
          call.environment.in_actions()};
}

Holder caller_of(const Invocation& call, const Settings& settings) {
  const auto said = [&](const std::string& setting, const char* variable) {
    return setting.empty() ? call.environment.get(variable) : setting;
  };
  Holder holder;
  holder.run_id = said(settings.run_id, "GITHUB_RUN_ID");
  holder.job = said(settings.job, "GITHUB_JOB");
  const std::string attempt = said(settings.run_attempt, "GITHUB_RUN_ATTEMPT");
  unsigned number = 1;
  std::from_chars(attempt.data(), attempt.data() + attempt.size(), number);
  holder.run_attempt = number;
  return holder;
}

bool is_own(const Claim& claim, const Self& self) {
  if (!self.claim_id.empty() && claim.claim_id == self.claim_id) return true;
  if (!self.in_actions) return true;
  const Holder& holder = claim.holder;
  return holder.run_id == self.run_id &&
         (self.run_attempt.empty() || std::to_string(holder.run_attempt) == self.run_attempt) &&
         (self.job.empty() || holder.job.empty() || holder.job == self.job) &&
         (self.job_index.empty() || holder.job_index.empty() || holder.job_index == self.job_index);
}

std::optional<std::string> misnamed(const std::string& ref, const std::string& name_space) {
  const std::string prefix = claims_prefix(name_space);
  const bool below = ref.starts_with(prefix) && is_legal_ref(ref);
  const std::string_view leaf = below ? std::string_view(ref).substr(prefix.size()) : "";
  if (below && std::count(leaf.begin(), leaf.end(), '/') == 1) return std::nullopt;
  return "the job's note names " + (ref.empty() ? "no ref" : ref) + ", which is no claim below " +
         prefix;
}

SeenClaim proven(const ClaimNote& note, const Self& self) {
  if (!note.version || note.is_over() || !is_own(note.claim, self)) return {};
  if (version_of(claim_snapshot(note.claim)) != *note.version) return {};
  return {note.claim, note.version};
}

std::optional<std::string> disproven(ClaimNote& note, const Settings& settings, const Self& self) {
  if (auto why = misnamed(note.ref, settings.name_space)) return why;
  if (!is_own(note.claim, self))
    return "the job's note names the claim of " + describe_holder(note.claim, now()) +
           ", which is not this job's";
  if (!proven(note, self).version) note.version.reset();
  return std::nullopt;
}

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
    Request asking = subject.request;
    asking.presented.push_back(settings.claim_id);
    const SeenClaim seen = look_at_doors(store, asking, Meeting::leave);
    if (seen.claim && seen.claim->claim_id == settings.claim_id) return asking.scope;
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
