#pragma once
// `--observe`: what is decided is recorded and told, and nobody is held back.

#include <iosfwd>
#include <string>

#include "call/invocation.h"
#include "job/note/job_state.h"
#include "job/note/observation.h"
#include "job/subject/subject.h"

namespace refgate {

/// The settings that such a gate asks with: it never waits, ends nobody else's session, and has an
/// answer within five seconds.
Settings observing(Settings settings);

/// For the job's `finish` and `health`: what runs is not halted, and ends in the record.
/// `claim_id` is empty when no claim was made.
void leave_observation(const Settings& settings, const JobState& state, const Subject& subject,
                       const std::string& claim_id, bool would_skip);

/// Records how those ended that ran without a claim in this job. Never throws: what cannot be
/// recorded is said, to `out` what was. Nothing is asked where there is none.
void end_observations(const Invocation& call, const Settings& settings, const JobState& state,
                      const std::string& job_status, std::ostream& out);

/// Whether this step has what the remote asks for: in a run a step without a token asks nothing.
bool may_ask(const Invocation& call, const Settings& settings);

/// True when a gate of this job only watches, so that no end of it fails the step.
bool is_observing(const Invocation& call, const Settings& settings, const JobState& state);

}  // namespace refgate
