#pragma once
// Work that nobody is doing and nobody has done, above all where somebody was told to skip for its
// sake: a skip is a promise, and a promise that broke must show up somewhere. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
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

/// A run that was told to skip for the sake of a claim which then ended without work.
struct BrokenPromise {
  const AuditEntry* skip = nullptr;  ///< the run's last such line about this door
  LostBecause why = LostBecause::lease_passed;
  const AuditEntry* remade = nullptr;  ///< the line that it was taken up to be made good
};

struct LostWork {
  std::string ref;
  const Claim* claim = nullptr;  ///< what stands there; nullptr: it is gone, or is another's by now
  LostBecause why = LostBecause::lease_passed;
  std::vector<BrokenPromise> skipped;  ///< one a run, by time
};

/// Every skip whose claim ended without work and whose own work no later live or successful claim
/// covers, by the door at which it was decided; and every scope whose last claim is over so, and
/// after which nobody came. Those for whose sake somebody was skipped stand first, then the newest.
/// A claim that failed was told as failed, and breaks no promise; but it keeps none for another. A
/// run that had a session of its own afterwards tells by itself what came of the work. `entries` by
/// time.
std::vector<LostWork> find_lost_work(std::span<const ScopeState> scopes,
                                     std::span<const ReadEntry> entries, Instant now);

/// The skips for the sake of the claim with that id, one a run, by time.
std::vector<const AuditEntry*> skips_for(std::span<const ReadEntry> entries,
                                         std::string_view claim_id);

/// One run that is to be launched again, and the line that says so.
struct Remaking {
  const AuditEntry* skip = nullptr;
  AuditEntry line;  ///< without who took it up; its id and its day are the same for everybody who
                    ///< sees this promise
};

/// The id of the line that takes up what `skip` was promised. All skips of one door, claim and set
/// of pull requests have the same, since one of them does the work for all.
std::string remade_id(const AuditEntry& skip);

/// Of each broken promise that nobody has taken up yet the first run, by its id in digits, in the
/// order of `lost`, at most `most`. What was taken up once is not taken up again, whatever came of
/// it. `repository` is the caller's in a store of several; empty: those of all.
std::vector<Remaking> find_remakings(std::span<const LostWork> lost,
                                     std::span<const ReadEntry> entries,
                                     std::string_view repository, std::size_t most);

}  // namespace refgate
