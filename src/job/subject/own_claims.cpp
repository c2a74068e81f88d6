#include "job/subject/own_claims.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "core/claim/queue.h"
#include "core/decision/decision.h"
#include "core/event/scope.h"
#include "core/words/shorten.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/doors.h"

namespace refgate {
namespace {

bool is_same_share(const RefShare& one, const RefShare& other) {
  return !one.text.empty() && one.is_name == other.is_name && one.text == other.text;
}

}  // namespace

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

namespace {

/// The notes of the caller's job, wherever their claims stand.
std::vector<ClaimNote> notes_of_caller(const Settings& settings, const JobState& state,
                                       const Environment& environment) {
  std::vector<ClaimNote> notes;
  const std::string run =
      settings.run_id.empty() ? environment.get("GITHUB_RUN_ID") : settings.run_id;
  const std::string attempt =
      settings.run_attempt.empty() ? environment.get("GITHUB_RUN_ATTEMPT") : settings.run_attempt;
  const std::string job = settings.job.empty() ? environment.get("GITHUB_JOB") : settings.job;
  for (ClaimNote& note : state.notes()) {
    const Holder& holder = note.claim.holder;
    // What the caller does not say of itself does not tell it apart.
    const bool of_job = note.runner_job == state.runner_job() && holder.run_id == run &&
                        (attempt.empty() || std::to_string(holder.run_attempt) == attempt) &&
                        (job.empty() || holder.job == job);
    if (settings.claim_id.empty() ? of_job : note.claim.claim_id == settings.claim_id)
      notes.push_back(std::move(note));
  }
  return notes;
}

/// One remote is spelled in several ways, of which git itself takes these for the same.
std::string_view without_spelling(std::string_view remote) {
  const auto drop_slashes = [&] {
    while (remote.size() > 1 && remote.ends_with('/'))
      remote.remove_suffix(1);
  };
  drop_slashes();
  if (remote.ends_with(".git")) remote.remove_suffix(4);
  drop_slashes();
  return remote;
}

/// Whether the note is of the namespace and the remote that the step asks.
bool is_here(const ClaimNote& note, const Settings& settings, const std::string& remote) {
  return note.name_space == settings.name_space &&
         without_spelling(note.remote) == without_spelling(remote);
}

}  // namespace

std::vector<ClaimNote> notes_of_job(const Settings& settings, const JobState& state,
                                    const Environment& environment, const std::string& remote) {
  std::vector<ClaimNote> notes = notes_of_caller(settings, state, environment);
  std::erase_if(notes, [&](const ClaimNote& note) { return !is_here(note, settings, remote); });
  return notes;
}

std::vector<ClaimNote> notes_of_elsewhere(const Settings& settings, const JobState& state,
                                          const Environment& environment,
                                          const std::string& remote) {
  if (!state.belongs_to_job()) return {};
  std::vector<ClaimNote> notes = notes_of_caller(settings, state, environment);
  std::erase_if(notes, [&](const ClaimNote& note) { return is_here(note, settings, remote); });
  return notes;
}

namespace {

/// The claim of that id, or what took its place before its job could say what it had cost.
bool is_or_followed(const Claim& claim, const std::string& claim_id) {
  return claim.claim_id == claim_id || (claim.displaced && claim.displaced->claim_id == claim_id);
}

}  // namespace

std::vector<std::vector<std::string>> likeliest_first(const std::map<std::string, Version>& names,
                                                      const ClaimHints& hints) {
  std::vector<std::vector<std::string>> groups(3);
  const auto tells = [](const std::string& ref, const std::string& word) {
    return !word.empty() && ref.find(word) != std::string::npos;
  };
  for (const auto& [ref, version] : names) {
    if (tells(ref, hints.commit) || tells(ref, hints.run_id))
      groups[0].push_back(ref);
    else if (!hints.ref.empty() && is_same_share(share_of(ref), share_of(hints.ref)))
      groups[1].push_back(ref);
    else
      groups[2].push_back(ref);
  }
  return groups;
}

std::string search_claim(Store& store, const std::string& name_space, const std::string& claim_id,
                         const ClaimHints& hints) {
  const auto is_it = [&](const Stored& stored) {
    const auto file = stored.files.find(std::string(claim_file));
    if (file == stored.files.end()) return false;
    const auto claim = decode_claim(file->second);
    return std::holds_alternative<Claim>(claim) && is_or_followed(std::get<Claim>(claim), claim_id);
  };
  for (const std::vector<std::string>& group :
       likeliest_first(store.list(claims_prefix(name_space)), hints))
    for (std::size_t at = 0; at < group.size(); at += most_searched_at_once) {
      const std::size_t some = std::min(most_searched_at_once, group.size() - at);
      for (const auto& [ref, stored] : store.read_listed(std::span(group).subspan(at, some)))
        if (is_it(stored)) return ref;
    }
  return {};
}

std::string find_claim(const Invocation& call, const Settings& settings, Store& store) {
  const Environment& environment = call.environment;
  ClaimHints hints{settings.sha.empty() ? environment.get("GITHUB_SHA") : settings.sha,
                   self_of(call, settings).run_id, ""};
  try {
    const Subject subject = subject_of(call, settings);
    hints.commit = subject.request.commit;
    hints.ref = subject.ref;
    Request asking = subject.request;
    const SeenClaim seen = look_at_doors(store, asking, Meeting::leave);
    if (seen.claim && is_or_followed(*seen.claim, settings.claim_id)) return asking.scope;
  } catch (const UsageError&) {
    // Without an event there is only the search.
  }
  return search_claim(store, settings.name_space, settings.claim_id, hints);
}

}  // namespace refgate
