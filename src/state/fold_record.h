#pragma once
// Folding the record in the store: from one ref a line to a few refs a day.

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "core/record/audit.h"
#include "core/text/time.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

struct FoldRequest {
  Instant at{};
  bool today = true;  ///< false: only days that are over
  std::vector<AuditEntry>
      lines;  ///< of outboxes: those that nobody has published yet go straight into the folded day
  bool dry_run = false;
  Duration keep{};  ///< days that ended longer ago are dropped; zero: none is
};

struct FoldReport {
  std::size_t notes = 0;  ///< refs that were folded, and are gone
  std::size_t lines = 0;  ///< of outboxes, that nobody had published
  std::size_t days = 0;
  std::size_t dropped_days = 0;
  std::size_t dropped_lines = 0;
  std::vector<UnreadableRef> left_alone;  ///< not understood
  std::vector<UnreadableRef> undone;      ///< what could not be written or deleted, and why
  std::set<std::string> published;  ///< ids of those of `lines` that stand in a note or in a folded
                                    ///< day, as seen on the server
};

/// For each day with notes: folds them into one ref by compare-and-swap, reads that back, and only
/// then deletes them, in a later push. A day that is over ends in one folded ref. While a day
/// lasts, what was folded earlier is not read again and again: the refs "all", "all-1", "all-2", …
/// hold up to 500, 4,000, 32,000, … lines, and one that has grown beyond that is moved into the
/// next, so that a line is moved a few times at most.
///
/// May be killed anywhere and run twice at once: a line is never lost, and stands twice only until
/// the day is over. `report` is filled as things are done, and holds what was done when a
/// StoreError comes.
///
/// Days that ended longer ago than `keep` are not folded but deleted, and lines of outboxes that
/// belong there count as published: whoever bounds the record wants them gone. A day that holds a
/// line that is not refgate's, or of a newer version, is left alone.
void fold_record(Store& store, const std::string& name_space, const FoldRequest& request,
                 FoldReport& report);

/// What the heartbeats do once a job: folds the days that are over when there are more than a few
/// hundred notes of them, by one look unless the last exchange showed them, within `budget`.
/// Returns how many notes were folded. Never throws: this is a courtesy, and gc does the same.
std::size_t fold_earlier_days(Store& store, const std::string& name_space, Instant at,
                              Duration budget);

/// Notes each change of these that was refused; what was stale, somebody else has done. Returns how
/// many were done.
std::size_t note_refusals(const std::vector<Change>& changes,
                          const std::vector<SwapOutcome>& outcomes, const char* what,
                          std::vector<UnreadableRef>& undone);

}  // namespace refgate
