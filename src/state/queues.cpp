#include "state/queues.h"

#include <algorithm>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "core/text/shell_word.h"
#include "state/scratch_places.h"
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
    throw StoreError(
        StoreFailure::unreadable, ref + ": " + error->message + "; it was left alone",
        error->kind == ClaimErrorKind::newer_version
            ? ""
            : "if nobody waits in it, delete it: git push <remote> --delete " + shell_word(ref));
  return {std::get<Queue>(std::move(queue)), found->second.version};
}

Snapshot queue_snapshot(const Queue& queue, Instant at) {
  return {{{std::string(queue_file), encode_queue(queue)}}, "refgate: queue " + queue.group, at};
}

std::optional<ClosedPool> closed_pool_in(const std::map<std::string, Stored>& read,
                                         const std::string& ref, Instant now) {
  const SeenQueue seen = queue_in(read, ref);
  const auto until = seen.queue ? closed_until(*seen.queue, now) : std::nullopt;
  return until ? std::optional(ClosedPool{pool_named(ref), *until}) : std::nullopt;
}

bool open_pool(Store& store, const std::string& ref) {
  const auto look = [&] { return queue_in(store.read(std::span(&ref, 1)), ref); };
  const auto propose = [&](const SeenQueue& seen) {
    const Instant at = now();
    Proposal<bool> proposal{false, {}, {}};
    if (!seen.queue || !closed_until(*seen.queue, at)) return proposal;
    Queue next = *seen.queue;
    next.closed_until.reset();
    proposal.answer = true;
    proposal.changes.push_back({ref, seen.version, queue_snapshot(next, at), true});
    return proposal;
  };
  const auto settled = transact<SeenQueue>(
      store, "the pool could not be opened within the deadline; it stands as it was", {look},
      propose);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, ref, *refused, "nothing was changed");
  return settled.answer;
}

namespace {

Queues below(const std::string& prefix, const std::map<std::string, Stored>& read,
             const std::string& name_space) {
  Queues all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(prefix) || is_scratch_place(ref, name_space)) continue;
    auto queue = decoded(stored);
    if (const auto* error = std::get_if<ClaimError>(&queue))
      all.unreadable.push_back({ref, error->message});
    else
      all.queues.push_back({ref, stored.version, std::get<Queue>(std::move(queue))});
  }
  return all;
}

}  // namespace

Queues read_queues(Store& store, const std::string& name_space) {
  return queues_in(store.read_all(queues_prefix(name_space)), name_space);
}

Queues queues_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  return below(queues_prefix(name_space), read, name_space);
}

Queues read_pools(Store& store, const std::string& name_space) {
  return pools_in(store.read_all(slots_prefix(name_space)), name_space);
}

Queues pools_in(const std::map<std::string, Stored>& read, const std::string& name_space) {
  return below(slots_prefix(name_space), read, name_space);
}

bool has_places(const Claim& claim) { return !claim.group.empty() || !claim.slots.empty(); }

std::vector<std::string> lines_of(const Claim& claim, const std::string& name_space) {
  std::vector<std::string> refs;
  if (!claim.group.empty()) refs.push_back(queue_ref(claim.group, name_space));
  if (is_slots_ref(claim.slots, name_space)) refs.push_back(claim.slots);
  return refs;
}

std::vector<Change> leaving_changes(const std::map<std::string, Stored>& read, const Claim& claim,
                                    const std::string& name_space, std::optional<Instant> closes) {
  std::vector<Change> changes;
  const Instant at = now();
  for (const std::string& ref : lines_of(claim, name_space)) {
    const auto found = read.find(ref);
    const bool is_closed = closes && ref == claim.slots;
    std::optional<Version> version;
    Queue stands;
    if (found != read.end()) {
      const auto queue = decoded(found->second);
      if (!std::holds_alternative<Queue>(queue)) continue;
      stands = std::get<Queue>(queue);
      version = found->second.version;
    } else if (is_closed) {
      // Nobody has had a slot for a while, or somebody deleted it: the limit stands all the same.
      stands.group = pool_named(ref);
    } else {
      continue;
    }
    Queue next = without_ticket(stands, claim.claim_id, at);
    if (is_closed) next = with_closed(std::move(next), *closes);
    if (next != stands) changes.push_back({ref, version, queue_snapshot(next, at)});
  }
  return changes;
}

Departure look_to_depart(Store& store, const std::string& ref, const std::string& name_space,
                         const Leaving& leaving) {
  std::vector<std::string> lines = lines_of(leaving.likely, name_space);
  const auto look = [&] {
    std::vector<std::string> refs = lines;
    refs.push_back(ref);
    return store.read(refs);
  };
  auto read = look();
  Departure departure{read_claim_in(read, ref), {}, {}};
  const auto leaves = [&] {
    const auto& claim = departure.seen.claim;
    return claim && claim->claim_id == leaving.likely.claim_id &&
           claim->state != ClaimState::ended && leaving.is_own(*claim);
  };
  if (!leaves()) return departure;
  if (std::vector<std::string> named = lines_of(*departure.seen.claim, name_space);
      named != lines) {
    lines = std::move(named);
    read = look();
    departure.seen = read_claim_in(read, ref);
    if (!leaves()) return departure;
  }
  const Claim& claim = *departure.seen.claim;
  departure.changes = leaving_changes(
      read, claim, name_space, claim.state == ClaimState::waiting ? std::nullopt : leaving.closes);
  if (leaving.closes && claim.state != ClaimState::waiting)
    departure.trouble = left_open(read, claim);
  return departure;
}

std::string left_open(const std::map<std::string, Stored>& read, const Claim& claim) {
  const auto found = read.find(claim.slots);
  if (found == read.end()) return {};
  const auto queue = decoded(found->second);
  const auto* error = std::get_if<ClaimError>(&queue);
  return error == nullptr
             ? std::string()
             : claim.slots + " could not be closed: " + error->message + "; it was left alone";
}

std::string return_ticket(Store& store, const std::string& name_space, const Claim& claim,
                          std::optional<Instant> closes) {
  const std::vector<std::string> lines = lines_of(claim, name_space);
  if (lines.empty()) return {};
  const auto look = [&] { return store.read(lines); };
  const auto propose = [&](const std::map<std::string, Stored>& read) {
    return Proposal<bool>{true, leaving_changes(read, claim, name_space, closes), {}};
  };
  try {
    const Within bound(store, returning_bound);
    const auto settled = transact<std::map<std::string, Stored>>(
        store, "the place could not be given back in time", {look}, propose);
    const SwapOutcome* refused = settled.refused();
    if (refused != nullptr) return refused->message;
    return closes ? left_open(store.read(lines), claim) : std::string();
  } catch (const StoreError& error) {
    return error.what();
  }
}

}  // namespace refgate
