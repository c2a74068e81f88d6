#pragma once
// What stands now, and what was promised, as rows of the page's data.

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/figures/lost_work.h"
#include "core/governing/pause.h"
#include "state/ledgers.h"
#include "state/queues.h"
#include "state/record.h"

namespace refgate {

nlohmann::json pauses_of(const std::vector<Pause>& standing);

/// One row for each budget that somebody has entered a launch for and in whose window something
/// counts; those with the least left in proportion first, at most `most`.
nlohmann::json budgets_of(const Ledgers& ledgers, const std::string& name_space, Instant now,
                          std::size_t most);

/// One row for each group with somebody in line, the longest first, at most `most`.
nlohmann::json lines_in(const Queues& queues, std::size_t most);

/// One row for each pool of slots with somebody in it, or that a provider's limit has closed, the
/// fullest first, at most `most`. Who is dead has no slot.
nlohmann::json pools_of(const Queues& pools, const Claims& claims, Instant now, std::size_t most);

/// {"broken": work that is owed, "made_good": how many promises of those that broke among `entries`
/// were taken up and are owed no more, "rows": of each promise that is owed the runs}.
nlohmann::json promises_of(std::span<const LostWork> lost, std::span<const ReadEntry> entries,
                           std::size_t most);

}  // namespace refgate
