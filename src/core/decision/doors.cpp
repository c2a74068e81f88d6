#include "core/decision/doors.h"

#include <algorithm>

#include "core/event/scope.h"

namespace refgate {
namespace {

enum class Rank { live, done, failed, rest };

Rank rank_of(const Claim& claim, Instant now) {
  if (claim.state != ClaimState::ended) return is_lost(claim, now) ? Rank::rest : Rank::live;
  // Before its time a limit holds everybody back, as a failure does.
  if (claim.until) return now < *claim.until ? Rank::failed : Rank::rest;
  if (now >= *claim.ended_at + claim.limits.memory) return Rank::rest;
  if (claim.outcome == ClaimOutcome::success) return Rank::done;
  return claim.outcome == ClaimOutcome::failure ? Rank::failed : Rank::rest;
}

bool is_presented(const Claim& claim, const Request& request) {
  return claim.state != ClaimState::ended && shows(request, claim);
}

}  // namespace

bool covers(const Claim& claim, const Request& request, Instant now) {
  if (!request.same_change && are_push_and_pull_request(claim.event, request.event) &&
      claim.state == ClaimState::ended && claim.outcome == ClaimOutcome::success &&
      now >= *claim.ended_at + claim.limits.pr_lock_window)
    return false;
  return claim.covers.empty() || request.covers.empty() ||
         std::includes(claim.covers.begin(), claim.covers.end(), request.covers.begin(),
                       request.covers.end());
}

Door choose_door(const Request& request, std::span<const ClaimAtDoor> doors, Instant now) {
  for (const ClaimAtDoor& door : doors)
    if (is_presented(door.claim, request)) return {door.ref, &door, nullptr};
  const auto at = [&](const std::string& ref) -> const ClaimAtDoor* {
    const auto found = std::find_if(doors.begin(), doors.end(),
                                    [&](const ClaimAtDoor& door) { return door.ref == ref; });
    return found == doors.end() ? nullptr : &*found;
  };
  const ClaimAtDoor* best = nullptr;
  for (const ClaimAtDoor& door : doors) {
    if (!is_door_of(request.first_door, door.ref) || is_job_door(door.ref) ||
        door.claim.ambiguous || !covers(door.claim, request, now))
      continue;
    if (best == nullptr || rank_of(door.claim, now) < rank_of(best->claim, now)) best = &door;
  }
  Door home{request.first_door, at(request.first_door), nullptr};
  if (best != nullptr && rank_of(best->claim, now) != Rank::rest)
    home = {best->ref, best, nullptr};
  else if (home.there != nullptr && !request.covers.empty() &&
           !covers(home.there->claim, request, now)) {
    // Another pull request stands at this one's door where it took up what a push had left there.
    const std::string own = door_for(request.first_door, request.covers);
    home.ref = own;
    for (int number = 2;
         (home.there = at(home.ref)) != nullptr && !covers(home.there->claim, request, now);
         ++number)
      home.ref = own + ",@" + std::to_string(number);
  }
  if (home.there == nullptr ||
      !(home.there->claim.ambiguous || is_of_another_job(home.there->claim, request)))
    return home;
  const std::string instance =
      request.holder.instance.empty() ? request.nonce : request.holder.instance;
  const std::string beside = door_of_job(home.ref, instance);
  return {beside, at(beside), home.there};
}

bool has_other_doors(const std::string& ref, std::span<const std::string> standing) {
  return std::any_of(standing.begin(), standing.end(), [&](const std::string& other) {
    return other != ref && is_door_of(ref, other);
  });
}

}  // namespace refgate
