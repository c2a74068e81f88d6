#pragma once
// How a ledger stays a small record: launches that need not be told apart any more become sums.

#include "core/policy/budget.h"

namespace refgate {

/// One launch as a sum: what it cost, else what it had reserved.
LaunchCount count_of(const Launch& launch);

/// Launches whose job has said what they cost become sums after an hour, but for the last 50: by
/// the hour for two days, and by the day after that. Where the text would be longer than
/// longest_ledger all the same, the oldest become sums whatever they say, and sums cover longer
/// stretches. No sum is ever less than what it stands for, and none counts for less long.
void fold_launches(Ledger& ledger, Instant now);

}  // namespace refgate
