#pragma once
// What the job says that its session cost.

#include "call/invocation.h"
#include "core/record/spent.h"

namespace refgate {

/// By `--cost` and `--tokens`, and where one of them is not said, or is none, by the file of
/// `--usage`. What cannot be taken is warned of and left out: it is no reason not to end a session.
/// Asks no network; follows no link, waits for nothing, and shows nothing of the file. Never
/// throws.
Spent spent_of(const Invocation& call, const Settings& settings);

}  // namespace refgate
