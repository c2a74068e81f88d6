#pragma once
// What of a gate may be stopped by hand, and how one that waits finds out.

#include <optional>

#include "call/settings.h"
#include "core/claim/pause.h"
#include "job/gate/waiting.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/pause/pauses.h"

namespace refgate {

PausePlace pause_place(const Subject& subject, const Settings& settings);

/// For who stands by beside the claim that was `seen`: the skip, when it is paused by now. One
/// reading, where it is asked at all; from then on its launch is one that has asked. Throws
/// StoreError.
std::optional<Acquired> paused_meanwhile(const Asking& asking, const SeenClaim& seen);

}  // namespace refgate
