#pragma once
// How claims are shown: by status, log and show alike.

#include <cstdint>
#include <string>
#include <vector>

#include "call/invocation.h"
#include "state/record.h"

namespace refgate {

/// "active", "lost", "success", …: what became of it, going by time alone.
std::string state_text(const Claim& claim, Instant at);

/// The stored record with its ref, object and state, as JSON text.
std::string claim_json(const StoredClaim& stored, Instant at);

/// Which claims say that lines of their work are in no record, to the error stream; and how many
/// lines that are. Of a period's, those that may be of it.
std::uint64_t name_left_out(const Invocation& call, const Claims& claims,
                            Instant since = Instant::min());

/// What could not be read, to the error stream.
void name_unreadable(const Invocation& call, const std::vector<UnreadableRef>& unreadable);

}  // namespace refgate
