#pragma once
// What of a gate may be stopped by hand, and how one that waits finds out.

#include <optional>

#include "call/settings.h"
#include "core/governing/pause.h"
#include "job/gate/waiting.h"
#include "job/subject/subject.h"
#include "state/claiming.h"
#include "state/pause/pauses.h"

namespace refgate {

/// asks_pause of the policy, and for the sake of what else governs.
bool asks_pause(const Settings& settings);

/// For who may only look: with the question that a gate which writes comes to in its line.
Settings asking_in_line(Settings settings, const Ordering& ordering);

PausePlace pause_place(const Subject& subject, const Settings& settings);

/// For who stands by beside the claim that was `seen`: the skip, when it is paused by now. One
/// reading, where it is asked at all; from then on its launch is one that has asked. Throws
/// StoreError.
std::optional<Acquired> paused_meanwhile(const Asking& asking, const SeenClaim& seen);

}  // namespace refgate
