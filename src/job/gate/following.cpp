#include "job/gate/following.h"

#include <algorithm>
#include <ostream>

#include "core/decision/following.h"
#include "job/gate/outage.h"
#include "job/gate/pausing.h"
#include "job/verdict/told_wait.h"
#include "os/interruption.h"
#include "os/patience.h"
#include "runner/runner.h"
#include "state/doors.h"

namespace refgate {
namespace {

using Clock = std::chrono::steady_clock;

/// How often it is decided anew although nothing has changed, since the holder's run may have ended
/// without a word: each is a call of the REST API.
constexpr Duration between_decisions = std::chrono::seconds(60);

/// What came of one wait beside a holder.
struct Waited {
  bool again = false;  ///< decide anew
  int interrupted_by = 0;
  std::optional<Acquired> paused;
};

/// Until the claim changes, or it is time to decide anew. An outage is waited through.
Waited wait_beside(const Asking& asking, const Claim& holder, Clock::time_point until) {
  const Interruption interruption;
  Patience patience;
  const Instant began = now();
  Outage outage;
  for (;;) {
    const Duration left = left_until(until);
    if (left <= Duration::zero()) return {};
    if (!interruption.sleep(std::min(outage.is() ? outage.pause() : patience.next(1), left)))
      return {false, interruption.signal(), std::nullopt};
    const auto asked = Clock::now();
    give_time(asking.store, outage.time_for_a_look(until, asking.settings.policy.deadline));
    try {
      const SeenClaim seen = look_at_doors(asking.store, asking.request, Meeting::leave);
      outage.ends();
      // One that came while the look asked.
      if (interruption.signal() != 0) return {false, interruption.signal(), std::nullopt};
      if (auto paused = paused_meanwhile(asking, seen)) return {false, 0, std::move(paused)};
      const Instant at = now();
      if (!seen.claim || seen.claim->claim_id != holder.claim_id ||
          seen.claim->state != holder.state || is_lost(*seen.claim, at) ||
          at >= began + between_decisions)
        return {true, 0, std::nullopt};
    } catch (const StoreError& error) {
      outage.lasts(error, asked);
      if (outage.outlasts(until)) throw;
      asking.call.err << "refgate: " << escape_for(Place::line, error.what())
                      << "; still standing by\n"
                      << std::flush;
    }
  }
}

/// Asks again and again, until there is nobody to wait for.
template <typename Ask>
Ordered follow(const Asking& asking, const Ask& ask) {
  const Duration wait = asking.settings.policy.wait;
  const auto until = Clock::now() + wait;
  ToldWait told;
  for (;;) {
    Ordered ordered = ask(std::max(left_until(until), Duration(1)));
    Acquired& acquired = ordered.acquired;
    // Who gave up a place in line was not held back by anybody's claim.
    if (ordered.interrupted_by != 0 || ordered.position != 0) return ordered;
    if (is_held_by_own_run(acquired.decision, acquired.holder, asking.request))
      acquired.decision = not_followed(std::move(acquired.decision));
    else if (is_waited_for(acquired.decision, acquired.holder, asking.request)) {
      const Claim holder = *acquired.holder;
      if (left_until(until) > Duration::zero() && told.is_due(holder.claim_id, Clock::now()))
        asking.call.err << "refgate: following "
                        << escape_for(Place::line,
                                      describe_holder(holder, now()) + waits_until(until, now()))
                        << "\n"
                        << std::flush;
      Waited waited = wait_beside(asking, holder, until);
      if (waited.again) {
        asking.request.nonce = fresh_nonce();
        give_time(asking.store, asking.settings.policy.deadline);
        continue;
      }
      ordered.interrupted_by = waited.interrupted_by;
      if (waited.paused)
        acquired = std::move(*waited.paused);
      else if (waited.interrupted_by == 0)
        acquired.decision = waited_in_vain(std::move(acquired.decision), holder, wait, now());
    }
    return ordered;
  }
}

}  // namespace

Settings following(Settings settings) {
  if (settings.policy.wait <= Duration::zero()) settings.policy.wait = wait_in_group;
  return settings;
}

Ordered acquire_or_follow(const Asking& asking, SeenClaim known) {
  const Settings& settings = asking.settings;
  if (!settings.policy.follow) return acquire_in_order(asking, std::move(known));
  return follow(asking, [&](Duration left) {
    Settings rest = settings;
    rest.policy.wait = left;
    return acquire_in_order({asking.call, asking.store, asking.request, asking.ordering, rest,
                             asking.state, asking.informants},
                            std::exchange(known, {}));
  });
}

Ordered consult_or_follow(const Asking& asking) {
  const auto consulted = [&] {
    Ordered ordered;
    ordered.acquired = consult(asking.store, asking.question(asking.settings.policy));
    return ordered;
  };
  if (!asking.settings.policy.follow) return consulted();
  return follow(asking, [&](Duration) { return consulted(); });
}

}  // namespace refgate
