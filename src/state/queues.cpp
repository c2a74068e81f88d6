#include "state/queues.h"

#include <algorithm>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// Those behind pass over who has ended: nobody waits long for this.
constexpr Duration returning_bound = 5s;

std::variant<Queue, ClaimError> decoded(const Stored& stored) {
  const auto file = stored.files.find(std::string(queue_file));
  if (file == stored.files.end())
    return ClaimError{ClaimErrorKind::broken, "it holds something that is no queue"};
  return decode_queue(file->second);
}

}  // namespace

SeenQueue queue_in(const std::map<std::string, Stored>& read, const std::string& ref) {
  const auto found = read.find(ref);
  if (found == read.end()) return {};
  auto queue = decoded(found->second);
  if (const auto* error = std::get_if<ClaimError>(&queue))
    throw StoreError(StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
                     error->kind == ClaimErrorKind::newer_version
                         ? ""
                         : "if nobody waits in it, delete it: git push <remote> --delete " + ref);
  return {std::get<Queue>(std::move(queue)), found->second.version};
}

Snapshot queue_snapshot(const Queue& queue, Instant at) {
  return {{{std::string(queue_file), encode_queue(queue)}}, "refgate: queue " + queue.group, at};
}

Queues read_queues(Store& store, const std::string& name_space) {
  return queues_in(store.read_all(queues_prefix(name_space)), name_space);
}

Queues queues_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  Queues all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(queues_prefix(name_space))) continue;
    auto queue = decoded(stored);
    if (const auto* error = std::get_if<ClaimError>(&queue))
      all.unreadable.push_back({ref, error->message});
    else
      all.queues.push_back({ref, stored.version, std::get<Queue>(std::move(queue))});
  }
  return all;
}

std::vector<Change> ticket_changes(Store& store, const std::string& name_space,
                                   const Claim& claim) {
  if (claim.group.empty()) return {};
  const std::string ref = queue_ref(claim.group, name_space);
  const SeenQueue seen = queue_in(store.read(std::span(&ref, 1)), ref);
  if (!seen.queue || !position(*seen.queue, claim.claim_id)) return {};
  const Instant at = now();
  return {{ref, seen.version, queue_snapshot(without_ticket(*seen.queue, claim.claim_id, at), at)}};
}

std::string return_ticket(Store& store, const std::string& name_space, const Claim& claim) {
  if (claim.group.empty()) return {};
  const auto look = [&] { return ticket_changes(store, name_space, claim); };
  const auto propose = [](const std::vector<Change>& changes) {
    return Proposal<bool>{true, changes, {}};
  };
  try {
    const Within bound(store, returning_bound);
    const auto settled = transact<std::vector<Change>>(
        store, "the place could not be given back in time", {look}, propose);
    const SwapOutcome* refused = settled.refused();
    return refused == nullptr ? std::string() : refused->message;
  } catch (const StoreError& error) {
    return error.what();
  }
}

}  // namespace refgate
