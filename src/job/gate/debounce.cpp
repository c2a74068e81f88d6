#include "job/gate/debounce.h"

#include <algorithm>
#include <ostream>
#include <utility>
#include <vector>

#include "job/note/health_file.h"
#include "runner/runner.h"

namespace refgate {
namespace {

using namespace std::chrono_literals;

/// Who is older by now is to know it soon: its runner is paid for.
constexpr Duration between_looks = 15s;
/// A short wait has as many looks as this.
constexpr int looks_at_least = 8;
constexpr Duration shortest_sleep = 50ms;

}  // namespace

Debounce::Debounce(const Asking& asking, const Acquired& acquired, bool starts)
    : WaitingClaim(asking, acquired),
      place_(*asking.ordering.settles),
      starts_(starts),
      latest_(now() + asking.settings.policy.settle) {}

/// What waits for calm needs no answer; what starts does.
Debounce::Clock::time_point Debounce::ends(Clock::time_point silent_since) const {
  return std::max(Clock::now() + (calm_at_.value_or(latest_) - now()),
                  silent_since + settings_.policy.deadline);
}

Duration Debounce::until_next_look(Instant at) {
  const Duration patience =
      std::min<Duration>(between_looks, settings_.policy.settle / looks_at_least);
  return std::max(std::min<Duration>(patience, calm_at_.value_or(latest_) - at), shortest_sleep);
}

/// One reading, and at most one push.
Debounce::Step Debounce::advance() {
  std::vector<std::string> refs{place_.ref, request_.scope};
  if (informants_.pause_while_waiting) refs.push_back(informants_.pause_while_waiting->ref);
  const auto read = store_.read(refs);
  const Instant at = now();
  const SeenNewest seen = newest_head_in(read, place_);
  const bool is_let = is_let_in(seen);
  if (const auto newer = seen.newer_run(); newer && !is_let) {
    Surroundings around;
    around.newer = newer;
    held_back_ = decide(std::nullopt, request_, settings_.policy, at, around);
    return Step::held_back;
  }
  if (stopped_meanwhile(read, at)) return Step::held_back;
  if (const auto lost = lost_meanwhile(read)) return *lost;
  const bool is_newest = seen.order == Order::same && seen.newest;
  const Duration settle = settings_.policy.settle;
  calm_at_ = std::min(latest_, is_newest ? calm_at(*seen.newest, settle) : latest_);
  if (is_let) calm_at_ = std::min(*calm_at_, at);
  if (at < *calm_at_) {
    tell(*calm_at_);
    return renew(at);
  }
  return start(seen, at);
}

bool Debounce::is_let_in(const SeenNewest& seen) const {
  return seen.newest && refgate::is_let_in(*seen.newest, {request_.scope, claim_.claim_id});
}

Debounce::Step Debounce::start(const SeenNewest& seen, Instant at) {
  const NewestClaim own{request_.scope, claim_.claim_id};
  // Its record may have been deleted meanwhile.
  const Newest entered = seen.order == Order::same && seen.newest
                             ? *seen.newest
                             : arrived(seen.newest, place_.arrival,
                                       {claim_.holder, own, settings_.policy.settle}, {}, at);
  const Newest next = started_newest(entered, at);
  std::vector<Change> changes;
  // Who was let in leaves the record to those who came after it.
  if (seen.order != Order::older && (!seen.newest || next != *seen.newest))
    changes.push_back(newest_change(place_, seen, next, at));
  const bool line_changes = !changes.empty();
  const Claim wanted =
      starts_ ? with_room(store_, started(at), claim_.outbox, settings_.name_space) : claim_;
  if (wanted != claim_) changes.push_back({request_.scope, version_, claim_snapshot(wanted), true});
  const BootTime sent = boot_now();
  if (!changes.empty()) {
    const auto outcomes = push_once(store_, changes);
    if (line_changes && outcomes.front().result == SwapResult::refused)
      throw refusal(store_, place_.ref, outcomes.front(), "nothing was started");
    const bool is_newest = !line_changes || outcomes.front().result == SwapResult::swapped;
    // Where only the claim's half arrived, it is given back or started by the next look; with a
    // record that is stale the claim may not have been sent.
    if (wanted != claim_ && (is_newest || outcomes.back().result != SwapResult::refused))
      if (const Step step = pushed(wanted, outcomes.back()); step != Step::started) return step;
    if (!is_newest) return Step::again;
  }
  if (starts_) begin(sent);
  return Step::started;
}

Debounce::Step Debounce::renew(Instant at) {
  // Its activation may have arrived at the remote when the record of the newest head did not.
  const Claim wanted =
      with_room(store_, claim_.state == ClaimState::active ? waiting_again(at) : renewed_if_due(at),
                claim_.outbox, settings_.name_space);
  if (wanted == claim_) return Step::waits;
  const SwapOutcome outcome =
      push_once(store_, Change{request_.scope, version_, claim_snapshot(wanted), true});
  const Step step = pushed(wanted, outcome);
  return step == Step::started ? Step::waits : step;
}

/// Step::started: the claim stands as wanted.
Debounce::Step Debounce::pushed(const Claim& wanted, const SwapOutcome& outcome) {
  switch (outcome.result) {
    case SwapResult::swapped:
      keep(wanted, outcome.version);
      return Step::started;
    case SwapResult::stale:
      break;
    case SwapResult::refused:
      throw refusal(store_, request_.scope, outcome, "nothing was started");
  }
  return adopt_what_stands();
}

void Debounce::tell(Instant until) {
  if (!told_.is_due(format_second(until), ToldWait::Clock::now())) return;
  call_.err << "refgate: waiting until " << format_second(until) << " for the branch "
            << escape_for(Place::line, place_.arrival.branch) << " to be calm (settle "
            << format_duration(settings_.policy.settle) << ")\n"
            << std::flush;
}

}  // namespace refgate
