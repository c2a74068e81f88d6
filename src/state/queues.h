#pragma once
// The queues of groups, and the pools of slots, as they lie in the store.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/claim/queue.h"
#include "core/decision/decision.h"
#include "core/governing/pool.h"
#include "state/claiming.h"
#include "state/record.h"
#include "store/store.h"

namespace refgate {

/// What stands at a queue's ref.
struct SeenQueue {
  std::optional<Queue> queue;  ///< nullopt: there is no ref
  std::optional<Version> version;
};

/// Picks the queue out of what was read. Throws StoreError(unreadable) for a record that is broken
/// or of a newer version: it is left alone.
SeenQueue queue_in(const std::map<std::string, Stored>& read, const std::string& ref);

/// The commit that a queue is stored as.
Snapshot queue_snapshot(const Queue& queue, Instant at);

struct StoredQueue {
  std::string ref;
  Version version;
  Queue queue;
};

/// Until when the pool at `ref` takes nobody, by what was read. Throws as queue_in.
std::optional<ClosedPool> closed_pool_in(const std::map<std::string, Stored>& read,
                                         const std::string& ref, Instant now);

/// Takes away what closes the pool at `ref`; false when it was open. Throws StoreError.
bool open_pool(Store& store, const std::string& ref);

struct Queues {
  std::vector<StoredQueue> queues;
  std::vector<UnreadableRef> unreadable;  ///< left alone, and to be named
};
/// Those among what was read.
Queues queues_in(const std::map<std::string, Stored>& read, const std::string& name_space);
Queues read_queues(Store& store, const std::string& name_space);
/// Likewise, the pools of slots.
Queues pools_in(const std::map<std::string, Stored>& read, const std::string& name_space);
Queues read_pools(Store& store, const std::string& name_space);

/// True when the claim may have a place in a line, or a slot.
bool has_places(const Claim& claim);

/// The refs of the lines that the claim names, those of this namespace.
std::vector<std::string> lines_of(const Claim& claim, const std::string& name_space);

/// What takes the claim's tickets out of its lines, by what was read of them; with `closes`, its
/// pool takes nobody before that. A line that cannot be read is left alone.
std::vector<Change> leaving_changes(const std::map<std::string, Stored>& read, const Claim& claim,
                                    const std::string& name_space,
                                    std::optional<Instant> closes = std::nullopt);

/// Which claim leaves its lines.
struct Leaving {
  const Claim& likely;                       ///< as the caller remembers it
  std::function<bool(const Claim&)> is_own;  ///< asked of what stands there
  std::optional<Instant> closes;             ///< see leaving_changes; of a claim that was launched
};

/// A claim that is about to end, and what goes along with the push that ends it.
struct Departure {
  SeenClaim seen;               ///< what stands at the ref, when it was read
  std::vector<Change> changes;  ///< not decisive: when others came in between, the lines pass over
                                ///< the ended claim by themselves, or `return_ticket` tries again
  std::string trouble;          ///< for people: why its pool cannot be closed; or empty
};

/// One reading of `ref` and of the lines that `likely` names, or two where the claim there names
/// others: in which lines it stands, and which pool is its own, is what the remote says. There are
/// changes only where it has the id of `likely`, lives, and `is_own`.
Departure look_to_depart(Store& store, const std::string& ref, const std::string& name_space,
                         const Leaving& leaving);

/// For people: why the claim's pool, as it was read, could not be closed; empty when it could.
std::string left_open(const std::map<std::string, Stored>& read, const Claim& claim);

/// Gives the places back by a push of its own. Returns why it could not, for people; empty when the
/// claim stands in no line any more. Never throws: the lines pass over who has ended.
std::string return_ticket(Store& store, const std::string& name_space, const Claim& claim,
                          std::optional<Instant> closes = std::nullopt);

}  // namespace refgate
