#pragma once
// A claim that is asked for by a job: with its note, so that a job whose gate was killed can still
// end what it may have won.

#include "job/note/job_state.h"
#include "state/claiming.h"

namespace refgate {

/// `acquire`, with the job's note written before each push and removed when nothing is claimed; on
/// run the job's health record begins. When there is no answer the note stays, since the claim may
/// have been made. Throws as `acquire` does, and std::runtime_error when the note cannot be
/// written: then nothing was claimed.
Acquired acquire_with_note(Store& store, const JobState& state, const Question& question,
                           SeenClaim known);

/// True when the job remembers the claim as one of which nobody was told to run: that of a gate
/// that was killed on its way.
bool is_untold(const JobState& state, const std::string& claim_id);

}  // namespace refgate
