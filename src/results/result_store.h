#pragma once
// Results in the store: one ref each, made once, never changed, deleted by compare-and-swap.

#include <optional>
#include <string>
#include <vector>

#include "core/record/result.h"
#include "job/note/job_state.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// GitHub's advice for objects in a repository.
inline constexpr std::size_t longest_result = 1u << 20;

/// Whatever the user says: it is held in memory.
inline constexpr std::size_t most_result_bytes = 64u << 20;

struct KeptResult {
  Version version;
  std::string unlinked;  ///< why the claim does not name the result; empty when it does, or when
                         ///< there is no claim
};

/// What a session produced, and what is said of it.
struct Result {
  ResultRecord record;
  std::string content;
};

/// Keeps a result, and lets the claim of `session` name it, in one push when nobody has changed the
/// claim meanwhile. The note is brought up to date. Throws StoreError when the result was not kept;
/// that the claim could not be changed is no failure.
KeptResult keep_result(Store& store, const std::string& name_space, const Result& result,
                       const JobState& state, std::optional<ClaimNote> session);

struct StoredResult : Result {
  std::string ref;
  Version version;
};

struct Results {
  std::vector<StoredResult> results;  ///< by time
  std::vector<UnreadableRef>
      unreadable;  ///< broken, of a newer version, or no result at all: left alone
};

/// The results that were kept between the two moments, both included. Only those are fetched: the
/// time stands in the name. With `contents` false the contents are dropped as they come.
Results read_results(Store& store, const std::string& name_space, Instant since, Instant until,
                     bool contents);

/// nullopt when there is none of that id. Throws StoreError(unreadable) for one that cannot be
/// read.
std::optional<StoredResult> read_result(Store& store, const std::string& name_space,
                                        const std::string& id);

struct PrunedResults {
  std::size_t gone = 0;                   ///< deleted; in a dry run: what would be
  std::vector<UnreadableRef> unreadable;  ///< old, and not understood: left alone
  std::vector<UnreadableRef> undone;      ///< could not be deleted
};

/// Deletes up to `most` results that were kept before `before`, the oldest first. They vanish from
/// the list of refs; until the server collects its garbage, who knows an object's id may still
/// fetch it.
PrunedResults prune_results(Store& store, const std::string& name_space, Instant before,
                            std::size_t most, bool dry_run = false);

}  // namespace refgate
