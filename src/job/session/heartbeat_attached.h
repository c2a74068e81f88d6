#pragma once
// The process that renews a session's lease over a whole job, and ends the session when the job's
// `finish` asks it to.
//
// It was started before the agent's code and cannot be read: what it is told through its pipe,
// token, remote, ref and claim, stays in its own memory. The job's files are written for others and
// read as hints at most; it goes on when they vanish, and lives until the session ends, the job's
// process is gone, REST says that the run has ended, or a job may not last any longer.

#include <string>

#include "call/invocation.h"
#include "job/note/job_state.h"

namespace refgate {

/// A span of time that an option gives. Throws UsageError.
Duration span_option(const Invocation& call, const std::string& name, Duration fallback);

/// Is that process: reads what it is told from standard input. Returns its exit status.
int beat_attached(const Invocation& call, const Settings& settings, const JobState& state);

}  // namespace refgate
