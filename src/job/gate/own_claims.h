#pragma once
// Which claims a caller owns: those of its job's state, or the one whose id it can show.

#include <string>
#include <vector>

#include "call/invocation.h"
#include "job/note/job_state.h"

namespace refgate {

/// The notes of the claims that this caller owns: by `--claim-id`, or those of its own job.
std::vector<ClaimNote> notes_of_job(const Settings& settings, const JobState& state,
                                    const Environment& environment, const std::string& remote);

/// The ref of the claim that `--claim-id` names: at the scope of the caller's event, or anywhere.
/// Empty when there is none.
std::string find_claim(const Invocation& call, const Settings& settings, Store& store);

}  // namespace refgate
