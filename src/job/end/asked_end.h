#pragma once
// How `finish` ends a session without a token, or without a note: by asking the job's heartbeat
// process, which holds both in a memory that nobody reads.

#include <functional>
#include <optional>
#include <string>

#include "call/invocation.h"
#include "job/end/work_end.h"
#include "job/note/job_state.h"

namespace refgate {

struct EndWithoutToken {
  int exit = 0;
  bool asked = false;  ///< a heartbeat process was there, and ended what it held unless `exit` says
};

/// In a run, for a step that was given no token and no claim id: the exit status of `finish`, told
/// by the word of the processes that were asked. nullopt where `finish` can do it by itself.
/// exit_store when neither process nor token is there and a session may be live: its claim is left
/// to its lease. `look` is asked where nothing but the job's own files say that nothing is left:
/// whether the remote shows as much to whoever asks; it throws Misfit where it shows otherwise.
std::optional<EndWithoutToken> finish_without_token(const Invocation& call,
                                                    const Settings& settings, const JobState& state,
                                                    const WorkEnd& work,
                                                    const std::function<bool()>& look);

/// For a step that has a token, in whose job no note of a claim is left: what a heartbeat process
/// ended, if there is one, and whether the remote agrees. nullopt when nobody answers.
std::optional<int> finish_without_note(const Invocation& call, const Settings& settings,
                                       const JobState& state, Store& store, const WorkEnd& work);

}  // namespace refgate
