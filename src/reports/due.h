#pragma once
// Limited work whose time has come, as status and the page show it.

#include <string>

#include "call/invocation.h"
#include "core/figures/due_work.h"
#include "state/claiming.h"
#include "state/record.h"

namespace refgate {

/// Of all claims that stand; nothing is asked about their runs.
LimitedWork limited_work(const Claims& claims, const Record& record, Instant at);

/// `status --due`: exit_no when something is due.
int show_due(const Invocation& call, const Claims& claims, const Record& record, Instant at);

}  // namespace refgate
