#pragma once
// `--follow`: gates that wait for the work of another to end, and end as it does.

#include "job/gate/waiting.h"
#include "state/claiming.h"

namespace refgate {

/// The settings that a follower asks with: where `--wait` was not said it stands by for as long as
/// in a group. Throws UsageError where it must not wait.
Settings following(Settings settings);

/// As acquire_in_order; with `--follow` it also waits beside the holder of its work where it stands
/// in a group, and says so when the wait has run out or the holder is of its own run.
Ordered acquire_or_follow(const Asking& asking, SeenClaim known);

/// As consult, for a token that may only read; with `--follow` until the holder's work has ended.
Ordered consult_or_follow(const Asking& asking);

}  // namespace refgate
