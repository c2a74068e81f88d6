#pragma once
// Broken promises: shown by status --lost, counted by metrics and report.

#include <cstddef>
#include <span>
#include <vector>

#include "call/invocation.h"
#include "core/figures/lost_work.h"
#include "state/record.h"

namespace refgate {

/// What is lost by time and record alone, no holder's run being asked about. Skips that are older
/// than `memory` are forgotten with the work that they were about. `entries` by time.
std::vector<LostWork> lost_by_record(const Claims& claims, std::span<const ReadEntry> entries,
                                     Duration memory, Instant at);

/// Pieces of work for whose sake somebody was skipped.
std::size_t count_broken(std::span<const LostWork> lost);

/// `status --lost`, and with `--take` what is launched again.
int show_lost(const Invocation& call, const Settings& settings, Store& store, const Claims& claims,
              Instant at);

}  // namespace refgate
