#include "job/subject/own_look.h"

#include <algorithm>
#include <iterator>

#include "core/event/scope.h"
#include "job/subject/misfit.h"
#include "job/subject/own_claims.h"
#include "job/subject/subject.h"
#include "state/transact.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A cancelled step is killed soon.
constexpr Duration looking_bound = 5s;

/// What one of the two does not say tells nothing.
bool differ(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && one != other;
}

/// Whether what stands at the ref is of a scope that the job was told to leave to others.
bool is_told_of(const LookHints& hints, const std::string& ref) {
  return std::any_of(hints.told.begin(), hints.told.end(),
                     [&](const std::string& told) { return is_door_of(told, ref); });
}

void sort_in(StoredClaim stored, const Holder& self, const LookHints& hints, OwnLook& look) {
  const Holder& holder = stored.claim.holder;
  if (stored.claim.state == ClaimState::ended || holder.run_id != self.run_id) return;
  const bool same_instance = !self.instance.empty() && holder.instance == self.instance;
  if (holder.run_attempt != self.run_attempt || holder.job != self.job || self.job.empty() ||
      (!same_instance && differ(holder.job_index, self.job_index)))
    look.others.push_back(std::move(stored));
  // Where no runner tells two legs apart, that one of them was told to skip does.
  else if (!same_instance && is_told_of(hints, stored.ref))
    return;
  else if (differ(holder.instance, self.instance))
    look.namesakes.push_back(std::move(stored));
  else
    look.own.push_back(std::move(stored));
}

OwnLook sorted(Claims read, const Holder& self, const LookHints& hints) {
  OwnLook look;
  for (StoredClaim& stored : read.claims)
    sort_in(std::move(stored), self, hints, look);
  return look;
}

/// The step is of the work that it was told to skip, so that other work of its job is not its own.
void set_aside(OwnLook& look, const std::string& ref) {
  const auto first =
      std::stable_partition(look.own.begin(), look.own.end(),
                            [&](const StoredClaim& stored) { return is_door_of(ref, stored.ref); });
  std::move(first, look.own.end(), std::back_inserter(look.aside));
  look.own.erase(first, look.own.end());
}

Holder self_as_holder(const Invocation& call, const Settings& settings) {
  const Self self = self_of(call, settings);
  Holder holder = caller_of(call, settings);
  holder.run_id = self.run_id;
  holder.job = self.job;
  holder.job_index = settings.job_index;
  holder.instance = job_instance(call.environment);
  return holder;
}

/// What stands at the step's own piece of work, and beside it.
Claims claims_beside(Store& store, const std::string& ref, const std::string& name_space) {
  return claims_in(store.read_all(ref.substr(0, ref.rfind('/') + 1)), name_space);
}

bool bears_out(const Claims& claims, const std::string& ref, const std::string& hint,
               const LookHints& hints) {
  if (!is_door_of(ref, hint)) return false;
  const bool is_of_no_claim =
      std::find(hints.claimless.begin(), hints.claimless.end(), hint) != hints.claimless.end();
  return is_of_no_claim ||
         std::any_of(claims.claims.begin(), claims.claims.end(),
                     [&](const StoredClaim& stored) { return is_door_of(ref, stored.ref); });
}

std::string describe_live(const StoredClaim& stored) {
  const Claim& claim = stored.claim;
  return "a session of this very job is live at the remote, and this step has not ended it: " +
         claim.session_key + " at " + stored.ref +
         ", of which the job's own files say nothing that fits; nothing was changed, and the claim "
         "is left to its lease, until " +
         format_rfc3339(claim.lease_until);
}

OwnLook look_for_own(const Invocation& call, const Settings& settings, Store& store,
                     const LookHints& hints) {
  const Holder self = self_as_holder(call, settings);
  if (!call.environment.in_actions() || self.run_id.empty()) return {};
  const auto left =
      std::chrono::duration_cast<Duration>(store.deadline() - std::chrono::steady_clock::now());
  const Within bound(store, std::min<Duration>(looking_bound, left));
  const std::string ref = own_ref(call, settings);
  if (!hints.refs.empty() && !ref.empty()) {
    Claims beside = claims_beside(store, ref, settings.name_space);
    const bool told = is_told_of(hints, ref);
    const bool enough =
        (told && hints.names_its_work) ||
        std::all_of(hints.refs.begin(), hints.refs.end(),
                    [&](const std::string& hint) { return bears_out(beside, ref, hint, hints); });
    OwnLook look = sorted(std::move(beside), self, hints);
    if (told && enough) set_aside(look, ref);
    if (enough || !look.own.empty()) return look;
  }
  return sorted(read_claims(store, settings.name_space), self, hints);
}

}  // namespace

std::string own_ref(const Invocation& call, const Settings& settings) {
  const auto subject = own_subject(call, settings);
  return subject ? subject->ref : std::string();
}

OwnLook require_none_live(const Invocation& call, const Settings& settings, Store& store,
                          const LookHints& hints) {
  OwnLook look = look_for_own(call, settings, store, hints);
  if (look.own.empty()) return look;
  throw Misfit(describe_live(look.own.front()),
               "give finish the gate's output claim_id as claim-id (--claim-id)");
}

}  // namespace refgate
