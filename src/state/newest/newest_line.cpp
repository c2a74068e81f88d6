#include "state/newest/newest_line.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "call/invocation.h"
#include "core/claim/transition.h"
#include "core/event/scope.h"
#include "core/text/shell_word.h"
#include "state/scratch_places.h"
#include "state/transact.h"

namespace refgate {
namespace {

std::variant<Newest, ClaimError> decoded(const Stored& stored) {
  const auto file = stored.files.find(std::string(newest_file));
  if (file == stored.files.end())
    return ClaimError{ClaimErrorKind::broken, "it holds something that is no newest head"};
  return decode_newest(file->second);
}

/// What tells lines apart besides the branch: share, job, dimensions, repository and trust.
std::string_view leaf_of(std::string_view claim_ref) {
  const std::string_view first = first_door_of(claim_ref);
  return first.substr(first.rfind('/') + 1);
}

bool is_of_line(const NewestClaim& claim, const std::string& own_ref) {
  const std::string_view claims = "/claims/";
  const std::size_t end = own_ref.find(claims);
  return end != std::string::npos &&
         claim.ref.starts_with(std::string_view(own_ref).substr(0, end + claims.size())) &&
         leaf_of(claim.ref) == leaf_of(own_ref);
}

/// Those that live, by one reading.
std::vector<OlderClaim> living(Store& store, const std::vector<NewestClaim>& claims) {
  std::vector<std::string> refs;
  for (const NewestClaim& claim : claims)
    refs.push_back(claim.ref);
  std::vector<OlderClaim> alive;
  if (refs.empty()) return alive;
  const auto read = store.read(refs);
  for (const NewestClaim& claim : claims) {
    const auto found = read.find(claim.ref);
    if (found == read.end()) continue;
    try {
      const SeenClaim seen = read_claim_in(read, claim.ref);
      if (seen.claim->claim_id == claim.claim_id && seen.claim->state != ClaimState::ended)
        alive.push_back({claim.ref, *seen.claim, *seen.version, false});
    } catch (const StoreError&) {
      // What cannot be read cannot be ended either, and is named by whoever asks for it.
    }
  }
  return alive;
}

}  // namespace

std::optional<NewerRun> SeenNewest::newer_run() const {
  if (order != Order::older || !newest) return std::nullopt;
  return NewerRun{newest->run_id, newest->run_url, newest->move.commit};
}

const OlderClaim* SeenNewest::older_of(const std::string& claim_id) const {
  const auto found = std::find_if(older.begin(), older.end(), [&](const OlderClaim& each) {
    return each.claim.claim_id == claim_id;
  });
  return found == older.end() ? nullptr : &*found;
}

SeenNewest newest_head_in(const std::map<std::string, Stored>& read, const NewestPlace& place) {
  SeenNewest seen;
  if (const auto found = read.find(place.ref); found != read.end()) {
    auto newest = decoded(found->second);
    if (const auto* error = std::get_if<ClaimError>(&newest))
      throw StoreError(StoreFailure::unreadable,
                       place.ref + ": " + error->message + "; it was left alone",
                       error->kind == ClaimErrorKind::newer_version
                           ? ""
                           : "delete it: git push <remote> --delete " + shell_word(place.ref));
    seen.newest = std::get<Newest>(std::move(newest));
    seen.version = found->second.version;
  }
  seen.order = order_of(seen.newest, place.arrival);
  return seen;
}

SeenNewest newest_in(Store& store, const std::map<std::string, Stored>& read,
                     const NewestPlace& place, const std::string& own_ref) {
  SeenNewest seen = newest_head_in(read, place);
  if (!seen.newest || seen.order == Order::older) return seen;
  std::vector<NewestClaim> older = seen.newest->older;
  if (seen.order == Order::newer)
    older.insert(older.end(), seen.newest->claims.begin(), seen.newest->claims.end());
  std::erase_if(older, [&](const NewestClaim& claim) { return !is_of_line(claim, own_ref); });
  seen.older = living(store, older);
  for (OlderClaim& each : seen.older)
    each.let_in = is_let_in(*seen.newest, {each.ref, each.claim.claim_id});
  return seen;
}

Change newest_change(const NewestPlace& place, const SeenNewest& seen, const Newest& next,
                     Instant at) {
  return {place.ref, seen.version,
          Snapshot{{{std::string(newest_file), encode_newest(next)}}, "refgate: newest", at}, true};
}

SeenNewest enter_newest(Store& store, const NewestPlace& place, const Bringer& own,
                        SeenNewest seen) {
  const auto look = [&] {
    return newest_in(store, store.read(std::span(&place.ref, 1)), place, own.claim.ref);
  };
  const auto propose = [&](const SeenNewest& now_seen) {
    Proposal<SeenNewest> proposal{now_seen, {}, {}};
    if (now_seen.order == Order::older) return proposal;
    std::vector<NewestClaim> older;
    for (const OlderClaim& each : now_seen.older)
      older.push_back({each.ref, each.claim.claim_id});
    const Instant at = now();
    const Newest next = arrived(now_seen.newest, place.arrival, own, std::move(older), at);
    const auto known = [&](const NewestClaim& claim) {
      return std::find(next.claims.begin(), next.claims.end(), claim) != next.claims.end();
    };
    proposal.answer.full =
        now_seen.order == Order::same && now_seen.newest &&
        !std::all_of(now_seen.newest->claims.begin(), now_seen.newest->claims.end(), known);
    proposal.changes.push_back(newest_change(place, now_seen, next, at));
    return proposal;
  };
  auto settled = transact<SeenNewest>(
      store, "the newest head of the branch could not be swapped within the deadline",
      {look, std::move(seen)}, propose);
  if (const SwapOutcome* refused = settled.refused())
    throw refusal(store, place.ref, *refused, "no other session was ended");
  return std::move(settled.answer);
}

std::vector<std::string> end_older(Store& store, const std::string& name_space,
                                   const std::vector<OlderClaim>& older,
                                   const std::string& newer_run) {
  std::vector<std::string> trouble;
  for (const OlderClaim& each : older) {
    try {
      update_claim(
          store, {each.ref, each.claim.claim_id, name_space, {each.claim, each.version}},
          [&](const Claim& claim) { return supersede_claim(claim, newer_run, now()); },
          Publish::everything);
    } catch (const StoreError& error) {
      trouble.push_back("the session of run " + each.claim.holder.run_id +
                        " on an older head goes on: " + error.what());
    }
  }
  return trouble;
}

NewestLines newest_lines_in(const std::map<std::string, Stored>& read,
                            const std::string& name_space) {
  NewestLines all;
  for (const auto& [ref, stored] : read) {
    if (!ref.starts_with(newest_prefix(name_space)) || is_scratch_place(ref, name_space)) continue;
    auto newest = decoded(stored);
    if (const auto* error = std::get_if<ClaimError>(&newest))
      all.unreadable.push_back({ref, error->message});
    else
      all.lines.push_back({ref, stored.version, std::get<Newest>(std::move(newest))});
  }
  return all;
}

}  // namespace refgate
