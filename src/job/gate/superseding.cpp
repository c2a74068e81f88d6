#include "job/gate/superseding.h"

#include <ostream>

#include "runner/runner.h"

namespace refgate {

std::shared_ptr<NewestLook> newest_look(const Subject& subject, const Settings& settings) {
  if (!settings.policy.supersede || !subject.event.arrival) return nullptr;
  const Arrival& arrival = *subject.event.arrival;
  return std::make_shared<NewestLook>(
      NewestLook{{newest_ref(subject.scope, arrival, settings.name_space), arrival}, {}, {}});
}

namespace {

void end_older_ones(const Arriving& arriving, Store& store, NewestLook& look) {
  const auto& [call, subject, settings] = arriving;
  look.entered = true;
  if (settings.policy.observe) return;
  for (const std::string& trouble :
       end_older(store, settings.name_space, look.sent.older, subject.request.holder.run_id))
    call.err << "refgate: " << escape_for(Place::line, trouble) << "\n";
}

}  // namespace

void claimed(const Arriving& arriving, Store& store, NewestLook& look, const Acquired& acquired) {
  look.entered = false;
  if (!acquired.along.empty() && acquired.along.front().result == SwapResult::swapped)
    end_older_ones(arriving, store, look);
}

std::optional<Decision> supersede(const Arriving& arriving, Store& store, NewestLook& look,
                                  const Acquired& acquired) {
  const auto& [call, subject, settings] = arriving;
  const Decision& decision = acquired.decision;
  const Claim& claim = *decision.next;
  // A session that had begun before stands in the line already; who was forced stands in none.
  if (look.entered || decision.code == ReasonCode::forced ||
      (decision.code == ReasonCode::own && claim.claim_id != subject.request.nonce))
    return std::nullopt;
  look.sent = enter_newest(store, look.place, subject.request.scope, claim);
  Surroundings around;
  around.newer = look.sent.newer_run();
  if (around.newer) return decide(std::nullopt, subject.request, settings.policy, now(), around);
  end_older_ones(arriving, store, look);
  return std::nullopt;
}

}  // namespace refgate
