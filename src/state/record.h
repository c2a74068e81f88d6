#pragma once
// The record as it lies in the store: notes, folded days, and the outboxes of claims.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/claim/claim.h"
#include "core/record/audit.h"
#include "store/store.h"

namespace refgate {

struct StoredClaim {
  std::string ref;
  Version version;
  Claim claim;
};

struct UnreadableRef {
  std::string ref;
  std::string why;
};

struct Claims {
  std::vector<StoredClaim> claims;
  std::vector<UnreadableRef> unreadable;  ///< left alone, and named

  /// The claims alone, for what counts them.
  std::vector<const Claim*> all() const;
};
/// Those among what was read.
Claims claims_in(const std::map<std::string, Stored>& read, const std::string& name_space);
Claims read_claims(Store& store, const std::string& name_space);

/// From when to when lines are wanted, both included.
struct Period {
  Instant since = Instant::min();
  Instant until = Instant::max();

  bool is_all() const { return since == Instant::min() && until == Instant::max(); }
  bool holds(Instant at) const { return since <= at && at <= until; }
};

/// What `read_claims` and `read_record` ask for, one after the other.
Foreseen claims_and_record(const std::string& name_space, const Period& period = {});

/// A line whose digest does not fit, with the ref that it stands in.
struct AlteredLine : UnreadableRef {
  Instant at;  ///< the line's own time
};

struct Record {
  std::vector<ReadEntry> entries;  ///< of the period, by time; one of each id, whether it stands in
                                   ///< a note, a folded day or an outbox
  std::vector<UnreadableRef>
      unreadable;  ///< notes that nobody of ours wrote, or of a newer version
  std::vector<AlteredLine> altered;
};

/// Fetches the days of the period and nothing else of the notes: a line is filed under its own day.
/// Notes below the namespace that are filed under no day are somebody else's, and looked at when
/// the period is all of time.
Record read_record(Store& store, const std::string& name_space, const Claims& claims,
                   const Period& period = {});

/// The notes of a few days, both ends given: a look a day, and a fetch where there is something.
Record read_days(Store& store, const std::string& name_space, const Period& period);

/// The name of the day that a notes ref is filed under, "20261122"; nullopt when there is none.
std::optional<std::string> day_of_note(std::string_view ref, const std::string& name_space);

/// The refs, of fixed names, in which doctor tries what a remote does: one in each place that the
/// product writes, first the claims' and last the notes'. Nobody reads what they hold.
std::vector<std::string> scratch_refs(const std::string& name_space);

/// The prefixes below which they lie, and what else doctor ever left there.
std::vector<std::string> scratch_prefixes(const std::string& name_space);
/// One among the lines of that day.
std::string scratch_note(Instant day, const std::string& name_space);
bool is_scratch(std::string_view ref, const std::string& name_space);

/// True for a ref that holds what gc has folded: "all", and "all-1" and so on of days with many
/// lines.
bool is_folded_note(std::string_view ref);

}  // namespace refgate
