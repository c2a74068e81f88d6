#pragma once
// Commands about an event that need not be the run's own.

#include "call/invocation.h"

namespace refgate {

/// The call as if the event of `--payload FILE` (and `--event`) had triggered the run; unchanged
/// without that option.
Invocation with_payload(const Invocation& call, const Settings& settings);

}  // namespace refgate
