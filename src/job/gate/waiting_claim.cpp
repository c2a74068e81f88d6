#include "job/gate/waiting_claim.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "core/claim/transition.h"
#include "core/words/shorten.h"
#include "job/note/health_file.h"
#include "os/patience.h"
#include "runner/runner.h"
#include "state/pause/pauses.h"
#include "state/queues.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// A cancelled step has 7.5 s before it is killed, and what it holds is to be given back.
constexpr Duration first_step_bound = 2500ms;
/// No server answers in less, when it did not answer just before.
constexpr Duration shortest_look = 100ms;

}  // namespace

std::optional<Claim> claim_at(const std::map<std::string, Stored>& read, const std::string& ref) {
  const auto found = read.find(ref);
  if (found == read.end()) return std::nullopt;
  const auto file = found->second.files.find(std::string(claim_file));
  if (file == found->second.files.end()) return std::nullopt;
  auto claim = decode_claim(file->second);
  return std::holds_alternative<Claim>(claim) ? std::optional(std::get<Claim>(std::move(claim)))
                                              : std::nullopt;
}

WaitingClaim::WaitingClaim(const Asking& asking, const Acquired& acquired)
    : call_(asking.call),
      store_(asking.store),
      request_(asking.request),
      settings_(asking.settings),
      state_(asking.state),
      informants_(asking.informants),
      acquired_(acquired),
      claim_(*acquired.decision.next),
      limits_(claim_.limits),
      version_(acquired.version) {}

Turn WaitingClaim::wait(const Interruption& interruption) {
  int lost_races = 0;
  for (;;) {
    if (interruption.signal() != 0) return Turn::interrupted;
    // What kept it from an answer is told, and not that there is no time for another look.
    if (const auto end = due(); end && outage_.is() && left_until(*end) < shortest_look)
      outage_.throw_cause();
    give_step_time();
    Step step = Step::waits;
    const auto asked = Clock::now();
    try {
      step = advance();
      outage_.ends();
    } catch (const StoreError& error) {
      if (interruption.signal() != 0) return Turn::interrupted;
      outage_.lasts(error, asked);
      if (outage_.outlasts(last_moment())) outage_.throw_cause();
      call_.err << "refgate: " << escape_for(Place::line, error.what()) << "; still waiting\n"
                << std::flush;
    }
    // A start that nobody will make use of is given back as well.
    if (interruption.signal() != 0) return Turn::interrupted;
    switch (step) {
      case Step::started:
        has_started();
        return Turn::ours;
      case Step::full:
        return Turn::full;
      case Step::held_back:
        return Turn::held_back;
      case Step::ended:
        return Turn::ended;
      case Step::taken:
        return Turn::taken;
      case Step::again:
        lost_races = std::min(lost_races + 1, 6);
        if (!interruption.sleep(random_part(20ms * (1 << lost_races)))) return Turn::interrupted;
        continue;
      case Step::moved:
        has_moved();
        break;
      case Step::waits:
        break;
    }
    lost_races = 0;
    if (!outage_.is())
      if (const auto turn = gives_up()) return *turn;
    const Instant at = now();
    if (!interruption.sleep(outage_.is() ? std::min(outage_.pause(), left_until(last_moment()))
                                         : std::min(until_next_look(at), to_renewal(at))))
      return Turn::interrupted;
  }
}

/// Little, so that a signal is seen soon, and twice as much after each step that got no answer,
/// since a server may be slow.
void WaitingClaim::give_step_time() {
  const Duration some = first_step_bound * (1 << std::min(outage_.looks(), 10));
  const Duration span =
      outage_.time_for_a_look(last_moment(), std::min(some, settings_.policy.deadline));
  const auto end = due();
  give_time(store_, end ? std::min(span, left_until(*end)) : span);
}

WaitingClaim::Clock::time_point WaitingClaim::last_moment() const {
  return std::min(ends(outage_.began()), Clock::now() + (claim_.lease_until - now()));
}

void WaitingClaim::leave(const std::string& why) {
  std::vector<std::string> refs = lines_of(claim_, settings_.name_space);
  refs.push_back(request_.scope);
  const auto look = [&] { return store_.read(refs); };
  const auto propose = [&](const std::map<std::string, Stored>& read) {
    const Instant at = now();
    Proposal<bool> proposal{false, {}, {}};
    const SeenClaim seen = read_claim_in(read, request_.scope);
    const bool ours = seen.claim && seen.claim->claim_id == claim_.claim_id &&
                      seen.claim->state != ClaimState::ended;
    if (ours)
      proposal.changes.push_back(
          {request_.scope, seen.version, claim_snapshot(abandon_claim(*seen.claim, why, at))});
    for (Change& change : leaving_changes(read, claim_, settings_.name_space))
      proposal.changes.push_back(std::move(change));
    return proposal;
  };
  std::string trouble;
  try {
    const auto settled = transact<std::map<std::string, Stored>>(
        store_, "it could not be given back in time", {look}, propose);
    const SwapOutcome* refused = settled.refused();
    if (refused != nullptr) trouble = refused->message;
    // The claim comes first; a place that stays behind is passed over.
    if (refused == nullptr || settled.outcomes.front().result == SwapResult::swapped) {
      state_.remove(claim_.claim_id);
      HealthFile(state_, claim_.claim_id).remove();
    }
  } catch (const StoreError& error) {
    trouble = error.what();
  }
  if (trouble.empty()) return;
  call_.err << "refgate: the claim, and its place if it stood in line, were not given back ("
            << escape_for(Place::line, trouble) << "); others pass over it when its lease is over\n"
            << std::flush;
}

bool WaitingClaim::stopped_meanwhile(const std::map<std::string, Stored>& read, Instant at) {
  Surroundings around;
  if (informants_.pause_while_waiting)
    around.paused = pause_in(read, *informants_.pause_while_waiting);
  if (!request_.slots.empty()) around.closed = closed_pool_in(read, request_.slots, at);
  if (!around.paused && !around.closed) return false;
  held_back_ = decide(std::nullopt, request_, settings_.policy, at, around);
  return true;
}

Claim WaitingClaim::started(Instant at) const {
  if (claim_.state == ClaimState::active) return claim_;
  Claim claim = start_claim(claim_, request_, acquired_.decision, at);
  claim.group = shortened(request_.group, bounds::address);
  claim.slots = request_.slots;
  claim.limits.lease = settings_.policy.lease;
  claim.lease_until = at + claim.limits.lease;
  return claim;
}

Claim WaitingClaim::waiting_again(Instant at) const {
  Claim claim = claim_;
  claim.state = ClaimState::waiting;
  claim.limits = limits_;
  // A gate of this job that was killed may have stood in other lines.
  claim.group = shortened(request_.group, bounds::address);
  claim.slots = request_.slots;
  std::erase_if(claim.outbox, [&](const AuditEntry& line) {
    return line.claim_id == claim.claim_id && line.kind == EntryKind::launch;
  });
  claim.renewed_at = at;
  claim.lease_until = at + claim.limits.lease;
  return claim;
}

Claim WaitingClaim::renewed_if_due(Instant at) const {
  const bool is_due = at >= claim_.renewed_at + claim_.limits.lease / 3 ||
                      claim_.slots != request_.slots || claim_.group != request_.group;
  return is_due ? waiting_again(at) : claim_;
}

Duration WaitingClaim::to_renewal(Instant at) const {
  return std::max<Duration>(claim_.renewed_at + claim_.limits.lease / 3 - at, 50ms);
}

void WaitingClaim::begin(BootTime sent) const {
  HealthFile(state_, claim_.claim_id)
      .write(health_of(claim_, request_.scope, state_.runner_job(), sent));
}

void WaitingClaim::keep(const Claim& claim, const std::optional<Version>& version) {
  claim_ = claim;
  version_ = version;
  ClaimNote note;
  note.ref = request_.scope;
  note.name_space = settings_.name_space;
  note.remote = store_.describe();
  note.runner_job = state_.runner_job();
  note.version = version;
  note.phase = Phase::won;
  note.claim = claim;
  state_.save(note);
}

WaitingClaim::Step WaitingClaim::adopt_what_stands() {
  const SeenClaim seen = read_claim(store_, request_.scope);
  if (!seen.claim || seen.claim->claim_id != claim_.claim_id ||
      seen.claim->state == ClaimState::ended)
    return how_lost(seen.claim);
  keep(*seen.claim, seen.version);
  return Step::again;
}

/// Only what no reading that is behind could show; anything else is found by the next swap.
std::optional<WaitingClaim::Step> WaitingClaim::lost_meanwhile(
    const std::map<std::string, Stored>& read) {
  const std::optional<Claim> stands = claim_at(read, request_.scope);
  if (!stands) return std::nullopt;
  const bool ended = stands->state == ClaimState::ended && stands->generation == claim_.generation;
  if (!ended && stands->generation <= claim_.generation) return std::nullopt;
  return how_lost(stands);
}

/// Ended, unless somebody else has begun. A claim that is given up leaves the former end of its
/// work behind, with its own generation.
WaitingClaim::Step WaitingClaim::how_lost(const std::optional<Claim>& stands) {
  ended_ = "Its session was ended while it waited";
  if (stands && stands->claim_id == claim_.claim_id) superseded_by_ = stands->superseded_by;
  if (!stands || (stands->state == ClaimState::ended && stands->generation == claim_.generation)) {
    if (stands && stands->claim_id == claim_.claim_id && stands->outcome == ClaimOutcome::released)
      ended_ = "It was released while it waited (" + stands->note + ")";
    return Step::ended;
  }
  // Its own job may have ended it before somebody else took it: then its note is gone, or says so.
  const auto notes = state_.notes();
  const bool by_job = std::none_of(notes.begin(), notes.end(), [&](const ClaimNote& note) {
    return note.claim.claim_id == claim_.claim_id && !note.is_over();
  });
  return by_job ? Step::ended : Step::taken;
}

}  // namespace refgate
