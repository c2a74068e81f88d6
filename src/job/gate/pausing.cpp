#include "job/gate/pausing.h"

#include "call/invocation.h"

namespace refgate {

bool asks_pause(const Settings& settings) {
  const bool governs = settings.identity_by == IdentityBy::patch && !settings.policy.pause;
  return governs || asks_pause(settings.policy);
}

Settings asking_in_line(Settings settings, const Ordering& ordering) {
  const bool waits = !ordering.group.empty() || !ordering.pool.empty() || ordering.settles;
  if (waits && !settings.policy.force && asks_pause_while_waiting(settings.policy))
    settings.policy.pause = PauseAsking::ask;
  return settings;
}

PausePlace pause_place(const Subject& subject, const Settings& settings) {
  const Event& event = subject.event;
  PausePlace place{pause_ref(settings.name_space), {}};
  place.question.repository = event.repository;
  place.question.workflow = event.workflow;
  place.question.workflow_file = event.workflow_file;
  if (subject.scope.share_is_name) place.question.share = subject.scope.share;
  place.question.actors = {event.actor, event.triggering_actor};
  return place;
}

std::optional<Acquired> paused_meanwhile(const Asking& asking, const SeenClaim& seen) {
  const auto& place = asking.informants.pause_while_waiting;
  if (!place) return std::nullopt;
  asking.request.asks_pause = true;
  Surroundings around;
  around.paused = look_at_pauses(asking.store, *place);
  if (!around.paused) return std::nullopt;
  Decision decision = decide(seen.claim, asking.request, asking.settings.policy, now(), around);
  if (decision.verdict == Verdict::run) return std::nullopt;
  return Acquired{std::move(decision), std::nullopt, seen.claim};
}

}  // namespace refgate
