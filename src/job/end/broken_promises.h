#pragma once
// Who was told to skip for the sake of a session that then ended without work.

#include <iosfwd>
#include <string>

#include "call/invocation.h"
#include "job/note/job_state.h"
#include "state/claiming.h"
#include "store/store.h"

namespace refgate {

/// One sentence for the end of a session that its own holder has just cancelled or given back:
/// which runs were skipped for its sake, and what to do. Empty where nobody was, for every other
/// end, and when the record could not be read in a few seconds. It costs such an end two reads of
/// what was noted since the claim was made, and no push.
std::string describe_broken_promises(const Settings& settings, Store& store, const ClaimNote& note,
                                     const Ended& ended);

/// As a warning on `commands`, and in the job summary. Nothing for an empty text.
void tell_broken_promises(const Invocation& call, const std::string& text, std::ostream& commands);

}  // namespace refgate
