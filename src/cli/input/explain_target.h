#pragma once
// explain TARGET: of a run that was, instead of an event that may come.

#include "call/invocation.h"

namespace refgate {

/// Tells what the session of the target is, how it stands, which rule speaks when its event comes
/// once more, and what would change that.
int explain_target(const Invocation& call, const Settings& settings);

}  // namespace refgate
