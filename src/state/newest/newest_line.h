#pragma once
// The newest head of a line as it lies in the store, changed by compare-and-swap.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/claim/newest.h"
#include "core/decision/decision.h"
#include "state/claiming.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

struct NewestPlace {
  std::string ref;
  Arrival arrival;
};

struct OlderClaim {
  std::string ref;
  Claim claim;
  Version version;
  bool let_in = false;  ///< see is_let_in
};

/// What one look at the line shows to an arrival.
struct SeenNewest {
  std::optional<Newest> newest;  ///< nullopt: nobody has arrived
  std::optional<Version> version;
  Order order = Order::newer;
  std::vector<OlderClaim> older;  ///< sessions of heads before the arrival's, which live
  bool full = false;              ///< of the sessions of this very head, one more is forgotten

  /// Among the older ones; nullptr: it is none of them.
  const OlderClaim* older_of(const std::string& claim_id) const;

  /// Of an arrival that is older.
  std::optional<NewerRun> newer_run() const;
};

/// By what was read; where sessions of older heads may live, by one reading more. `own_ref` is the
/// claim of the arrival: a record can name anything, and only claims of its very line count. Throws
/// StoreError(unreadable) for a record that is broken or of a newer version: it is left alone.
SeenNewest newest_in(Store& store, const std::map<std::string, Stored>& read,
                     const NewestPlace& place, const std::string& own_ref);

/// The same without the sessions of older heads.
SeenNewest newest_head_in(const std::map<std::string, Stored>& read, const NewestPlace& place);

/// The swap of the record that was `seen`.
Change newest_change(const NewestPlace& place, const SeenNewest& seen, const Newest& next,
                     Instant at);

/// Swaps, beginning with what was `seen`, until the arrival is the newest with the claim that it
/// has won at `own_ref`, or is older: what was seen then. Throws StoreError.
SeenNewest enter_newest(Store& store, const NewestPlace& place, const Bringer& own,
                        SeenNewest seen);

/// Ends the sessions of older heads for the sake of `newer_run`. Returns, for people, which of them
/// could not be ended, and why. Never throws.
std::vector<std::string> end_older(Store& store, const std::string& name_space,
                                   const std::vector<OlderClaim>& older,
                                   const std::string& newer_run);

struct StoredNewest {
  std::string ref;
  Version version;
  Newest newest;
};
struct NewestLines {
  std::vector<StoredNewest> lines;
  std::vector<UnreadableRef> unreadable;
};
/// Those among what was read.
NewestLines newest_lines_in(const std::map<std::string, Stored>& read,
                            const std::string& name_space);

}  // namespace refgate
