#pragma once
// `--follow`: a skip is green only when the work that it stands for has ended with success. Pure.

#include <optional>

#include "core/claim/claim.h"
#include "core/decision/decision.h"

namespace refgate {

/// True when the skip is for the sake of work that has ended with success.
bool stands_for_done_work(const Decision& decision, const std::optional<Claim>& holder);

/// True when `holder`, for whose sake it is skipped, lives and may still do the work. Nobody waits
/// for a job of the own run: where jobs of it share the work, the first one has it.
bool is_waited_for(const Decision& decision, const std::optional<Claim>& holder,
                   const Request& request);

/// Likewise, of a holder that lives and is a job of the own run and attempt.
bool is_held_by_own_run(const Decision& decision, const std::optional<Claim>& holder,
                        const Request& request);

/// What a follower is told whose holder did not end in time: `wait_expired`, for the rest as it is.
Decision waited_in_vain(Decision decision, const Claim& holder, Duration waited, Instant now);

/// What a follower is told whose work another job of its own run has.
Decision not_followed(Decision decision);

}  // namespace refgate
