#pragma once
// The end of a session whose claim is not there to be ended: its gate had no answer, it ran without
// one, or others have taken its place.

#include <optional>
#include <string>

#include "call/invocation.h"
#include "job/end/work_end.h"
#include "job/note/claim_note.h"
#include "job/subject/own_claims.h"
#include "state/claiming.h"

namespace refgate {

/// One end of one note, and by whom.
struct EndOfNote {
  const Invocation& call;
  const Settings& settings;
  Store& store;
  const ClaimNote& note;
  Self self;
};

/// What the job's note says does not fit what the remote or the step says.
[[noreturn]] void throw_misfit(const std::string& what);

/// A claim that still waits, of a session that was begun all the same, with its launch.
Claim started_late(const EndOfNote& end, const Claim& waiting);

/// A gate that was killed may have a push on the wire. Its job runs nothing more, so the ref is
/// given, by a swap on the very value that the push expects, a claim that ended before it began:
/// whatever arrives later is stale. nullopt when the ref has moved on.
std::optional<Claim> fence_off(const EndOfNote& end);

/// A session that was launched, and whose claim is gone, is somebody else's, or was never known to
/// be made: what it did is in the record all the same, and where it had no claim and the scope is
/// free its end is remembered. `ended` is what was found, and is told what was done.
void record_without_claim(const EndOfNote& end, Ended& ended, const WorkEnd& work);

}  // namespace refgate
