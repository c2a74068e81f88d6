#pragma once
// What came of the work, as its job tells it.

#include <optional>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "core/text/time.h"

namespace refgate {

struct WorkEnd {
  std::string status;            ///< see meaning_of_status
  std::optional<Instant> until;  ///< of a limited one: not again before; none: see usual_limit
};

/// `status` with what `finish` is told of a limit (`--after`, `--until`), which says nothing beside
/// any other status. Both at once, and what is no time, are told in `faults` and left out: a
/// session that is over must not hold others back.
WorkEnd work_end_of(const Invocation& call, const std::string& status,
                    std::vector<std::string>& faults);

/// For how long a command that exits with limited_status ends its session as limited
/// (`--limited-after`); nullopt when that was not said. Throws UsageError.
std::optional<Duration> limited_after_of(const Invocation& call);

/// sysexits.h: EX_TEMPFAIL, "try again later".
inline constexpr int limited_status = 75;

}  // namespace refgate
