#pragma once
// One renewal of a lease, and what the job learns by it.

#include <set>
#include <string>

#include "core/claim/health.h"
#include "job/note/job_state.h"
#include "state/claiming.h"

namespace refgate {

enum class Beat {
  renewed,
  ended,       ///< the job ended its session: there is nothing to renew
  lost,        ///< the session is somebody else's, or was freed: its health record says so
  unclaimed,   ///< it was launched without a claim, and none of it stands there
  called_off,  ///< lost, and nobody wants what its run does: superseded, or halted by a pause
};

/// What one renewal leaves to the next, and to people.
struct BeatNews {
  std::set<std::string>& published;  ///< lines of the outbox that are known to be in the record
  std::string& unwritten;            ///< what the disk did not take
};

/// Renews the claim of `note` for `lease` from now on by one swap, and brings `note`, the job's
/// state and the health record up to date. What is published already the
/// claim need not carry on. What the remote answered stands, whatever the disk says. Throws
/// StoreError when it is not known whether the lease was renewed; then nothing is noted but the
/// failure.
Beat renew_lease(Store& store, const JobState& state, ClaimNote& note, Duration lease,
                 const BeatNews& news);

/// Marks the session's health record as ended by the job itself.
void note_end(const JobState& state, const std::string& claim_id);

}  // namespace refgate
