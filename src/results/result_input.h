#pragma once
// What `result save` and `deliver` say of a result: labels, origin, and the check that it gives
// nothing away.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "core/record/result.h"
#include "job/note/job_state.h"
#include "results/result_store.h"
#include "runner/given_away.h"

namespace refgate {

/// Title, URL and metadata as the options say them. Throws UsageError for what may not stand in a
/// record.
ResultRecord labelled_record(const Invocation& call);

/// Completes a result's record: id and time, size and digest, and whose work it was: by the job's
/// claim, else by the event of the run, as far as known.
void complete(Result& result, Instant at, const Invocation& call, const Settings& settings,
              const std::optional<ClaimNote>& session);

/// The command that prints the result, for whoever stands elsewhere: with the namespace and the
/// remote where they were said.
std::string retrieval(const Settings& settings, const std::string& id);

/// The secret that the content or a label gives away; `--not-secret` names variables that hold
/// none, and shapes that are no secret here.
std::optional<GivenAway> secret_in(const Invocation& call, const Result& result);

}  // namespace refgate
