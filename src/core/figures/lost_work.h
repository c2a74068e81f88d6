#pragma once
// Work that nobody is doing and nobody has done, above all where somebody was told to skip for its
// sake: a skip is a promise, and a promise that broke must show up somewhere. Pure.

#include <span>
#include <string>
#include <vector>

#include "core/claim/claim.h"
#include "core/record/audit.h"
#include "core/text/time.h"

namespace refgate {

enum class LostBecause {
  lease_passed,  ///< nobody has heard of the holder
  run_ended,     ///< its run is known to have ended, and the session was not
  cancelled,
  never_started,  ///< it was given back: its wait ran out, or nothing was executed
  released,       ///< freed by hand
  given_up,       ///< the work failed, and the one that came after it gave up before it began
  gone,           ///< the claim was deleted, and no end is known
};

/// "lease_passed", …
std::string_view name_of(LostBecause why);
/// For people: "its lease has passed", …
std::string_view words_of(LostBecause why);

/// What stands at a scope's ref, and what is known of its holder's run.
struct ScopeState {
  std::string ref;
  const Claim* claim = nullptr;
  bool run_ended = false;
};

struct LostWork {
  std::string ref;
  const Claim* claim = nullptr;  ///< nullptr: gone
  LostBecause why = LostBecause::lease_passed;
  std::vector<const AuditEntry*> skipped;  ///< who was told to skip for its sake, one a run and
                                           ///< attempt, by time
};

/// Every scope whose last claim is over without work having been done, and after which nobody came;
/// those for whose sake somebody was skipped first, then the newest. `entries` by time; the skips
/// among them count, and the ends of claims that are gone.
std::vector<LostWork> find_lost_work(std::span<const ScopeState> scopes,
                                     std::span<const ReadEntry> entries, Instant now);

}  // namespace refgate
