#pragma once
// What this job's files say of itself, and whether the remote bears it out.

#include <string>
#include <vector>

#include "call/invocation.h"
#include "job/note/job_state.h"
#include "job/note/told_skip.h"
#include "job/subject/own_look.h"
#include "store/store.h"

namespace refgate {

/// What nothing else says: that the job was told to skip, that it watched, or that its session has
/// ended.
struct Hints : LookHints {
  bool may_stay_unproven = false;  ///< a job that was told to skip is green without a remote, too
  bool tells_of_others = false;    ///< nothing is known of this job, whose gate ran elsewhere then

  bool is_in(const std::string& name_space) const;
};

Hints hints_of(const Invocation& call, const Settings& settings, const JobState& state,
               const std::vector<ToldSkip>& skips);

/// Whether the remote has nothing live of this job. What it has of others is told where no file
/// says what became of this job. Throws StoreError, and Misfit (own_look.h).
void look_at_remote(const Invocation& call, const Settings& settings, const JobState& state,
                    Store& store, const Hints& hints);

/// The same for a step without a token, as far as the remote shows anything to whoever asks, as
/// that of a public repository does. False where it does not. Throws Misfit.
bool look_without_token(const Invocation& call, const Settings& settings, const JobState& state,
                        Hints hints);

}  // namespace refgate
