#pragma once
// From settings and the runner's environment to the event, its scope, and the request that the
// decision is about.

#include <functional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "core/decision/decision.h"
#include "core/event/event.h"
#include "core/event/scope.h"
#include "job/note/job_state.h"
#include "state/claiming.h"

namespace refgate {

struct Subject {
  Event event;
  Scope scope;
  std::string ref;  ///< the claim's
  Request request;  ///< with a fresh nonce
};

/// For gate and its kin: the event of the run, as the options change it. Throws UsageError.
Subject subject_of(const Invocation& call, const Settings& settings);

/// Likewise, as far as the step's options and the runner's variables tell; nullopt when they do
/// not.
std::optional<Subject> own_subject(const Invocation& call, const Settings& settings);

/// The work as the positional commands are told of it: any text.
struct ToldWork {
  std::string event;
  std::string workflow;
  std::string commit;
  std::string run_id;
};

/// For the positional commands. Inside a run that their words describe, the payload says what they
/// mean: the head commit instead of the merge commit that GITHUB_SHA is on pull_request, the
/// comment instead of the default branch's head.
Subject positional_subject(const Invocation& call, const Settings& settings, const ToldWork& work);

/// A commit's object id in lower case, as the gate takes it; any other text as it is.
std::string commit_as_told(const std::string& commit);

/// Says so where a word that the positional commands take for a commit is none, or the beginning of
/// one.
void warn_of_commit(const Invocation& call, const std::string& commit);

/// True when this very run, whatever event was asked about, is one of those whose token may only
/// read (core/event/read_only.h).
bool token_may_only_read(const Invocation& call);

/// What tells this job of its run from all others; empty outside of Actions, and where nothing
/// does.
std::string job_instance(const Environment& environment);

/// What this caller has notes of at `ref`. They are hints: whose a claim is tells what stands there
/// (`shows`).
struct Ownership {
  std::vector<std::string> presented;  ///< claim ids
  std::string ref;                     ///< the door where they stand; empty: nothing was noted
  SeenClaim known;                     ///< what its last acknowledged swap left there
};

/// From the notes that `matches` accepts.
Ownership ownership_of(const std::string& ref, const JobState& state,
                       const std::function<bool(const ClaimNote&)>& matches);

/// True when the note was made by this very job, as far as run, attempt, job and runner tell.
bool is_of_job(const ClaimNote& note, const Holder& holder, const JobState& state);

}  // namespace refgate
