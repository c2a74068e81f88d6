#pragma once
// The session that this job's gate began, as the job's own files tell it: without a network.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "job/note/job_state.h"

namespace refgate {

/// The note of the job's latest claim; one that has not ended comes before one that has. With
/// `--claim-id` only that claim's.
std::optional<ClaimNote> session_note(const Invocation& call, const Settings& settings,
                                      const JobState& state);

/// Likewise, or the claim of another job that `--claim-id` names, as it stands in the store. Throws
/// StoreError.
std::optional<ClaimNote> claim_of_session(const Invocation& call, const Settings& settings,
                                          const JobState& state, Store& store);

/// False, and said, when the note names a claim that is not the step's. What it says of the
/// remote's value is dropped unless it is proven.
bool may_act_on(const Invocation& call, const Settings& settings, ClaimNote& note);

struct SessionNews {
  bool alive = true;
  std::string text;  ///< for people: why it is not
};

/// Whether work for the job's session may go on. A job without a claim needs no session, and may.
SessionNews session_news(const Invocation& call, const Settings& settings, const JobState& state);

}  // namespace refgate
