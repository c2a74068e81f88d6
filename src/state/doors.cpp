#include "state/doors.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "call/invocation.h"
#include "core/event/scope.h"
#include "state/transact.h"

namespace refgate {
namespace {

constexpr int most_markings = 4;

}  // namespace

bool has_doors(const std::string& ref, const std::map<std::string, Version>& names) {
  if (first_door_of(ref) != ref) return false;
  // Names of other work may stand between a ref and its doors.
  const auto first = names.lower_bound(ref + ",@");
  return std::any_of(first, names.upper_bound(ref + ",@~"),
                     [&](const auto& item) { return is_door_of(ref, item.first); });
}

SeenClaim look_at_doors(Store& store, Request& asking, Meeting meeting) {
  // The folder of the identity: stores list folders. Who shows a claim's id may be another job,
  // whose own scope differs in the job alone.
  const std::string prefix = asking.first_door.substr(0, asking.first_door.rfind('/') + 1);
  for (int round = 1;; ++round) {
    const auto read = store.read_all(prefix);
    std::vector<ClaimAtDoor> doors;
    for (const auto& [ref, stored] : read)
      if (!asking.named.empty() || is_door_of(asking.first_door, ref)) {
        SeenClaim seen = read_claim_in(read, ref);
        if (seen.claim) doors.push_back({ref, std::move(*seen.claim)});
      }
    const Door door = choose_door(asking, doors, now());
    asking.scope = door.ref;
    asking.met.reset();
    if (door.met != nullptr) asking.met = door.met->claim;
    const auto seen = [&]() -> SeenClaim {
      if (door.there == nullptr) return {};
      return {door.there->claim, read.at(door.ref).version};
    };
    if (door.met == nullptr || door.met->claim.ambiguous || meeting == Meeting::leave)
      return seen();
    // Marked before the caller claims: what is not told apart must mute nobody from then on.
    Claim marked = door.met->claim;
    marked.ambiguous = true;
    const Change change{door.met->ref, read.at(door.met->ref).version, claim_snapshot(marked),
                        true};
    if (push_once(store, change).result != SwapResult::stale || round == most_markings)
      return seen();
  }
}

}  // namespace refgate
