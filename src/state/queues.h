#pragma once
// The queues of groups as they lie in the store.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/claim/queue.h"
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

struct Queues {
  std::vector<StoredQueue> queues;
  std::vector<UnreadableRef> unreadable;  ///< left alone, and to be named
};
/// Those among what was read.
Queues queues_in(const std::map<std::string, Stored>& read, const std::string& name_space);
Queues read_queues(Store& store, const std::string& name_space);

/// What gives back the claim's place in line, to go along with the push that ends it; empty when it
/// is in no group, or has no place. One reading. It is not decisive: when others came in between,
/// the line passes over the ended claim by itself, or `return_ticket` tries again.
std::vector<Change> ticket_changes(Store& store, const std::string& name_space, const Claim& claim);

/// Gives the place back by a push of its own. Returns why it could not, for people; empty when the
/// claim stands in no line any more. Never throws: the line passes over who has ended.
std::string return_ticket(Store& store, const std::string& name_space, const Claim& claim);

}  // namespace refgate
