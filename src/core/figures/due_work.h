#pragma once
// Work whose provider said "later", whose time has come, and which nobody took up: nobody starts by
// itself, so it must show up somewhere. Pure.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/claim/claim.h"
#include "core/figures/lost_work.h"
#include "core/record/audit.h"
#include "core/text/time.h"

namespace refgate {

struct DueWork {
  std::string ref;
  const Claim* claim = nullptr;
  std::vector<const AuditEntry*> skipped;  ///< who was told to skip since it was begun, one a run
                                           ///< and attempt, by time
};

struct LimitedWork {
  std::vector<DueWork> due;     ///< the one that waits longest first
  std::size_t later = 0;        ///< those whose time has not come
  std::optional<Instant> next;  ///< when the next of these is due
};

/// A limited claim is taken up by whoever claims its scope after it, at its own door or at another
/// that answers to the same, whatever comes of it then. `entries` by time; the skips among them
/// count.
LimitedWork find_limited_work(std::span<const ScopeState> scopes,
                              std::span<const ReadEntry> entries, Instant now);

}  // namespace refgate
