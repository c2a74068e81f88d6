#pragma once
// The bound of a claim's outbox, by what it takes in the stored record. Pure.

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/claim/claim.h"

namespace refgate {

inline constexpr std::size_t most_outbox_lines = 64;
inline constexpr std::size_t most_outbox_bytes = 48u << 10;

/// How full the outbox is: 0 while a quarter of its bound is not reached by lines or bytes, 1 from
/// a quarter on, … 4 when nothing more fits.
unsigned outbox_level(std::span<const AuditEntry> lines);

inline bool outbox_fits(std::span<const AuditEntry> lines) { return outbox_level(lines) < 4; }

/// True when the lines do not fit, or have reached a level that the first `older` of them had not.
/// The same as by `outbox_level`, and each line is measured once.
bool outbox_has_grown(std::span<const AuditEntry> lines, std::size_t older);

/// Leaves the oldest lines out until three quarters of the bound are kept, and counts them in
/// `left_out`. The `own` newest lines always stay. Changes nothing while the outbox fits.
void leave_out_oldest(Claim& claim, std::size_t own);

/// How many lines of a time from `since` on are in no record, as the claim says. Of when each was
/// is not known; none is newer than the claim's last change.
std::uint64_t lines_left_out(const Claim& claim, Instant since = Instant::min());

}  // namespace refgate
