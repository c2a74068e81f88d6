#include "job/gate/debounce.h"

#include <algorithm>
#include <ostream>
#include <span>
#include <vector>

#include "job/note/health_file.h"
#include "os/patience.h"
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

Turn Debounce::wait(const Interruption& interruption) {
  const Duration settle = settings_.policy.settle;
  const Duration patience = std::min<Duration>(
      between_looks, std::max<Duration>(settle / looks_at_least, shortest_sleep));
  int lost_races = 0;
  for (;;) {
    if (interruption.signal() != 0) return Turn::interrupted;
    give_step_time();
    Step step = Step::waits;
    try {
      step = advance();
      was_answered();
    } catch (const StoreError& error) {
      if (interruption.signal() != 0) return Turn::interrupted;
      // What waits needs no answer; what starts does.
      if (error.failure() != StoreFailure::unreachable ||
          !may_try_again(now() >= calm_at_.value_or(latest_)))
        throw;
      call_.err << "refgate: " << escape_for(Place::line, error.what()) << "; still waiting\n"
                << std::flush;
    }
    // A start that nobody will make use of is given back as well.
    if (interruption.signal() != 0) return Turn::interrupted;
    switch (step) {
      case Step::started:
        return Turn::ours;
      case Step::outdated:
      case Step::stopped:
        return Turn::held_back;
      case Step::ended:
        return Turn::ended;
      case Step::taken:
        return Turn::taken;
      case Step::again:
        lost_races = std::min(lost_races + 1, 6);
        if (!interruption.sleep(random_part(20ms * (1 << lost_races)))) return Turn::interrupted;
        continue;
      case Step::waits:
        break;
    }
    lost_races = 0;
    const Instant at = now();
    const Duration to_calm = std::max<Duration>(calm_at_.value_or(latest_) - at, shortest_sleep);
    if (!interruption.sleep(std::min({patience, to_calm, to_renewal(at)})))
      return Turn::interrupted;
  }
}

/// One reading, and at most one push.
Debounce::Step Debounce::advance() {
  std::vector<std::string> refs{place_.ref, request_.scope};
  if (informants_.pause_while_waiting) refs.push_back(informants_.pause_while_waiting->ref);
  const auto read = store_.read(refs);
  const Instant at = now();
  const SeenNewest seen = newest_head_in(read, place_);
  if (const auto newer = seen.newer_run()) {
    Surroundings around;
    around.newer = newer;
    held_back_ = decide(std::nullopt, request_, settings_.policy, at, around);
    return Step::outdated;
  }
  if (stopped_meanwhile(read, at)) return Step::stopped;
  if (const auto lost = lost_meanwhile(read)) return step_of(*lost);
  const bool is_newest = seen.order == Order::same && seen.newest;
  const Duration settle = settings_.policy.settle;
  calm_at_ = std::min(latest_, is_newest ? calm_at(*seen.newest, settle) : latest_);
  if (at < *calm_at_) {
    tell(*calm_at_);
    return renew(at);
  }
  return start(seen, at);
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
  if (!seen.newest || next != *seen.newest)
    changes.push_back(newest_change(place_, seen, next, at));
  const bool line_changes = !changes.empty();
  const Claim wanted =
      starts_ ? with_room(store_, started(at), claim_.outbox, settings_.name_space) : claim_;
  if (wanted != claim_) changes.push_back({request_.scope, version_, claim_snapshot(wanted), true});
  const BootTime sent = boot_now();
  if (!changes.empty()) {
    const auto outcomes = push_once(store_, changes);
    if (line_changes && outcomes.front().result == SwapResult::refused)
      throw refusal(store_, place_.ref, outcomes.front().message, "nothing was started");
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
      throw refusal(store_, request_.scope, outcome.message, "nothing was started");
  }
  const auto lost = adopt_what_stands();
  return lost ? step_of(*lost) : Step::again;
}

Debounce::Step Debounce::step_of(Loss loss) {
  return loss == Loss::ended ? Step::ended : Step::taken;
}

void Debounce::tell(Instant until) {
  if (std::exchange(told_, true)) return;
  call_.err << "refgate: waiting until " << format_second(until) << " for the branch "
            << escape_for(Place::line, place_.arrival.branch) << " to be calm (settle "
            << format_duration(settings_.policy.settle) << ")\n"
            << std::flush;
}

}  // namespace refgate
